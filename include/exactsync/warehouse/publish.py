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
from exactsync.warehouse import history, load_log, loads, quarantine, state
from exactsync.warehouse.merge import Merge

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from exactsync.entity import Entity
    from exactsync.load import DivisionRef, Run
    from exactsync.warehouse.leases import Lease
    from exactsync.warehouse.loads import Load

log = logging.getLogger(__name__)

IMPLAUSIBLE_SHARE = 0.2
"""A comparison that would delete more than this share of a table stops …"""
PLAUSIBLE_ROWS = 5
"""… unless it is about no more rows than these."""
MOVED = ("division_move_date", "division_hr_link_unlink_date")
"""When one of these changes, Timestamps of the company start anew (introductions of hrm/ and system/Divisions)."""
UNREADABLE_SHARE = 0.2
"""A load of which more than this share of records cannot be read fails, under the same exception."""


class UnreadableError(DefectError):
    """So many records of a load cannot be read that none is published."""


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
    confirm_deletions: bool,
) -> LoadResult:
    """Merge a complete load into its table and forget its staged pages.

    Raises:
        DatasetBusyError: another holder took over the data set.
        GuardError: a full reading would delete an implausible share; nothing was changed and the load is discarded,
            so that the next attempt reads anew.
        UnreadableError: too many records cannot be read; likewise.
    """
    try:
        with engine.begin() as connection:
            held.renew(connection)
            result = _publish(connection, entity, load, ref, run, confirm_deletions)
    except (GuardError, UnreadableError):
        with engine.begin() as connection:
            held.renew(connection)
            loads.discard(connection, held, entity)
        raise
    reach("publish.committed")
    return result


def _publish(
    connection: Connection, entity: Entity, load: Load, ref: DivisionRef, run: Run, confirm_deletions: bool
) -> LoadResult:
    owners = [entity.member_of] if entity.member_of else []
    state.lock_states(connection, load.division, [entity.name, *owners])
    reach("publish.locked")
    _require_complete(connection, load)
    before = state.read_state(connection, load.division, entity.name).watermark
    quarantined, unnamed = quarantine.count_of_load(connection, load)
    _require_readable(connection, load, quarantined)
    published_at = state.publish_time(connection, load.division, entity.name)
    counts = _merge(connection, entity, load, published_at, unnamed, confirm_deletions)
    reach("publish.merged")
    state.advance(
        connection,
        load.division,
        entity.name,
        # a watermark that was dropped while this was read would be one of the Timestamps from before
        watermark=load.watermark_read if load.mode == "full" or before is not None else None,
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
    reach("publish.advanced")
    load_log.record(connection, result, run)
    loads.clear_staging(connection, entity, load.load_id)
    connection.execute(text("DELETE FROM exactsync.loads WHERE load_id = :load_id"), {"load_id": load.load_id})
    reach("publish.cleared")
    return result


def _merge(
    connection: Connection, entity: Entity, load: Load, published_at: datetime, unnamed: int, confirm_deletions: bool
) -> _Counts:
    if not load.rows_read and load.mode == "incremental" and not entity.member_of:
        return _Counts(inserted=0, updated=0, deleted=0, unchanged=0)
    merge = Merge(connection, entity, load, published_at)
    merge.drop_repeated()
    if entity.feed is Feed.SYNC:
        merge.drop_deleted()
    if entity.member_of:
        merge.set_aside_orphans()
    members = merge.count_members()
    absent = 0
    if load.mode == "full":
        absent = _plausible_absent(merge, members, unnamed, confirm_deletions)
    inserted = merge.insert_new()
    updated = 0
    if inserted < members:
        updated = merge.update_changed()
        merge.note_timestamps()
    deleted = merge.delete_others() if entity.member_property else 0
    deleted += merge.delete_orphans() if entity.member_of else 0
    deleted += merge.delete_absent() if absent else 0
    merge.release_quarantined()
    if load.mode == "full":
        quarantine.keep_only(connection, load)
    return _Counts(inserted=inserted, updated=updated, deleted=deleted, unchanged=members - inserted - updated)


def _plausible_absent(merge: Merge, members: int, unnamed: int, confirmed: bool) -> int:
    """Count the rows that a full reading did not see, if deleting them is plausible."""
    absent = merge.count_absent()
    if not absent:
        return 0
    if unnamed:
        log.warning(
            "%d rows are absent, but %d records could not be read at all, not even their key: none is deleted.",
            absent,
            unnamed,
        )
        return 0
    live = merge.count_live()
    implausible = members == 0 or (absent > PLAUSIBLE_ROWS and absent > live * IMPLAUSIBLE_SHARE)
    if implausible and not confirmed:
        raise GuardError(
            f"A full reading saw {members} rows and would delete {absent} of the {live} live ones"
            f"{', leaving the table empty' if members == 0 else ''}. Nothing was changed.",
            remedy="Look at the company in Exact Online. If the deletions are right, run the sync again with "
            "confirm_deletions (command line: --confirm-deletions).",
        )
    return absent


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
    if not complete:
        raise DefectError(f"Load {load.load_id} was to be published before all its pages were staged.")
