"""The client creates at a strict Exact: they meet through HTTP alone, and every fault is told for what it is."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from exactsync.credentials import App
from exactsync.errors import (
    ConfigurationError,
    DoubtfulWriteError,
    ExactSyncError,
    RefusedByExactError,
    RetryLaterError,
)
from exactsync.exact.client import ExactClient
from exactsync.exact.odata import literal, query
from exactsync.exact.transport import Timeouts
from exactsync.payables.comparing import describe, differences
from exactsync.payables.looking import read_document, read_entry, read_lines
from exactsync.secret import Secret
from exactsync.simulator import DEMO_APP, Clock, Settings, Simulator, SimulatorTransport
from exactsync.simulator.faults import FAULTS, Fault, Phase, WayOut
from tests.unit.exact.conftest import GenerousLedger
from tests.unit.simulator.conftest import FrozenTime, Visitor
from tests.unit.simulator.office import ATTACHMENTS, COMPANIES, DOCUMENTS, ENTRIES, OTHERS, OURS, RELATIONS, Office

if TYPE_CHECKING:
    from collections.abc import Iterator

STRUCK = sorted(name for name, kind in FAULTS.items() if Phase.WRITE in kind.way_out)
EXPECTED = {
    WayOut.LOOK: DoubtfulWriteError,
    WayOut.RETRY_LATER: RetryLaterError,
    WayOut.PERSON: (RefusedByExactError, ConfigurationError),
}


class Tokens:
    """The visitor's tokens; a refused one is refreshed as soon as Exact lets it."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor

    def access_token(self) -> Secret:
        return Secret(self._visitor.tokens["access_token"])

    def after_refusal(self, refused: Secret) -> Secret:
        self._visitor.simulator.clock.advance(570)
        assert self._visitor.refresh().status_code == 200
        return self.access_token()


@pytest.fixture
def office() -> Office:
    simulator = Simulator(Settings(companies=COMPANIES), clock=Clock(FrozenTime(), sleep=lambda _seconds: None))
    return Office(Visitor(simulator).login())


@pytest.fixture
def client(office: Office) -> Iterator[ExactClient]:
    app = App(
        connection_id="exact_online_default",
        base_url="https://exact.test",
        client_id=DEMO_APP.client_id,
        client_secret=Secret(DEMO_APP.client_secret),
        redirect_uri=DEMO_APP.redirect_uris[0],
        given_region="nl",
    )
    transport = SimulatorTransport(office.visitor.simulator)
    timeouts = Timeouts(read_s=0.5)
    with ExactClient(
        app, Tokens(office.visitor), GenerousLedger(), transport=transport, timeouts=timeouts, sleep=time.sleep
    ) as client:
        yield client


def test_a_receipt_its_document_a_supplier_and_an_entry_are_created_and_found(
    office: Office, client: ExactClient
) -> None:
    supplier = client.create(RELATIONS, division=OURS, body={"Name": "Nieuw B.V.", "IsSupplier": True})
    document = client.create(
        DOCUMENTS, division=OURS, body={"Subject": "F-1", "Type": 20, "Account": str(supplier.key)}
    )
    receipt = {"Document": str(document.key), "FileName": "f.pdf", "Attachment": "JVBERi0="}
    client.create(ATTACHMENTS, division=OURS, body=receipt)
    body = office.entry(Supplier=str(supplier.key), Document=str(document.key), ExternalLinkReference="ours-1")
    entry = client.create(ENTRIES, division=OURS, body=body)

    assert entry.record is not None
    assert entry.record["EntryNumber"] == 24600001
    condition = f"Supplier eq {literal(supplier.key)}"
    params = query(select=("EntryID", "ExternalLinkReference", "Document"), filter_=condition)
    (found,) = client.get(ENTRIES, division=OURS, params=params).records
    assert (found["EntryID"], found["ExternalLinkReference"]) == (str(entry.key), "ours-1")
    assert found["Document"] == str(document.key)
    assert office.visitor.broken_rules() == []


