"""How far each data set is: the watermark of record, and how the last attempt ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from sqlalchemy import Connection, Engine

    from exactsync.load import Run

REFUSED: Final = "refused"
"""The outcome of a reading that Exact does not allow, and that something else makes up for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncState:
    """What is known of one data set; a watermark of None means that nothing has been read yet."""

    division: int
    entity: str
    watermark: int | None = None
    published_at: datetime | None = None
    attempted_at: datetime | None = None
    outcome: str | None = None
    message: str | None = None
    reason: str | None = None
    """Why the last attempt failed, one of `lifecycle.Reason`."""
    full_at: datetime | None = None
    """When it was last read in full and compared."""
    incomplete_before: datetime | None = None
    """Of sync/Deleted: what was deleted before this moment may be missing from what was read."""

    @property
    def is_refused(self) -> bool:
        """Whether Exact refused the last reading of sync/Deleted."""
        return self.outcome == REFUSED


_COLUMNS = ", ".join(SyncState.__dataclass_fields__)


def read_state(connection: Connection, division: int, entity: str) -> SyncState:
    """Return the state of one data set, without locking it."""
    row = connection.execute(
        text(f"SELECT {_COLUMNS} FROM exactsync.sync_state WHERE division = :division AND entity = :entity"),
        {"division": division, "entity": entity},
    )
    found = row.mappings().one_or_none()
    return SyncState(**found) if found else SyncState(division=division, entity=entity)


def read_clock(connection: Connection) -> datetime:
    """Return the time by the database's clock."""
    return cast("datetime", connection.scalar(text("SELECT clock_timestamp()")))


def read_states(connection: Connection) -> list[SyncState]:
    """Return the state of every data set, by division and entity."""
    rows = connection.execute(text(f"SELECT {_COLUMNS} FROM exactsync.sync_state ORDER BY division, entity"))
    return [SyncState(**row) for row in rows.mappings()]


def lock_states(connection: Connection, division: int, entities: Iterable[str]) -> None:
    """Lock the state rows of a division's data sets until the transaction ends, in one order for everyone.

    Publishing and applying deletions both do this first: whichever comes second sees what the first has written.
    """
    names = sorted(entities)
    for entity in names:
        connection.execute(
            text(
                "INSERT INTO exactsync.sync_state (division, entity) VALUES (:division, :entity) ON CONFLICT DO NOTHING"
            ),
            {"division": division, "entity": entity},
        )
    connection.execute(
        text("""
        SELECT FROM exactsync.sync_state WHERE division = :division AND entity = ANY(:entities)
        ORDER BY entity FOR UPDATE
        """),
        {"division": division, "entities": names},
    )


def publish_time(connection: Connection, division: int, entity: str) -> datetime:
    """Return from when on what is published now is valid, for a data set whose state is locked.

    Later than what was published before, whatever the database's clock says.
    """
    now = connection.scalar(
        text("""
        SELECT GREATEST(clock_timestamp(), changed_at + interval '1 microsecond') FROM exactsync.sync_state
        WHERE division = :division AND entity = :entity
        """),
        {"division": division, "entity": entity},
    )
    return cast("datetime", now)


def note_change(connection: Connection, division: int, entity: str, published_at: datetime) -> None:
    """Remember from when on the last change of a data set is valid."""
    connection.execute(
        text("UPDATE exactsync.sync_state SET changed_at = :at WHERE division = :division AND entity = :entity"),
        {"division": division, "entity": entity, "at": published_at},
    )


def advance(
    connection: Connection,
    division: int,
    entity: str,
    *,
    watermark: int | None,
    load_id: int | None,
    full: bool,
) -> None:
    """Move the watermark, in the transaction that publishes what was read up to it."""
    connection.execute(
        text("""
        UPDATE exactsync.sync_state
        SET watermark = GREATEST(watermark, :watermark), load_id = COALESCE(:load_id, load_id),
            published_at = clock_timestamp(),
            full_at = CASE WHEN :full THEN clock_timestamp() ELSE full_at END
        WHERE division = :division AND entity = :entity
        """),
        {"division": division, "entity": entity, "watermark": watermark, "load_id": load_id, "full": full},
    )


def note_gap(connection: Connection, division: int, entity: str, *, kept: timedelta) -> bool:
    """Remember, before a reading of sync/Deleted, if it comes too late to see all that Exact keeps for so long.

    Returns whether it does. A data set that was read in full since needs no further comparison.
    """
    rows = connection.execute(
        text("""
        UPDATE exactsync.sync_state SET incomplete_before = clock_timestamp() - :kept
        WHERE division = :division AND entity = :entity
          AND (published_at IS NULL OR published_at < clock_timestamp() - :kept)
        RETURNING published_at
        """),
        {"division": division, "entity": entity, "kept": kept},
    )
    return rows.scalar() is not None


def start_anew(connection: Connection, division: int, *, keep: str) -> None:
    """Forget every Timestamp of a division, watermarks and tombstones, so that all but `keep` is read in full.

    Tombstones of what was erased for good stay: theirs is above every Timestamp.
    """
    values = {"division": division, "keep": keep}
    in_order = "SELECT FROM exactsync.sync_state WHERE division = :division ORDER BY entity FOR UPDATE"
    connection.execute(text(in_order), values)
    connection.execute(
        text("""
        UPDATE exactsync.sync_state SET watermark = NULL, full_at = NULL
        WHERE division = :division AND entity <> :keep
        """),
        values,
    )
    connection.execute(
        text("DELETE FROM exactsync.tombstones WHERE division = :division AND source_timestamp < 9223372036854775807"),
        values,
    )


def note_attempt(
    engine: Engine,
    division: int,
    entity: str,
    *,
    run: Run,
    outcome: str,
    message: str = "",
    reason: str | None = None,
) -> None:
    """Remember how the last attempt at a data set ended, for status and health."""
    with engine.begin() as connection:
        connection.execute(
            text("""
            INSERT INTO exactsync.sync_state
                (division, entity, attempted_at, run_id, outcome, message, reason, holder)
            VALUES (:division, :entity, clock_timestamp(), :run_id, :outcome, :message, :reason, :holder)
            ON CONFLICT (division, entity) DO UPDATE
            SET attempted_at = EXCLUDED.attempted_at, run_id = EXCLUDED.run_id, outcome = EXCLUDED.outcome,
                message = EXCLUDED.message, reason = EXCLUDED.reason, holder = EXCLUDED.holder
            """),
            {
                "division": division,
                "entity": entity,
                "run_id": run.run_id,
                "outcome": outcome,
                "message": message.replace("\0", "") or None,
                "reason": reason,
                "holder": run.holder,
            },
        )
