"""Read all of an entity, page by page, the next page already on its way while one is being used.

Exact forbids reading one data set by parallel requests (KB-best), so there is never more than one page under way.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any, Final

from exactsync.entity import Feed
from exactsync.errors import DefectError, ExactSyncError, QuotaExhaustedError
from exactsync.exact.odata import Page, after_timestamp, modified_since, query
from exactsync.outbound import telling

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping
    from concurrent.futures import Future
    from datetime import datetime

    from exactsync.entity import Entity
    from exactsync.exact.client import ExactClient

DELETED: Final = "sync/Deleted"
OVERLAP_MS: Final = 2 * 60 * 60 * 1000
"""How far below a watermark on `Modified` is read again: for late commits, and the hour that autumn doubles."""
HEAD_START_S: Final = 0.05
"""How long a page waits for the request of the next one to be out."""
_WIRE_MS: Final = re.compile(r"/Date\((-?\d{1,15})\)/")
DELETED_PROPERTIES: Final = ("ID", "EntityKey", "EntityType", "Timestamp", "DeletedDate", "Division")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """One page of a data set, counted from 1."""

    number: int
    records: list[dict[str, Any]]
    next_url: str | None
    """Where to resume after this page; None after the last."""


def read_feed(
    client: ExactClient,
    entity: Entity,
    *,
    division: int,
    after: int | None,
    resume: str | None = None,
    page: int = 1,
) -> Generator[FeedPage]:
    """Yield an entity's pages: what changed after the watermark, or everything.

    Args:
        client: whose calls are spent, one a page.
        entity: what to read.
        division: where.
        after: the watermark: a Timestamp of a sync feed, a `Modified` in raw wire milliseconds of others; None for
            everything.
        resume: the `next_url` of the last page that was kept, to go on from there.
        page: the number of the first page to come.

    Raises:
        DefectError: the pages run in a circle, or Timestamps fall.
        ExactSyncError: as `ExactClient.get`, once the pages before have been yielded; it names the page.
    """
    yield from _read(
        _Source(client, entity.endpoint, division, _question(entity, division, after)),
        name=entity.name,
        floor=(after or 0) if entity.feed is Feed.SYNC else None,
        resume=resume,
        number=page,
    )


def feed_link(client: ExactClient, entity: Entity, *, division: int, after: int | None) -> str:
    """Return the link to the first page that `read_feed` reads, to be kept and resumed from like Exact's own."""
    return client.link(entity.endpoint, division=division, params=_question(entity, division, after))


def _question(entity: Entity, division: int, after: int | None) -> dict[str, str]:
    conditions = [entity.filter.format(division=division)] if entity.filter else []
    if entity.feed is Feed.SYNC:
        conditions = [after_timestamp(after)]
    elif entity.feed is Feed.MODIFIED and after is not None:
        conditions.append(modified_since(after - OVERLAP_MS))
    return query(select=entity.select, filter_=" and ".join(conditions))


def read_deleted(
    client: ExactClient, *, division: int, after: int | None, resume: str | None = None, page: int = 1
) -> Generator[FeedPage]:
    """Yield the pages of what was deleted after a Timestamp, for all entities at once (sync/Deleted).

    Exact remembers two months. Arguments and errors are those of `read_feed`.
    """
    params = query(select=DELETED_PROPERTIES, filter_=after_timestamp(after))
    yield from _read(
        _Source(client, DELETED, division, params),
        name="deletions",
        floor=after or 0,
        resume=resume,
        number=page,
    )


def highest_modified(records: Iterable[Mapping[str, Any]], *, now: datetime) -> int | None:
    """Return the latest `Modified` of some records, in raw wire milliseconds: the watermark they reach.

    A moment to come would hide all changes until then, so it does not count. Exact's clock is up to two hours ahead of
    UTC.
    """
    ahead = int(now.timestamp() * 1000) + OVERLAP_MS
    values = (_WIRE_MS.fullmatch(str(record.get("Modified"))) for record in records)
    moments = [int(found[1]) for found in values if found]
    return max((moment for moment in moments if moment <= ahead), default=None)


class _Source:
    """Fetches one endpoint's pages in one division."""

    def __init__(self, client: ExactClient, endpoint: str, division: int, params: dict[str, str]) -> None:
        self._client = client
        self.endpoint = endpoint
        self.division = division
        self._params = params

    def fetch(self, url: str | None, *, may_wait: bool = True) -> Page:
        """Return the first page, or the one at `url`."""
        if url is None:
            return self._client.get(self.endpoint, division=self.division, params=self._params)
        return self._client.follow(url, endpoint=self.endpoint, division=self.division, may_wait=may_wait)


def _read(source: _Source, *, name: str, floor: int | None, resume: str | None, number: int) -> Generator[FeedPage]:
    """Yield pages in order; `floor` is the Timestamp below which none may fall, None if there are none."""
    seen = {hash(resume)} if resume else set[int]()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"exactsync-{name}") as prefetcher:
        take = partial(source.fetch, resume)
        while True:
            try:
                page = take()
                if floor is not None:
                    floor = _highest_timestamp(page, floor)
                _refuse_circle(page, seen)
            except ExactSyncError as error:
                raise error.at(division=source.division, entity=name, page=number) from error.__cause__
            if page.next_url is not None:
                # Waiting for the budget is left to the foreground, so that closing this generator is quick.
                ahead = _send_ahead(prefetcher, partial(source.fetch, page.next_url, may_wait=False))
                take = partial(_take, ahead, partial(source.fetch, page.next_url))
            yield FeedPage(number=number, records=page.records, next_url=page.next_url)
            if page.next_url is None:
                return
            number += 1


def _send_ahead(prefetcher: ThreadPoolExecutor, fetch: Callable[[], Page]) -> Future[Page]:
    """Begin to fetch; return when the request is out, or after `HEAD_START_S`.

    Converting this page leaves other threads little of the interpreter: a request that is not out yet would be late by
    as long as that takes.
    """
    is_out = Event()

    def fetch_and_tell() -> Page:
        with telling(is_out.set):
            return fetch()

    ahead = prefetcher.submit(fetch_and_tell)
    ahead.add_done_callback(lambda _: is_out.set())
    is_out.wait(HEAD_START_S)
    return ahead


def _take(ahead: Future[Page], fetch: partial[Page]) -> Page:
    """Return the page that was fetched ahead; if the budget was used up then, fetch it now."""
    try:
        return ahead.result()
    except QuotaExhaustedError:
        return fetch()


def _refuse_circle(page: Page, seen: set[int]) -> None:
    if page.next_url is None:
        return
    if hash(page.next_url) in seen:
        raise DefectError("Exact's next page is one that was already read: the list runs in a circle.")
    seen.add(hash(page.next_url))


def _highest_timestamp(page: Page, floor: int) -> int:
    """Return the last Timestamp of a sync page.

    Raises:
        DefectError: a Timestamp is missing, no number, or lower than one before it: the watermark would skip records.
    """
    for record in page.records:
        try:
            timestamp = int(record["Timestamp"])
        except (KeyError, TypeError, ValueError):
            raise DefectError("A record of a sync page has no Timestamp.", remedy="Report this.") from None
        if timestamp < floor:
            raise DefectError(
                f"Timestamp {timestamp} follows {floor}: Exact's sync pages must rise.", remedy="Report this."
            )
        floor = timestamp
    return floor