def test_an_id_of_another_company_is_dropped_silently_and_found_out_by_comparing(
    office: Office, client: ExactClient
) -> None:
    foreign = {
        entity_set: office.visitor.simulator.insert(OTHERS, entity_set, {}).key
        for entity_set in ("Documents", "Projects", "GLAccounts")
    }
    lines = [
        office.line(amount=Decimal("100.00"), VATCode="E21", CostCenter="SAL", VATAmountFC=Decimal("21.00")),
        office.line(amount=Decimal("50.00"), VATCode="I21", Project=str(foreign["Projects"]), VATAmountFC=Decimal(8)),
        {**office.line(amount=Decimal("1.00")), "GLAccount": str(foreign["GLAccounts"])},
    ]
    body = office.entry(*lines, Currency="EUR", YourRef="F-1", Document=str(foreign["Documents"]))
    created = client.create(ENTRIES, division=OURS, body=body)
    sent = describe(body, amount=Decimal("172.00"), names={key: f"the {name}" for name, key in foreign.items()})

    assert created.record is not None
    booked = read_lines(client, OURS, created.key)
    assert differences(sent, created.record, booked) == [
        "document: sent the Documents, booked nothing",
        "line 2, project: sent the Projects, booked nothing",
        "line 3, G/L account: sent the GLAccounts, booked nothing",
    ]
    assert differences(sent, read_entry(client, OURS, created.key) or {}, booked)[0].startswith("document")
    assert office.visitor.broken_rules() == []


def test_a_credit_note_and_what_people_see_of_a_document_come_back_as_they_were_sent(
    office: Office, client: ExactClient
) -> None:
    document = client.create(DOCUMENTS, division=OURS, body={"Subject": "F-1", "Type": 20})
    line = office.line(amount=Decimal("-100.00"), VATCode="E21", VATAmountFC=Decimal("-21.00"))
    body = office.entry(line, Currency="EUR", DueDate="2024-07-14T00:00:00", Document=str(document.key))
    created = client.create(ENTRIES, division=OURS, body=body)
    sent = describe(body, amount=Decimal("-121.00"), names={})
    assert differences(sent, created.record or {}, read_lines(client, OURS, created.key)) == []
    shown = read_document(client, OURS, document.key) or {}
    assert document.record is not None
    assert shown["DocumentViewUrl"] == document.record["DocumentViewUrl"] == client.screen(shown["DocumentViewUrl"])
    office.visitor.simulator.configure(created_answer="key")
    silent = client.create(DOCUMENTS, division=OURS, body={"Subject": "F-2", "Type": 20})
    assert silent.record is not None
    assert silent.record["DocumentViewUrl"] is None
    assert office.visitor.broken_rules() == []


def test_the_key_is_known_although_exact_tells_nothing_else(office: Office, client: ExactClient) -> None:
    office.visitor.simulator.configure(created_answer="key")
    entry = client.create(ENTRIES, division=OURS, body=office.entry())
    assert [one["EntryID"] for one in office.truth("PurchaseEntries")] == [entry.key]


def test_a_refusal_is_told_in_the_users_language(office: Office, client: ExactClient) -> None:
    with pytest.raises(RefusedByExactError) as caught:
        client.create(ENTRIES, division=OURS, body=office.entry(Supplier=None, Journal="99"))
    assert caught.value.words == "Verplicht: Relatie\nOngeldige referentie: Dagboek"
    assert office.visitor.broken_rules() == []


@pytest.mark.parametrize("name", STRUCK)
def test_whatever_goes_wrong_is_told_for_what_it_is_and_sent_once(
    office: Office, client: ExactClient, name: str
) -> None:
    simulator = office.visitor.simulator
    simulator.plant(Fault(action=FAULTS[name](), endpoint=ENTRIES, writes_only=True, occurrences=frozenset()))
    way_out = FAULTS[name].way_out[Phase.WRITE]
    error: ExactSyncError | None = None
    try:
        client.create(ENTRIES, division=OURS, body=office.entry())
    except ExactSyncError as caught:
        error = caught
    booked = len(office.truth("PurchaseEntries"))
    if name == "slow":  # slower than this client's patience
        way_out = WayOut.LOOK
    if name == "expired_access_token":  # again and again, so that no second token helps
        way_out = WayOut.RETRY_LATER
    assert isinstance(error, EXPECTED[way_out]), error
    assert booked == 0 or way_out is WayOut.LOOK
    assert sum(simulator.writes().values()) == (2 if name in ("unauthorised", "expired_access_token") else 1)
    assert office.visitor.tokens["access_token"] not in str(error)
    assert office.visitor.broken_rules() == []


def test_a_token_that_expires_costs_nothing_but_a_refresh(office: Office, client: ExactClient) -> None:
    fault = Fault(action=FAULTS["expired_access_token"](), endpoint=ENTRIES, writes_only=True)
    office.visitor.simulator.plant(fault)
    client.create(ENTRIES, division=OURS, body=office.entry(ExternalLinkReference="ours-1"))
    assert len(office.truth("PurchaseEntries")) == 1
    assert office.visitor.broken_rules() == []
