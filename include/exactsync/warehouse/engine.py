"""The one way to a database: psycopg2, UTC, and no bound value ever printed in an error."""

from __future__ import annotations

from contextlib import contextmanager
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import psycopg2
import sqlalchemy
from sqlalchemy import event, exc
from sqlalchemy.engine import make_url

from exactsync.errors import ConfigurationError, DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine
    from sqlalchemy.pool import ConnectionPoolEntry

RESTED_S: Final = 0.1
"""A connection that was used within this time is taken to be alive: no server restarts in less."""
_RESTS_SINCE: Final = "rests_since"
_HELD: Final = (
    "Nothing, if it goes by the next time. Otherwise find the session that holds it in pg_stat_activity and pg_locks."
)
_REFUSALS: Final = (
    (
        psycopg2.errors.DiskFull,
        "A database has no room left",
        "Give the disk of its server more room, or free some; what was committed is safe, the rest is tried again.",
    ),
    (psycopg2.errors.LockNotAvailable, "Another session did not let go of what we waited for", _HELD),
    (psycopg2.errors.DeadlockDetected, "Another session and ours waited for each other", _HELD),
    (
        psycopg2.errors.QueryCanceled,
        "A statement of ours was cancelled",
        "Look who does so: a statement_timeout of the role or the database, or a person.",
    ),
    (
        psycopg2.errors.ReadOnlySqlTransaction,
        "A database takes no writes",
        "Give the address of its primary: this one is a replica, or `default_transaction_read_only` is on.",
    ),
    (
        psycopg2.errors.OutOfMemory,
        "A database has no memory left",
        "Give its server more, or run fewer tasks at a time.",
    ),
)
"""What a database that is there may say: the driver's error, what it means, the way out."""
_NO_RIGHT: Final = "Run `migrate` as its owner; let all else work as a role that is in exactsync_worker."
_SCHEMES = {"postgres", "postgresql", "postgresql+psycopg2"}


def create_engine(url: str) -> Engine:
    """Return an engine for a PostgreSQL URL (`postgresql://user:password@host:port/database`).

    The driver is pinned to psycopg2, whatever SQLAlchemy's default is: the library COPYs through `copy_expert`. Options
    of the URL hold, but for the time zone and how long a lock is waited for.

    Raises:
        ConfigurationError: the text is not a PostgreSQL URL. It is not repeated: it may hold a password.
    """
    remedy = "Give it as postgresql://user:password@host:port/database."
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError):
        raise ConfigurationError("The database URL cannot be read.", remedy=remedy) from None
    if parsed.drivername not in _SCHEMES:
        raise ConfigurationError(f"'{parsed.drivername}' is not PostgreSQL.", remedy=remedy)
    engine = sqlalchemy.create_engine(
        parsed.set(drivername="postgresql+psycopg2"),
        hide_parameters=True,
        pool_size=4,
        connect_args={
            "application_name": "exactsync",
            "connect_timeout": 10,
            "options": f"{parsed.query.get('options', '')} -c timezone=UTC -c lock_timeout=60s".strip(),
        },
    )
    event.listen(engine, "checkin", _note_rest)
    event.listen(engine, "checkout", _ping_after_rest)
    return engine


def _note_rest(_: Any, record: ConnectionPoolEntry) -> None:
    record.info[_RESTS_SINCE] = monotonic()


def _ping_after_rest(connection: Any, record: ConnectionPoolEntry, _: Any) -> None:
    """Have a connection replaced that was lost while nobody used it.

    The pool's own `pool_pre_ping` asks each time, which is every fifth statement of a load.
    """
    if monotonic() - record.info.get(_RESTS_SINCE, inf) < RESTED_S:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.rollback()
    except psycopg2.Error as error:
        raise exc.DisconnectionError from error


@contextmanager
def clear_outages() -> Iterator[None]:
    """Name what the driver says when a database goes away, cannot do its work, or refuses our role a right.

    Raises:
        DatabaseUnavailableError: it may do its work later.
        ConfigurationError: the role has no right to what we do.
    """
    try:
        yield
    except (exc.DBAPIError, psycopg2.Error) as error:
        if named := name_refusal(error):
            raise named from None
        raise


def name_refusal(error: exc.DBAPIError | psycopg2.Error) -> DatabaseUnavailableError | ConfigurationError | None:
    """Return what the driver's error means to who looks after the database; None if it is a defect of ours."""
    said = error.orig if isinstance(error, exc.DBAPIError) else error
    text = " ".join(str(said).split())
    for kind, meaning, remedy in _REFUSALS:
        if isinstance(said, kind):
            return DatabaseUnavailableError(f"{meaning}: {text}.", remedy=remedy)
    if isinstance(said, psycopg2.errors.InsufficientPrivilege):
        return ConfigurationError(f"A database refuses our role a right: {text}.", remedy=_NO_RIGHT)
    if isinstance(said, psycopg2.OperationalError | psycopg2.InterfaceError):
        return DatabaseUnavailableError(f"A database lets nobody in, or went away: {text}.")
    return None
