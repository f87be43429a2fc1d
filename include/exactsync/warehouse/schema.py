"""The entities' tables, derived from their declarations: one to read, one to stage pages in.

Tables grow by themselves (a new entity, a new column); what would lose or reinterpret data needs a migration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, text

from exactsync.entity import ColumnType
from exactsync.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exactsync.entity import Entity

PUBLISHED = "exact_online"
STAGING = "exactsync_staging"

BOOKKEEPING: Final = {
    "_source_timestamp": (
        "bigint",
        "Exact's Timestamp (rowversion) of the version stored; null without a sync endpoint.",
    ),
    "_loaded_at": ("timestamptz", "When this version of the row was published (UTC)."),
    "_load_id": ("bigint", "The load that published this version; see exactsync.load_log."),
    "_deleted_at": ("timestamptz", "When we learned that Exact no longer has it (UTC); null: it is live."),
}
"""Our own columns of every table: SQL type and meaning."""
DIVISION_COMMENT: Final = "Exact's number of the company (administration) this row belongs to."

_STAGED = {"_load_id": "bigint", "_seq": "bigint", "_kind": "text", "_source_timestamp": "bigint"}


def published_table(entity: Entity) -> str:
    """The quoted name of the table that analysts read."""
    return f'{PUBLISHED}."{entity.name}"'


def staging_table(entity: Entity) -> str:
    """The quoted name of the table that pages are staged in."""
    return f'{STAGING}."{entity.name}"'


def staged_columns(entity: Entity) -> tuple[str, ...]:
    """The staging table's columns in the order of the COPY."""
    return (*_STAGED, *(column.name for column in entity.columns))


def value_columns(entity: Entity) -> list[str]:
    """The published table's columns that are declared, but for the division, which every table has anyway."""
    return [column.name for column in entity.columns if column.name != "division"]


def create_missing(connection: Connection, entities: Mapping[str, Entity]) -> list[str]:
    """Create absent tables and columns; return one line for each.

    A data set that gains a column is read anew by its next sync, or old rows would never fill it.
    """
    changes = missing(connection, entities)
    for entity in entities.values():
        absent = set(_absent_columns(connection, entity))
        if not _exists(connection, PUBLISHED, entity.name):
            _create_tables(connection, entity)
        elif absent:
            _add_columns(connection, entity, absent)
        _comment(connection, entity)
    return changes


def missing(connection: Connection, entities: Mapping[str, Entity]) -> list[str]:
    """Say what the database lacks for these entities, without changing anything."""
    lacking = []
    for entity in entities.values():
        if not _exists(connection, PUBLISHED, entity.name):
            lacking.append(f"table {PUBLISHED}.{entity.name}")
        else:
            lacking += [f"column {PUBLISHED}.{entity.name}.{name}" for name in _absent_columns(connection, entity)]
    return lacking


def _create_tables(connection: Connection, entity: Entity) -> None:
    columns = [f'"{column.name}" {column.type.sql}' for column in entity.columns]
    bookkeeping = [f"{name} {sql_type}" for name, (sql_type, _) in BOOKKEEPING.items()]
    values = [f'"{column.name}" {column.type.sql}' for column in entity.columns if column.name != "division"]
    key = f"PRIMARY KEY ({', '.join(entity.primary_key)})"
    published = ["division integer NOT NULL", *values, *bookkeeping, key]
    staged = [f"{name} {sql_type}" for name, sql_type in _STAGED.items()]
    connection.execute(text(f"CREATE TABLE {published_table(entity)} ({', '.join(published)})"))
    connection.execute(text(f"CREATE TABLE {staging_table(entity)} ({', '.join([*staged, *columns])})"))
    connection.execute(text(f"CREATE INDEX ON {staging_table(entity)} (_load_id, {entity.key})"))


def _add_columns(connection: Connection, entity: Entity, names: set[str]) -> None:
    for column in entity.columns:
        if column.name in names:
            for table in (published_table(entity), staging_table(entity)):
                connection.execute(text(f'ALTER TABLE {table} ADD COLUMN "{column.name}" {column.type.sql}'))
    forget = "DELETE FROM exactsync.loads WHERE entity = :entity"
    reread = "UPDATE exactsync.sync_state SET watermark = NULL, full_at = NULL WHERE entity = :entity"
    for statement in (forget, reread, f"TRUNCATE {staging_table(entity)}"):
        connection.execute(text(statement), {"entity": entity.name})


def _comment(connection: Connection, entity: Entity) -> None:
    comments = {"division": DIVISION_COMMENT}
    comments |= {column.name: column.comment for column in entity.columns}
    comments |= {name: comment for name, (_, comment) in BOOKKEEPING.items()}
    statements = [f"COMMENT ON TABLE {published_table(entity)} IS {literal(entity.description)}"]
    statements += [
        f'COMMENT ON COLUMN {published_table(entity)}."{name}" IS {literal(comment)}'
        for name, comment in comments.items()
    ]
    connection.exec_driver_sql("; ".join(statements).replace("%", "%%"))


def _absent_columns(connection: Connection, entity: Entity) -> Iterator[str]:
    """The declared columns that the table lacks; ConfigurationError if one has another type."""
    rows = connection.execute(
        text(
            "SELECT column_name::text, data_type::text FROM information_schema.columns "
            "WHERE table_schema = :schema AND table_name = :table"
        ),
        {"schema": PUBLISHED, "table": entity.name},
    )
    existing: dict[str, str] = dict(rows.all())
    if not existing:
        return
    for column in entity.columns:
        if column.name not in existing:
            yield column.name
        elif existing[column.name] != _SPELLED_OUT.get(column.type, column.type.sql):
            raise ConfigurationError(
                f"Column {PUBLISHED}.{entity.name}.{column.name} is {existing[column.name]} in the database "
                f"and {column.type.sql} in the declaration.",
                remedy="Write a migration that converts the column.",
            )


_SPELLED_OUT = {ColumnType.TIMESTAMP: "timestamp with time zone"}


def _exists(connection: Connection, schema: str, table: str) -> bool:
    found = connection.scalar(text("SELECT to_regclass(:name)"), {"name": f'{schema}."{table}"'})
    return found is not None


def literal(value: str) -> str:
    """A text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"
