"""What is exported is at Exact once, whatever becomes of calls, answers and workers."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from exactsync import failpoints
from exactsync.errors import ExactUnavailableError, QuotaExhaustedError
from exactsync.payable import Receipt
from exactsync.payables import export
from exactsync.payables.claims import next_look
from exactsync.payables.lifecycle import Action, State
from exactsync.payables.rows import Key
from exactsync.payables.wanted import Wanted
from tests.payables.conftest import HUMAN, INTEGRATION, SOURCE, changed, many
from tests.payables.exact import ATTACHMENTS, DOCUMENTS, ENTRIES, LINES, RELATIONS, SCREEN, unreachable
from tests.unit.payables.company import DIVISION, INVOICE, invoice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exactsync.payable import Payable
    from tests.payables.conftest import Office
    from tests.payables.exact import Fault

CREATED = (DOCUMENTS, ATTACHMENTS, ENTRIES)


@pytest.fixture(autouse=True)
def _no_failpoints() -> Iterator[None]:
    yield
    failpoints.plant("")


def assert_booked_once(office: Office) -> None:
    """Everything is at Exact, and nothing is there twice."""
    assert office.row().state is State.EXPORTED
    assert [len(office.exact.records[endpoint]) for endpoint in CREATED] == [1, 1, 1]


def settle(office: Office) -> None:
    """Let time pass and exports run until nothing is in doubt any more."""
    for _ in range(4):
        office.pass_time(500)
        office.export()


def test_a_payable_becomes_an_entry_with_its_receipt(office: Office) -> None:
    office.deliver(INVOICE)
    assert office.export() == 1
    (document,), (attachment,), (entry,) = (office.exact.records[endpoint] for endpoint in CREATED)
    row = office.row()
    assert row.state is State.EXPORTED
    assert (row.entry_id, row.entry_number) == (entry["EntryID"], entry["EntryNumber"])
    assert entry["ExternalLinkReference"] == row.reference
    assert entry["Document"] == attachment["Document"] == str(document["ID"])
    assert office.export() == 0


@pytest.mark.parametrize("endpoint", CREATED)
@pytest.mark.parametrize("fault", ["lost after", "lost before", "late", "throttled"])
def test_whatever_becomes_of_an_answer_everything_is_there_once(office: Office, endpoint: str, fault: Fault) -> None:
    office.deliver(INVOICE)
    office.exact.plant(endpoint, fault)
    try:
        office.export()
    except ExactUnavailableError:
        assert fault == "throttled"
    assert office.row().state is (State.PREPARED if fault == "throttled" else State.IN_DOUBT)
    office.exact.commit_late()
    settle(office)
    assert_booked_once(office)


@pytest.mark.parametrize("endpoint", CREATED)
def test_what_was_lost_is_sent_again_only_after_two_looks_beyond_the_settling_delay(
    office: Office, endpoint: str
) -> None:
    office.deliver(INVOICE)
    office.exact.plant(endpoint, "lost before")
    office.export()
    sent = office.exact.posts.count(endpoint)
    seen = []
    for passed in (61, 200, 60, 61):
        office.pass_time(passed)
        office.export()
        seen.append((passed, office.exact.looks.count(endpoint), office.exact.posts.count(endpoint) - sent))
    assert seen == [(61, 1, 0), (200, 1, 0), (60, 2, 0), (61, 3, 1)]
    assert_booked_once(office)


def test_what_is_committed_long_after_the_client_gave_up_is_found(office: Office) -> None:
    office.deliver(INVOICE)
    office.exact.plant(ENTRIES, "late")
    office.export()
    office.pass_time(61)
    office.export()
    office.pass_time(240)
    office.exact.commit_late()
    office.export()
    assert_booked_once(office)
    assert office.exact.posts.count(ENTRIES) == 1


def test_a_look_that_fails_decides_nothing(office: Office) -> None:
    office.deliver(INVOICE)
    office.exact.plant(ENTRIES, "lost after")
    office.export()
    office.pass_time(500)
    with unreachable(office.exact), pytest.raises(ExactUnavailableError):
        office.export()
    assert office.row().state is State.IN_DOUBT
    settle(office)
    assert_booked_once(office)


@pytest.mark.parametrize("point", ["ready", "intended", "answered", "noted", "recorded", "documented", "attached"])
@pytest.mark.parametrize("visit", [1, 2, 3])
def test_a_worker_may_die_anywhere(office: Office, point: str, visit: int) -> None:
    office.deliver(INVOICE)
    failpoints.plant(f"export.{point}=fail:{visit}")
    claims = office.claims("the dead")
    claim = claims.take(INTEGRATION, DIVISION, Wanted())
    assert claim
    try:
        office.exporter("the dead").export(claim)
    except failpoints.FailpointError:
        assert office.export("another") == 0, "its lease has not run out"
    settle(office)
    assert_booked_once(office)


def test_a_dead_workers_doubt_is_looked_for_before_anything_is_sent(office: Office) -> None:
    office.deliver(INVOICE)
    failpoints.plant("export.answered=fail:3")
    with pytest.raises(failpoints.FailpointError):
        office.export("the dead")
    office.pass_time(421)
    office.export("another")
    assert_booked_once(office)
    assert office.exact.posts.count(ENTRIES) == 1
    assert any(why.startswith("Taken over from the dead") for why in office.whys())


def test_the_retry_of_a_task_takes_up_at_once_what_it_held(office: Office) -> None:
    office.deliver(INVOICE)
    failpoints.plant("export.documented=fail")
    with pytest.raises(failpoints.FailpointError):
        office.export("task")
    assert office.export("task") == 1
    assert_booked_once(office)


def test_a_worker_that_was_held_up_before_it_sent_anything_sends_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.deliver(INVOICE)
    clock = iter([0.0, 6.0, *[6.0] * 50])
    monkeypatch.setattr("exactsync.payables.taking.time.monotonic", lambda: next(clock))
    claim = office.claims().take(INTEGRATION, DIVISION, Wanted())
    assert claim
    office.exporter().export(claim)
    assert office.exact.posts == []
    settle(office)
    assert_booked_once(office)


def test_a_worker_whose_payable_was_taken_over_writes_nothing(office: Office) -> None:
    office.deliver(INVOICE)
    slow = office.claims("slow").take(INTEGRATION, DIVISION, Wanted())
    assert slow
    office.pass_time(421)
    office.export("quick")
    office.exporter("slow").export(slow)
    assert_booked_once(office)


def test_a_worker_whose_payable_was_taken_over_sends_nothing(office: Office) -> None:
    office.deliver(INVOICE)
    slow = office.claims("slow").take(INTEGRATION, DIVISION, Wanted())
    office.pass_time(421)
    assert slow
    assert office.claims("quick").take(INTEGRATION, DIVISION, Wanted())
    office.exporter("slow").export(slow)
    assert office.exact.posts == []


def test_two_exports_never_take_the_same_payable_nor_wait_for_each_other(office: Office) -> None:
    office.deliver(*many(4))
    with office.engine.begin() as connection:
        connection.exec_driver_sql("SELECT FROM exactsync.payables_outbox WHERE payable_id = 'p-1' FOR UPDATE")
        taken = [
            office.claims(owner).take(INTEGRATION, DIVISION, Wanted()) for owner in ("one", "two", "three", "four")
        ]
    assert [claim and claim.key.id for claim in taken] == ["p-2", "p-3", "p-4", None]


def test_a_payable_that_we_cannot_export_keeps_no_other_from_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.deliver(*many(2))
    made = export.purchase_entry

    def make(payable: Payable, *args: Any, **names: Any) -> dict[str, Any]:
        return {}["a mistake of ours"] if payable.id == "p-1" else made(payable, *args, **names)

    monkeypatch.setattr(export, "purchase_entry", make)
    office.export()
    assert [office.row(f"p-{place}").state for place in (1, 2)] == [State.FAILED, State.EXPORTED]


def test_a_refusal_is_kept_word_for_word_and_stops_nothing_else(office: Office) -> None:
    office.deliver(*many(2))
    office.exact.plant(ENTRIES, "refused")
    office.export()
    assert office.row("p-1").state is State.FAILED
    assert office.row("p-1").message == office.exact.words
    assert office.row("p-2").state is State.EXPORTED


def test_a_refused_payable_that_is_retried_is_looked_for_first(office: Office) -> None:
    office.deliver(INVOICE)
    office.exact.plant(ENTRIES, "refused")
    office.export()
    office.outbox.act(Key(SOURCE, "p-1"), Action.RETRY, why="VAT code unblocked", actor=HUMAN)
    office.prepare()
    office.exact.looks.clear()
    office.export()
    assert office.exact.looks == [ENTRIES, LINES, DOCUMENTS]
    assert_booked_once(office)


def test_a_header_made_although_its_lines_were_refused_is_for_a_person(office: Office) -> None:
    office.deliver(INVOICE)
    office.exact.plant(ENTRIES, "refused")
    office.export()
    header = {"EntryID": office.exact.records[DOCUMENTS][0]["ID"], "EntryNumber": 7, "AmountFC": 0.0}
    reference, document = office.row().reference, str(office.exact.records[DOCUMENTS][0]["ID"])
    supplier = office.exact.records[DOCUMENTS][0]["Account"]
    office.exact.records[ENTRIES].append(
        {
            **header,
            "ExternalLinkReference": reference,
            "Supplier": supplier,
            "YourRef": INVOICE.number,
            "Document": document,
            "Journal": "60",
            "Currency": "EUR",
        }
    )
    office.outbox.act(Key(SOURCE, "p-1"), Action.RETRY, why="mended", actor=HUMAN)
    office.prepare()
    office.export()
    row = office.row()
    assert (row.state, row.look_at) == (State.IN_DOUBT, None)
    assert "entry 7, but not as it was sent. " in (row.message or "")
    assert "amount: sent 121.00 EUR, booked 0.00 EUR; line 1: sent 100.00 EUR, booked nothing" in (row.message or "")
    assert office.exact.posts.count(ENTRIES) == 1


def test_an_entry_of_the_same_supplier_and_number_without_our_reference_is_for_a_person(office: Office) -> None:
    office.deliver(INVOICE)
    office.exact.plant(ENTRIES, "lost after")
    office.export()
    office.exact.records[ENTRIES][0]["ExternalLinkReference"] = None
    settle(office)
    assert (office.row().state, office.row().look_at) == (State.IN_DOUBT, None)
    assert office.exact.posts.count(ENTRIES) == 1
    office.exact.records[ENTRIES][0]["YourRef"] = "another"
    office.outbox.act(Key(SOURCE, "p-1"), Action.RETRY, why="it is another one", actor=HUMAN)
    settle(office)
    assert office.row().state is State.EXPORTED


def test_what_exact_books_otherwise_than_it_was_sent_is_for_a_person_and_never_sent_again(office: Office) -> None:
    office.exact.changed, office.exact.changed_lines = {"Document": None}, {"CostCenter": None}
    office.deliver(INVOICE)
    office.export()
    row = office.row()
    assert (row.state, row.look_at, row.link) == (State.IN_DOUBT, None, None)
    told = "document: sent the receipts, booked nothing; line 1, cost centre: sent SAL, booked nothing."
    assert told in (row.message or "")
    settle(office)
    office.outbox.act(Key(SOURCE, "p-1"), Action.RETRY, why="looked at", actor=HUMAN)
    office.export()
    assert told in (office.row().message or "")
    office.exact.records[ENTRIES][0]["Document"] = str(office.exact.records[DOCUMENTS][0]["ID"])
    office.exact.changed_lines = {}
    office.outbox.act(Key(SOURCE, "p-1"), Action.RETRY, why="corrected at Exact", actor=HUMAN)
    office.export()
    assert_booked_once(office)
    assert office.exact.posts.count(ENTRIES) == 1


def test_what_was_found_is_compared_line_by_line_too(office: Office) -> None:
    office.exact.plant(ENTRIES, "lost after")
    office.exact.changed_lines = {"VATAmountFC": 20.99}
    office.deliver(INVOICE)
    office.export()
    settle(office)
    assert "line 1, VAT amount: sent 21.00 EUR, booked 20.99 EUR" in (office.row().message or "")
    assert len(office.exact.records[ENTRIES]) == 1


@pytest.mark.parametrize(
    ("told", "link"), [(SCREEN, SCREEN), ("javascript:alert(1)", None), ("https://evil.example/", None), (None, None)]
)
def test_a_booked_payable_links_to_its_document_at_exact_and_to_nowhere_else(
    office: Office, told: str | None, link: str | None
) -> None:
    office.exact.screens = told
    office.deliver(*many(2))
    office.exact.plant(DOCUMENTS, "silent")  # whose address is read afterwards
    office.export()
    documents = [document["ID"] for document in office.exact.records[DOCUMENTS]]
    links = [office.row(name).link for name in ("p-1", "p-2")]
    assert links == [link.format(document) if link else None for document in documents]
    assert office.exact.looks.count(DOCUMENTS) == (1 if told else 2)


def test_an_answer_that_tells_nothing_but_the_key_is_read_back(office: Office) -> None:
    office.exact.plant(ENTRIES, "silent")
    office.deliver(INVOICE)
    office.export()
    assert office.row().entry_number == office.exact.records[ENTRIES][0]["EntryNumber"]


def test_a_receipt_that_exact_does_not_take_fails_before_anything_is_sent(office: Office) -> None:
    big, word, good = (invoice(id=name, receipts=(Receipt(url=name, media_type="application/pdf"),)) for name in "abc")
    office.drawer.contents = {"a": b"%PDF-" + bytes(10 * 1024 * 1024), "b": b"PK\x03\x04 a Word file"}
    office.deliver(big, word, good)
    office.export()
    assert [office.row(name).state for name in "abc"] == [State.FAILED, State.FAILED, State.EXPORTED]
    assert "10.0 MB; Exact takes 10" in (office.row("a").message or "")
    assert "no PDF, PNG or JPEG" in (office.row("b").message or "")
    assert len(office.exact.records[DOCUMENTS]) == 1


def test_when_the_sources_calls_are_used_up_the_rest_is_left_alone_until_the_next_minute(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.deliver(*many(5, receipts=(Receipt(url="r", media_type="application/pdf"),)))
    fetched = []

    def fetch(receipt: Receipt) -> bytes:
        if len(fetched) == 2:
            raise QuotaExhaustedError("No call is left.", retry_at=datetime.now(UTC), window="minute")
        fetched.append(receipt)
        return b"%PDF-1.7"

    monkeypatch.setattr(office.drawer, "fetch", fetch)
    with pytest.raises(QuotaExhaustedError):
        office.export()
    states = Counter(row.state for row in office.outbox.rows())
    assert states == {State.EXPORTED: 2, State.PREPARED: 3}
    assert sum("Taken by an export." in office.whys(f"p-{number}") for number in range(1, 6)) == 3


def test_the_same_receipt_twice_is_attached_once_in_whatever_order_receipts_come(office: Office) -> None:
    one, two = (Receipt(url=name, media_type="image/png", checksum=name) for name in ("one", "two"))
    office.drawer.contents = {"one": b"\x89PNG\r\n\x1a\n1", "two": b"\xff\xd8\xff2"}
    office.deliver(invoice(receipts=(one, two, one)))
    failpoints.plant("export.noted=fail:2")
    with pytest.raises(failpoints.FailpointError):
        office.export()
    office.outbox.receive([invoice(receipts=(two, one, one))], actor=HUMAN)
    settle(office)
    names = [record["FileName"].rpartition(".")[2] for record in office.exact.records[ATTACHMENTS]]
    assert sorted(names) == ["jpg", "png"]


def test_a_supplier_that_several_payables_need_is_created_once(office: Office) -> None:
    office.execute("UPDATE exactsync.payable_sources SET creates_suppliers = true")
    office.deliver(*many(3, who={"id": "s-9", "name": "Newcomer Ltd"}))
    office.exact.plant(RELATIONS, "lost after")
    office.export()
    settle(office)
    assert {office.row(f"p-{place}").state for place in (1, 2, 3)} == {State.EXPORTED}
    (created,) = office.exact.records[RELATIONS]
    assert {entry["Supplier"] for entry in office.exact.records[ENTRIES]} == {str(created["ID"])}


def test_a_supplier_that_another_worker_is_creating_is_waited_for(office: Office) -> None:
    office.execute("UPDATE exactsync.payable_sources SET creates_suppliers = true")
    office.deliver(*many(2, who={"id": "s-9", "name": "Newcomer Ltd"}))

    def let_another_try(endpoint: str, _body: object) -> None:
        if endpoint == RELATIONS:
            office.exact.before_post = lambda _endpoint, _body: None
            office.export("another")

    office.exact.before_post = let_another_try
    office.export("one")
    settle(office)
    assert len(office.exact.records[RELATIONS]) == 1
    assert [office.row(f"p-{place}").state for place in (1, 2)] == [State.EXPORTED] * 2


def test_a_match_that_was_made_is_kept(office: Office) -> None:
    office.deliver(INVOICE)
    office.export()
    with office.engine.connect() as connection:
        kept = connection.exec_driver_sql(
            "SELECT target, note FROM exactsync.payable_mappings WHERE kind = 'supplier' AND key = 's-1'"
        ).one()
    assert tuple(kept) == (office.exact.records[ENTRIES][0]["Supplier"], "name")


def test_what_was_prepared_and_no_longer_passes_is_blocked_before_anything_is_sent(office: Office) -> None:
    office.deliver(INVOICE)
    office.execute("DELETE FROM exactsync.payable_mappings WHERE kind = 'journal'")
    office.export()
    assert office.row().state is State.BLOCKED
    assert [reason["check"] for reason in office.row().reasons] == ["journal_unmapped"]
    assert office.exact.posts == []


def test_an_export_of_some_takes_no_others(office: Office) -> None:
    office.deliver(*many(3), invoice(id="old", payable_date=changed(INVOICE).payable_date.replace(day=1)))
    office.export(wanted=Wanted(payables=["p-2"]))
    office.export(wanted=Wanted(last=INVOICE.payable_date.replace(day=2)))
    exported = office.outbox.rows(Wanted(states=[State.EXPORTED]))
    assert sorted(row.payable_id for row in exported) == ["old", "p-2"]


def test_it_is_known_when_to_come_back(office: Office) -> None:
    office.deliver(INVOICE)
    assert next_look(office.engine, INTEGRATION, DIVISION, Wanted()) is None
    office.exact.plant(ENTRIES, "lost before")
    office.export()
    assert next_look(office.engine, INTEGRATION, DIVISION, Wanted()) == office.row().look_at
