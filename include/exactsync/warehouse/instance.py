"""Which installation this is: a copy of the database must not refresh, and so use up, the original's tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from exactsync.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy import Engine

INSTANCE_ID: Final = "EXACTSYNC_INSTANCE_ID"

_MAY_READ = text("SELECT has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')")
_READ = text("""
SELECT format('database %s/%s', system_identifier, oid)
FROM pg_catalog.pg_control_system(), pg_catalog.pg_database WHERE datname = current_database()
""")


def read_instance_id(engine: Engine) -> str:
    """Return who the database is: a dump restored elsewhere, or a copy made from it as a template, is another one.

    A copy of the whole server's files is not: only EXACTSYNC_INSTANCE_ID tells that apart.

    Raises:
        ConfigurationError: the server does not tell.
    """
    with engine.connect() as connection:
        if not connection.scalar(_MAY_READ):
            raise ConfigurationError(
                "This PostgreSQL does not let us tell it from a copy of itself.",
                remedy=f"Name this installation with {INSTANCE_ID}, the same wherever exactsync runs, or grant EXECUTE "
                "on pg_control_system() to the role.",
            )
        return str(connection.scalar(_READ))
