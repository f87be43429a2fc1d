"""Whatever comes from outside is read, or refused by an error that has a name; nothing else happens.

A few dozen inputs for each parser; with `--long`, together more than 100,000.
"""

from __future__ import annotations

import time
from datetime import date
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from exactsync.budget import Reservation
from exactsync.connection import read_connection
from exactsync.credentials import App, app_from_connection
from exactsync.entities import entities
from exactsync.errors import ExactSyncError
from exactsync.exact import oauth
from exactsync.exact.client import ExactClient
from exactsync.exact.feed import read_deleted, read_feed
from exactsync.normalise import normalise_page
from exactsync.payable import Payable
from exactsync.payables import comparing
from exactsync.payables.files.reading import read_payables
from exactsync.secret import Secret
from exactsync.simulator import Simulator
from exactsync.simulator.catalogue import load_catalogue
from exactsync.simulator.spendesk import SpendeskSettings, SpendeskSimulator, company_of
from exactsync.simulator.spendesk.wire import write_v0, write_v1
from exactsync.simulator.wire import RecordEncoder
from exactsync.spendesk import parse, snapshots
from exactsync.spendesk.account import SpendeskAccount, account_from_connection
from exactsync.spendesk.client import SpendeskClient
from exactsync.warehouse.companies import DivisionInfo
from tests.fuzz.hostile import bodies, body_of, headers, mutated, statuses, texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

INPUTS, INPUTS_IF_LONG = 25, 3_000
NAMED = (
    ExactSyncError,
    oauth.EndedError,
    oauth.TooEarlyError,
    oauth.NotSentError,
    oauth.UnansweredError,
)
DIVISION = 1000001
GUID = "7c2f8a10-0c3e-4f5b-9d8e-2b7f4a90d3e1"
APP = App(
    connection_id="exact_nl",
    base_url="https://start.exactonline.nl",
    client_id="client",
    client_secret=Secret("of the app"),
    redirect_uri="https://localhost/callback",
)
ACCOUNT = SpendeskAccount(
    connection_id="spendesk",
    base_url="https://public-api.spendesk.com",
    client_id="client",
    client_secret=Secret("of the account"),
)
SIMULATOR = Simulator()
PAYABLE = SpendeskSimulator(company_of(SIMULATOR, DIVISION), SpendeskSettings(payables=3, faulty=0)).payables()[0]


class Boundless:
    """A ledger that has a call for everyone, and reads what is told of each answer."""

    def reserve(self, app_key: str, division: int, endpoint: str, **_: Any) -> Reservation:
        return Reservation(id=1, app_key=app_key, division=division, endpoint=endpoint)

    def settle(self, _reservation: Reservation, answer: Any) -> None:
        for window in (answer.minute, answer.day):
            assert window is None or (window.limit > 0 and 0 < window.resets_at < 10**13)

    def release(self, _reservation: Reservation) -> None:
        """Nothing was reserved."""


class Tokens:
    """A token that is always good."""

    def access_token(self) -> Secret:
        return Secret("token")

    after_refusal = lambda self, _refused: Secret("the-next-access-token")  # noqa: E731


def answering(answer: tuple[int, dict[str, str], bytes]) -> httpx.MockTransport:
    status, given_headers, body = answer
    return httpx.MockTransport(lambda _: httpx.Response(status, headers=given_headers, content=body))


def exact(answer: tuple[int, dict[str, str], bytes], *, me: bytes | None = None) -> ExactClient:
    """A client whose every call gets the answer; but not who we are, if that is told."""
    whatever = answering(answer)
    known = httpx.MockTransport(
        lambda request: (
            httpx.Response(200, content=me)
            if me and request.url.path.endswith("/Me")
            else whatever.handle_request(request)
        )
    )
    return ExactClient(APP, Tokens(), Boundless(), transport=known, sleep=lambda _: None)


def spendesk(answer: tuple[int, dict[str, str], bytes]) -> SpendeskClient:
    at = iter(range(10**9))
    limits = SimpleNamespace(call=lambda **_: httpx.Client(), pause=lambda seconds: time.gmtime(min(seconds, 10**9)))
    client = SpendeskClient(
        ACCOUNT, transport=answering(answer), limits=limits, now=lambda: float(next(at)), sleep=lambda _: None
    )
    client._token = (Secret("token"), 10.0**12)
    return client


def spoilt(content: bytes) -> SearchStrategy[bytes]:
    """The same bytes with some of them replaced by others."""
    place = st.tuples(st.integers(0, len(content) - 1), st.integers(0, 12), st.binary(max_size=12))
    return place.map(lambda drawn: content[: drawn[0]] + drawn[2] + content[drawn[0] + drawn[1] :])


