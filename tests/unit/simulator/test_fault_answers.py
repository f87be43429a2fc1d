"""What a client gets to see: statuses, broken connections, broken bodies, links it must not follow."""

from __future__ import annotations

import json
import time

import httpx
import orjson
import pytest

from exactsync.simulator import SimulatorServer
from exactsync.simulator.faults import (
    FAULTS,
    Fault,
    absurd_next,
    control_character,
    cut_json,
    day_limit,
    dropped_after,
    dropped_before,
    duplicate_row,
    falling_timestamps,
    foreign_next,
    lone_surrogate,
    looping_next,
    malformed_json,
    minute_limit,
    slow,
    truncated_body,
)
from exactsync.simulator.oauth import TOKEN_PATH

VAT = "101/vat/VATCodes"
GL = "101/sync/Financial/GLAccounts"
ALL = frozenset()
SYNC = {"select": "ID,Code,Description,Timestamp", "filter": "Timestamp gt 1L"}


def plant(visitor, action, endpoint="vat/VATCodes", **when):
    visitor.simulator.plant(Fault(endpoint=endpoint, action=action, **when))


def limit_headers(response):
    return {name for name in response.headers if name.startswith("x-ratelimit")}


def struck(visitor):
    return [planted.struck for planted in visitor.simulator.planted_faults()]


# -- statuses


@pytest.mark.parametrize(
    ("name", "status", "words", "headers"),
    [
        ("bad_request", 400, '{"error":{"code":"","message":{"lang":"","value":"Error in query syntax"}}}', {}),
        ("unauthorised", 401, "", {"reason": "Authentication Required"}),
        ("forbidden", 403, '"value":"Forbidden"', {"reason": "NoDivisionAccess"}),
        ("not_found", 404, "Resource not found for the segment 'VATCodes'.", {}),
        ("request_timeout", 408, "", {}),
        ("server_error", 500, '{"error":{"code":"","message":{"lang":"","value":', {}),
        ("bad_gateway", 502, "<html>", {}),
        ("unavailable", 503, "<html>", {}),
        ("gateway_timeout", 504, "<html>", {}),
        ("maintenance", 503, "Due to server maintenance the Exact Online server is unavailable.", {}),
        ("maintenance_as_success", 200, "Due to server maintenance the Exact Online server is unavailable.", {}),
        ("limit_without_headers", 429, "", {}),
    ],
)
def test_a_status_comes_with_the_body_of_exact_and_is_no_fault_of_the_client(visitor, name, status, words, headers):
    plant(visitor, FAULTS[name]())
    response = visitor.get(VAT)
    assert response.status_code == status
    assert words in response.text
    assert (words == "") == (response.content == b"")
    assert headers.items() <= dict(response.headers).items()
    assert visitor.get(VAT).status_code == 200
    assert visitor.broken_rules() == []


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("bad_request", 400, '"error":"invalid_grant"'),
        ("unauthorised", 401, "Old refresh token used."),
        ("forbidden", 403, "Access Denied"),
        ("server_error", 500, "error"),
        ("maintenance_as_success", 200, "Server maintenance"),
    ],
)
def test_the_token_endpoint_refuses_in_its_own_words_and_keeps_the_refresh_token(visitor, name, status, words):
    visitor.simulator.clock.advance(570)
    plant(visitor, FAULTS[name](), TOKEN_PATH)
    tokens = visitor.tokens
    response = visitor.refresh()
    assert (response.status_code, words in response.text) == (status, True)
    assert visitor.refresh(tokens["refresh_token"]).status_code == 200
    assert visitor.broken_rules() == []


@pytest.mark.parametrize(("action", "present"), [(minute_limit, "x-ratelimit-minutely-"), (day_limit, "x-ratelimit-")])
def test_a_planted_429_names_its_limit_only_and_is_neither_counted_nor_held_against_the_client(
    visitor, action, present
):
    plant(visitor, action())
    refused = visitor.get(VAT)
    assert limit_headers(refused) == {f"{present}limit", f"{present}remaining", f"{present}reset"}
    assert refused.headers[f"{present}remaining"] == "0"
    assert int(refused.headers[f"{present}reset"]) / 1000 > visitor.simulator.clock.now()
    assert visitor.get(VAT).headers["x-ratelimit-minutely-remaining"] == "59"
    assert visitor.broken_rules() == []


