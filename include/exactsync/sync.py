"""The use case: extract → normalise → stage → merge → advance, for one entity of one division; and its deletions."""

from __future__ import annotations

import logging
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any
from uuid import UUID

from exactsync.entity import REGION, Entity, Feed
from exactsync.errors import DefectError, ExactSyncError
from exactsync.exact.feed import read_deleted, read_feed
from exactsync.exact.odata import MalformedAnswerError
from exactsync.failpoints import reach
from exactsync.load import DeletionsResult, DivisionRef, LoadResult, Mode, Run
from exactsync.warehouse import deletions, loads, state
from exactsync.warehouse.deletions import Deletion
from exactsync.warehouse.leases import lease
from exactsync.warehouse.load_log import DELETIONS
from exactsync.warehouse.publish import publish

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Engine

    from exactsync.exact.client import ExactClient
    from exactsync.exact.feed import FeedPage
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
    confirm_deletions: bool = False,
) -> LoadResult:
    """Bring one entity of one division up to date and return what that took.

    A retry after a crash goes on behind the last staged page. A list, and a sync feed that was never read, is read in
    full whatever `mode` says.

    Raises:
        ExactSyncError: by its kind, what to do about it; knows integration, division, entity and page.
    """
    try:
        with lease(engine, division=ref.division, entity=entity.name, holder=run.holder) as held:
            reach("lease.acquired")
            after = _watermark(engine, ref.division, entity.name) if entity.feed is Feed.SYNC else None
            if mode == "full" or after is None:
                mode, after = "full", None
            load = loads.open_load(engine, held, entity, mode, after)
            reach("load.opened")
            load = _stage_or_forget(engine, client, entity, held, load)
            return publish(engine, held, entity, load, ref=ref, run=run, confirm_deletions=confirm_deletions)
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
            return _apply_deletions(engine, client, logged, ref, run, held)
    except ExactSyncError as error:
        error.at(integration=ref.integration, division=ref.division, entity=DELETIONS)
        raise


def _watermark(engine: Engine, division: int, entity: str) -> int | None:
    with engine.connect() as connection:
        return state.read_state(connection, division, entity).watermark


def _stage_or_forget(engine: Engine, client: ExactClient, entity: Entity, held: Lease, load: Load) -> Load:
    """Stage what is missing; if Exact refuses the very link an earlier attempt left, let the next one begin anew."""
    try:
        return _stage_pages(engine, client, entity, held, load)
    except MalformedAnswerError:
        raise  # cut off on the way, most likely: the link is as good as it was
    except DefectError:
        if loads.forget_if_unmoved(engine, held, entity, load):
            log.warning("The link left by an earlier attempt is of no use: the next attempt begins with page 1.")
        raise


def _stage_pages(engine: Engine, client: ExactClient, entity: Entity, held: Lease, load: Load) -> Load:
    """Stage what is not staged yet; the next page is fetched while this one is written."""
    if load.is_complete:
        log.info("All %d pages were staged by an earlier attempt.", load.pages)
        return load
    if load.pages:
        log.info("Going on behind page %d, which an earlier attempt staged.", load.pages)
    pages = read_feed(
        client,
        entity,
        division=load.division,
        after=load.watermark_before,
        resume=load.next_url,
        page=load.next_page,
    )
    from exactsync.normalise import normalise_page  # pandas costs half a second: only where pages are read

    spent = _Spent(client)
    with closing(pages):
        for page in pages:
            records = _located(entity, page.records, client.region)
            normalised = normalise_page(entity, records, load_id=load.load_id, first_seq=load.rows_read)
            reach("stage.normalised")
            for quarantined in normalised.quarantined:
                log.warning("Page %d: record %s goes to quarantine: %s.", page.number, *_named(quarantined))
            calls, seconds = spent.since_last()
            load = loads.stage_page(
                engine,
                held,
                entity,
                load,
                normalised,
                rows_read=len(page.records),
                next_url=page.next_url,
                watermark_read=_highest_timestamp(page),
                calls=calls,
                seconds=seconds,
            )
            reach("stage.committed")
            log.debug("Staged page %d: %d records.", page.number, len(page.records))
    return load


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


def _highest_timestamp(page: FeedPage) -> int | None:
    stamps = (record.get("Timestamp") for record in page.records)
    return max((int(stamp) for stamp in stamps if stamp is not None), default=None)


def _apply_deletions(
    engine: Engine, client: ExactClient, logged: list[Entity], ref: DivisionRef, run: Run, held: Lease
) -> DeletionsResult:
    spent, read = _Spent(client), 0
    before = after = _watermark(engine, ref.division, DELETIONS)
    by_type = {entity.deleted_type: entity for entity in logged}
    deleted = dict.fromkeys((entity.name for entity in logged), 0)
    pages = read_deleted(client, division=ref.division, after=before)
    with closing(pages):
        for page in pages:
            entries = [_deletion(record) for record in page.records]
            read += len(entries)
            after = max([after or 0, *(entry.source_timestamp for entry in entries)]) or None
            reach("deletions.read")
            ours = [entry for entry in entries if entry.entity_type in by_type]
            counts = deletions.apply_page(engine, held, logged, ours, watermark=after, ref=ref, run=run)
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
