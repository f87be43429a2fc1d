"""What Exact's Deleted log said: kept as tombstones, applied to the tables, page by page.

Each page commits its tombstones, the rows it deletes and the watermark together, so a crash loses nothing and a retry
goes on behind the last page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import text

from exactsync.errors import LoadDiscardedError
from exactsync.failpoints import reach
from exactsync.load import LoadResult
from exactsync.warehouse import drift, history, load_log, schema, state
from exactsync.warehouse.load_log import DELETIONS

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from sqlalchemy import Connection, Engine

    from exactsync.entity import Entity
    from exactsync.load import DeletionsResult, DivisionRef, Run
    from exactsync.warehouse.leases import Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """One entry of sync/Deleted: Exact removed the record `key` at this Timestamp."""

    entity_type: int
    key: UUID
    source_timestamp: int


def apply_page(
    engine: Engine,
    held: Lease,
    entities: Collection[Entity],
    deletions: Collection[Deletion],
    *,
    since: int | None,
    watermark: int | None,
    ref: DivisionRef,
    run: Run,
) -> dict[str, int]:
    """Note the deletions, soft-delete the rows they name, move the watermark; return rows deleted by entity.

    Raises LoadDiscardedError if the watermark is no longer `since`: the company was moved at Exact meanwhile.
    """
    with engine.begin() as connection:
        held.renew(connection)
        state.lock_states(connection, ref.division, [DELETIONS, *(entity.name for entity in entities)])
        if state.read_state(connection, ref.division, DELETIONS).watermark != since:
            raise LoadDiscardedError(
                "sync/Deleted was being read when the company was found to be moved at Exact: it is read anew.",
                retry_at=datetime.now(UTC),
            )
        load_id = load_log.new_load_id(connection)
        _note(connection, ref.division, deletions)
        reach("deletions.noted")
        deleted = {entity.name: _delete(connection, ref.division, entity, deletions, load_id) for entity in entities}
        reach("deletions.applied")
        state.advance(connection, ref.division, DELETIONS, watermark=watermark, load_id=load_id, full=False)
        for name, count in deleted.items():
            if count:
                load_log.record(connection, _log_entry(ref, name, load_id, deleted=count), run)
    return deleted


def record_reading(engine: Engine, result: DeletionsResult, run: Run, *, before: int | None, after: int | None) -> None:
    """Log one reading of sync/Deleted; what it deleted stands under each entity already."""
    with engine.begin() as connection:
        entry = LoadResult(
            integration=result.integration,
            division=result.division,
            entity=DELETIONS,
            mode=DELETIONS,
            outcome=result.outcome,
            rows_read=result.read,
            calls=result.calls,
            seconds=result.seconds,
            watermark_before=before,
            watermark_after=after,
            load_id=load_log.new_load_id(connection),
        )
        load_log.record(connection, entry, run)


def _log_entry(ref: DivisionRef, entity: str, load_id: int, *, deleted: int) -> LoadResult:
    return LoadResult(
        integration=ref.integration,
        division=ref.division,
        entity=entity,
        mode=DELETIONS,
        outcome="published",
        rows_read=deleted,
        deleted=deleted,
        load_id=load_id,
    )


def _note(connection: Connection, division: int, deletions: Collection[Deletion]) -> None:
    rows = [
        {
            "division": division,
            "entity_type": deletion.entity_type,
            "key": deletion.key,
            "source_timestamp": deletion.source_timestamp,
        }
        for deletion in deletions
    ]
    if rows:
        connection.execute(
            text("""
            INSERT INTO exactsync.tombstones AS known (division, entity_type, key, source_timestamp)
            VALUES (:division, :entity_type, :key, :source_timestamp)
            ON CONFLICT (division, entity_type, key) DO UPDATE
            SET source_timestamp = GREATEST(known.source_timestamp, EXCLUDED.source_timestamp)
            """),
            rows,
        )


def _delete(
    connection: Connection, division: int, entity: Entity, deletions: Collection[Deletion], load_id: int
) -> int:
    keys = [deletion.key for deletion in deletions if deletion.entity_type == entity.deleted_type]
    if not keys:
        return 0
    drift.excuse_deletions(connection, entity, division, keys)
    published_at = state.publish_time(connection, division, entity.name)
    where = """published.division = :division AND published._deleted_at IS NULL
          AND tombstone.division = :division AND tombstone.entity_type = :entity_type
          AND tombstone.key = published.id AND tombstone.key = ANY(CAST(:keys AS uuid[]))
          AND (published._source_timestamp <= tombstone.source_timestamp) IS NOT FALSE"""
    deleted = connection.execute(
        text(f"""
        WITH {history.closing(entity, source=", exactsync.tombstones AS tombstone", where=where)}
        UPDATE {schema.published_table(entity)} AS published
        SET _deleted_at = :published_at, _loaded_at = :published_at, _load_id = :load_id
        FROM exactsync.tombstones AS tombstone
        WHERE {where}
        """),
        {
            "division": division,
            "entity_type": entity.deleted_type,
            "load_id": load_id,
            "keys": keys,
            "published_at": published_at,
        },
    ).rowcount
    if deleted:
        state.note_change(connection, division, entity.name, published_at)
    return deleted
