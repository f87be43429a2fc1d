"""The first load of members of a large set: the few suppliers of a company with a million customers.

A sync feed gives every relation, 1,000 a page. Where the members are few, reading only them from the single endpoint,
60 a page, takes far fewer calls:

1. `$count` of members and of the others: is it worth it?
2. A Timestamp from before, by Exact's SyncTimestamp: whatever changes from then on comes by the feed.
3. The members, filtered. They have no Timestamp, so theirs is not known.
4. The feed, after that Timestamp: whoever changed, came, or stopped being a member meanwhile.

The link behind the last filtered page is the first one of the feed, so a load is resumed in either part like any other.
How SyncTimestamp answers rests on reports, not on a reference (exact-php-client#689), so a company reads this way only
where the installation allows it; and where Exact refuses a question, or answers nonsense, the feed is read as ever.
"""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from exactsync.errors import ConfigurationError, DefectError, ExactUnavailableError
from exactsync.exact.feed import feed_link, read_feed
from exactsync.exact.odata import literal

if TYPE_CHECKING:
    from collections.abc import Generator

    from exactsync.entity import Entity
    from exactsync.exact.client import ExactClient
    from exactsync.exact.feed import FeedPage
    from exactsync.warehouse.loads import Load

log = logging.getLogger(__name__)

SYNC_PAGE: Final = 1000
"""Records on a page of a sync feed (KB-limits)."""
FILTERED_PAGE: Final = 60
"""Records on a page of a single endpoint (KB-limits)."""
FAR_CHEAPER: Final = 2
"""How many times the calls of the filtered reading must fit into those of the feed."""
BESIDES: Final = 2
"""Calls that the filtered reading takes besides its pages: SyncTimestamp, and at least one page of the feed."""
EARLIER: Final = timedelta(days=1)
"""How long before now the Timestamp is asked for: clocks differ, commits come late, a day's changes are cheap."""
SYNC_TIMESTAMP: Final = "read/sync/Sync/SyncTimestamp"
_HIGHEST_TIMESTAMP: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePage:
    """One page of a load, and where it was read."""

    source: Entity
    """How its records are to be taken: the entity, or its `filtered` form, which has no Timestamps."""
    page: FeedPage
    floor: int | None = None
    """The watermark that a filtered page reaches: the Timestamp from before it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a first load is about, and what it would take."""

    members: int
    total: int

    @property
    def filtered_reads(self) -> int:
        """Pages of the single endpoint."""
        return max(1, -(-self.members // FILTERED_PAGE))

    @property
    def sync_pages(self) -> int:
        """Pages of the sync feed."""
        return max(1, -(-self.total // SYNC_PAGE))

    @property
    def is_far_cheaper(self) -> bool:
        """Whether reading the members only is worth it."""
        return (self.filtered_reads + BESIDES) * FAR_CHEAPER <= self.sync_pages


def read_load(client: ExactClient, entity: Entity, load: Load, *, may_filter: bool) -> Generator[SourcePage]:
    """Yield the pages of a load that are not staged yet.

    Args:
        client: whose calls are spent.
        entity: what to read.
        load: how far it is.
        may_filter: whether this is a first load that may be planned.

    Raises:
        ExactSyncError: as `read_feed`.
    """
    floor = _floor(client, entity, load, may_filter=may_filter)
    if entity.filtered is not None and floor is not None:
        yield from _read_filtered(client, entity, entity.filtered, load, floor)
        return
    pages = read_feed(
        client, entity, division=load.division, after=load.watermark_before, resume=load.next_url, page=load.next_page
    )
    with closing(pages):
        for page in pages:
            yield SourcePage(source=entity, page=page)


def _floor(client: ExactClient, entity: Entity, load: Load, *, may_filter: bool) -> int | None:
    """Return the Timestamp from before the filtered reading; None if the feed is to be read (on)."""
    if entity.filtered is None:
        return None
    if load.pages:
        path = urlsplit(load.next_url or "").path
        return load.watermark_read if path.endswith(f"/{load.division}/{entity.filtered.endpoint}") else None
    return _plan(client, entity, entity.filtered, load.division) if may_filter else None


def _read_filtered(
    client: ExactClient, entity: Entity, filtered: Entity, load: Load, floor: int
) -> Generator[SourcePage]:
    number = load.next_page
    pages = read_feed(client, filtered, division=load.division, after=None, resume=load.next_url, page=number)
    with closing(pages):
        for page in pages:
            link = page.next_url or feed_link(client, entity, division=load.division, after=floor)
            number = page.number + 1
            yield SourcePage(source=filtered, page=replace(page, next_url=link), floor=floor)
    feed = read_feed(client, entity, division=load.division, after=floor, page=number)
    with closing(feed):
        for page in feed:
            yield SourcePage(source=entity, page=page)


def _plan(client: ExactClient, entity: Entity, filtered: Entity, division: int) -> int | None:
    """Return the Timestamp to read the feed from after the filtered reading; None if the feed does alone."""
    try:
        figures = _count(client, entity, filtered, division)
        told = f"{figures.members:,} {entity.name} of {figures.total:,} records"
        instead = f"{_counted(figures.filtered_reads, 'filtered read')} instead of"
        if not figures.is_far_cheaper:
            log.info("%s: %s; the sync feed is read.", told, _counted(figures.sync_pages, "sync page"))
            return None
        timestamp = _timestamp_before(client, filtered, division)
    except (ConfigurationError, DefectError, ExactUnavailableError) as error:
        log.warning("The first load cannot be planned, so the sync feed is read. %s", error.message)
        return None
    log.info("%s: %s %s.", told, instead, _counted(figures.sync_pages, "sync page"))
    return timestamp


def _count(client: ExactClient, entity: Entity, filtered: Entity, division: int) -> Figures:
    members = client.count(filtered.endpoint, division=division, filter_=filtered.filter)
    # without a filter on one of its listed properties the endpoint refuses the question (exact-php-client#591)
    others = client.count(filtered.endpoint, division=division, filter_=f"{entity.member_property} eq false")
    if members < 0 or others < 0:
        raise DefectError(f"Exact counts {members} {entity.name} and {others} others.")
    return Figures(members=members, total=members + others)


def _timestamp_before(client: ExactClient, filtered: Entity, division: int) -> int:
    """Return a Timestamp that every later change is above.

    Raises:
        DefectError: Exact names none: nothing was changed since, or the answer is none.
    """
    moment = datetime.now(UTC).replace(microsecond=0) - EARLIER
    collection = filtered.endpoint.rpartition("/")[2]
    params = {"modified": literal(moment), "endPoint": literal(collection)}
    page = client.get(SYNC_TIMESTAMP, division=division, params=params)
    values = [_timestamp(record) for record in page.records]
    if len(values) != 1 or values[0] is None:
        raise DefectError(f"Exact names no Timestamp of the {collection} changed since {moment:%Y-%m-%d %H:%M}.")
    return values[0]


def _timestamp(record: dict[str, Any]) -> int | None:
    """Return the Timestamp of an answer; reports spell the property in two ways."""
    given = {name.lower(): value for name, value in record.items()}.get("timestampasbigint")
    try:
        value = int(given or 0)
    except (TypeError, ValueError):
        return None
    return value if 0 < value < _HIGHEST_TIMESTAMP else None


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
