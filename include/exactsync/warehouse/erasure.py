"""Erase one supplier who is a person: everything stored about them, now and from now on.

What Exact still says about them is refused from then on: their tombstone lies above every Timestamp there can be. It
and a line in the load log are the record that it was done; neither holds more of the person than Exact's key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from uuid import UUID

from sqlalchemy import text

from exactsync.errors import ConfigurationError
from exactsync.load import LoadResult, Run
from exactsync.warehouse import history, load_log, schema, state

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection, Engine

    from exactsync.entity import Entity

PERSONS: Final = "suppliers"
"""The entity whose records may be persons."""
MODE: Final = "erasure"
"""What the load log calls it."""
FOREVER: Final = 2**63 - 1
"""The Timestamp of a tombstone that nothing is above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was erased of one supplier."""

    division: int
    key: UUID
    rows: dict[str, int]
    """Rows by where they were: tables, history, staged pages and quarantine taken together, by entity."""
    mentions: dict[str, int]
    """Rows of other tables that still hold the key, by table and column: they are not about the person."""
    counterparties: tuple[str, ...] = ()
    """Who it was where payables come from."""
    payables: dict[str, int] = field(default_factory=dict)
    """Rows of what is stored of their payables, by table: masked, and kept as far as bookkeeping needs them."""


def find_supplier(engine: Engine, division: int, supplier: str) -> UUID:
    """Return the key of a supplier, given it or the supplier's code.

    Raises:
        ConfigurationError: no stored supplier of the division has this code.
    """
    try:
        return UUID(supplier)
    except ValueError:
        pass
    with engine.connect() as connection:
        key = connection.scalar(_BY_CODE, {"division": division, "code": supplier.strip()})
    if key is None:
        raise ConfigurationError(
            f"Division {division} has no supplier with code {supplier}.",
            remedy="Give its code, or Exact's key of it (the column `id`), and the division it belongs to.",
        )
    return UUID(str(key))


def erase(connection: Connection, entities: Mapping[str, Entity], *, division: int, key: UUID, reason: str) -> Erased:
    """Delete every row about a supplier, and refuse it from now on.

    Args:
        connection: a transaction in the warehouse.
        entities: what there is.
        division: where the supplier is one; in another division it is another one.
        key: Exact's key of it.
        reason: what the record says about why, e.g. the number of a request; must say nothing of the person.
    """
    about = list(_about_persons(entities))
    state.lock_states(connection, division, [load_log.DELETIONS, *entities])
    rows = {entity.name: _erase_rows(connection, entity, column, division, key) for entity, column in about}
    for entity, _ in about:
        rows[entity.name] += _erase_quarantined(connection, entity.name, division, key)
    connection.execute(_REFUSE, _tombstone(entities, division, key))
    integration = connection.scalar(_INTEGRATION, {"division": division}) or ""
    record(connection, rows, integration=integration, division=division, reason=reason)
    return Erased(division=division, key=key, rows=rows, mentions=_mentions(connection, entities, division, key))


def record(connection: Connection, rows: Mapping[str, int], *, integration: str, division: int, reason: str) -> None:
    """Keep in the load log how many rows of what were erased, by entity or table; 0 leaves no line."""
    for name, count in rows.items():
        if count:
            result = LoadResult(
                integration=integration,
                division=division,
                entity=name,
                mode=MODE,
                outcome="published",
                deleted=count,
                load_id=load_log.new_load_id(connection),
            )
            load_log.record(connection, result, Run(run_id=f"{MODE}: {reason}", holder=MODE))


def readmit(engine: Engine, entities: Mapping[str, Entity], *, division: int, key: UUID) -> bool:
    """Let a supplier that was erased come back with its next change, or the next full reading; False if none was."""
    with engine.begin() as connection:
        return bool(connection.execute(_READMIT, _tombstone(entities, division, key)).rowcount)


def is_refused(connection: Connection, entity: Entity, division: int, *, record_key: str, record: bytes) -> bool:
    """Tell whether a record that cannot be read is about a person who was erased."""
    if PERSONS not in (entity.name, entity.member_of):
        return False
    values = {"division": division, "record_key": record_key, "record": record, "forever": FOREVER}
    return bool(connection.scalar(_IS_REFUSED, values))


def forget_quarantined(connection: Connection, entities: Mapping[str, Entity]) -> int:
    """Delete what was quarantined of persons after they had been erased; return how many records."""
    values = {
        "entities": [entity.name for entity, _ in _about_persons(entities)],
        "entity_type": entities[PERSONS].deleted_type,
        "forever": FOREVER,
    }
    return connection.execute(_FORGET_QUARANTINED, values).rowcount


def _about_persons(entities: Mapping[str, Entity]) -> Iterator[tuple[Entity, str]]:
    """Suppliers, and what belongs to a supplier; each with the column that holds the supplier's key."""
    persons = entities[PERSONS]
    yield persons, persons.key
    for entity in entities.values():
        if entity.member_of == PERSONS and entity.member_column:
            yield entity, entity.member_column.name


