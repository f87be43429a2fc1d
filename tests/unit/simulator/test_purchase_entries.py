from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest

from exactsync.simulator import Company
from tests.unit.simulator.office import COMPANIES, ENTRIES, LINES, OURS, WHOLE, Office


@pytest.fixture
def office_with(visit):
    """Return a function that opens an office with the given settings, English unless told otherwise."""
    return lambda **changes: Office(visit(**{"companies": COMPANIES, "language": "en", **changes}))


@pytest.fixture
def office(office_with) -> Office:
    return office_with()


def test_an_entry_is_completed_by_exact_and_can_be_read_with_its_lines(office):
    told = office.book(
        office.line(amount=100.0, VATCode="E21", CostCenter="SAL", Description="Lunch"),
        office.line(amount=50.0, VATCode="B"),
        YourRef="F-1",
        ExternalLinkReference="ours-1",
        Description="Lunches",
    )
    assert (told["EntryNumber"], told["Type"], told["Status"]) == (24600001, 30, 20)
    assert (told["AmountFC"], told["AmountDC"], told["VATAmountFC"]) == (171, 171, 21)
    assert (told["SupplierName"], told["Currency"], told["Rate"]) == ("Acme", "EUR", 1)
    assert (told["ReportingYear"], told["ReportingPeriod"]) == (2024, 6)

    (entry,) = office.truth("PurchaseEntries")
    assert (entry["EntryDate"], entry["DueDate"]) == (date(2024, 6, 15), date(2024, 7, 15))
    found = office.visitor.records(
        f"{OURS}/{ENTRIES}", select="EntryID,Created", filter=f"Supplier eq guid'{office.ids['Acme']}'"
    )
    assert [one["EntryID"] for one in found] == [told["EntryID"]]
    lines = office.visitor.records(f"{OURS}/{LINES}", filter=f"EntryID eq guid'{told['EntryID']}'")
    assert sorted(one["LineNumber"] for one in lines) == [1, 2]
    first = next(one for one in lines if one["LineNumber"] == 1)
    assert (first["GLAccountCode"], first["CostCenter"], first["VATCode"]) == ("4500", "SAL", "E21")
    assert office.visitor.broken_rules() == []


@pytest.mark.parametrize(
    ("code", "posted", "vat", "expected"),
    [
        ("E21", 100.0, None, (121.0, 21.0, 100.0)),
        ("E21", 100.0, 20.99, (120.99, 20.99, 100.0)),
        ("E21", 0.03, None, (0.04, 0.01, 0.03)),
        ("I21", 121.0, None, (121.0, 21.0, 100.0)),
        ("I21", 100.0, None, (100.0, 17.36, 82.64)),
        ("I21", 121.0, 20.0, (121.0, 20.0, 101.0)),
        ("B", 100.0, None, (100.0, 0.0, 100.0)),
        ("N", 100.0, None, (100.0, 0.0, 100.0)),
        ("EU", 100.0, None, (100.0, 21.0, 100.0)),
        (None, 100.0, None, (100.0, 0.0, 100.0)),
        ("E21", -100.0, None, (-121.0, -21.0, -100.0)),
    ],
)
def test_the_type_of_the_vat_code_says_what_amounts_are(office, code, posted, vat, expected):
    line = {"VATCode": code, "VATAmountFC": vat}
    office.book(office.line(amount=posted, **{name: value for name, value in line.items() if value is not None}))
    (entry,), (stored,) = office.truth("PurchaseEntries"), office.truth("PurchaseEntryLines")
    assert (entry["AmountFC"], stored["VATAmountFC"], stored["VATBaseAmountFC"]) == expected
    assert entry["Type"] == (31 if posted < 0 else 30)


def test_a_line_without_a_vat_code_has_that_of_its_account(office):
    assert office.book(office.line("4510"))["AmountFC"] == 121


def test_another_currency_has_the_rate_that_is_posted(office):
    told = office.book(office.line(amount=100.0, VATCode="E21"), Journal="61", Currency="USD", Rate=0.9)
    assert (told["AmountFC"], told["AmountDC"], told["VATAmountDC"]) == (121, 108.9, 18.9)


