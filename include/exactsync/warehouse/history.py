"""History (SCD2): which version of each row readers saw, and from when to when.

Only versions that have ended are stored. The view `exact_online.<entity>_history` joins them with the current rows, so
a first load costs nothing extra. A version is valid from the moment it was published until the next one was, or until
the row was deleted; moments rise strictly within a data set, whatever the clock does (`state.publish_time`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, text

from exactsync.warehouse import schema
from exactsync.warehouse.analysts.comments import comment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from exactsync.entity import Entity

CLOSED: Final = "exactsync_history"
"""The schema of the tables that hold the versions that have ended."""

_CLOSED = {
    "_source_timestamp": "bigint",
    "_load_id": "bigint",
    "_valid_from": "timestamptz NOT NULL",
    "_valid_to": "timestamptz NOT NULL",
    "_next_changed": "text[]",
}
"""The columns of a table of ended versions beside the declared ones."""

ENDED_BY_DELETION: Final = "version._next_changed IS NULL"
"""The condition that an ended `version` was followed by no other at once."""

COMMENTS: Final = {
    "valid_from": "When this version was published to readers (UTC); strictly rising within a data set.",
    "valid_to": "When the next version was published, or the row deleted (UTC); null: it is current.",
    "is_current": "Whether this version is the one that the table holds now.",
    "changed_columns": "Columns in which it differs from the one before; null: the first, or back after a deletion.",
}
"""What the view's own columns mean."""


def closed_table(entity: Entity) -> str:
    """The quoted name of the table that holds an entity's versions that have ended."""
    return f'{CLOSED}."{entity.name}"'


def history_view(entity: Entity) -> str:
    """The quoted name of the view that analysts read."""
    return f'{schema.PUBLISHED}."{entity.name}_history"'


def closing(entity: Entity, *, source: str, where: str, changed: str = "NULL::text[]") -> str:
    """Return a common table expression that stores the live versions which its statement is about to replace.

    It reads `published` as it was before the statement, and takes the parameter `published_at`.

    Args:
        entity: whose rows.
        source: what stands beside `published` in FROM: a comma and more, or nothing.
        where: which rows of `published` are replaced.
        changed: the names of the columns in which the next version differs; null for a deletion.
    """
    columns = schema.value_columns(entity)
    return f"""closed AS (
        INSERT INTO {closed_table(entity)}
            (division, {_listed(columns)}, _source_timestamp, _load_id, _valid_from, _valid_to, _next_changed)
        SELECT published.division, {_listed(columns, of="published")}, published._source_timestamp,
            published._load_id, published._loaded_at, :published_at, {changed}
        FROM {schema.published_table(entity)} AS published{source}
        WHERE published._deleted_at IS NULL AND ({where}))"""


def has_changed(
    connection: Connection, entity: Entity, division: int, published_at: datetime, columns: Collection[str]
) -> bool:
    """Tell whether what was published at this moment changed one of these columns in any row."""
    found = connection.scalar(
        text(
            f"SELECT EXISTS (SELECT FROM {closed_table(entity)} WHERE division = :division AND _valid_to = :at "
            "AND _next_changed && CAST(:columns AS text[]))"
        ),
        {"division": division, "at": published_at, "columns": list(columns)},
    )
    return bool(found)


def missing(connection: Connection, entities: Mapping[str, Entity]) -> list[str]:
    """Say what the database lacks of the history of these entities, without changing anything."""
    return [
        f"view {schema.PUBLISHED}.{entity.name}_history"
        for entity in entities.values()
        if not set(schema.value_columns(entity)) <= set(_columns_of(connection, history_view(entity)))
    ]


def create_missing(connection: Connection, entities: Mapping[str, Entity]) -> list[str]:
    """Create what is absent, once the entities have their tables; return one line for each view that changed."""
    changes = missing(connection, entities)
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {CLOSED}"))
    connection.execute(text(f"COMMENT ON SCHEMA {CLOSED} IS 'Versions of rows that have ended; see the views.'"))
    for entity in entities.values():
        if f"view {schema.PUBLISHED}.{entity.name}_history" in changes:
            _create_table(connection, entity)
            _create_view(connection, entity)
        about = f"Every version of {entity.label.lower()} that readers could see, and when. {entity.description}"
        comment(connection, history_view(entity), about, _meanings(entity))
    return changes


def _meanings(entity: Entity) -> dict[str, str]:
    meanings = {name: meaning for name, (_, meaning) in schema.BOOKKEEPING.items()}
    meanings |= {column.name: column.comment for column in entity.columns}
    return meanings | COMMENTS | {"division": schema.DIVISION_COMMENT}


def _create_table(connection: Connection, entity: Entity) -> None:
    """Create the table of ended versions, or add the columns that the entity has gained."""
    types = {column.name: column.type.sql for column in entity.columns}
    columns = [f'"{name}" {types[name]}' for name in schema.value_columns(entity)]
    own = ["division integer NOT NULL", *(f"{name} {sql_type}" for name, sql_type in _CLOSED.items())]
    key = f"PRIMARY KEY ({', '.join(entity.primary_key)}, _valid_to)"
    table = closed_table(entity)
    connection.execute(
        text(
            f"CREATE TABLE IF NOT EXISTS {table} ({', '.join([*own, *columns, key])}, CHECK (_valid_from < _valid_to))"
        )
    )
    added = ", ".join(f"ADD COLUMN IF NOT EXISTS {column}" for column in columns)
    connection.execute(text(f"ALTER TABLE {table} {added}"))
    by_time = f'"{entity.name}_by_time"'
    connection.execute(text(f"CREATE INDEX IF NOT EXISTS {by_time} ON {table} (division, _valid_to, _valid_from)"))


def _create_view(connection: Connection, entity: Entity) -> None:
    """Create the view, or add columns behind those it has, which keeps what others have built on it."""
    wanted = ["division", *COMMENTS, *schema.value_columns(entity), "_source_timestamp", "_load_id"]
    present = _columns_of(connection, history_view(entity))
    shown = [*present, *(name for name in wanted if name not in present)]
    same_row = " AND ".join(f"before.{name} = version.{name}" for name in entity.primary_key)
    changed = f"""(
            SELECT before._next_changed FROM {closed_table(entity)} AS before
            WHERE {same_row} AND before._valid_to = version.valid_from
        ) AS changed_columns"""
    stored = [name for name in shown if name not in COMMENTS]
    connection.execute(
        text(f"""
        CREATE OR REPLACE VIEW {history_view(entity)} AS
        SELECT {", ".join(changed if name == "changed_columns" else f'"{name}"' for name in shown)}
        FROM (
            SELECT {_listed(stored)}, _valid_from AS valid_from, _valid_to AS valid_to, false AS is_current
            FROM {closed_table(entity)}
            UNION ALL
            SELECT {_listed(stored)}, _loaded_at, NULL, true
            FROM {schema.published_table(entity)} WHERE _deleted_at IS NULL
        ) AS version""")
    )


def _columns_of(connection: Connection, relation: str) -> list[str]:
    names = connection.scalars(
        text(
            "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass(:relation) AND attnum > 0 "
            "AND NOT attisdropped ORDER BY attnum"
        ),
        {"relation": relation},
    )
    return list(names)


def _listed(columns: Iterable[str], *, of: str = "") -> str:
    prefix = f"{of}." if of else ""
    return ", ".join(f'{prefix}"{name}"' for name in columns)
