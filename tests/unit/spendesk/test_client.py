"""A client of Spendesk that keeps its rules, and says what to do where it cannot go on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from exactsync.errors import ConfigurationError, DefectError, QuotaExhaustedError, SpendeskUnavailableError
from exactsync.secret import Secret
from exactsync.simulator import SimulatorServer, SimulatorTransport
from exactsync.simulator.messages import Delivery, Response, json_response
from exactsync.simulator.spendesk import SpendeskSettings, SpendeskSimulator
from exactsync.spendesk.client import SpendeskClient
from exactsync.spendesk.limits import CallLimits
from exactsync.spendesk.snapshots import Period, ask, periods, read_page

if TYPE_CHECKING:
    from exactsync.simulator.spendesk import SpendeskCompany
    from exactsync.spendesk.account import SpendeskAccount
    from tests.unit.spendesk.conftest import Frozen


def _token_calls(spendesk: SpendeskSimulator) -> int:
    return sum(path == "/v1/auth/token" for path, _ in spendesk.calls())


def test_a_token_serves_for_an_hour_and_the_next_is_fetched_before_it_ends(
    client: SpendeskClient, spendesk: SpendeskSimulator, time: Frozen
) -> None:
    for _ in range(70):
        client.get("/v1/suppliers")
        time.at += 60
    assert _token_calls(spendesk) == 2
    assert spendesk.violations() == []


def test_a_token_that_is_refused_early_is_fetched_anew_once(
    client: SpendeskClient, spendesk: SpendeskSimulator
) -> None:
    client.get("/v1/suppliers")
    spendesk.interfere(lambda request, proceed: json_response({"errors": []}, status=401))
    assert client.get("/v1/suppliers")["data"]
    assert _token_calls(spendesk) == 2


def test_a_hundred_calls_at_once_break_no_limit(
    client: SpendeskClient, spendesk: SpendeskSimulator, time: Frozen
) -> None:
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda _: client.get("/v1/suppliers"), range(100)))
    assert spendesk.violations() == []


def test_five_calls_at_a_time_over_real_connections(company: SpendeskCompany, account: SpendeskAccount) -> None:
    spendesk = SpendeskSimulator(company, SpendeskSettings(latency_s=0.02))
    with (
        SimulatorServer(spendesk) as server,
        SpendeskClient(replace(account, base_url=server.url)) as client,
        ThreadPoolExecutor(12) as pool,
    ):
        list(pool.map(lambda _: client.get("/v1/suppliers"), range(40)))
    assert spendesk.violations() == []


def test_who_has_no_patience_is_told_when_to_come_back(
    spendesk: SpendeskSimulator, account: SpendeskAccount, time: Frozen
) -> None:
    limits = CallLimits(patience_s=5, now=time, sleep=time.sleep)
    client = SpendeskClient(account, transport=SimulatorTransport(spendesk), limits=limits, now=time)
    for _ in range(50):
        client.get("/v1/suppliers")
    with pytest.raises(QuotaExhaustedError, match="calls of this minute are used up"):
        client.get("/v1/suppliers")
    assert spendesk.violations() == []


def test_who_comes_back_in_another_process_when_told_has_a_whole_minute_of_calls(
    spendesk: SpendeskSimulator, account: SpendeskAccount, time: Frozen
) -> None:
    for _ in range(4):
        limits = CallLimits(patience_s=0, now=time, sleep=time.sleep)
        client = SpendeskClient(account, transport=SimulatorTransport(spendesk), limits=limits, now=time)
        for _ in range(50):
            client.get("/v1/suppliers")
            time.sleep(0.3)
        with pytest.raises(QuotaExhaustedError) as told:
            client.get("/v1/suppliers")
        time.sleep((told.value.retry_at - datetime.now(UTC)).total_seconds() + 0.1)
    assert spendesk.violations() == []


def test_the_last_call_of_a_minute_is_not_tried_for_another_one_although_others_made_the_rest(
    client: SpendeskClient, spendesk: SpendeskSimulator, account: SpendeskAccount, time: Frozen
) -> None:
    for _ in range(30):
        client.get("/v1/suppliers")
    limits = CallLimits(patience_s=0, now=time, sleep=time.sleep)
    other = SpendeskClient(account, transport=SimulatorTransport(spendesk), limits=limits, now=time)
    for _ in range(20):
        other.get("/v1/suppliers")
    with pytest.raises(QuotaExhaustedError):
        other.get("/v1/suppliers")
    assert spendesk.violations() == []


def test_a_429_caused_by_somebody_else_is_waited_for(
    client: SpendeskClient, spendesk: SpendeskSimulator, time: Frozen
) -> None:
    spendesk.interfere(lambda request, proceed: proceed())
    refused = json_response({"errors": []}, status=429, headers={"x-ratelimit-reset": "17"})
    spendesk.interfere(lambda request, proceed: refused)
    with pytest.raises(QuotaExhaustedError):
        client.get("/v1/suppliers")
    before = time.at
    client.get("/v1/suppliers")
    assert time.at - before == pytest.approx(17)


def test_wrong_or_year_old_credentials_ask_for_new_ones_and_are_not_printed(
    spendesk: SpendeskSimulator, account: SpendeskAccount
) -> None:
    wrong = replace(account, client_secret=Secret("wrong-secret-of-ours"))
    with pytest.raises(ConfigurationError, match="spendesk_default") as caught:
        SpendeskClient(wrong, transport=SimulatorTransport(spendesk)).get("/v1/suppliers")
    assert "they end after a year" in str(caught.value)
    assert "wrong-secret" not in str(caught.value)


def test_a_scope_that_was_not_given_is_named(spendesk: SpendeskSimulator, account: SpendeskAccount) -> None:
    few = replace(account, scopes=("supplier:read",))
    client = SpendeskClient(few, transport=SimulatorTransport(spendesk))
    with pytest.raises(ConfigurationError, match="Scope settlement:read is missing"):
        client.get("/v1/settlements")


@pytest.mark.parametrize(
    "answer",
    [
        json_response({"errors": []}, status=503),
        Response(status=200, body=b"<html>"),
        Response(status=0, delivery=Delivery.CLOSED),
        Response(status=0, delivery=Delivery.RESET),
        Response(status=200, body=b'{"data": []}' * 50, delivery=Delivery.TRUNCATED),
    ],
)
def test_passing_trouble_is_tried_again_and_lasting_trouble_told(
    client: SpendeskClient, spendesk: SpendeskSimulator, answer: Response
) -> None:
    client.get("/v1/suppliers")
    spendesk.interfere(lambda request, proceed: answer)
    assert client.get("/v1/suppliers")["data"]
    spendesk.interfere(*[lambda request, proceed: answer] * 3)
    with pytest.raises(SpendeskUnavailableError):
        client.get("/v1/suppliers")


def test_an_answer_that_makes_no_sense_is_a_defect(client: SpendeskClient, spendesk: SpendeskSimulator) -> None:
    client.get("/v1/suppliers")
    spendesk.interfere(lambda request, proceed: json_response([1]))
    with pytest.raises(DefectError, match="is not an object"):
        client.get("/v1/suppliers")
    spendesk.interfere(lambda request, proceed: json_response({"data": []}))
    with pytest.raises(DefectError, match="is no page"):
        list(client.list("/v1/suppliers"))


def test_a_list_is_read_to_its_end(client: SpendeskClient, company: SpendeskCompany) -> None:
    assert [one["name"] for one in client.list("/v1/suppliers")] == [one.name for one in company.suppliers]


def test_receipts_are_fetched_without_our_token(client: SpendeskClient, spendesk: SpendeskSimulator) -> None:
    payable = spendesk.payables()[1]
    (receipt,) = client.get(f"/v1/payables/{payable['id']}/attachments")["data"]
    seen: list[str | None] = []
    spendesk.interfere(lambda request, proceed: (seen.append(request.headers.get("authorization")), proceed())[1])
    assert client.download(receipt["url"]) == payable["attachments"][0]["content"]
    assert seen == [None]


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://169.254.169.254/latest/meta-data", "not https"),
        ("http://public-api.spendesk.com/receipt", "not https"),
        ("file:///etc/passwd", "not https"),
        ("receipt.pdf", "not https"),
        ("https://public-api.spendesk.com/\x00", "no address"),
    ],
)
def test_no_receipt_is_fetched_from_just_anywhere(client: SpendeskClient, address: str, told: str) -> None:
    with pytest.raises(DefectError, match=told):
        client.download(address)


def test_a_quarter_of_payables_is_read_in_snapshots_that_break_no_rule(
    client: SpendeskClient, spendesk: SpendeskSimulator, time: Frozen
) -> None:
    today = spendesk.clock.utc().date()
    parts = list(periods(today - timedelta(days=90), today))
    assert len(parts) == 3
    found: list[str] = []
    for nonce, period in enumerate(parts):
        ticket = ask(client, period, nonce=nonce)
        time.at += 61
        while (answer := read_page(client, ticket.key, 1)) == "pending":
            time.at += 61
        records, total = answer
        for page in range(2, -(-total // 100) + 1):
            more = read_page(client, ticket.key, page)
            assert more != "pending"
            records += more[0]
        found += [record["id"] for record in records]
    assert sorted(found) == sorted(str(one["id"]) for one in spendesk.payables())
    assert spendesk.violations() == []


def test_the_same_question_is_recognised_as_stale_and_another_nonce_brings_news(
    client: SpendeskClient, spendesk: SpendeskSimulator, time: Frozen
) -> None:
    day = spendesk.clock.utc().date() - timedelta(days=1)
    period = Period(first=day, last=day)
    assert not ask(client, period, nonce=7).is_stale
    time.at += 600
    assert ask(client, period, nonce=7).is_stale
    assert not ask(client, period, nonce=8).is_stale


def test_the_other_body_that_hosts_want_is_a_setting(
    client: SpendeskClient, spendesk: SpendeskSimulator, account: SpendeskAccount, time: Frozen
) -> None:
    spendesk.configure(body="query")
    client.account = replace(account, body="query")
    day = spendesk.clock.utc().date()
    assert ask(client, Period(first=day, last=day), nonce=1).key


def test_periods_touch_and_never_overlap() -> None:
    day = timedelta(days=1)
    first, last = date(2026, 1, 1), date(2026, 5, 5)
    parts = list(periods(first, last))
    assert (parts[0].first, parts[-1].last) == (first, last)
    assert all(after.first == before.last + day for before, after in pairwise(parts))
    assert all(part.last - part.first <= timedelta(days=31) for part in parts)
    assert list(periods(last, first)) == []
