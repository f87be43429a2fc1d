from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from exactsync.budget import Refusal
from exactsync.entity import Column, ColumnType, Entity, Feed
from exactsync.errors import ConfigurationError, DefectError
from exactsync.exact import feed
from exactsync.exact.feed import FeedPage, read_deleted, read_feed

if TYPE_CHECKING:
    import httpx

ID = Column("ID", "id", ColumnType.UUID, "Key.")
SYNC = Entity(
    name="suppliers",
    label="Suppliers",
    endpoint="sync/CRM/Accounts",
    feed=Feed.SYNC,
    columns=(ID,),
    description="",
    deleted_type=2,
    member_property="IsSupplier",
)
LIST = Entity(
    name="vat_codes", label="VAT codes", endpoint="vat/VATCodes", feed=Feed.LIST, columns=(ID,), description=""
)
NEXT = "sync/CRM/Accounts?$skiptoken={}L"


def rows(*timestamps: int) -> list[dict]:
    return [{"ID": str(timestamp), "Timestamp": str(timestamp)} for timestamp in timestamps]


def numbers(pages: list[FeedPage]) -> list[tuple[int, int]]:
    return [(page.number, len(page.records)) for page in pages]


@pytest.fixture
def two_pages(script, listing):
    return script(listing(*rows(11, 12), following=NEXT.format(12)), listing(*rows(13)))


def test_a_sync_feed_asks_for_what_came_after_the_watermark(open_client, two_pages):
    pages = list(read_feed(open_client(two_pages), SYNC, division=7, after=10))
    assert numbers(pages) == [(1, 2), (2, 1)]
    first, second = two_pages.requests
    assert dict(first.url.params) == {"$select": "ID,Timestamp,IsSupplier", "$filter": "Timestamp gt 10L"}
    assert str(second.url) == pages[0].next_url
    assert pages[1].next_url is None


def test_a_list_is_read_in_full_without_a_filter(open_client, script, listing):
    exact = script(listing({"ID": "1"}))
    assert numbers(list(read_feed(open_client(exact), LIST, division=7, after=None))) == [(1, 1)]
    assert dict(exact.requests[0].url.params) == {"$select": "ID"}


def test_deletions_are_read_for_all_entities_at_once(open_client, script, listing):
    exact = script(listing(*rows(5)))
    assert numbers(list(read_deleted(open_client(exact), division=7, after=None))) == [(1, 1)]
    assert exact.requests[0].url.path == "/api/v1/7/sync/Deleted"
    assert dict(exact.requests[0].url.params) == {
        "$select": "ID,EntityKey,EntityType,Timestamp,DeletedDate,Division",
        "$filter": "Timestamp gt 1L",
    }


def test_reading_resumes_at_the_link_and_number_that_were_kept(open_client, script, listing):
    exact = script(listing(*rows(13)))
    link = "https://start.exactonline.nl/api/v1/7/" + NEXT.format(12)
    pages = list(read_feed(open_client(exact), SYNC, division=7, after=10, resume=link, page=4))
    assert numbers(pages) == [(4, 1)]
    assert str(exact.requests[0].url) == link


def test_the_next_page_is_under_way_while_one_is_used(open_client, script, listing):
    under_way = threading.Event()

    def second(_: httpx.Request) -> httpx.Response:
        under_way.set()
        return listing(*rows(13))

    exact = script(listing(*rows(11), following=NEXT.format(11)), second)
    pages = read_feed(open_client(exact), SYNC, division=7, after=10)
    next(pages)
    assert under_way.wait(5)
    assert numbers(list(pages)) == [(2, 1)]


def test_a_page_is_handed_out_once_the_request_of_the_next_is_out(open_client, script, listing, monkeypatch):
    monkeypatch.setattr(feed, "HEAD_START_S", 20.0)
    is_out = threading.Event()

    def second(_: httpx.Request) -> httpx.Response:
        time.sleep(0.02)
        is_out.set()
        return listing(*rows(13))

    exact = script(listing(*rows(11), following=NEXT.format(11)), second)
    pages = read_feed(open_client(exact), SYNC, division=7, after=10)
    next(pages)
    assert is_out.is_set()
    pages.close()


def test_a_page_is_not_held_back_by_a_request_that_does_not_get_out(open_client, script, listing):
    go_on = threading.Event()

    def second(_: httpx.Request) -> httpx.Response:
        assert go_on.wait(20)
        return listing(*rows(13))

    exact = script(listing(*rows(11), following=NEXT.format(11)), second)
    pages = read_feed(open_client(exact), SYNC, division=7, after=10)
    next(pages)
    go_on.set()
    assert numbers(list(pages)) == [(2, 1)]


