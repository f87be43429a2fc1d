"""A person is erased from payables: texts go, books stay, and nothing of it happens by half."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from sqlalchemy import text

from exactsync import failpoints
from exactsync.errors import ConfigurationError
from exactsync.housekeeping import Housekeeping
from exactsync.payable import ERASED, Counterparty, Payable
from exactsync.payables.lifecycle import Action, State
from exactsync.payables.rows import Key
from exactsync.spendesk import parse
from exactsync.spendesk.masking import mask_payable
from exactsync.warehouse import erasure, spend
from tests.payables.conftest import HUMAN, SOURCE, Office
from tests.payables.exact import ENTRIES, RELATIONS
from tests.unit.payables.company import ACME, DIVISION, invoice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

JAN = Counterparty(kind="supplier", id="s-jan", name="Jan de Vries", iban="NL02ABNA0123456789", vat_number="NL001")
MARIA = Counterparty(kind="employee", id="e-maria", name="Maria Jansen")
TRACES = ("vries", "jansen", "NL02ABNA0123456789", "NL001", "birthday", "@")


@pytest.fixture(autouse=True)
def nothing_planted() -> Iterator[None]:
    yield
    failpoints.plant("")


def housekeeping(office: Office) -> Housekeeping:
    return Housekeeping([office.engine], warehouse=office.engine)


def of(party: Counterparty, payable_id: str, **changes: Any) -> Payable:
    line = {"description": f"{party.name}'s birthday"}
    return replace(
        invoice(id=payable_id, number=payable_id, line=line, description=f"For {party.name}"),
        counterparty=party,
        **changes,
    )


def map_to(office: Office, party: Counterparty, relation: UUID, note: str | None = None) -> None:
    office.execute(
        """
        INSERT INTO exactsync.payable_mappings (source, kind, key, target, note)
        VALUES (:source, :kind, :key, :target, :note)
        """,
        source=SOURCE,
        kind=party.kind,
        key=party.id,
        target=str(relation),
        note=note,
    )


def stored(office: Office) -> str:
    """Every row of every table of ours, as text."""
    with office.engine.connect() as connection:
        tables = connection.scalars(
            text("""
            SELECT oid::regclass::text FROM pg_class
            WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ('exactsync', 'spendesk')
            """)
        ).all()
        return "\n".join(
            row for table in tables for row in connection.scalars(text(f"SELECT t::text FROM {table} AS t"))
        )


def traces(office: Office) -> set[str]:
    found = stored(office).lower()
    return {trace for trace in TRACES if trace.lower() in found}


def record_of(payable: Payable, **changes: Any) -> dict[str, Any]:
    """A payable as Spendesk writes it, with what no reader of ours looks at."""
    return {
        "id": payable.id,
        "type": "invoicePurchase",
        "invoiceNumber": payable.number,
        "description": payable.description,
        "requester": {"email": "jan@example.test", "name": "Jan de Vries"},
        "payableDate": "2026-03-29",
        "currency": "EUR",
        "amount": 12100,
        "functionalCurrency": "EUR",
        "functionalAmount": 12100,
        "functionalExchangeRate": 1,
        "bookkeepingStatus": "prepared",
        "counterparty": {
            "id": payable.counterparty.id,
            "type": payable.counterparty.kind,
            "name": payable.counterparty.name,
            "email": "jan@example.test",
        },
        "lineItems": [
            {
                "description": payable.lines[0].description,
                "expenseAccount": {"code": "4500", "name": "Birthday presents"},
                "vatAccount": {"code": "NL21", "rate": 21},
                "financial": {"netAmount": 10000, "vatAmount": 2100, "grossAmount": 12100},
                "analyticalProperties": [{"fieldName": "Employee", "valueName": payable.counterparty.name}],
            }
        ],
        "allocations": [{"settlementId": f"paid {payable.id}", "allocatedAmount": 12100}],
        **changes,
    }


def tell(office: Office, *records: dict[str, Any]) -> None:
    """Let Spendesk tell of payables, with what paid them, their suppliers and their receipts."""
    received = [
        spend.Received(
            id=record["id"],
            raw=record,
            payable=parse.parse_payable(SOURCE, record),
            allocations=parse.parse_allocations(record),
        )
        for record in records
    ]
    paid = [
        parse.settlement_row(
            {
                "id": f"paid {record['id']}",
                "type": "payment",
                "medium": "transfer",
                "paidFrom": "bank",
                "transactionDescription": f"To {record['counterparty']['name']}",
                "createdAt": "2026-03-29T10:00:00Z",
                "amount": 12100,
                "currency": "EUR",
                "billingAmount": 12100,
                "billingCurrency": "EUR",
            }
        )
        for record in records
    ]
    suppliers = [
        parse.supplier_row({"id": one["counterparty"]["id"], "name": one["counterparty"]["name"], "iban": JAN.iban})
        for one in records
    ]
    with office.engine.begin() as connection:
        spend.store_payables(connection, SOURCE, received)
        spend.store_settlements(connection, SOURCE, paid)
        spend.store_suppliers(connection, SOURCE, suppliers)
        for record in records:
            receipt = {"id": "r-1", "media_type": "application/pdf", "checksum": "birthday", "attached_at": None}
            digest = connection.scalar(text("SELECT md5(raw::text) FROM spendesk.payables WHERE id = :id"), record)
            spend.store_attachments(connection, SOURCE, record["id"], [receipt], digest=str(digest))


def test_texts_go_and_what_a_bookkeeper_must_keep_stays(office: Office) -> None:
    map_to(office, JAN, ACME, note="Jan, whom I know by his birthday")
    office.deliver(of(JAN, "p-1"), of(JAN, "p-2", lines=()))
    office.export()
    tell(office, record_of(of(JAN, "p-1")), record_of(of(JAN, "p-2")))
    before = office.row("p-1")
    assert (before.state, traces(office)) == (State.EXPORTED, {*TRACES} - {"jansen"})

    erased = housekeeping(office).erase(DIVISION, str(ACME), reason="request 17")
    assert (erased.counterparties, traces(office)) == (("supplier s-jan of spendesk_default",), set())
    after = office.row("p-1")
    kept = ("state", "reference", "amount", "currency", "entry_date", "entry_id", "entry_number", "document_id")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    payable, booked = Payable.from_json(after.payable), Payable.from_json(before.payable)
    assert [(one.account_code, one.net, one.vat) for one in payable.lines] == [
        (one.account_code, one.net, one.vat) for one in booked.lines
    ]
    assert (payable.number, payable.counterparty.id, payable.counterparty.name) == ("p-1", "s-jan", ERASED)
    with office.engine.connect() as connection:
        (told,) = connection.execute(
            text("SELECT amount, currency, number, description FROM spendesk.payables WHERE id = 'p-1'")
        )
    assert tuple(map(str, told)) == ("121.00", "EUR", "p-1", ERASED)
    assert erased.payables["exactsync.payables_outbox"] == erased.payables["spendesk.payables"] == 2


def test_the_record_of_it_names_tables_and_counts_and_nobody(office: Office) -> None:
    map_to(office, JAN, ACME)
    office.deliver(of(JAN, "p-1"))
    housekeeping(office).erase(DIVISION, str(ACME), reason="request 17")
    with office.engine.connect() as connection:
        logged = connection.execute(
            text("SELECT division, entity, deleted, run_id FROM exactsync.load_log WHERE mode = 'erasure' ORDER BY 2")
        ).all()
    assert [tuple(row) for row in logged] == [
        (DIVISION, "exactsync.payables_outbox", 1, "erasure: request 17"),
        (DIVISION, "exactsync.payables_outbox_history", 2, "erasure: request 17"),
    ]


def test_what_was_not_booked_is_sent_back_and_comes_back_only_if_it_is_delivered_again(office: Office) -> None:
    map_to(office, JAN, ACME)
    office.deliver(of(JAN, "p-1"))
    housekeeping(office).erase(DIVISION, str(ACME), reason="request 17")
    assert (office.row().state, office.row().reason) == (State.SENT_BACK, f"{ERASED} request 17")
    office.prepare()
    assert (office.export(), office.exact.posts) == (0, [])
    with pytest.raises(ConfigurationError, match="nobody knows any more whom it is owed to"):
        office.outbox.act(Key(SOURCE, "p-1"), Action.RETRY, why="why not", actor=HUMAN)
    office.deliver(of(JAN, "p-1"))
    assert office.row().state is State.PREPARED


def test_what_spendesk_has_told_before_is_not_delivered_anew(office: Office) -> None:
    map_to(office, JAN, ACME)
    tell(office, record_of(of(JAN, "p-1")))
    with office.engine.connect() as connection:
        assert len(spend.read_payables(connection, SOURCE, ["prepared"])) == 1
    housekeeping(office).erase(DIVISION, str(ACME), reason="r")
    with office.engine.connect() as connection:
        assert spend.read_payables(connection, SOURCE, ["prepared"]) == []
        assert spend.payables_without_receipts(connection, SOURCE, ["prepared"]) == []


def test_a_record_that_cannot_be_read_is_of_nobody_either(office: Office) -> None:
    record = record_of(of(JAN, "p-1"), amount="birthday of Jan de Vries")
    broken = spend.Received(id="p-1", raw=record, payable=None, problem="'birthday' is no amount")
    with office.engine.begin() as connection:
        spend.store_payables(connection, SOURCE, [broken])
    housekeeping(office).erase_counterparty(SOURCE, "s-jan", reason="r")
    assert traces(office) == set()


@pytest.mark.parametrize("state", [State.EXPORTING, State.IN_DOUBT])
def test_nothing_is_erased_while_a_payable_of_theirs_is_on_its_way(office: Office, state: State) -> None:
    map_to(office, JAN, ACME)
    office.deliver(of(JAN, "p-1"), of(JAN, "p-2"))
    if state is State.EXPORTING:
        failpoints.plant("export.ready=fail")
        with pytest.raises(failpoints.FailpointError):
            office.export()
        failpoints.plant("")
    else:
        office.exact.plant(ENTRIES, "lost after")
        office.export()
    before = stored(office)
    with pytest.raises(ConfigurationError, match=f"on their way to Exact: {SOURCE}/p-1 .*Nothing was erased") as error:
        housekeeping(office).erase(DIVISION, str(ACME), reason="r")
    assert "page Exports" in str(error.value)
    assert stored(office) == before


def test_nothing_is_erased_while_nobody_knows_whether_exact_has_created_the_supplier(office: Office) -> None:
    office.execute("UPDATE exactsync.payable_sources SET creates_suppliers = true")
    office.deliver(of(JAN, "p-1", lines=of(JAN, "p-1").lines))
    office.exact.plant(RELATIONS, "lost before")
    office.export()
    office.execute("UPDATE exactsync.payables_outbox SET state = 'prepared'")
    with pytest.raises(ConfigurationError, match="Nobody knows yet whether Exact has created supplier s-jan"):
        housekeeping(office).erase_counterparty(SOURCE, "s-jan", reason="r")


def test_a_supplier_that_was_created_at_exact_leaves_no_name_in_the_steps(office: Office) -> None:
    office.execute("UPDATE exactsync.payable_sources SET creates_suppliers = true")
    office.deliver(of(JAN, "p-1"))
    office.export()
    assert office.row().state is State.EXPORTED
    created = office.exact.records[RELATIONS][0]["ID"]
    erased = housekeeping(office).erase(DIVISION, str(created), reason="r")
    assert erased.payables["exactsync.export_steps"] == 2
    assert traces(office) == set()


def test_another_with_the_same_iban_is_another_person(office: Office) -> None:
    map_to(office, JAN, ACME)
    sister = replace(JAN, id="s-sister", name="Other", vat_number=None)
    office.deliver(of(JAN, "p-1"), of(sister, "p-2"))
    tell(office, record_of(of(JAN, "p-1")), record_of(of(sister, "p-2"), requester=None))
    housekeeping(office).erase(DIVISION, str(ACME), reason="r")
    assert Payable.from_json(office.row("p-2").payable) == of(sister, "p-2")
    assert "vries" not in stored(office).lower()
    with office.engine.connect() as connection:
        ibans = connection.execute(text("SELECT id, iban FROM spendesk.suppliers ORDER BY id")).all()
    assert [tuple(row) for row in ibans] == [("s-jan", None), ("s-sister", JAN.iban)]


def test_an_employee_and_a_supplier_of_one_account_are_erased_with_it_and_apart_by_their_own_keys(
    office: Office,
) -> None:
    map_to(office, JAN, ACME)
    map_to(office, MARIA, ACME)
    office.deliver(of(JAN, "p-1"), of(MARIA, "p-2"))
    housekeeping(office).erase_counterparty(SOURCE, "e-maria", reason="r")
    assert [office.row(each).counterparty for each in ("p-1", "p-2")] == ["Jan de Vries", ERASED]
    erased = housekeeping(office).erase(DIVISION, str(ACME), reason="r")
    assert erased.counterparties == (
        "employee e-maria of spendesk_default",
        "supplier s-jan of spendesk_default",
    )
    assert traces(office) == set()


def test_payables_of_all_who_have_no_supplier_of_their_own_are_only_counted(office: Office) -> None:
    map_to(office, replace(JAN, id=""), ACME)
    office.deliver(of(JAN, "p-1"))
    office.export()
    erased = housekeeping(office).erase(DIVISION, str(ACME), reason="r")
    assert (erased.counterparties, erased.mentions) == ((), {"payables of others": 1})
    assert office.row().counterparty == "Jan de Vries"


def test_a_payable_that_went_from_one_person_to_another_forgets_both(office: Office) -> None:
    map_to(office, JAN, ACME)
    map_to(office, MARIA, ACME)
    office.deliver(of(JAN, "p-1"))
    office.export()
    office.deliver(of(MARIA, "p-1"))
    assert office.row().is_edited
    housekeeping(office).erase(DIVISION, str(ACME), reason="r")
    assert (traces(office), office.row().state, office.row().is_edited) == (set(), State.EXPORTED, True)


def test_a_crash_in_the_middle_has_erased_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    map_to(office, JAN, ACME)
    office.deliver(of(JAN, "p-1"))
    before = stored(office)

    def die(*_: object, **__: object) -> None:
        raise failpoints.FailpointError("in the middle")

    monkeypatch.setattr(erasure, "erase", die)
    with pytest.raises(failpoints.FailpointError):
        housekeeping(office).erase(DIVISION, str(ACME), reason="r")
    assert stored(office) == before


def test_a_second_time_finds_only_what_has_come_since(office: Office) -> None:
    map_to(office, JAN, ACME)
    office.deliver(of(JAN, "p-1"))
    tell(office, record_of(of(JAN, "p-1")))
    keeper = housekeeping(office)
    assert sum(keeper.erase(DIVISION, str(ACME), reason="r").payables.values()) > 0
    assert sum(keeper.erase(DIVISION, str(ACME), reason="r").payables.values()) == 0
    office.deliver(of(JAN, "p-2"))
    again = keeper.erase(DIVISION, str(ACME), reason="r").payables
    assert (again["exactsync.payables_outbox"], traces(office)) == (1, set())


def test_keys_of_files_may_be_names_and_go_too(office: Office) -> None:
    office.execute("UPDATE exactsync.payable_sources SET kind = 'files'")
    named = replace(JAN, id="de Vries, Jan")
    map_to(office, named, ACME)
    office.deliver(of(named, "p-1"))
    office.export()
    keeper = housekeeping(office)
    keeper.erase(DIVISION, str(ACME), reason="r")
    assert traces(office) == set()
    key = office.row().payable["counterparty"]["id"]
    assert keeper.erase(DIVISION, str(ACME), reason="r").counterparties == (f"supplier {key} of {SOURCE}",)


def test_whom_nobody_knows_is_not_erased_and_two_of_one_key_are_told_apart(office: Office) -> None:
    keeper = housekeeping(office)
    with pytest.raises(ConfigurationError, match="Nothing is stored of a counterparty s-9"):
        keeper.erase_counterparty(SOURCE, "s-9", reason="r")
    office.deliver(of(JAN, "p-1"), of(replace(MARIA, id="s-jan"), "p-2"))
    with pytest.raises(ConfigurationError, match="has a supplier and an employee s-jan"):
        keeper.erase_counterparty(SOURCE, "s-jan", reason="r")
    keeper.erase_counterparty(SOURCE, "s-jan", kind="employee", reason="r")
    assert [office.row(each).counterparty for each in ("p-1", "p-2")] == ["Jan de Vries", ERASED]


def test_a_masked_record_of_spendesk_reads_as_the_payable_without_the_person() -> None:
    record = record_of(of(JAN, "p-1"))
    wire = orjson.loads(orjson.dumps(record))
    masked = parse.parse_payable(SOURCE, mask_payable(wire))
    assert masked == parse.parse_payable(SOURCE, record).without_person("s-jan")
    assert wire == record