@pytest.mark.parametrize("name", ["bad_request", "unauthorised", "forbidden", "not_found"])
def test_refusals_from_inside_count_for_error_velocity_as_real_ones_do(visitor, name):
    plant(visitor, FAULTS[name](), occurrences=ALL)
    for _ in range(11):
        visitor.get(VAT)
    visitor.simulator.clear_faults()
    assert visitor.get(VAT).status_code == 429
    assert visitor.broken_rules()[0] == "error_velocity"


@pytest.mark.parametrize("name", ["request_timeout", "server_error", "unavailable", "minute_limit"])
def test_other_statuses_do_not_count_for_error_velocity(visitor, name):
    plant(visitor, FAULTS[name](), occurrences=ALL)
    for _ in range(12):
        visitor.get(VAT)
    visitor.simulator.clear_faults()
    assert visitor.get(VAT).status_code == 200
    assert visitor.broken_rules() == []


def test_refusals_from_inside_use_up_the_budget_and_those_from_outside_do_not(visitor):
    plant(visitor, FAULTS["server_error"]())
    assert visitor.get(VAT).headers["x-ratelimit-minutely-remaining"] == "59"
    plant(visitor, FAULTS["unavailable"]())
    assert limit_headers(visitor.get(VAT)) == set()
    assert visitor.get(VAT).headers["x-ratelimit-minutely-remaining"] == "58"


# -- connections


@pytest.fixture(params=["transport", "socket"])
def either_way(request, visit):
    """A visitor over the transport, or over a real socket."""
    visitor = visit()
    if request.param == "transport":
        yield visitor
        return
    with SimulatorServer(visitor.simulator) as server, httpx.Client(base_url=server.url) as visitor.http:
        yield visitor


@pytest.mark.parametrize(("ending", "error"), [("closed", httpx.RemoteProtocolError), ("reset", httpx.ReadError)])
def test_the_connection_ends_without_an_answer_before_or_after_the_work(either_way, ending, error):
    visitor = either_way
    for action, calls in ((dropped_before, 0), (dropped_after, 1)):
        plant(visitor, action(ending=ending))
        with pytest.raises(error):
            visitor.get(VAT)
        remaining = visitor.get(VAT).headers["x-ratelimit-minutely-remaining"]
        assert int(remaining) == 59 - calls
        visitor.simulator.clear_faults()
        visitor.simulator.clock.advance(60)
    assert visitor.simulator.calls()["vat/VATCodes", 101, 0] == 2
    assert visitor.broken_rules() == []


def test_a_body_ends_before_its_announced_length(either_way):
    plant(either_way, truncated_body())
    with pytest.raises(httpx.RemoteProtocolError, match=r"received \d+ bytes, expected \d+"):
        either_way.get(VAT)
    assert either_way.get(VAT).status_code == 200


def test_the_start_of_a_truncated_answer_can_be_read(either_way):
    plant(either_way, truncated_body())
    headers = {"Authorization": f"Bearer {either_way.tokens['access_token']}", "Accept": "application/json"}
    chunks = []
    with either_way.http.stream("GET", f"/api/v1/{VAT}", headers=headers) as response:
        assert response.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            chunks.extend(response.iter_raw())
    received = b"".join(chunks)
    assert received.startswith(b'{"d":')
    assert len(received) == int(response.headers["content-length"]) // 2


def test_a_slow_answer_comes_or_is_too_late_for_the_client(either_way):
    plant(either_way, slow(seconds=0.3), occurrences=ALL)
    started = time.monotonic()
    assert either_way.get(VAT).status_code == 200
    assert 0.3 <= time.monotonic() - started < 2
    either_way.http.timeout = httpx.Timeout(0.1)
    started = time.monotonic()
    with pytest.raises(httpx.ReadTimeout):
        either_way.get(VAT)
    assert time.monotonic() - started < 0.25


def test_the_server_logs_nothing_about_connections_that_were_to_break(visitor, caplog):
    with SimulatorServer(visitor.simulator) as server, httpx.Client(base_url=server.url) as visitor.http:
        for action in (dropped_before(), dropped_before(ending="reset"), truncated_body()):
            plant(visitor, action)
            with pytest.raises(httpx.TransportError):
                visitor.get(VAT)
            visitor.simulator.clear_faults()
        assert visitor.get(VAT).status_code == 200
    assert [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


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
