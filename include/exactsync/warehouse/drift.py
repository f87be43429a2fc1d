"""Drift: what a comparison found that incremental loads should have brought before.

Counted in the transaction that repairs it, of the rows that it wrote. A row counts as missed if the last incremental
reading was to bring it, and as changed since if only the next one would have, or if that cannot be told:

| feed | an insert or update is missed if | a deletion is missed if |
| --- | --- | --- |
| `SYNC` | its Timestamp is not above the watermark | sync/Deleted is read, and says nothing new of it |
| `MODIFIED` | its `Modified` is 2 h or more below the watermark | never: only a comparison tells |
| `LIST` | its `Modified` is new, and 2 h or more before the last comparison | never: only a comparison tells |

Not missed is what waited in quarantine, for it was known to be missing; what belongs to an owner who came since; and a
row of a `Modified` so old that says itself to be created since. A first load, or the first after Timestamps started
anew, has nothing to be compared with.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from sqlalchemy import text

from exactsync.entity import Feed
from exactsync.warehouse import history, membership, schema

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from sqlalchemy import Connection

    from exactsync.entity import Entity
    from exactsync.load import DivisionRef, Run
    from exactsync.warehouse.loads import Load
    from exactsync.warehouse.state import SyncState

OVERLAP: Final = timedelta(hours=2)
"""What an incremental reading by `Modified` reads again: no drift until it has passed."""
_DUTCH: Final = ZoneInfo("Europe/Amsterdam")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What one comparison found, in rows."""

    missed_inserts: int = 0
    missed_updates: int = 0
    missed_deletes: int = 0
    late_rows: int = 0
    """Of the missed inserts and updates: those of a version, below the watermark, that the table never had."""
    changed_since: int = 0
    """Changed at Exact since the last incremental reading, or perhaps: no drift."""

    @property
    def missed(self) -> int:
        """How many rows were not as they should have been."""
        return self.missed_inserts + self.missed_updates + self.missed_deletes

    def __str__(self) -> str:
        late = f" ({_counted(self.late_rows, 'late row')})" if self.late_rows else ""
        missed = [
            _counted(self.missed_inserts, "missed insert"),
            _counted(self.missed_updates, "missed update"),
            _counted(self.missed_deletes, "missed delete"),
        ]
        return f"{', '.join(missed)}{late}; {self.changed_since} changed since"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftOfDataSet:
    """What the comparison of one data set found, and when."""

    division: int
    entity: str
    compared_at: datetime
    found: Drift


_COUNTS = tuple(Drift.__dataclass_fields__)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def measure(
    connection: Connection,
    entity: Entity,
    load: Load,
    *,
    known: SyncState,
    deletions: SyncState,
    published_at: datetime,
) -> Drift | None:
    """Count the rows that a full reading has just written, by what should have brought them.

    Args:
        connection: the transaction that publishes it; what it releases from quarantine is still there.
        entity: what was read.
        load: the full reading.
        known: what was known of the data set before.
        deletions: what is known of its division's sync/Deleted.
        published_at: from when on what it wrote is valid.

    Returns None where there was nothing to compare with.
    """
    if known.full_at is None or known.published_at is None or (entity.feed is not Feed.LIST and not known.watermark):
        return None
    knows_deletions = entity.feed is Feed.SYNC and deletions.published_at is not None and not deletions.is_refused
    row = connection.execute(
        text(_judging(entity)),
        {
            "division": load.division,
            "entity": entity.name,
            "load_id": load.load_id,
            "published_at": published_at,
            "due": _due(entity, known),
            "knows_deletions": knows_deletions,
            "since": known.published_at,
            "is_incremental": entity.feed is not Feed.LIST,
        },
    )
    return Drift(**row.mappings().one())


def _judging(entity: Entity) -> str:
    """Write the query that judges the rows which a load wrote, all of them found by its load id."""
    version = _version(entity)
    closed = history.closed_table(entity)
    return f"""
        SELECT
            count(*) FILTER (WHERE is_missed AND NOT is_gone AND NOT was_live) AS missed_inserts,
            count(*) FILTER (WHERE is_missed AND NOT is_gone AND was_live) AS missed_updates,
            count(*) FILTER (WHERE is_missed AND is_gone) AS missed_deletes,
            count(*) FILTER (WHERE is_missed AND NOT is_gone AND is_new) AS late_rows,
            count(*) FILTER (WHERE NOT is_missed) AS changed_since
        FROM (
            SELECT
                is_gone, was_live, is_new,
                coalesce(was_due AND NOT was_excused AND (is_new OR :is_incremental), false) AS is_missed
            FROM (
                SELECT
                    published._deleted_at IS NOT NULL AS is_gone,
                    ended._valid_to IS NOT NULL AS was_live,
                    published.{version} <= :due AS was_due,
                    NOT EXISTS (
                        SELECT FROM {closed} AS version
                        WHERE {_same_row(entity, "version")} AND version.{version} >= published.{version}
                    ) AS is_new,
                    (published._deleted_at IS NOT NULL AND NOT :knows_deletions)
                    OR {membership.owner_came(entity, "published") if entity.member_of else "false"}
                    OR {_came_since(entity)}
                    OR EXISTS (
                        SELECT FROM exactsync.quarantine AS waiting
                        WHERE waiting.division = :division AND waiting.entity = :entity
                          AND waiting.record_key = published.{entity.key}::text
                    ) AS was_excused
                FROM {schema.published_table(entity)} AS published
                LEFT JOIN {closed} AS ended
                ON {_same_row(entity, "ended")} AND ended._valid_to = :published_at
                WHERE published.division = :division AND published._load_id = :load_id
            ) AS written
        ) AS judged"""