def answers(genuine: Any) -> SearchStrategy[tuple[int, dict[str, str], bytes]]:
    return st.tuples(statuses, headers, bodies(genuine))


def wire_records(path: str, number: int = 2) -> list[dict[str, Any]]:
    """The first records of an endpoint, as Exact sends them."""
    endpoint = load_catalogue().endpoints[path]
    encoder = RecordEncoder(endpoint, f"{APP.base_url}/api/v1/{DIVISION}/{path}", None)
    return [encoder.encode(record) for record in SIMULATOR.truth(DIVISION, path.rpartition("/")[2])[:number]]


def page(path: str) -> dict[str, Any]:
    return {"d": {"results": wire_records(path), "__next": f"{APP.base_url}/api/v1/{DIVISION}/{path}?$skiptoken=7"}}


DELETED = {"ID": GUID, "Division": DIVISION, "Timestamp": "7", "EntityType": 5, "EntityKey": GUID, "DeletedDate": None}
ME = {"d": {"results": [{"UserID": GUID, "CurrentDivision": DIVISION}]}}
PAIR = {"access_token": "a" * 40, "refresh_token": "r" * 40, "expires_in": "600", "token_type": "bearer"}
ERROR = {"error": {"code": "", "message": {"lang": "", "value": "Mag niet leeg zijn: Grootboekrekening"}}}
CREATED = {"d": {"__metadata": {"uri": f"{APP.base_url}/api/v1/7/crm/Accounts(guid'{GUID}')"}, "ID": GUID}}
SENT_LINE = {"GLAccount": GUID, "AmountFC": "100.00", "VATCode": "21", "VATAmountFC": "21.00", "Description": "Chairs"}
SENT = {
    "entry": {"Currency": "EUR", "Journal": "70", "Supplier": GUID, "YourRef": "F1", "PurchaseEntryLines": [SENT_LINE]},
    "amount": "121.00",
    "names": {GUID: "Acme"},
}
BOOKED = {"Currency": "EUR", "Journal": "70", "Supplier": GUID, "YourRef": "F1", "Type": 30, "AmountFC": 121.0}
CSV = (
    b"payable_id,kind,counterparty_id,counterparty_name,payable_date,currency,net,vat,gross,account,vat_rate\n"
    b"p-1,invoice,s-1,Acme,2026-01-31,EUR,100.00,21.00,121.00,4000,21\n"
)
CONNECTION = {
    "conn_type": "exact_online",
    "host": "https://start.exactonline.nl",
    "login": "client",
    "password": "secret",
    "port": 443,
    "extra": {"redirect_uri": "https://localhost/x", "verify": True, "region": "nl"},
}


def read_pages(answer: Any) -> None:
    with exact(answer) as client:
        for number, _ in enumerate(read_feed(client, entities()["suppliers"], division=DIVISION, after=None)):
            assert number < 3, "an answer that is always the same has no end"


def read_deletions(answer: Any) -> None:
    with exact(answer) as client:
        for number, _ in enumerate(read_deleted(client, division=DIVISION, after=3)):
            assert number < 3


def read_divisions(answer: Any) -> None:
    with exact(answer, me=orjson.dumps(ME)) as client:
        for record in client.divisions():
            DivisionInfo.from_record(record, region="nl")


def read_user(answer: Any) -> None:
    with exact(answer) as client:
        client.divisions()


def count(answer: Any) -> None:
    with exact(answer) as client:
        assert isinstance(client.count("crm/Accounts", division=DIVISION), int)


def create(answer: Any) -> None:
    with exact(answer) as client:
        client.create("crm/Accounts", division=DIVISION, body={"Name": "Acme"})


def refresh(answer: Any) -> None:
    pair = oauth.refresh(APP, Secret("r" * 40), answering(answer))
    assert 0 < pair.lifetime_s <= 86_400


def normalise(entity_name: str) -> Callable[[Any], None]:
    def check(records: Any) -> None:
        wanted = [record for record in records if isinstance(record, dict)] if isinstance(records, list) else []
        normalised = normalise_page(entities()[entity_name], wanted, load_id=1)
        read = len(normalised) - sum(one.key is not None for one in normalised.quarantined)
        assert read + len(normalised.quarantined) == len(wanted), "a record is neither read nor in quarantine"
        assert normalised.copy_text().count("\n") == len(normalised)

    return check


def ask_spendesk(answer: Any) -> None:
    client = spendesk(answer)
    for _ in zip(client.list("/v1/suppliers"), range(3), strict=False):
        pass


def read_spendesk_token(answer: Any) -> None:
    client = spendesk(answer)
    client._token = None
    client._fetch_token()


