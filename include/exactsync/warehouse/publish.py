"""Publish a complete load: one transaction merges rows, deletions and the new watermark.

Readers see the table as it was before, or as it is after; never between.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from exactsync.entity import Feed
from exactsync.errors import DefectError, GuardError
from exactsync.failpoints import reach
from exactsync.load import LoadResult
from exactsync.warehouse import drift, history, load_log, loads, quarantine, state
from exactsync.warehouse.guard import PLAUSIBLE_ROWS
from exactsync.warehouse.merge import Merge

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from exactsync.entity import Entity
    from exactsync.load import DivisionRef, Run
    from exactsync.warehouse.guard import DeletionGuard
    from exactsync.warehouse.leases import Lease
    from exactsync.warehouse.loads import Load

log = logging.getLogger(__name__)

MOVED = ("division_move_date", "division_hr_link_unlink_date")
"""When one of these changes, Timestamps of the company start anew (introductions of hrm/ and system/Divisions)."""
UNREADABLE_SHARE = 0.2
"""A load of which more than this share of records cannot be read fails, unless they are few."""


class UnreadableError(DefectError):
    """So many records of a load cannot be read that none is published."""

    page = "quarantine"

    @property
    def part(self) -> str:
        """Where it says what exactsync makes of what Exact has changed."""
        return "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    inserted: int
    updated: int
    deleted: int
    unchanged: int


def publish(
    engine: Engine,
    held: Lease,
    entity: Entity,
    load: Load,
    *,
    ref: DivisionRef,
    run: Run,
    guard: DeletionGuard,
) -> LoadResult:
    """Merge a complete load into its table and forget its staged pages.

    Raises:
        DatasetBusyError: another holder took over the data set.
        LoadDiscardedError: the company was moved at Exact meanwhile.
        GuardError: it would delete an implausible share; nothing was changed and the load is discarded,
            so that the next attempt reads anew.
        UnreadableError: too many records cannot be read; likewise.
    """
    try:
        with engine.begin() as connection:
            held.renew(connection)
            result = _publish(connection, entity, load, ref, run, guard)
    except (GuardError, UnreadableError):
        with engine.begin() as connection:
            held.renew(connection)
            loads.discard(connection, held, entity)
        raise
    reach("publish.committed")
    return result


def _publish(
    connection: Connection, entity: Entity, load: Load, ref: DivisionRef, run: Run, guard: DeletionGuard
) -> LoadResult:
    owners = [entity.member_of] if entity.member_of else []
    state.lock_states(connection, load.division, [entity.name, *owners])
    reach("publish.locked")
    _require_complete(connection, load)
    known = state.read_state(connection, load.division, entity.name)
    before = known.watermark
    quarantined, unnamed = quarantine.count_of_load(connection, load)
    _require_readable(connection, load, quarantined)
    published_at = state.publish_time(connection, load.division, entity.name)
    merge = Merge(connection, entity, load, published_at)
    counts = _merge(merge, entity, load, unnamed, guard)
    if load.mode == "full":
        _note_drift(connection, entity, load, ref, run, known, published_at)
        quarantine.keep_only(connection, load)
    merge.release_quarantined()
    reach("publish.merged")
    state.advance(
        connection,
        load.division,
        entity.name,
        watermark=load.watermark_read,
        load_id=load.load_id,
        full=load.mode == "full",
    )
    result = LoadResult(
        integration=ref.integration,
        division=load.division,
        entity=entity.name,
        mode=load.mode,
        outcome="published" if counts.inserted or counts.updated or counts.deleted else "unchanged",
        rows_read=load.rows_read,
        inserted=counts.inserted,
        updated=counts.updated,
        deleted=counts.deleted,
        unchanged=counts.unchanged,
        quarantined=quarantined,
        characters_dropped=load.characters_dropped,
        calls=load.calls,
        seconds=load.seconds,
        watermark_before=before,
        watermark_after=max(before or 0, load.watermark_read or 0) or None,
        load_id=load.load_id,
    )
    if result.changed:
        state.note_change(connection, load.division, entity.name, published_at)
    if counts.updated and history.has_changed(connection, entity, load.division, published_at, MOVED):
        log.warning("The company was moved at Exact: its Timestamps start anew, so all of it is read in full.")
        state.start_anew(connection, load.division, keep=entity.name)
        loads.discard_others(connection, load)
    reach("publish.advanced")
    load_log.record(connection, result, run)
    loads.clear_staging(connection, entity, load.load_id)
    connection.execute(text("DELETE FROM exactsync.loads WHERE load_id = :load_id"), {"load_id": load.load_id})
    reach("publish.cleared")
    return result


def _merge(merge: Merge, entity: Entity, load: Load, unnamed: int, guard: DeletionGuard) -> _Counts:
    if not load.rows_read and load.mode == "incremental" and not entity.member_of:
        return _Counts(inserted=0, updated=0, deleted=0, unchanged=0)
    merge.drop_repeated()
    if entity.feed is Feed.SYNC:
        merge.drop_deleted()
    if entity.member_of:
        merge.set_aside_orphans()
    members = merge.count_members()
    absent = _count_absent(merge, unnamed) if load.mode == "full" else 0
    doomed = merge.count_doomed(absent=absent > 0)
    if doomed:
        live = merge.count_live()
        guard.require_plausible(mode=load.mode, members=members, absent=absent, doomed=doomed, live=live)
    inserted = merge.insert_new()
    updated = 0
    if inserted < members:
        updated = merge.update_changed()
        merge.note_timestamps()
    deleted = _delete_doomed(merge, entity, are_absent=absent > 0) if doomed else 0
    return _Counts(inserted=inserted, updated=updated, deleted=deleted, unchanged=members - inserted - updated)


def _delete_doomed(merge: Merge, entity: Entity, *, are_absent: bool) -> int:
    deleted = merge.delete_others() if entity.member_property else 0
    deleted += merge.delete_orphans() if entity.member_of else 0
    deleted += merge.delete_absent() if are_absent else 0
    return deleted


def _count_absent(merge: Merge, unnamed: int) -> int:
    """Count the rows that a full reading did not see, and that are gone for all we know."""
    absent = merge.count_absent()
    if absent and unnamed:
        log.warning(
            "%d rows are absent, but %d records could not be read at all, not even their key: none is deleted.",
            absent,
            unnamed,
        )
        return 0
    return absent


def _note_drift(
    connection: Connection,
    entity: Entity,
    load: Load,
    ref: DivisionRef,
    run: Run,
    known: state.SyncState,
    published_at: datetime,
) -> None:
    deletions = state.read_state(connection, load.division, load_log.DELETIONS)
    found = drift.measure(connection, entity, load, known=known, deletions=deletions, published_at=published_at)
    if found is None:
        return
    drift.record(connection, found, load, ref, run, known.watermark)
    if found.missed:
        log.warning("Drift found, and repaired: %s. More: docs/full-refresh.md#drift", found)
    else:
        log.info("No drift found; %d rows changed since the last sync.", found.changed_since)


def _require_readable(connection: Connection, load: Load, quarantined: int) -> None:
    """Refuse a load of which so much cannot be read that Exact must have changed something."""
    if quarantined > PLAUSIBLE_ROWS and quarantined > load.rows_read * UNREADABLE_SHARE:
        raise UnreadableError(
            f"{quarantined} of {load.rows_read} records cannot be read, most of them because: "
            f"{quarantine.example(connection, load)}. Nothing was changed; they are in exactsync.quarantine.",
            remedy="Exact may have changed what it sends. Report this, with the reasons in exactsync.quarantine.",
        )


def _require_complete(connection: Connection, load: Load) -> None:
    complete = connection.scalar(
        text("SELECT is_complete FROM exactsync.loads WHERE load_id = :load_id FOR UPDATE"),
        {"load_id": load.load_id},
    )
    if complete is None:
        raise loads.discarded(load)
    if not complete:
        raise DefectError(f"Load {load.load_id} was to be published before all its pages were staged.")
