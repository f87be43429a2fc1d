from __future__ import annotations

import pytest

NOON_MS = 1_718_452_800_000
DAY_END_MS = 1_718_496_000_000
LIMIT_HEADERS = [
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-ratelimit-minutely-limit",
    "x-ratelimit-minutely-remaining",
    "x-ratelimit-minutely-reset",
]


def limit_headers(response):
    return {name: value for name, value in response.headers.items() if name.startswith("x-ratelimit")}


def test_every_answer_tells_both_limits_with_resets_in_epoch_milliseconds(visitor):
    visitor.simulator.clock.advance(12.3)
    assert limit_headers(visitor.get("101/vat/VATCodes")) == dict(
        zip(LIMIT_HEADERS, ["5000", "4999", str(DAY_END_MS), "60", "59", str(NOON_MS + 60_000)], strict=True)
    )


def test_refused_requests_count_and_tell_the_limits_too(visitor):
    assert limit_headers(visitor.get("101/no/Such"))["x-ratelimit-minutely-remaining"] == "59"
    assert limit_headers(visitor.get("101/vat/VATCodes"))["x-ratelimit-minutely-remaining"] == "58"


def test_paths_without_a_division_are_free_and_silent(visit):
    visitor = visit(calls_per_minute=1)
    for _ in range(3):
        response = visitor.get("current/Me")
        assert response.status_code == 200
        assert limit_headers(response) == {}


def test_the_sixty_first_call_of_a_clock_minute_is_refused_with_the_minute_headers_only(visitor):
    visitor.simulator.clock.advance(40)
    for _ in range(60):
        assert visitor.get("101/vat/VATCodes").status_code == 200
    refused = visitor.get("101/vat/VATCodes")
    assert (refused.status_code, refused.content) == (429, b"")
    assert limit_headers(refused) == {
        "x-ratelimit-minutely-limit": "60",
        "x-ratelimit-minutely-remaining": "0",
        "x-ratelimit-minutely-reset": str(NOON_MS + 60_000),
    }
    assert "retry-after" not in refused.headers
    assert visitor.broken_rules() == ["minute_limit"]
    visitor.simulator.clock.advance(19.9)
    assert visitor.get("101/vat/VATCodes").status_code == 429
    visitor.simulator.clock.advance(0.1)
    assert visitor.get("101/vat/VATCodes").status_code == 200


def test_divisions_have_limits_of_their_own(visit):
    visitor = visit(calls_per_minute=1)
    assert visitor.get("101/vat/VATCodes").status_code == 200
    assert visitor.get("102/vat/VATCodes").status_code == 200
    assert visitor.get("101/hrm/Costunits").status_code == 429


def test_the_day_limit_is_refused_with_the_day_headers_only(visit):
    visitor = visit(calls_per_day=2)
    assert [visitor.get("101/vat/VATCodes").status_code for _ in range(3)] == [200, 200, 429]
    assert limit_headers(visitor.get("101/vat/VATCodes")) == {
        "x-ratelimit-limit": "2",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": str(DAY_END_MS),
    }
    visitor.simulator.clock.advance(12 * 3600)
    visitor.login()
    assert visitor.get("101/vat/VATCodes").status_code == 200


def test_the_minute_scales_apart_from_the_token(visit):
    visitor = visit(minute_s=2, calls_per_minute=1)
    assert visitor.get("101/vat/VATCodes").headers["x-ratelimit-minutely-reset"] == str(NOON_MS + 2_000)
    assert visitor.get("101/vat/VATCodes").status_code == 429
    visitor.simulator.clock.advance(2)
    assert visitor.get("101/vat/VATCodes").status_code == 200


def test_retry_after_is_sent_where_it_is_switched_on(visit):
    visitor = visit(retry_after=True, calls_per_minute=1)
    visitor.get("101/vat/VATCodes")
    visitor.simulator.clock.advance(15)
    assert visitor.get("101/vat/VATCodes").headers["retry-after"] == "46"


@pytest.mark.parametrize(
    ("path", "status"), [("101/no/Such", 404), ("103/vat/VATCodes", 403), ("101/sync/Deleted", 400)]
)
def test_more_than_ten_errors_an_hour_block_the_endpoint_for_an_hour(visit, path, status):
    visitor = visit(calls_per_minute=1000, token_lifetime_s=10**6)
    assert [visitor.get(path).status_code for _ in range(11)] == [status] * 11
    blocked = visitor.get(path)
    assert (blocked.status_code, blocked.content, limit_headers(blocked)) == (429, b"", {})
    assert visitor.get("101/vat/VATCodes").status_code == 200
    visitor.simulator.clock.advance(3600)
    assert visitor.get(path).status_code == status


def test_errors_older_than_an_hour_are_forgotten(visit):
    visitor = visit(token_lifetime_s=10**6)
    for _ in range(10):
        visitor.get("101/no/Such")
    visitor.simulator.clock.advance(3601)
    assert [visitor.get("101/no/Such").status_code for _ in range(10)] == [404] * 10


def test_a_second_block_lasts_longer(visit):
    visitor = visit(token_lifetime_s=10**6, calls_per_minute=1000)
    for _ in range(11):
        visitor.get("101/no/Such")
    visitor.simulator.clock.advance(3600)
    for _ in range(11):
        visitor.get("101/no/Such")
    visitor.simulator.clock.advance(3600)
    assert visitor.get("101/no/Such").status_code == 429
    visitor.simulator.clock.advance(3600)
    assert visitor.get("101/no/Such").status_code == 404


def test_the_date_header_is_the_simulators_own_clock(visitor):
    assert visitor.get("current/Me").headers["date"] == "Sat, 15 Jun 2024 12:00:00 GMT"
    visitor.simulator.clock.advance(-3600)
    assert visitor.get("current/Me").headers["date"] == "Sat, 15 Jun 2024 11:00:00 GMT"