def test_numbers_run_on_in_each_journal_and_year(office):
    numbers = [office.book(Journal=journal)["EntryNumber"] for journal in ("60", "60", "61")]
    assert numbers == [24600001, 24600002, 24610001]


@pytest.mark.parametrize(
    ("values", "line", "expected"),
    [
        ({"Supplier": None, "Journal": None}, {}, "Mandatory: Diary\r\nMandatory: Relationship"),
        ({"PurchaseEntryLines": []}, {}, "Mandatory: Entry lines"),
        ({"Supplier": str(uuid4())}, {}, "Invalid reference: Relationship"),
        ({"Supplier": "Customer"}, {}, "Relationship: the account is not a supplier"),
        ({"Supplier": "Blocked"}, {}, "Blocked: Relationship"),
        ({"Supplier": "Gone"}, {}, "No longer active: Relationship"),
        ({"Journal": "99"}, {}, "Invalid reference: Diary"),
        ({"Journal": "62"}, {}, "Blocked: Diary"),
        ({"Journal": "90"}, {}, "Invalid journal. The journal must be a purchase journal."),
        ({"EntryDate": "2031-06-15"}, {}, "Invalid reference: Period"),
        ({"EntryDate": "2024-03-03"}, {}, "Closed: Period"),
        ({"ReportingYear": 2024, "ReportingPeriod": 3}, {}, "Closed: Period"),
        ({"PaymentCondition": "99"}, {}, "Invalid reference: Payment condition"),
        ({"Currency": "USD"}, {}, "Not allowed: Currency"),
        ({"Currency": "XXX", "Journal": "61"}, {}, "Invalid reference: Currency"),
        ({"Rate": 0.9}, {}, "Not allowed: Exchange rate"),
        ({"VATAmountFC": 20.0}, {"VATCode": "E21"}, "Not in balance: VAT amount"),
        ({}, {"AmountFC": None}, "Mandatory: Amount"),
        ({}, {"GLAccount": "4520"}, "Blocked: G/L account"),
        ({}, {"GLAccount": "4530"}, "Mandatory: Cost center"),
        ({}, {"GLAccount": "4540", "CostCenter": "SAL"}, "Not allowed: Cost center"),
        ({}, {"CostCenter": "MKT"}, "No longer active: Cost center"),
        ({}, {"CostCenter": "sal"}, "Invalid reference: Cost center"),
        ({}, {"VATCode": "X"}, "Invalid reference: VAT code"),
        ({}, {"VATCode": "S"}, "Invalid reference: VAT code"),
        ({}, {"VATCode": "OLD"}, "Blocked: VAT code"),
        ({}, {"VATCode": "N", "VATAmountFC": 21.0}, "Not allowed: VAT amount"),
        ({}, {"CostUnit": "77", "Project": str(uuid4())}, "Invalid reference: Cost unit\r\nInvalid reference: Project"),
    ],
)
def test_what_the_books_do_not_allow_is_a_500_that_breaks_no_rule(office, values, line, expected):
    office.visitor.simulator.close_period(OURS, "60", 2024, 3)
    named = {name: str(office.ids.get(value, value)) for name, value in values.items() if name == "Supplier" and value}
    posted = office.line(line.get("GLAccount", "4500")) | {n: v for n, v in line.items() if n != "GLAccount"}
    assert office.refusal(posted, **{**values, **named}) == expected
    assert office.truth("PurchaseEntryLines") == []
    assert office.visitor.broken_rules() == []


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("nl", "Verplicht: Relatie\r\nOngeldige referentie: Dagboek\r\nOngeldige referentie: Btw-code"),
        ("fr", "Obligatoire : Relation\r\nRéférence non valide : Journal\r\nRéférence non valide : Code TVA"),
    ],
)
def test_it_is_said_in_the_language_of_the_user(office_with, language, expected):
    office = office_with(language=language)
    assert office.refusal(office.line(VATCode="X"), Supplier=None, Journal="99") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"[]", "The request should be a valid top-level resource object."),
        (b"{", "The request should be a valid top-level resource object."),
        (b"", "The request should be a valid top-level resource object."),
        ({"NotAField": 1}, "The property name 'NotAField' specified for type"),
        ({"Status": 50}, "The property name 'Status' specified for type"),
        ({"PurchaseEntryLines": [{"Costcenter": "SAL"}]}, "The property name 'Costcenter' specified for type"),
        ({"PurchaseEntryLines": {}}, "The value of the property 'PurchaseEntryLines' is not a list"),
        ({"Supplier": "Acme"}, "property 'Supplier' to type 'Edm.Guid'"),
        ({"Journal": 60}, "property 'Journal' to type 'Edm.String'"),
        ({"Rate": "0.9"}, "property 'Rate' to type 'Edm.Double'"),
        ({"EntryDate": "15-06-2024"}, "property 'EntryDate' to type 'Edm.DateTime'"),
        ({"ReportingPeriod": 2**15}, "property 'ReportingPeriod' to type 'Edm.Int16'"),
    ],
)
def test_what_the_data_service_does_not_take_is_a_400(office, body, expected):
    response = office.visitor.post(f"{OURS}/{ENTRIES}", body)
    assert response.status_code == 400
    text = response.json()["error"]["message"]["value"]
    assert text.startswith("Error processing request stream.")
    assert expected in text
    assert office.visitor.broken_rules() == ["bad_body"]


