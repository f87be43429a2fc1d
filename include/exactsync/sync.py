"""The use case: extract → normalise → stage → merge → advance, for one entity of one division; and its deletions."""

from __future__ import annotations

import logging
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from exactsync.entity import REGION, Entity, Feed
from exactsync.errors import DefectError, ExactSyncError, ForbiddenError
from exactsync.exact.feed import highest_modified, read_deleted
from exactsync.exact.odata import MalformedAnswerError
from exactsync.failpoints import reach
from exactsync.first_load import SYNC_PAGE, read_load
from exactsync.load import DeletionsResult, DivisionRef, LoadResult, Mode, Run
from exactsync.novelty import tell_novelties
from exactsync.reading import DELETED_KEPT, plan
from exactsync.warehouse import deletions, loads, membership, quarantine, state
from exactsync.warehouse.deletions import Deletion
from exactsync.warehouse.leases import lease
from exactsync.warehouse.load_log import DELETIONS
from exactsync.warehouse.publish import publish

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Engine

    from exactsync.exact.client import ExactClient
    from exactsync.exact.feed import FeedPage
    from exactsync.first_load import SourcePage
    from exactsync.normalise import NormalisedPage
    from exactsync.reading import Reading
    from exactsync.warehouse.guard import DeletionGuard
    from exactsync.warehouse.leases import Lease
    from exactsync.warehouse.loads import Load

log = logging.getLogger(__name__)


def sync_entity(
    engine: Engine,
    client: ExactClient,
    entity: Entity,
    ref: DivisionRef,
    *,
    mode: Mode,
    run: Run,
    guard: DeletionGuard,
    plan_first_load: bool = False,
) -> LoadResult:
    """Bring one entity of one division up to date and return what that took.

    A retry after a crash goes on behind the last staged page. What is read is decided by `reading.plan`; a list that
    was compared lately is not read at all. With `plan_first_load`, the first load of few among many is planned, see
    `first_load`.

    Raises:
        ExactSyncError: by its kind, what to do about it; knows integration, division, entity and page.
    """
    try:
        with lease(engine, division=ref.division, entity=entity.name, holder=run.holder) as held:
            reach("lease.acquired")
            planned = _plan(engine, entity, ref.division, mode)
            if planned is None:
                return _not_due(entity, ref)
            how = "in full" if planned.mode == "full" else "incrementally"
            log.info("Reading %s: %s.", how, planned.why)
            load = loads.open_load(engine, held, entity, planned.mode, planned.after)
            reach("load.opened")
            load = _stage_or_forget(engine, client, entity, held, load, plan_first_load and planned.is_first)
            return publish(engine, held, entity, load, ref=ref, run=run, guard=guard)
    except ExactSyncError as error:
        error.at(integration=ref.integration, division=ref.division, entity=entity.name)
        raise


def sync_deletions(
    engine: Engine, client: ExactClient, entities: Collection[Entity], ref: DivisionRef, *, run: Run
) -> DeletionsResult:
    """Read what Exact's Deleted log has to say since the last time and apply it to the tables of `entities`.

    Raises:
        ExactSyncError: as `sync_entity`.
    """
    logged = [entity for entity in entities if entity.deleted_type is not None]
    try:
        with lease(engine, division=ref.division, entity=DELETIONS, holder=run.holder) as held:
            try:
                return _apply_deletions(engine, client, logged, ref, run, held)
            except ForbiddenError as refusal:
                return _make_up_for(engine, refusal, ref, run)
    except ExactSyncError as error:
        error.at(integration=ref.integration, division=ref.division, entity=DELETIONS)
        raise


def _plan(engine: Engine, entity: Entity, division: int, mode: Mode) -> Reading | None:
    with engine.connect() as connection:
        known = state.read_state(connection, division, entity.name)
        if membership.owners_came(connection, entity, division, known.full_at) or loads.is_half_read(
            connection, entity, division
        ):
            mode = "full"
        planned = plan(
            entity,
            known,
            state.read_state(connection, division, DELETIONS),
            mode=mode,
            now=state.read_clock(connection),
            quarantined=quarantine.count(connection, division, entity.name),
        )
        if planned and planned.after is not None and entity.feed is Feed.SYNC:
            after = quarantine.reread_after(connection, entity, division, planned.after, page_size=SYNC_PAGE)
            return replace(planned, after=after)
        return planned


def _not_due(entity: Entity, ref: DivisionRef) -> LoadResult:
    log.info("Not read: it was compared within the last %s.", entity.compare_every)
    return LoadResult(
        integration=ref.integration, division=ref.division, entity=entity.name, mode="full", outcome="unchanged"
    )


def _make_up_for(engine: Engine, refusal: ForbiddenError, ref: DivisionRef, run: Run) -> DeletionsResult:
    """Go on without sync/Deleted: while it is refused, `reading.plan` has keys compared daily."""
    log.warning(
        "Exact refuses sync/Deleted, so keys are compared daily instead, which takes more calls. %s What to do: give "
        "the Exact user the right to retrieve deleted records through web services, and the app the scope Organization "
        "administration.",
        refusal.message,
    )
    result = DeletionsResult(
        integration=ref.integration, division=ref.division, read=0, calls=1, seconds=0.0, refusal=refusal.message
    )
    deletions.record_reading(engine, result, run, before=None, after=None)
    return result


def _watermark(engine: Engine, division: int, entity: str) -> int | None:
    with engine.connect() as connection:
        return state.read_state(connection, division, entity).watermark


