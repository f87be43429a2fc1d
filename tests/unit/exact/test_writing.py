"""What is known of a POST's outcome: done, surely not done, refused, or nobody knows. It is sent once."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import httpx
import orjson
import pytest

from exactsync.budget import Refusal
from exactsync.errors import (
    AccessRefusedError,
    CompanyRefusedError,
    ConfigurationError,
    DoubtfulWriteError,
    ExactUnavailableError,
    ForbiddenError,
    QuotaExhaustedError,
    RefusedByExactError,
)

ENTRIES = "purchaseentry/PurchaseEntries"
KEY = UUID("3fc87ecc-10eb-4bd5-a2b6-4a3da9bac179")
URI = f"https://start.exactonline.nl/api/v1/7/{ENTRIES}(guid'{KEY}')"
BODY = {"Journal": "60", "Rate": Decimal("0.92")}
HTML = "<html>Server maintenance"


def created(**values):
    return httpx.Response(201, json={"d": {"__metadata": {"uri": URI}, **values}})


def post(client, body=None):
    return client.create(ENTRIES, division=7, body=body or BODY)


def test_what_is_created_is_told_by_its_address_even_if_all_else_is_null(open_client, script):
    made = post(open_client(script(created(EntryID=None, EntryNumber=None))))
    assert made.key == KEY
    assert made.record is not None
    assert made.record["EntryNumber"] is None


def test_it_is_sent_as_json_with_decimals_as_numbers_and_asks_for_the_whole_record(open_client, script, ledger):
    exact = script(created(EntryNumber=26600001))
    client = open_client(exact)
    made = post(client)
    assert made.record is not None
    assert made.record["EntryNumber"] == 26600001
    (request,) = exact.requests
    assert (request.method, str(request.url)) == ("POST", f"https://start.exactonline.nl/api/v1/7/{ENTRIES}")
    assert orjson.loads(request.content) == {"Journal": "60", "Rate": 0.92}
    assert request.headers["content-type"] == "application/json"
    assert request.headers["prefer"] == "return=representation"
    assert ledger.events == [("reserved", ENTRIES), ("settled", 201)]
    assert client.calls == 1


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ReadTimeout("slow"),
        httpx.WriteTimeout("slow"),
        httpx.RemoteProtocolError("cut off"),
        httpx.ReadError("reset"),
        httpx.Response(408, content=b""),
        httpx.Response(500, html=HTML),
        httpx.Response(500, content=b""),
        httpx.Response(500, json={"error": "something else"}),
        httpx.Response(502, html=HTML),
        httpx.Response(503, html=HTML),
        httpx.Response(504, json={"error": {"code": "", "message": {"lang": "", "value": "Timeout"}}}),
        httpx.Response(302, headers={"location": "/maintenance"}),
        httpx.Response(200, html=HTML),
        httpx.Response(201, content=b""),
        httpx.Response(201, content=b'{"d":{"__metadata"'),
        httpx.Response(201, json={"d": {"EntryID": str(KEY)}}),
        httpx.Response(204, content=b""),
    ],
    ids=str,
)
def test_an_outcome_that_is_not_known_is_a_doubt_and_nothing_is_sent_again(open_client, script, naps, trouble):
    exact = script(trouble)
    with pytest.raises(DoubtfulWriteError, match="division 7"):
        post(open_client(exact))
    assert len(exact.requests) == 1
    assert naps == []


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("x")])
def test_what_was_never_sent_was_not_done_and_gives_its_call_back(open_client, script, ledger, error):
    exact = script(error)
    with pytest.raises(ExactUnavailableError, match="division 7"):
        post(open_client(exact))
    assert [event for event, _ in ledger.events] == ["reserved", "released"]
    assert len(exact.requests) == 1


def test_without_a_call_of_the_budget_nothing_is_sent(open_client, script, ledger):
    ledger.refusals.append(Refusal(reason="day", wait_s=3600))
    exact = script(created())
    with pytest.raises(QuotaExhaustedError):
        post(open_client(exact))
    assert exact.requests == []


def test_a_429_was_not_done_and_is_left_to_another_time(open_client, script):
    exact = script(httpx.Response(429))
    with pytest.raises(ExactUnavailableError, match="429"):
        post(open_client(exact))
    assert len(exact.requests) == 1


def test_a_401_was_not_done_and_is_sent_once_more_with_another_token(open_client, script):
    exact = script(httpx.Response(401), created())
    assert post(open_client(exact)).key == KEY
    assert [request.headers["authorization"] for request in exact.requests] == [
        "Bearer access-token-1",
        "Bearer access-token-2",
    ]
    assert exact.requests[0].content == exact.requests[1].content


def test_two_tokens_refused_are_for_another_time(open_client, script):
    exact = script(httpx.Response(401))
    with pytest.raises(AccessRefusedError):
        post(open_client(exact))
    assert len(exact.requests) == 2


@pytest.mark.parametrize("status", [400, 404, 405, 409, 500])
def test_a_refusal_holds_exacts_own_words_line_by_line(open_client, script, refusal, status):
    words = "Ongeldige referentie: Btw-code\r\n\r\nVerplicht: Dagboek\r\n"
    exact = script(refusal(status, words))
    with pytest.raises(RefusedByExactError, match="division 7") as caught:
        post(open_client(exact))
    assert caught.value.words == "Ongeldige referentie: Btw-code\nVerplicht: Dagboek"
    assert caught.value.status == status
    assert len(exact.requests) == 1


def test_no_secret_gets_into_the_words(open_client, script, refusal):
    exact = script(refusal(500, "Bearer access-token-1 is not welcome, nor is s3cr3t/of+the=app"))
    with pytest.raises(RefusedByExactError) as caught:
        post(open_client(exact))
    assert "access-token-1" not in str(caught.value)
    assert "s3cr3t" not in str(caught.value) + caught.value.words


@pytest.mark.parametrize(
    ("text", "reason", "expected"),
    [
        ("Forbidden - Application Scope Violated. Cannot write 'x' scope.", None, ForbiddenError),
        ("Forbidden", "DivisionBlocked", CompanyRefusedError),
    ],
)
def test_a_right_that_is_missing_is_for_a_person(open_client, script, refusal, text, reason, expected):
    headers = {"reason": reason} if reason else {}
    with pytest.raises(ConfigurationError, match="division 7") as caught:
        post(open_client(script(refusal(403, text, **headers))))
    assert type(caught.value) is expected
