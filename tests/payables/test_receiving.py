"""The same payable is one payable, however often and however edited it is delivered; and people decide about it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from exactsync import failpoints
from exactsync.errors import ConfigurationError
from exactsync.payable import Receipt
from exactsync.payables.lifecycle import Action, State
from exactsync.payables.rows import Actor, Key
from exactsync.payables.wanted import Wanted
from tests.payables.conftest import HUMAN, SOURCE, many
from tests.payables.exact import ENTRIES
from tests.unit.payables.company import INVOICE, invoice

if TYPE_CHECKING:
    from exactsync.payable import Payable
    from exactsync.payables.receiving import Received
    from tests.payables.conftest import Office

EDITED = invoice(description="Dinner")
KEY = Key(SOURCE, "p-1")


def receive(office: Office, *payables: Payable) -> Received:
    return office.outbox.receive(payables, actor=Actor(name="source"))


def test_the_same_payable_delivered_twice_is_one(office: Office) -> None:
    assert receive(office, INVOICE, INVOICE).same == 1
    office.prepare()
    office.export()
    assert receive(office, INVOICE).same == 1
    office.prepare()
    office.export()
    assert len(office.exact.records[ENTRIES]) == 1


def test_new_addresses_of_the_same_receipts_are_no_edit_and_are_used(office: Office) -> None:
    office.deliver(INVOICE)
    moved = invoice(receipts=(Receipt(url="https://files.example/anew", media_type="application/pdf", checksum="c1"),))
    assert receive(office, moved).same == 1
    assert office.row().payable["receipts"][0]["url"] == "https://files.example/anew"
    assert office.row().state is State.PREPARED


def test_an_edit_after_it_was_booked_is_flagged_once_and_not_sent(office: Office) -> None:
    office.deliver(INVOICE)
    office.export()
    assert receive(office, EDITED).flagged == 1
    assert receive(office, EDITED).same == 1
    office.prepare()
    office.export()
    row = office.row()
    assert (row.state, row.is_edited) == (State.EXPORTED, True)
    assert row.payable["description"] == "Lunch"
    assert len(office.exact.records[ENTRIES]) == 1
    assert receive(office, INVOICE).same == 1
    assert not office.row().is_edited


@pytest.mark.parametrize("state", [State.PREPARED, State.BLOCKED, State.FAILED, State.SENT_BACK])
def test_an_edit_before_it_was_booked_replaces_it_and_is_checked_anew(office: Office, state: State) -> None:
    office.deliver(invoice(lines=(), amount=Decimal(5)) if state is State.BLOCKED else INVOICE)
    if state is State.FAILED:
        office.exact.plant(ENTRIES, "refused")
        office.export()
    if state is State.SENT_BACK:
        office.outbox.act(KEY, Action.SEND_BACK, why="wrong amount", actor=HUMAN)
    assert office.row().state is state
    assert receive(office, EDITED).replaced == 1
    assert [reason["check"] for reason in office.row().reasons] == ["unchecked"]
    office.prepare()
    office.export()
    (entry,) = office.exact.records[ENTRIES]
    assert entry["Description"] == "Dinner"


def test_an_edit_of_one_in_doubt_waits_for_the_doubt(office: Office) -> None:
    office.deliver(*many(2))
    office.exact.plant(ENTRIES, "lost after", "refused")
    office.export()
    assert receive(office, invoice(id="p-1", number="2026-1", description="Dinner")).flagged == 1
    office.pass_time(500)
    office.export()
    assert (office.row().state, office.row().is_edited) == (State.EXPORTED, True)
    assert len(office.exact.records[ENTRIES]) == 1


def test_an_edit_while_it_is_exported_replaces_what_comes_back_unbooked(office: Office) -> None:
    office.deliver(INVOICE)
    office.exact.plant(ENTRIES, "refused")
    office.exact.before_post = lambda _endpoint, _body: receive(office, EDITED)  # type: ignore[assignment,func-returns-value]
    office.export()
    office.exact.before_post = lambda _endpoint, _body: None
    row = office.row()
    assert (row.state, row.is_edited, row.payable["description"]) == (State.BLOCKED, False, "Dinner")
    office.prepare()
    office.export()
    assert office.exact.records[ENTRIES][0]["Description"] == "Dinner"


def test_what_was_spent_before_the_cut_over_stays_out(office: Office) -> None:
    office.execute("UPDATE exactsync.payable_sources SET start_date = '2026-03-29'")
    early = invoice(id="early", payable_date=date(2026, 3, 28))
    received = receive(office, early, INVOICE)
    assert (received.early, received.new) == (1, 1)
    assert [row.payable_id for row in office.outbox.rows()] == ["p-1"]


def test_payables_of_a_source_that_is_not_set_up_are_not_taken(office: Office) -> None:
    with pytest.raises(ConfigurationError, match="Nothing is set up for payables of elsewhere"):
        receive(office, invoice(source="elsewhere"))


def test_who_did_what_when_and_why_is_kept(office: Office) -> None:
    office.deliver(invoice(lines=()))
    office.outbox.act(KEY, Action.MARK_EXPORTED, why="Booked by hand as 26600123.", actor=HUMAN)
    office.export()
    last = office.outbox.history(KEY)[-1]
    assert (last.from_state, last.to_state) == (State.BLOCKED, State.EXPORTED_MANUALLY)
    assert (last.why, last.actor) == ("Booked by hand as 26600123.", "mara")
    assert office.exact.posts == []


@pytest.mark.parametrize("action", list(Action))
def test_nobody_decides_about_what_is_booked_or_without_a_reason(office: Office, action: Action) -> None:
    office.deliver(*many(2))
    office.export(wanted=Wanted(payables=["p-1"]))
    with pytest.raises(ConfigurationError, match="is exported: it cannot be"):
        office.outbox.act(KEY, action, why="oops", actor=HUMAN)
    with pytest.raises(ConfigurationError, match="No reason"):
        office.outbox.act(Key(SOURCE, "p-2"), action, why=" ", actor=HUMAN)


def test_nobody_decides_about_what_a_worker_holds(office: Office) -> None:
    office.deliver(INVOICE)
    failpoints.plant("export.ready=fail")
    with pytest.raises(failpoints.FailpointError):
        office.export()
    failpoints.plant("")
    with pytest.raises(ConfigurationError, match="is exporting"):
        office.outbox.act(KEY, Action.MARK_EXPORTED, why="it takes long", actor=HUMAN)


def test_payables_are_found_and_added_up(office: Office) -> None:
    office.deliver(*many(3), invoice(id="50%", number="A_1"))
    (total,) = office.outbox.totals()
    assert (total.state, total.currency, total.payables, total.amount) == (State.PREPARED, "EUR", 4, Decimal("484.00"))
    for search, found in (("a_1", ["50%"]), ("50%", ["50%"]), ("0%", ["50%"]), ("%", ["50%"]), ("-2", ["p-2"])):
        assert [row.payable_id for row in office.outbox.rows(Wanted(search=search))] == found
