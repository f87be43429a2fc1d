"""What a client gets instead of a page: another status, or a connection that breaks."""

from __future__ import annotations

import time

import httpx
import pytest

from exactsync.simulator import SimulatorServer
from exactsync.simulator.faults import (
    FAULTS,
    Fault,
    day_limit,
    dropped_after,
    dropped_before,
    minute_limit,
    slow,
    truncated_body,
)
from exactsync.simulator.oauth import TOKEN_PATH

VAT = "101/vat/VATCodes"
ALL = frozenset()


def plant(visitor, action, endpoint="vat/VATCodes", **when):
    visitor.simulator.plant(Fault(endpoint=endpoint, action=action, **when))


def limit_headers(response):
    return {name for name in response.headers if name.startswith("x-ratelimit")}


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