def _version(entity: Entity) -> str:
    """Name the column that tells versions of a row apart; its values are null where there is none."""
    is_dated = entity.feed is not Feed.SYNC and "modified_at" in schema.value_columns(entity)
    return "modified_at" if is_dated else "_source_timestamp"


def _came_since(entity: Entity) -> str:
    """Return the condition that a row says itself to be created after the moment `:since`, whatever its version."""
    is_told = entity.feed is not Feed.SYNC and "created_at" in schema.value_columns(entity)
    return "coalesce(published.created_at > :since, false)" if is_told else "false"


def _same_row(entity: Entity, other: str) -> str:
    return " AND ".join(f"{other}.{name} = published.{name}" for name in entity.primary_key)


def _due(entity: Entity, known: SyncState) -> int | datetime | None:
    """Return up to which version the last incremental reading was to bring everything."""
    if entity.feed is Feed.SYNC:
        return known.watermark
    if _version(entity) != "modified_at":
        return None
    if entity.feed is Feed.LIST or known.watermark is None:
        return known.full_at - OVERLAP if known.full_at else None
    wire = datetime.fromtimestamp(known.watermark / 1000, UTC) - OVERLAP
    return wire.replace(tzinfo=_DUTCH)  # the wire counts on the Dutch clock


def record(connection: Connection, found: Drift, load: Load, ref: DivisionRef, run: Run, watermark: int | None) -> None:
    """Write what a comparison found; one that found nothing takes the place of the one before that did not either."""
    values = asdict(found) | {
        "load_id": load.load_id,
        "integration": ref.integration,
        "division": load.division,
        "entity": load.entity,
        "run_id": run.run_id,
        "watermark": watermark,
    }
    if not found.missed and not found.changed_since:
        connection.execute(
            text("""
            DELETE FROM exactsync.drift WHERE division = :division AND entity = :entity
            AND missed_inserts + missed_updates + missed_deletes + changed_since = 0
            """),
            values,
        )
    connection.execute(
        text(f"""
        INSERT INTO exactsync.drift ({", ".join(values)}, compared_at)
        VALUES ({", ".join(f":{name}" for name in values)}, clock_timestamp())
        """),
        values,
    )


def excuse_deletions(connection: Connection, entity: Entity, division: int, keys: Collection[UUID]) -> None:
    """Count as changed since what a comparison deleted, and what sync/Deleted only now says to be deleted."""
    connection.execute(
        text(f"""
        UPDATE exactsync.drift AS drift
        SET missed_deletes = missed_deletes - least(missed_deletes, told.rows),
            changed_since = changed_since + least(missed_deletes, told.rows)
        FROM (
            SELECT _load_id AS load_id, count(*) AS rows FROM {schema.published_table(entity)}
            WHERE division = :division AND id = ANY(CAST(:keys AS uuid[])) AND _deleted_at IS NOT NULL GROUP BY 1
        ) AS told
        WHERE drift.load_id = told.load_id
        """),
        {"division": division, "keys": list(keys)},
    )


def read_run(connection: Connection, run_id: str) -> list[DriftOfDataSet]:
    """Return what the comparisons of one run found, by division and entity."""
    return _read(connection, "WHERE run_id = :run_id ORDER BY division, entity, compared_at", run_id=run_id)


def read_latest(connection: Connection) -> dict[tuple[int, str], DriftOfDataSet]:
    """Return what the last comparison of each data set found."""
    latest = _read(connection, "ORDER BY division, entity, compared_at DESC", what="DISTINCT ON (division, entity) ")
    return {(each.division, each.entity): each for each in latest}


def _read(connection: Connection, which: str, *, what: str = "", **values: str) -> list[DriftOfDataSet]:
    columns = ", ".join(_COUNTS)
    rows = connection.execute(
        text(f"SELECT {what}division, entity, compared_at, {columns} FROM exactsync.drift {which}"), values
    )
    return [
        DriftOfDataSet(
            division=row["division"],
            entity=row["entity"],
            compared_at=row["compared_at"],
            found=Drift(**{name: row[name] for name in _COUNTS}),
        )
        for row in rows.mappings()
    ]
