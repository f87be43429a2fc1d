"""Bring a database to the current schema: numbered migrations for our own tables, declarations for the entities'.

Everything happens in one transaction under one lock: a crash leaves the database as it was, and two migrations at once
run one after the other.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from exactsync.entities import entities
from exactsync.errors import ConfigurationError
from exactsync.failpoints import reach
from exactsync.warehouse import analysts, history, roles, schema

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_LOCK = 0x6578616374  # "exact": the advisory lock that serialises migrations


def migrate(engine: Engine) -> list[str]:
    """Apply what is pending and return one line for each change, nothing if the database was current."""
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        reach("migrate.locked")
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS exactsync"))
        applied = pending_revisions(connection)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        reach("migrate.upgraded")
        created = schema.create_missing(connection, entities())
        created += history.create_missing(connection, entities())
        created += analysts.refresh(connection, entities())
        roles.admit_all(connection)
        reach("migrate.created")
    return [f"migration {revision}" for revision in applied] + created


def require_current(engine: Engine) -> None:
    """Raise ConfigurationError unless every migration is applied and every entity has its table."""
    with engine.connect() as connection:
        pending = [f"migration {revision}" for revision in pending_revisions(connection)]
        pending += schema.missing(connection, entities())
        pending += history.missing(connection, entities())
    if pending:
        raise ConfigurationError(
            f"The database is not at the current schema: {', '.join(pending)}.",
            remedy="Run `python -m exactsync migrate`.",
        )


def pending_revisions(connection: Connection) -> list[str]:
    """Return the revisions that are not applied yet, oldest first."""
    context = MigrationContext.configure(
        connection, opts={"version_table": "schema_version", "version_table_schema": "exactsync"}
    )
    applied = set(context.get_current_heads())
    scripts = ScriptDirectory.from_config(_config())
    known = [script.revision for script in reversed(list(scripts.walk_revisions()))]
    return [] if applied == set(scripts.get_heads()) else _after(known, applied)


def _after(known: list[str], applied: set[str]) -> list[str]:
    if not applied:
        return known
    (current,) = applied
    if current not in known:
        raise ConfigurationError(
            f"The database is at revision {current}, which this version of exactsync does not know.",
            remedy="Upgrade exactsync to the version that migrated the database, or restore a backup.",
        )
    return known[known.index(current) + 1 :]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    return config