def test_a_day_with_a_zone_ends_up_on_the_day_before(office):
    office.book(EntryDate="2024-06-15T00:00:00Z")
    assert office.truth("PurchaseEntries")[0]["EntryDate"] == date(2024, 6, 14)


@pytest.mark.parametrize(
    ("answer", "prefer", "is_whole"),
    [
        ("preferred", {}, False),
        ("preferred", WHOLE, True),
        ("key", WHOLE, False),
        ("whole", {}, True),
    ],
)
def test_a_201_tells_the_address_and_the_rest_only_if_preferred(office_with, answer, prefer, is_whole):
    office = office_with(created_answer=answer)
    response = office.visitor.post(f"{OURS}/{ENTRIES}", office.entry(), **prefer)
    assert response.status_code == 201
    told = response.json()["d"]
    (entry,) = office.truth("PurchaseEntries")
    assert told["__metadata"]["uri"].endswith(f"/{OURS}/{ENTRIES}(guid'{entry['EntryID']}')")
    assert response.headers["location"] == told["__metadata"]["uri"]
    assert told["EntryNumber"] == (entry["EntryNumber"] if is_whole else None)


def test_the_id_of_another_companys_relation_is_dropped_and_nobody_is_told(office):
    told = office.book(Supplier=str(office.ids["Foreign"]))
    assert told["Supplier"] is told["SupplierName"] is None


def test_the_id_of_another_companys_relation_may_be_refused(office_with):
    office = office_with(foreign_ids="refused")
    assert office.refusal(Supplier=str(office.ids["Foreign"])) == "Invalid reference: Relationship"


def test_a_header_may_be_made_although_its_lines_are_refused(office_with):
    office = office_with(header_survives=True)
    response = office.visitor.post(f"{OURS}/{ENTRIES}", office.entry(office.line(VATCode="X"), YourRef="F-1"))
    assert response.status_code == 500
    (entry,) = office.truth("PurchaseEntries")
    assert (entry["YourRef"], entry["AmountFC"]) == ("F-1", 0.0)
    assert office.truth("PurchaseEntryLines") == []
    assert "Relationship" in office.refusal(office.line(VATCode="X"), Supplier=None)


def test_a_supplier_may_have_two_entries_of_one_number_unless_told_otherwise(office_with):
    office = office_with()
    assert office.book(YourRef="F-1")["EntryID"] != office.book(YourRef="F-1")["EntryID"]
    office.visitor.simulator.configure(double_your_ref="refused")
    assert office.refusal(YourRef="F-1") == "Your ref.: Already exists"
    office.book(YourRef="F-2")


def test_a_number_in_use_is_refused(office):
    number = office.book()["EntryNumber"]
    assert office.refusal(EntryNumber=number) == "In use: Entry number"


