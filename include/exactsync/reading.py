"""How a data set is to be read now: what changed, everything, or nothing; the fewest calls that keep it true.

| feed | each run | in full |
| --- | --- | --- |
| `SYNC` | what changed since the watermark | never read; sync/Deleted has gaps for it (then daily) |
| `MODIFIED` | what changed since the watermark, less an overlap | never read; older than `compare_every` |
| `LIST` | nothing | never read; older than `compare_every` |

Mode `full` reads everything, and so does a data set of a list of which a record is in quarantine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from exactsync.entity import Entity, Feed

if TYPE_CHECKING:
    from datetime import datetime

    from exactsync.load import Mode
    from exactsync.warehouse.state import SyncState

DELETED_KEPT: Final = timedelta(days=58)
"""How far sync/Deleted is trusted to reach back: Exact keeps it for 2 months."""
COMPARED_DAILY: Final = timedelta(days=1)
LEEWAY: Final = timedelta(minutes=30)
"""A comparison that is due within this is made now: a daily run that begins a little earlier must not skip a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What to read: in `full`, or what changed `after` the watermark; and why, for the log."""

    mode: Mode
    after: int | None = None
    why: str
    is_first: bool = False
    """Whether nothing of it is known yet, or not any more."""


def plan(
    entity: Entity, known: SyncState, deletions: SyncState, *, mode: Mode, now: datetime, quarantined: int
) -> Reading | None:
    """Decide how to read a data set; None: it was compared so lately that nothing is read.

    Args:
        entity: what is read.
        known: what is known of the data set.
        deletions: what is known of its division's sync/Deleted.
        mode: what the run was asked for.
        now: the time by the database's clock.
        quarantined: how many of its records are in quarantine.
    """
    if why := _why_in_full(entity, known, deletions, mode, now, quarantined):
        return Reading(mode="full", why=why, is_first=_is_first(entity, known))
    if entity.feed is Feed.LIST:
        return None
    return Reading(mode="incremental", after=known.watermark, why="what changed since the watermark")


def _why_in_full(
    entity: Entity, known: SyncState, deletions: SyncState, mode: Mode, now: datetime, quarantined: int
) -> str | None:
    if mode == "full":
        return "asked for"
    if known.full_at is None or _is_first(entity, known):
        return "not read in full yet"
    if entity.feed is Feed.SYNC:
        return _why_deletions_are_unknown(deletions, known.full_at, now)
    if quarantined:
        return f"{quarantined} of its records are in quarantine"
    return "not compared lately" if now - known.full_at + LEEWAY >= entity.compare_every else None


def _is_first(entity: Entity, known: SyncState) -> bool:
    return known.full_at is None or (entity.feed is not Feed.LIST and known.watermark is None)


def _why_deletions_are_unknown(deletions: SyncState, full_at: datetime, now: datetime) -> str | None:
    """Say why keys must be compared although sync/Deleted should tell what is gone."""
    is_due = now - full_at + LEEWAY >= COMPARED_DAILY
    if deletions.is_refused and is_due:
        return "Exact refuses sync/Deleted, so keys are compared daily"
    will_have_gap = deletions.published_at is not None and now - deletions.published_at > DELETED_KEPT
    had_gap = deletions.incomplete_before is not None and full_at < deletions.incomplete_before
    if (will_have_gap and is_due) or had_gap:
        return "sync/Deleted was not read for longer than Exact keeps it, so keys are compared"
    return None
