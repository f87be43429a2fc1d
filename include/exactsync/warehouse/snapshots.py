"""The snapshots of payables that a run asks Spendesk for: where it goes on after it was put off, or died."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One snapshot: of which days, and how far it is."""

    id: int
    first_day: date
    last_day: date
    key: str | None
    """None: not asked for yet, or in vain."""
    asked_at: datetime | None
    """Without a key: since when it is asked for in vain."""
    polled_at: datetime | None
    read_at: datetime | None
    payables: int
    """How many it held, how many of them were new or had changed, and how many could not be read."""
    changed: int
    unreadable: int

    @property
    def last_asked_after(self) -> datetime | None:
        """When Spendesk was last asked about it."""
        return self.polled_at or self.asked_at


def plan(connection: Connection, source: str, run_id: str, periods: Iterable[tuple[date, date]]) -> list[Snapshot]:
    """Return the snapshots of a run, oldest days first; they are planned by its first attempt."""
    if not connection.scalar(_ANY, {"source": source, "run_id": run_id}):
        rows = [{"source": source, "run_id": run_id, "first_day": first, "last_day": last} for first, last in periods]
        if rows:
            connection.execute(_PLAN, rows)
    found = connection.execute(_OF_RUN, {"source": source, "run_id": run_id}).mappings()
    return [Snapshot(**row) for row in found]


def note_asked(connection: Connection, snapshot_id: int, key: str) -> None:
    """Note that a snapshot was asked for."""
    connection.execute(_ASKED, {"id": snapshot_id, "key": key})


def note_refused(connection: Connection, snapshot_id: int) -> None:
    """Note that a snapshot was asked for in vain; the first time counts."""
    connection.execute(_REFUSED, {"id": snapshot_id})


def note_polled(connection: Connection, snapshot_id: int) -> None:
    """Note that Spendesk was asked whether it is there."""
    connection.execute(_POLLED, {"id": snapshot_id})


def note_read(connection: Connection, snapshot_id: int, *, payables: int, changed: int, unreadable: int) -> None:
    """Note that a snapshot was read and stored whole."""
    counts = {"payables": payables, "changed": changed, "unreadable": unreadable}
    connection.execute(_READ, {"id": snapshot_id, **counts})


def forget_key(connection: Connection, snapshot_id: int) -> None:
    """Let a snapshot be asked for anew: Spendesk does not have it any more, or could not make it."""
    connection.execute(_FORGET, {"id": snapshot_id})


_ANY = text("SELECT true FROM exactsync.spendesk_snapshots WHERE source = :source AND run_id = :run_id LIMIT 1")
_PLAN = text("""
INSERT INTO exactsync.spendesk_snapshots (source, run_id, first_day, last_day)
VALUES (:source, :run_id, :first_day, :last_day) ON CONFLICT DO NOTHING
""")
_OF_RUN = text("""
SELECT id, first_day, last_day, key, asked_at, polled_at, read_at, payables, changed, unreadable
FROM exactsync.spendesk_snapshots WHERE source = :source AND run_id = :run_id ORDER BY first_day
""")
_ASKED = text("""
UPDATE exactsync.spendesk_snapshots SET key = :key, asked_at = clock_timestamp(), polled_at = NULL WHERE id = :id
""")
_REFUSED = text("""
UPDATE exactsync.spendesk_snapshots SET asked_at = coalesce(asked_at, clock_timestamp()) WHERE id = :id AND key IS NULL
""")
_POLLED = text("UPDATE exactsync.spendesk_snapshots SET polled_at = clock_timestamp() WHERE id = :id")
_READ = text("""
UPDATE exactsync.spendesk_snapshots
SET read_at = clock_timestamp(), payables = :payables, changed = :changed, unreadable = :unreadable WHERE id = :id
""")
_FORGET = text("""
UPDATE exactsync.spendesk_snapshots SET key = NULL, asked_at = NULL, polled_at = NULL WHERE id = :id
""")
