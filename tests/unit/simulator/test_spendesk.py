"""The stand-in for Spendesk keeps the rules that Spendesk publishes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from exactsync.simulator import Clock, Simulator, SimulatorTransport
from exactsync.simulator.spendesk import SpendeskRule, SpendeskSettings, SpendeskSimulator, company_of
from exactsync.simulator.spendesk.faults import Flaw
from exactsync.simulator.spendesk.wire import write_v0, write_v1

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = 1_771_000_000.0


class Frozen:
    """A clock's source that a test moves."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> float:
        return self.at


@pytest.fixture(scope="module")
def exact() -> Simulator:
    return Simulator()


@pytest.fixture
def time() -> Frozen:
    return Frozen()


@pytest.fixture
def spendesk(exact: Simulator, time: Frozen) -> SpendeskSimulator:
    return SpendeskSimulator(company_of(exact, 1000001), clock=Clock(time, sleep=lambda _: None))


@pytest.fixture
def http(spendesk: SpendeskSimulator) -> Iterator[httpx.Client]:
    transport = SimulatorTransport(spendesk)
    with httpx.Client(transport=transport, base_url="https://public-api.spendesk.com") as client:
        client.headers["Authorization"] = f"Bearer {_token(client)['access_token']}"
        yield client


def _token(client: httpx.Client, **changes: Any) -> Any:
    settings = SpendeskSettings()
    scope = " ".join(sorted(settings.scopes))
    body = {"grant_type": "client_credentials", "scope": scope, **changes}
    answer = client.post("/v1/auth/token", json=body, auth=(settings.client_id, settings.client_secret))
    return answer.json()


def _broken(spendesk: SpendeskSimulator) -> list[SpendeskRule]:
    return [violation.rule for violation in spendesk.violations()]


def _period(http: httpx.Client, spendesk: SpendeskSimulator, *, days: int = 31, ends: int = 1) -> httpx.Response:
    last = spendesk.clock.utc().date() - timedelta(days=ends)
    period = {"fromPayableDate": str(last - timedelta(days=days)), "toPayableDate": str(last)}
    return http.post("/v1/snapshots/payables", json=period)


def test_a_token_lives_an_hour(http: httpx.Client, spendesk: SpendeskSimulator, time: Frozen) -> None:
    assert http.get("/v1/suppliers").status_code == 200
    time.at += 3_600
    assert http.get("/v1/suppliers").status_code == 401
    assert _broken(spendesk) == [SpendeskRule.EXPIRED_TOKEN]


def test_of_51_calls_within_a_minute_one_is_refused_with_the_time_to_wait(
    http: httpx.Client, spendesk: SpendeskSimulator, time: Frozen
) -> None:
    assert {http.get("/v1/suppliers").status_code for _ in range(50)} == {200}
    time.at += 59
    refused = http.get("/v1/suppliers")
    assert (refused.status_code, refused.headers["x-ratelimit-reset"]) == (429, "1")
    time.at += 1
    assert http.get("/v1/suppliers").status_code == 200


def test_a_snapshot_is_made_in_the_background_and_read_by_the_page(
    http: httpx.Client, spendesk: SpendeskSimulator, time: Frozen
) -> None:
    key = _period(http, spendesk).json()["key"]
    time.at += 60
    assert http.get(f"/v1/snapshots/payables/{key}").json()["status"] == "PENDING"
    time.at += 60
    found, page = [], 1
    while True:
        result = http.get(f"/v1/snapshots/payables/{key}", params={"page": page}).json()["result"]
        found += result["data"]
        if len(found) == result["meta"]["pagination"]["total"]:
            break
        page += 1
    last = spendesk.clock.utc().date() - timedelta(days=1)
    truth = [one for one in spendesk.payables() if timedelta() <= last - one["payableDate"] <= timedelta(days=31)]
    assert len(result["data"]) <= 30 < len(truth)
    assert sorted(one["id"] for one in found) == sorted(str(one["id"]) for one in truth)
    assert _broken(spendesk) == []


def test_who_asks_again_within_a_minute_is_noticed(
    http: httpx.Client, spendesk: SpendeskSimulator, time: Frozen
) -> None:
    key = _period(http, spendesk).json()["key"]
    time.at += 20
    http.get(f"/v1/snapshots/payables/{key}")
    assert _broken(spendesk) == [SpendeskRule.HASTY_POLL]


def test_the_same_question_gets_the_same_stale_snapshot_for_twelve_hours(
    http: httpx.Client, spendesk: SpendeskSimulator, time: Frozen
) -> None:
    first = _period(http, spendesk).json()
    time.at += 7 * 3_600
    http.headers["Authorization"] = f"Bearer {_token(http)['access_token']}"
    again = _period(http, spendesk).json()
    assert again["key"] == first["key"]
    assert (first["remainingSeconds"], again["remainingSeconds"]) == (43_200, 18_000)