def test_two_entries_of_one_reference_of_the_clients_own_break_a_rule(office):
    office.book(ExternalLinkReference="ours-1")
    office.book(ExternalLinkReference="ours-2")
    assert office.visitor.broken_rules() == []
    office.book(ExternalLinkReference="ours-1")
    assert office.visitor.broken_rules() == ["booked_twice"]


def test_entries_cannot_be_found_by_the_reference_of_another_program(office):
    response = office.visitor.get(f"{OURS}/{ENTRIES}", filter="ExternalLinkReference eq 'ours-1'")
    assert response.status_code == 400
    assert office.visitor.broken_rules() == ["forbidden_filter"]


def test_a_post_is_a_call_of_the_budget_and_needs_the_scope_and_the_division(office_with):
    office = office_with()
    response = office.visitor.post(f"{OURS}/{ENTRIES}", office.entry())
    assert response.headers["X-RateLimit-Remaining"] == "4999"
    office.visitor.simulator.permit(OURS, permitted=False)
    assert office.visitor.post(f"{OURS}/{ENTRIES}", office.entry()).status_code == 403
    office.visitor.simulator.permit(OURS)
    office.visitor.simulator.configure(calls_per_minute=2)
    assert office.visitor.post(f"{OURS}/{ENTRIES}", office.entry()).status_code == 429
    assert len(office.truth("PurchaseEntries")) == 1


def test_lists_that_only_exact_fills_take_no_post(office):
    assert office.visitor.post(f"{OURS}/vat/VATCodes", {"Code": "X"}).status_code == 405
    assert office.visitor.post(f"{OURS}/{LINES}", office.line()).status_code == 405
    assert office.visitor.broken_rules() == ["unknown_method"] * 2


def test_hostile_books_take_an_entry_or_refuse_it_in_order(visit):
    names = ("Accounts", "GLAccounts", "VATCodes", "Costcenters", "Costunits", "PaymentConditions", "Projects")
    sizes = {**dict.fromkeys(names, 15), "Journals": 8, "FinancialPeriods": 96}
    company = Company(code=OURS, name="x", country="NL", sizes=sizes)
    visitor = visit(companies=(company,), hostile=1.0, calls_per_minute=1000)
    simulator = visitor.simulator
    amounts = (1e300, -0.005, 1e-320, 0.0, 100.0)
    statuses = set()
    for number, account in enumerate(simulator.truth(OURS, "GLAccounts")):
        line = {
            "GLAccount": str(account["ID"]),
            "AmountFC": amounts[number % len(amounts)],
            "VATCode": simulator.truth(OURS, "VATCodes")[number]["Code"],
            "Project": str(simulator.truth(OURS, "Projects")[number]["ID"]),
        }
        body = {
            "Journal": simulator.truth(OURS, "Journals")[number % 8]["Code"],
            "Supplier": str(simulator.truth(OURS, "Accounts")[number]["ID"]),
            "EntryDate": "2024-06-15",
            "PurchaseEntryLines": [line],
        }
        response = visitor.post(f"{OURS}/{ENTRIES}", body)
        statuses.add(response.status_code)
        assert response.json().keys() <= {"d", "error"}
    assert statuses <= {201, 500}
    assert visitor.broken_rules() == []


def test_others_have_booked_before(visit):
    sizes = dict.fromkeys(("PurchaseEntries", "PurchaseEntryLines", "Accounts", "GLAccounts", "FinancialPeriods"), 12)
    company = Company(code=OURS, name="x", country="NL", sizes={**sizes, "Journals": 8})
    simulator = visit(companies=(company,)).simulator
    entries = {one["EntryID"]: one for one in simulator.truth(OURS, "PurchaseEntries")}
    lines = simulator.truth(OURS, "PurchaseEntryLines")
    suppliers = {one["ID"] for one in simulator.truth(OURS, "Accounts") if one["IsSupplier"]}
    assert {one["EntryID"] for one in lines} == entries.keys()
    assert len(entries) == 12
    for line in lines:
        entry = entries[line["EntryID"]]
        assert line["AmountFC"] + line["VATAmountFC"] == entry["AmountFC"]
        assert entry["Supplier"] in suppliers
