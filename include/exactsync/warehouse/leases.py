"""One reader per data set: a lease on (division, entity), with a fence that every write checks.

Exact forbids reading one data set twice at a time (KB-best: duplicates or gaps). The lease is kept by the database's
clock. It passes on when it expires, when its holder asks again (a retry of the same task), and at once when it was
taken by a process of this host that is no longer alive.
"""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from exactsync.errors import DatasetBusyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine, RowMapping

LEASE_S = 900
"""Longer than any single call with its retries; every staged page renews the lease."""

_RENEW = text("""
UPDATE exactsync.leases SET expires_at = clock_timestamp() + make_interval(secs => :lease_s)
WHERE division = :division AND entity = :entity AND fence = :fence
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to read and publish one data set, as long as the fence is the highest given out."""

    division: int
    entity: str
    holder: str
    fence: int

    def renew(self, connection: Connection, *, lasts_s: float = LEASE_S) -> None:
        """Extend the lease and lock its row until the transaction ends.

        Raises:
            DatasetBusyError: another holder has taken over; nothing of this transaction may be committed.
        """
        parameters = {
            "division": self.division,
            "entity": self.entity,
            "fence": self.fence,
            "lease_s": lasts_s,
        }
        if not connection.execute(_RENEW, parameters).rowcount:
            raise _busy(_locked_row(connection, self.division, self.entity))


@contextmanager
def lease(
    engine: Engine,
    *,
    division: int,
    entity: str,
    holder: str,
    lasts_s: float = LEASE_S,
    outlives_holder: bool = False,
) -> Iterator[Lease]:
    """Hold the lease on one data set; give it back at the end, whatever happens.

    Args:
        engine: where leases are kept.
        division: the company.
        entity: the data set.
        holder: who holds it.
        lasts_s: for how long, unless it is renewed.
        outlives_holder: it does not pass on at once when its process is found dead.

    Raises:
        DatasetBusyError: someone else is at work on the data set; names who and until when.
    """
    held = _acquire(engine, division, entity, holder, lasts_s=lasts_s, outlives_holder=outlives_holder)
    try:
        yield held
    finally:
        # A database that is gone must not hide the error that ended the work; the lease then expires by itself.
        with suppress(DBAPIError):
            _release(engine, held)


def _acquire(
    engine: Engine, division: int, entity: str, holder: str, *, lasts_s: float, outlives_holder: bool
) -> Lease:
    host, pid = socket.gethostname(), os.getpid()
    parameters: dict[str, Any] = {
        "division": division,
        "entity": entity,
        "holder": holder,
        "host": host,
        "pid": pid,
    }
    with engine.begin() as connection:
        connection.execute(
            text("""
            INSERT INTO exactsync.leases (division, entity, holder, host, pid, fence, acquired_at, expires_at)
            VALUES (:division, :entity, :holder, :host, :pid, 0, clock_timestamp(), '-infinity')
            ON CONFLICT DO NOTHING
            """),
            parameters,
        )
        row = _locked_row(connection, division, entity)
        if not (row["is_expired"] or row["holder"] == holder or (not outlives_holder and _is_dead(row, host))):
            raise _busy(row)
        connection.execute(
            text("""
            UPDATE exactsync.leases
            SET holder = :holder, host = :host, pid = :pid, fence = fence + 1, acquired_at = clock_timestamp(),
                expires_at = clock_timestamp() + make_interval(secs => :lease_s)
            WHERE division = :division AND entity = :entity
            """),
            parameters | {"lease_s": lasts_s},
        )
        return Lease(division=division, entity=entity, holder=holder, fence=row["fence"] + 1)


def _release(engine: Engine, held: Lease) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("""
            UPDATE exactsync.leases SET expires_at = clock_timestamp()
            WHERE division = :division AND entity = :entity AND fence = :fence
            """),
            {"division": held.division, "entity": held.entity, "fence": held.fence},
        )


def _locked_row(connection: Connection, division: int, entity: str) -> RowMapping:
    return (
        connection.execute(
            text("""
            SELECT *, expires_at <= clock_timestamp() AS is_expired FROM exactsync.leases
            WHERE division = :division AND entity = :entity FOR UPDATE
            """),
            {"division": division, "entity": entity},
        )
        .mappings()
        .one()
    )


def _is_dead(row: RowMapping, host: str) -> bool:
    """Whether the holder was a process of this host that has ended."""
    if row["host"] != host:
        return False
    try:
        os.kill(row["pid"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _busy(row: RowMapping) -> DatasetBusyError:
    return DatasetBusyError(
        f"{row['holder']} (process {row['pid']} on {row['host']}) has been reading this data set since "
        f"{row['acquired_at']:%Y-%m-%d %H:%M:%S} UTC.",
        retry_at=row["expires_at"],
        holder=row["holder"],
    )