def _stage_or_forget(
    engine: Engine, client: ExactClient, entity: Entity, held: Lease, load: Load, may_filter: bool
) -> Load:
    """Stage what is missing; if Exact refuses the very link an earlier attempt left, let the next one begin anew."""
    try:
        return _stage_pages(engine, client, entity, held, load, may_filter)
    except MalformedAnswerError:
        raise  # cut off on the way, most likely: the link is as good as it was
    except DefectError:
        if loads.forget_if_unmoved(engine, held, entity, load):
            log.warning("The link left by an earlier attempt is of no use: the next attempt begins with page 1.")
        raise


def _stage_pages(
    engine: Engine, client: ExactClient, entity: Entity, held: Lease, load: Load, may_filter: bool
) -> Load:
    """Stage what is not staged yet; the next page is fetched while this one is written."""
    if load.is_complete:
        log.info("All %d pages were staged by an earlier attempt.", load.pages)
        return load
    if load.pages:
        log.info("Going on behind page %d, which an earlier attempt staged.", load.pages)
    spent = _Spent(client)
    with closing(read_load(client, entity, load, may_filter=may_filter)) as pages:
        for read in pages:
            page = read.page
            staged = _normalise(engine, client, entity, load, read) if page.records else loads.NOTHING
            reach("stage.normalised")
            calls, seconds = spent.since_last()
            load = loads.stage_page(
                engine,
                held,
                entity,
                load,
                staged,
                rows_read=len(page.records),
                next_url=page.next_url,
                watermark_read=_highest(entity, page) if read.floor is None else read.floor,
                calls=calls,
                seconds=seconds,
            )
            reach("stage.committed")
            log.debug("Staged page %d: %d records.", page.number, len(page.records))
    return load


def _normalise(engine: Engine, client: ExactClient, entity: Entity, load: Load, read: SourcePage) -> NormalisedPage:
    """Convert the records of a page; tell what is new at Exact, and what cannot be read."""
    from exactsync.normalise import normalise_page  # pandas costs half a second: only where there are records

    records = _located(entity, read.page.records, client.region)
    normalised = normalise_page(read.source, records, load_id=load.load_id, first_seq=load.rows_read)
    tell_novelties(engine, entity, load.division, records, normalised)
    for quarantined in normalised.quarantined:
        log.warning("Page %d: record %s goes to quarantine: %s.", read.page.number, *_named(quarantined))
    return normalised


def _located(entity: Entity, records: list[dict[str, Any]], region: str) -> list[dict[str, Any]]:
    """Add the data region to the records of an entity that keeps it."""
    keeps_region = any(column.source == REGION for column in entity.columns)
    return [{**record, REGION: region} for record in records] if keeps_region else records


class _Spent:
    """The calls and seconds that went by; the next page's call may already be among them."""

    def __init__(self, client: ExactClient) -> None:
        self._client = client
        self._calls, self._at = client.calls, time.monotonic()

    def since_last(self) -> tuple[int, float]:
        """Return what was spent since the last time this was asked."""
        calls, at = self._client.calls, time.monotonic()
        spent = calls - self._calls, at - self._at
        self._calls, self._at = calls, at
        return spent


def _named(quarantined: Any) -> tuple[str, str]:
    return quarantined.key or "without a readable key", quarantined.reason


def _highest(entity: Entity, page: FeedPage) -> int | None:
    """Return the watermark that a page reaches: a Timestamp, or a `Modified` in wire milliseconds."""
    if entity.feed is Feed.MODIFIED:
        return highest_modified(page.records, now=datetime.now(UTC))
    has_timestamps = entity.feed is Feed.SYNC and page.records
    return int(page.records[-1]["Timestamp"]) if has_timestamps else None  # they rise, or the page was refused


def _apply_deletions(
    engine: Engine, client: ExactClient, logged: list[Entity], ref: DivisionRef, run: Run, held: Lease
) -> DeletionsResult:
    spent, read = _Spent(client), 0
    before = after = _watermark(engine, ref.division, DELETIONS)
    if _note_gap(engine, ref.division):
        log.warning(
            "sync/Deleted was not read for more than %d days and Exact keeps it for 2 months: what was deleted before "
            "is found by comparing keys in full, once for each entity.",
            DELETED_KEPT.days,
        )
    by_type = {entity.deleted_type: entity for entity in logged}
    deleted = dict.fromkeys((entity.name for entity in logged), 0)
    pages = read_deleted(client, division=ref.division, after=before)
    with closing(pages):
        for page in pages:
            entries = [_deletion(record) for record in page.records]
            read += len(entries)
            since, after = after, max([after or 0, *(entry.source_timestamp for entry in entries)]) or None
            reach("deletions.read")
            ours = [entry for entry in entries if entry.entity_type in by_type]
            counts = deletions.apply_page(engine, held, logged, ours, since=since, watermark=after, ref=ref, run=run)
            reach("deletions.committed")
            deleted = {name: total + counts[name] for name, total in deleted.items()}
    calls, seconds = spent.since_last()
    result = DeletionsResult(
        integration=ref.integration,
        division=ref.division,
        read=read,
        calls=calls,
        seconds=seconds,
        deleted=deleted,
    )
    deletions.record_reading(engine, result, run, before=before, after=after)
    return result


def _note_gap(engine: Engine, division: int) -> bool:
    with engine.begin() as connection:
        state.lock_states(connection, division, [DELETIONS])
        return state.note_gap(connection, division, DELETIONS, kept=DELETED_KEPT)


def _deletion(record: dict[str, Any]) -> Deletion:
    try:
        return Deletion(
            entity_type=int(record["EntityType"]),
            key=UUID(record["EntityKey"]),
            source_timestamp=int(record["Timestamp"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DefectError(
            f"An entry of sync/Deleted cannot be read: {record!r:.200}.",
            remedy="Report it; deletions of this division wait until it is understood.",
        ) from error