def ask_for_snapshot(answer: Any) -> None:
    (period,) = snapshots.periods(DAY, DAY)
    snapshots.ask(spendesk(answer), period, nonce=1)


def read_snapshot(answer: Any) -> None:
    read = snapshots.read_page(spendesk(answer), "key", 1)
    if read != "pending":
        for record in read[0]:
            read_payable(record)


def read_payable(record: Any) -> None:
    parsed = parse.parse_payable("s", record)
    parse.parse_allocations(record)
    assert Payable.from_json(parsed.to_json()) == parsed


def read_written(body: bytes) -> None:
    """Read a payable as the client gets it: what is no JSON never comes as far."""
    try:
        record = orjson.loads(body)
    except orjson.JSONDecodeError:
        return
    read_payable(record)


def compare(drawn: tuple[Any, Any]) -> None:
    booked, lines = drawn
    if isinstance(booked, dict) and isinstance(lines, list) and all(isinstance(line, dict) for line in lines):
        assert all(isinstance(line, str) for line in comparing.differences(SENT, booked, lines))


DAY = date(2026, 1, 31)
LISTED = {"data": [{"id": "s-1", "name": "Acme", "address": {"country": "NL"}}], "meta": {"pagination": {"total": 1}}}
PARSERS: dict[str, tuple[Callable[[Any], None], SearchStrategy[Any]]] = {
    "pages of a feed": (read_pages, answers(page("sync/CRM/Accounts"))),
    "the log of deletions": (read_deletions, answers({"d": {"results": [DELETED, DELETED | {"Timestamp": "8"}]}})),
    "the list of companies": (read_divisions, answers({"d": {"results": wire_records("system/Divisions")}})),
    "the user": (read_user, answers(ME)),
    "a count": (count, answers(12)),
    "errors of Exact": (create, answers(ERROR)),
    "what was created": (create, answers(CREATED)),
    "tokens": (refresh, answers(PAIR)),
    "refused tokens": (refresh, answers({"error": "invalid_grant", "error_description": "Old refresh token used"})),
    "what an entry was booked as": (compare, st.tuples(mutated(BOOKED), mutated([{"GLAccount": GUID, "AmountFC": 1}]))),
    "lists of Spendesk": (ask_spendesk, answers(LISTED)),
    "errors of Spendesk": (ask_spendesk, answers({"errors": [{"detail": "No."}]})),
    "tokens of Spendesk": (read_spendesk_token, answers({"access_token": "a", "expires_in": 3600})),
    "tickets of snapshots": (
        ask_for_snapshot,
        answers({"key": "k", "expireInSeconds": 43_200, "remainingSeconds": 43_200}),
    ),
    "snapshots": (
        read_snapshot,
        answers({"status": "COMPLETE", "result": {"data": [write_v1(PAYABLE)], "meta": {"pagination": {"total": 1}}}}),
    ),
    "payables, old": (read_written, mutated(write_v0(PAYABLE)).map(body_of)),
    "payables, new": (read_written, mutated(write_v1(PAYABLE)).map(body_of)),
    "settlements": (parse.settlement_row, mutated({"id": "x", "amount": 7, "currency": "EUR"})),
    "files, comma-separated": (lambda body: read_payables("s", "a.csv", body), st.binary(max_size=300) | spoilt(CSV)),
    "files, JSON Lines": (
        lambda body: read_payables("s", "a.jsonl", body),
        bodies({"payable_id": "p", "kind": "invoice", "net": "1.00", "currency": "EUR"}),
    ),
    "connections": (
        lambda body: app_from_connection("c", body.decode("utf-8", "replace")),
        bodies(CONNECTION) | st.binary(),
    ),
    "connections as URIs": (lambda text: read_connection("c", f"exact-online://{text}"), texts),
    "connections of Spendesk": (
        lambda body: account_from_connection("c", body.decode("utf-8", "replace")),
        bodies(CONNECTION),
    ),
    "redirected addresses": (oauth.code_of, texts | texts.map(lambda text: f"https://x/?{text}")),
    **{
        f"records of {entity.name}": (normalise(entity.name), mutated(wire_records(entity.endpoint)))
        for entity in entities().values()
    },
}


@pytest.mark.parametrize("parser", PARSERS)
def test_whatever_comes_is_read_or_refused_by_name(parser: str, *, is_long: bool, seed: int) -> None:
    read, inputs = PARSERS[parser]

    @seeded(seed)
    @settings(
        max_examples=INPUTS_IF_LONG if is_long else INPUTS,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(inputs)
    def check(given_input: Any) -> None:
        try:
            read(given_input)
        except NAMED:
            return

    check()
