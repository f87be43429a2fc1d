"""What is around a client: others who call, clocks that differ, tokens that end."""

from __future__ import annotations

import httpx
import pytest

from exactsync.simulator import SimulatorServer
from exactsync.simulator.faults import (
    Fault,
    client_clock_off,
    empty_token_body,
    expired_access_token,
    foreign_consumer,
    token_answer_lost,
)
from exactsync.simulator.oauth import TOKEN_PATH

VAT = "101/vat/VATCodes"
COST = "101/hrm/Costcenters"


def plant(visitor, action, endpoint, **when):
    visitor.simulator.plant(Fault(endpoint=endpoint, action=action, **when))


# -- others who use the app


def remaining(visitor):
    return int(visitor.get(VAT).headers["x-ratelimit-minutely-remaining"])


def test_a_foreign_consumer_takes_calls_of_every_minute(visitor):
    visitor.simulator.plant(Fault(action=foreign_consumer(calls=20)))
    assert [remaining(visitor), remaining(visitor)] == [39, 38]
    visitor.simulator.clock.advance(60)
    assert remaining(visitor) == 39
    assert int(visitor.get("102/vat/VATCodes").headers["x-ratelimit-minutely-remaining"]) == 39
    visitor.simulator.clear_faults()
    visitor.simulator.clock.advance(60)
    assert remaining(visitor) == 59


def test_a_foreign_consumer_comes_in_the_middle_of_the_minute(visitor):
    visitor.simulator.plant(Fault(action=foreign_consumer(calls=50, at=0.5)))
    assert remaining(visitor) == 59
    visitor.simulator.clock.advance(29)
    assert remaining(visitor) == 58
    visitor.simulator.clock.advance(1)
    assert remaining(visitor) == 7


def test_a_foreign_consumer_calls_at_a_rate(visitor):
    visitor.simulator.plant(Fault(action=foreign_consumer(per_s=0.5)))
    assert remaining(visitor) == 59
    visitor.simulator.clock.advance(11)
    assert remaining(visitor) == 53
    visitor.simulator.clock.advance(1)
    assert remaining(visitor) == 51


def test_one_429_a_minute_is_excused_where_others_call_and_a_second_is_not(visitor):
    visitor.simulator.plant(Fault(action=foreign_consumer(calls=60)))
    assert visitor.get(VAT).status_code == 429
    assert visitor.broken_rules() == []
    assert visitor.get(VAT).status_code == 429
    assert visitor.broken_rules() == ["minute_limit"]
    visitor.simulator.clock.advance(60)
    assert visitor.get(VAT).status_code == 429
    assert visitor.broken_rules() == ["minute_limit"]


def test_a_foreign_consumer_uses_up_the_day(visit):
    visitor = visit(calls_per_day=100, calls_per_minute=60)
    visitor.simulator.plant(Fault(action=foreign_consumer(calls=60)))
    visitor.get(VAT)
    visitor.simulator.clock.advance(60)
    assert set(visitor.get(VAT).headers) >= {"x-ratelimit-reset"}
    assert visitor.broken_rules() == []
    visitor.get(VAT)
    assert visitor.broken_rules() == ["day_limit"]


# -- clocks


@pytest.mark.parametrize(("ahead_s", "date"), [(245, "11:55:55"), (-245, "12:04:05")])
def test_a_client_whose_clock_is_off_sees_another_date_and_other_minutes(visitor, ahead_s, date):
    visitor.simulator.plant(Fault(action=client_clock_off(seconds=ahead_s)))
    response = visitor.get(VAT)
    assert response.headers["date"] == f"Sat, 15 Jun 2024 {date} GMT"
    reset = int(response.headers["x-ratelimit-minutely-reset"]) / 1000
    assert 0 < reset - visitor.simulator.clock.now() <= 60
    assert reset % 60 == 0
    visitor.simulator.clear_faults()
    assert visitor.get(VAT).headers["date"] == "Sat, 15 Jun 2024 12:00:00 GMT"


@pytest.mark.parametrize("ahead_s", [7200, -7200])
def test_nothing_grows_older_by_a_clock_that_is_off(visitor, ahead_s):
    plant(visitor, client_clock_off(seconds=ahead_s), TOKEN_PATH)
    assert visitor.get(VAT).status_code == 200
    assert visitor.refresh().status_code == 400
    visitor.simulator.clock.advance(570)
    assert visitor.refresh().status_code == 200
    assert visitor.broken_rules() == ["early_refresh"]


# -- tokens


def test_an_access_token_ends_in_mid_run_and_may_be_refreshed_at_once(visitor):
    plant(visitor, expired_access_token(), "hrm/Costcenters", occurrences=frozenset({2}))
    link = visitor.get(COST).json()["d"]["__next"]
    refused = visitor.get(link)
    assert refused.status_code == 401
    assert "expired" in refused.headers["www-authenticate"]
    assert visitor.get(VAT).status_code == 401
    assert visitor.refresh().status_code == 200
    assert visitor.get(link).status_code == 200
    assert visitor.broken_rules() == []


def test_an_empty_token_body_means_that_nothing_was_done(visitor):
    visitor.simulator.clock.advance(570)
    plant(visitor, empty_token_body(), TOKEN_PATH)
    tokens = visitor.tokens
    response = visitor.refresh()
    assert (response.status_code, response.content) == (200, b"")
    assert visitor.refresh(tokens["refresh_token"]).status_code == 200
    assert visitor.broken_rules() == []


@pytest.mark.parametrize("over_socket", [False, True], ids=["transport", "socket"])
@pytest.mark.parametrize("by", ["closed", "reset", "empty", "limited"])
def test_the_answer_of_a_refresh_is_lost_and_the_old_token_is_worth_nothing(visitor, by, over_socket):
    with SimulatorServer(visitor.simulator) as server:
        if over_socket:
            visitor.http = httpx.Client(base_url=server.url)
        visitor.simulator.clock.advance(570)
        plant(visitor, token_answer_lost(by=by), TOKEN_PATH)
        tokens = visitor.tokens
        if by in ("empty", "limited"):
            response = visitor.refresh()
            assert (response.status_code, response.content) == (200 if by == "empty" else 429, b"")
        else:
            with pytest.raises(httpx.TransportError):
                visitor.refresh()
        probe = visitor.refresh(tokens["refresh_token"])
        assert (probe.status_code, probe.json()["error_description"]) == (401, "Old refresh token used.")
        visitor.http.close()


def test_a_refused_refresh_has_no_answer_to_lose(visitor):
    plant(visitor, token_answer_lost(), TOKEN_PATH)
    assert visitor.refresh().status_code == 400
    assert visitor.simulator.planted_faults()[0].struck == 0