def _erase_rows(connection: Connection, entity: Entity, column: str, division: int, key: UUID) -> int:
    values = {"division": division, "key": key}
    stored, ended = (
        f'DELETE FROM {table} WHERE division = :division AND "{column}" = :key'
        for table in (schema.published_table(entity), history.closed_table(entity))
    )
    staged = f"""
        DELETE FROM {schema.staging_table(entity)} WHERE "{column}" = :key AND _load_id IN (
            SELECT load_id FROM exactsync.loads WHERE division = :division)"""
    return sum(connection.execute(text(statement), values).rowcount for statement in (stored, ended, staged))


def _erase_quarantined(connection: Connection, entity: str, division: int, key: UUID) -> int:
    values = {"division": division, "entity": entity, "key": str(key)}
    return connection.execute(_ERASE_QUARANTINED, values).rowcount


def _tombstone(entities: Mapping[str, Entity], division: int, key: UUID) -> dict[str, object]:
    entity_type = entities[PERSONS].deleted_type
    return {"division": division, "entity_type": entity_type, "key": key, "forever": FOREVER}


def _mentions(connection: Connection, entities: Mapping[str, Entity], division: int, key: UUID) -> dict[str, int]:
    values = {"division": division, "key": key}
    found = {
        f"{entity.name}.{column.name}": connection.scalar(
            text(
                f"SELECT count(*) FROM {schema.published_table(entity)} "
                f'WHERE division = :division AND "{column.name}" = :key'
            ),
            values,
        )
        for entity in entities.values()
        for column in entity.columns
        if column.references == PERSONS and column.referenced_column == entities[PERSONS].key
    }
    return {place: count for place, count in found.items() if count}


_BY_CODE = text("SELECT id FROM exact_online.suppliers WHERE division = :division AND code = :code LIMIT 1")

_REFUSE = text("""
INSERT INTO exactsync.tombstones (division, entity_type, key, source_timestamp)
VALUES (:division, :entity_type, :key, :forever)
ON CONFLICT (division, entity_type, key) DO UPDATE SET source_timestamp = :forever, noted_at = clock_timestamp()
""")

_READMIT = text("""
DELETE FROM exactsync.tombstones
WHERE division = :division AND entity_type = :entity_type AND key = :key AND source_timestamp = :forever
""")

# a quarantined record is about a person whose key it has, or holds anywhere as Exact sent it
_IS_ABOUT = "(record_key = {key} OR position(convert_to({key}, 'UTF8') IN record) > 0)"

_ERASE_QUARANTINED = text(f"""
DELETE FROM exactsync.quarantine
WHERE division = :division AND entity = :entity AND {_IS_ABOUT.format(key=":key")}
""")

_IS_REFUSED = text(f"""
SELECT EXISTS (
    SELECT FROM exactsync.tombstones AS tombstone,
        (SELECT CAST(:record_key AS text) AS record_key, CAST(:record AS bytea) AS record) AS quarantined
    WHERE tombstone.division = :division AND tombstone.source_timestamp = :forever
      AND {_IS_ABOUT.format(key="tombstone.key::text")}
)
""")

_FORGET_QUARANTINED = text(f"""
DELETE FROM exactsync.quarantine AS quarantine USING exactsync.tombstones AS tombstone
WHERE quarantine.entity = ANY(:entities) AND tombstone.division = quarantine.division
  AND tombstone.entity_type = :entity_type AND tombstone.source_timestamp = :forever
  AND {_IS_ABOUT.format(key="tombstone.key::text")}
""")

_INTEGRATION = text("""
SELECT integration FROM exactsync.load_log WHERE division = :division ORDER BY published_at DESC LIMIT 1
""")