def test_only_one_snapshot_is_made_at_a_time(http: httpx.Client, spendesk: SpendeskSimulator) -> None:
    _period(http, spendesk)
    assert _period(http, spendesk, days=3).status_code == 409
    assert _broken(spendesk) == [SpendeskRule.PARALLEL_SNAPSHOTS]


@pytest.mark.parametrize(
    ("days", "ends", "status", "rule"),
    [(32, 1, 400, SpendeskRule.LONG_PERIOD), (3, -1, 409, SpendeskRule.FUTURE_END)],
)
def test_long_periods_and_those_that_end_tomorrow_are_refused(
    http: httpx.Client, spendesk: SpendeskSimulator, days: int, ends: int, status: int, rule: SpendeskRule
) -> None:
    assert _period(http, spendesk, days=days, ends=ends).status_code == status
    assert _broken(spendesk) == [rule]


def test_a_receipt_is_fetched_by_an_address_that_is_good_for_minutes(
    http: httpx.Client, spendesk: SpendeskSimulator, time: Frozen
) -> None:
    flaws = spendesk.flaws()
    payable = next(one for one in spendesk.payables() if one["id"] not in flaws)
    (receipt,) = http.get(f"/v1/payables/{payable['id']}/attachments").json()["data"]
    assert receipt["mimeType"] in {"pdf", "png"}
    assert (
        httpx.Client(transport=SimulatorTransport(spendesk)).get(receipt["url"]).content
        == (payable["attachments"][0]["content"])
    )
    time.at += 901
    assert http.get(receipt["url"]).status_code == 403


def test_what_is_exported_stays_so(http: httpx.Client, spendesk: SpendeskSimulator) -> None:
    payable_id = str(spendesk.payables()[0]["id"])
    body = {"payableId": payable_id, "bookkeepingStatus": "exported"}
    assert http.put("/v1/payables/bookkeeping-status", json=body).status_code == 204
    assert http.put("/v1/payables/bookkeeping-status", json=body).status_code == 204
    back = body | {"bookkeepingStatus": "failedToExport", "reason": "closed"}
    assert http.put("/v1/payables/bookkeeping-status", json=back).status_code == 409
    assert spendesk.payables()[0]["bookkeepingStatus"] == "exported"


def test_every_type_is_there_and_each_faulty_payable_has_a_known_flaw(exact: Simulator) -> None:
    spendesk = SpendeskSimulator(company_of(exact, 1000001), SpendeskSettings(payables=500))
    assert len({one["type"] for one in spendesk.payables()}) == 9
    assert 30 <= len(spendesk.flaws()) <= 90
    assert set(spendesk.flaws().values()) == set(Flaw)


def test_a_usual_month_has_each_flaw_once_and_no_amount_that_raises_an_eyebrow(exact: Simulator) -> None:
    settings = SpendeskSettings(payables=40, is_usual=True)
    spendesk = SpendeskSimulator(company_of(exact, 1000001), settings)
    assert sorted(spendesk.flaws().values()) == sorted(Flaw)
    amounts = [abs(one["functionalAmount"]) for one in spendesk.payables() if one["currency"] == "EUR"]
    assert 800 <= min(amounts) <= max(amounts) <= 150_000


def test_a_line_that_is_split_says_so_in_v1_and_cannot_in_v0(exact: Simulator) -> None:
    spendesk = SpendeskSimulator(company_of(exact, 1000001), SpendeskSettings(payables=1, faulty=0))
    (payable,) = spendesk.payables()
    parts = [{"fieldName": "Team", "valueName": name, "functionalAmount": 5} for name in ("A", "B")]
    payable["lineItems"][0]["analyticalProperties"] = parts
    told = [write(payable)["lineItems"][0].get("analyticalProperties") for write in (write_v0, write_v1)]
    assert told == [None, parts]


def test_good_payables_add_up_and_name_what_exact_has(exact: Simulator) -> None:
    spendesk = SpendeskSimulator(company_of(exact, 1000001), SpendeskSettings(payables=200, faulty=0))
    accounts = {one["Code"] for one in exact.truth(1000001, "GLAccounts") if not one["IsBlocked"]}
    for payable in spendesk.payables():
        lines = payable["lineItems"]
        assert {line["expenseAccount"]["code"] for line in lines} <= accounts
        money = [line["financial"] for line in lines]
        assert all(one["netAmount"] + one["vatAmount"] == one["grossAmount"] for one in money)
        assert sum(one["grossAmount"] for one in money) == payable["amount"]
