"""Pages that are not what a client expects: broken JSON, broken records, links it must not follow."""

from __future__ import annotations

import json

import httpx
import orjson
import pytest

from exactsync.simulator.faults import (
    Fault,
    absurd_next,
    control_character,
    cut_json,
    duplicate_row,
    falling_timestamps,
    foreign_next,
    lone_surrogate,
    looping_next,
    malformed_json,
)

VAT = "101/vat/VATCodes"
GL = "101/sync/Financial/GLAccounts"
SYNC = {"select": "ID,Code,Description,Timestamp", "filter": "Timestamp gt 1L"}


def plant(visitor, action, endpoint="vat/VATCodes", **when):
    visitor.simulator.plant(Fault(endpoint=endpoint, action=action, **when))


def struck(visitor):
    return [planted.struck for planted in visitor.simulator.planted_faults()]


# -- bodies


@pytest.mark.parametrize("action", [cut_json, malformed_json])
def test_a_whole_answer_holds_broken_json(either_way, action):
    plant(either_way, action())
    response = either_way.get(VAT)
    assert response.status_code == 200
    assert int(response.headers["content-length"]) == len(response.content)
    with pytest.raises(json.JSONDecodeError):
        json.loads(response.content, strict=False)
    assert either_way.broken_rules() == []


def test_one_text_holds_a_raw_control_character_and_the_rest_is_as_it_was(either_way):
    good = either_way.get(VAT).json()["d"]["results"]
    plant(either_way, control_character(byte=0x1F, record=3))
    response = either_way.get(VAT)
    assert response.content.count(b"\x1f") == 1
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(response.content)
    spoiled = json.loads(response.content, strict=False)["d"]["results"]
    changed = [number for number, (old, new) in enumerate(zip(good, spoiled, strict=True), 1) if old != new]
    assert changed == [3]
    assert spoiled[2]["Description"].replace("\x1f", "") == good[2]["Description"]


def test_one_text_holds_half_a_character(either_way):
    plant(either_way, lone_surrogate(property_name="Code"))
    response = either_way.get(VAT)
    assert response.content.count(rb"\ud800") == 1
    records = json.loads(response.content)["d"]["results"]
    assert [number for number, record in enumerate(records) if "\ud800" in record["Code"]] == [len(records) // 2]


def test_a_fault_that_finds_nothing_to_strike_changes_and_counts_nothing(visitor):
    plant(visitor, control_character(property_name="Nothing"))
    plant(visitor, control_character(record=99))
    plant(visitor, falling_timestamps())
    first = visitor.get(VAT, top="1").json()
    assert first == visitor.get(VAT, top="1").json()
    assert struck(visitor) == [0, 0, 0]


def test_timestamps_fall_on_the_struck_page(visit):
    visitor = visit(bulk_page_size=10)
    plant(visitor, falling_timestamps(), "sync/Financial/GLAccounts", occurrences=frozenset({2}))
    timestamps = [int(record["Timestamp"]) for record in visitor.records(GL, **SYNC)]
    assert timestamps[10:20] == sorted(timestamps[10:20], reverse=True)
    assert timestamps[:10] + timestamps[10:20][::-1] + timestamps[20:] == sorted(timestamps)


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize(("path", "options"), [(GL, SYNC), ("101/bulk/Financial/GLAccounts", {"select": "ID,Code"})])
def test_a_row_comes_twice_on_neighbouring_pages_or_twice_on_the_last(visit, path, options, page):
    visitor = visit(bulk_page_size=10)
    plant(visitor, duplicate_row(), path.partition("/")[2], occurrences=frozenset({page}))
    ids = [record["ID"] for record in visitor.records(path, **options)]
    assert len(ids) == 31
    assert len(set(ids)) == 30
    assert ids[10 * page] == ids[min(10 * page + 1, 30)] or ids[10 * page - 1] == ids[10 * page]
    assert visitor.broken_rules() == []


# -- links


def next_link(visitor, action, page):
    plant(visitor, action, "hrm/Costcenters", occurrences=frozenset({page}))
    response = visitor.get("101/hrm/Costcenters", select="ID,Code", filter="Code ne 'ü&+ é'")
    for _ in range(page - 1):
        response = visitor.get(response.json()["d"]["__next"])
    return response.json()["d"]["__next"], str(response.request.url)


@pytest.mark.parametrize("page", [1, 2, 3])
def test_a_page_leads_to_itself(visitor, page):
    link, url = next_link(visitor, looping_next(), page)
    assert httpx.URL(link) == httpx.URL(url)
    same = visitor.get(link).json()["d"]["results"]
    assert same == visitor.get(link).json()["d"]["results"]


@pytest.mark.parametrize("page", [1, 3])
def test_a_link_is_no_url(visitor, page):
    assert next_link(visitor, absurd_next(), page)[0] == "undefined"


@pytest.mark.parametrize("page", [1, 3])
def test_whoever_follows_a_link_to_another_host_is_found_out(visitor, page):
    link, _ = next_link(visitor, foreign_next(), page)
    assert httpx.URL(link).host == "exact.invalid"
    assert visitor.broken_rules() == []
    visitor.simulator.clear_faults()
    visitor.get(link)
    assert visitor.broken_rules()[0] == "foreign_host"