def test_never_more_than_one_page_is_under_way(open_client, script, listing):
    exact = script(*[listing(*rows(n), following=NEXT.format(n)) for n in range(11, 20)], listing())
    pages = read_feed(open_client(exact), SYNC, division=7, after=10)
    next(pages)
    time.sleep(0.1)
    assert len(exact.requests) == 2
    pages.close()


def test_closing_the_feed_ends_its_thread(open_client, two_pages):
    pages = read_feed(open_client(two_pages), SYNC, division=7, after=10)
    next(pages)
    pages.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("exactsync-suppliers")]


def test_an_error_comes_after_the_pages_before_it_and_names_its_page(open_client, script, listing, refusal):
    exact = script(listing(*rows(11), following=NEXT.format(11)), refusal(403, "Forbidden"))
    pages = read_feed(open_client(exact), SYNC, division=7, after=10)
    assert next(pages).number == 1
    with pytest.raises(ConfigurationError, match="division 7, entity suppliers, page 2: "):
        next(pages)


def test_an_exhausted_minute_ahead_is_waited_for_in_the_foreground(open_client, script, listing, ledger, naps):
    def first(_: httpx.Request) -> httpx.Response:
        ledger.refusals = [Refusal(reason="minute", wait_s=20.0)] * 3
        return listing(*rows(11), following=NEXT.format(11))

    client = open_client(script(first, listing(*rows(12))), patience_s=60.0)
    pages = read_feed(client, SYNC, division=7, after=10)
    next(pages)
    time.sleep(0.1)
    assert naps == []
    assert numbers(list(pages)) == [(2, 1)]
    assert len(naps) == 2


@pytest.mark.parametrize("second", [11, 12])
def test_a_list_that_runs_in_a_circle_ends_in_a_defect(open_client, script, listing, second):
    exact = script(
        listing(*rows(11), following=NEXT.format(11)),
        listing(*rows(12), following=NEXT.format(second)),
        listing(*rows(13), following=NEXT.format(second)),
    )
    with pytest.raises(DefectError, match="circle"):
        list(read_feed(open_client(exact), SYNC, division=7, after=10))


def test_a_page_that_points_back_to_where_we_resumed_is_a_circle(open_client, script, listing):
    exact = script(listing(*rows(11), following=NEXT.format(10)))
    link = "https://start.exactonline.nl/api/v1/7/" + NEXT.format(10)
    with pytest.raises(DefectError, match="circle"):
        list(read_feed(open_client(exact), SYNC, division=7, after=10, resume=link))


@pytest.mark.parametrize("later", [[12, 11], [9]])
def test_a_timestamp_that_falls_is_a_defect(open_client, script, listing, later):
    exact = script(listing(*rows(10), following=NEXT.format(10)), listing(*rows(*later)))
    pages = read_feed(open_client(exact), SYNC, division=7, after=None)
    next(pages)
    with pytest.raises(DefectError, match="page 2: Timestamp"):
        next(pages)


def test_a_row_repeated_at_the_page_break_is_no_defect(open_client, script, listing):
    exact = script(listing(*rows(10, 11), following=NEXT.format(11)), listing(*rows(11, 12)))
    assert numbers(list(read_feed(open_client(exact), SYNC, division=7, after=None))) == [(1, 2), (2, 2)]


def test_big_timestamps_are_compared_exactly(open_client, script, listing):
    exact = script(listing(*rows(2**53 + 1, 2**53)))
    with pytest.raises(DefectError, match=f"Timestamp {2**53} follows {2**53 + 1}"):
        list(read_feed(open_client(exact), SYNC, division=7, after=None))


@pytest.mark.parametrize("record", [{"ID": "1"}, {"Timestamp": None}, {"Timestamp": "soon"}])
def test_a_sync_record_without_a_timestamp_is_a_defect(open_client, script, listing, record):
    with pytest.raises(DefectError, match="no Timestamp"):
        list(read_feed(open_client(script(listing(record))), SYNC, division=7, after=None))


def test_an_empty_page_in_the_middle_is_passed_over(open_client, script, listing):
    exact = script(
        listing(*rows(11), following=NEXT.format(11)), listing(following=NEXT.format(12)), listing(*rows(13))
    )
    assert numbers(list(read_feed(open_client(exact), SYNC, division=7, after=10))) == [(1, 1), (2, 0), (3, 1)]
