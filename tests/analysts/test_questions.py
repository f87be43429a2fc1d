"""The questions of docs/warehouse/questions.md, asked by an analyst in a warehouse whose answers are known."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from exactsync.entities import entities
from exactsync.simulator import Company, Settings, Simulator
from tests.integration.conftest import Installation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import DatabaseServer

    Ask = Callable[[str], list[dict[str, Any]]]

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "warehouse" / "questions.md").read_text()
QUESTIONS = dict(re.findall(r"^## (.+?)\n.*?^```sql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
NL, BE = 1000001, 1000002
COMPANIES = (Company(code=NL, name="Demo NL", country="NL"), Company(code=BE, name="Demo BE", country="BE"))
TODAY = datetime.now(ZoneInfo("Europe/Amsterdam")).date()
DAY = timedelta(days=1)


class Books:
    """Two companies at Exact, and what people write there."""

    def __init__(self, exact: Simulator) -> None:
        self.exact = exact

    def supplier(self, division: int, code: str, **values: Any) -> Any:
        plain = {"Blocked": False, "StartDate": None, "EndDate": None, "GLAccountPurchase": None, "IsSupplier": True}
        named = {"Code": code, "Name": f"{code} & Zn.", "VATNumber": f"NL{code}", "Email": None}
        return self.exact.insert(division, "Accounts", {**plain, **named, **values}).key

    def account(self, division: int, code: str, **values: Any) -> Any:
        plain = {"Code": code, "Description": f"Kosten {code}", "IsBlocked": False, "UseCostcenter": 0}
        return self.exact.insert(division, "GLAccounts", {**plain, "Costcenter": None, **values}).key

    def cost_center(self, division: int, code: str, **values: Any) -> Any:
        return self.exact.insert(division, "Costcenters", {"Code": code, "EndDate": None, **values}).key

    def vat_rate(self, division: int, vat_code: Any, rate: float, **days: date) -> None:
        plain = {"VATCodeID": vat_code, "Percentage": rate, "Type": 0, "StartDate": None, "EndDate": None}
        self.exact.insert(division, "VatPercentages", {**plain, **days})

    def element(self, division: int, name: str, parent: Any) -> Any:
        values = {"Code": name[:3], "Name": name, "Description": name, "Parent": parent}
        return self.exact.insert(division, "GLClassifications", values).key

    def classify(self, division: int, account: Any, element: Any) -> None:
        values = {"GLAccount": account, "Classification": element}
        self.exact.insert(division, "GLAccountClassificationMappings", values)


def write(books: Books) -> None:
    """What stands in the books at first."""
    books.supplier(NL, "no-number", VATNumber=None)
    books.supplier(NL, "no-number-and-blocked", VATNumber=None, Blocked=True)
    books.supplier(BE, "empty-number", VATNumber="")
    books.supplier(NL, "twice-a", VATNumber="BE 0123.456.789")
    books.supplier(BE, "twice-b", VATNumber="be0123456789")
    books.exact.insert(NL, "Accounts", {"Code": "customer", "IsSupplier": False, "VATNumber": "BE0123456789"})
    books.supplier(NL, "good", GLAccountPurchase=books.account(NL, "4000"))
    books.supplier(NL, "blocked-account", GLAccountPurchase=books.account(NL, "4001", IsBlocked=True))
    books.supplier(NL, "deleted-account", GLAccountPurchase=books.account(NL, "4002"))
    books.cost_center(NL, "LIVE")
    books.cost_center(NL, "OLD", EndDate=TODAY - DAY)
    books.account(NL, "4100", UseCostcenter=1)
    books.account(NL, "4101", UseCostcenter=1, Costcenter="OLD")
    books.account(NL, "4102", UseCostcenter=1, Costcenter="LIVE")
    books.account(NL, "4103", UseCostcenter=2)
    books.supplier(NL, "leaves")
    changing = books.supplier(NL, "77", Name="As it was", VATNumber="NL1")
    for number in ("NL01", "NL02"):
        books.exact.insert(NL, "BankAccounts", {"Account": changing, "BankAccount": number})
    low = books.exact.insert(BE, "VATCodes", {"Code": "4", "Percentage": 0.09}).key
    books.vat_rate(BE, low, 0.06, EndDate=date(2018, 12, 31))
    books.vat_rate(BE, low, 0.09, StartDate=date(2019, 1, 1))
    vehicles = books.element(BE, "Vehicles", books.element(BE, "Fixed assets", None))
    for code in ("0200", "0201"):
        account = books.account(BE, code, VATCode="4" if code == "0200" else None)
        books.classify(BE, account, vehicles)
    books.account(BE, "0999", VATCode=None)


def change(books: Books) -> None:
    """What happens after the first sync."""
    records = {record["Code"]: record["ID"] for record in books.exact.truth(NL, "GLAccounts")}
    relations = {record["Code"]: record["ID"] for record in books.exact.truth(NL, "Accounts")}
    books.exact.delete(NL, "GLAccounts", records["4002"])
    books.exact.delete(NL, "Accounts", relations["leaves"])
    numbers = {record["BankAccount"]: record["ID"] for record in books.exact.truth(NL, "BankAccounts")}
    books.exact.update(NL, "BankAccounts", numbers["NL01"], {"BankAccount": "XX66"})
    books.exact.update(NL, "BankAccounts", numbers["NL02"], {"Description": "Main"})
    books.exact.update(NL, "Accounts", relations["77"], {"Name": "As it is", "VATNumber": "NL2"})


def let_time_pass(installation: Installation) -> None:
    """Supplier 77 was first loaded 200 days ago, and changed 20 days ago."""
    changed = datetime.now(UTC) - 20 * DAY
    with installation.engine.begin() as connection:
        for statement in (
            "UPDATE exactsync_history.suppliers SET _valid_from = :first, _valid_to = :changed WHERE code = '77'",
            "UPDATE exact_online.suppliers SET _loaded_at = :changed WHERE code = '77'",
        ):
            connection.execute(text(statement), {"first": changed - 180 * DAY, "changed": changed})


def sync_all(installation: Installation) -> None:
    for company in COMPANIES:
        for name in entities():
            installation.sync(name, company.code)
        installation.apply_deletions(company.code)


@pytest.fixture(scope="module")
def warehouse(postgres_server: DatabaseServer, _migrated_template: str) -> Iterator[Installation]:
    with postgres_server.fresh_database(template=_migrated_template) as name:
        exact = Simulator(Settings(companies=COMPANIES))
        installation = Installation(exact, postgres_server.url(name))
        installation.consent()
        installation.deployment.choose("exact_online_default", None)
        books = Books(exact)
        write(books)
        sync_all(installation)
        change(books)
        exact.clock.advance(120)
        sync_all(installation)
        assert exact.violations() == []
        let_time_pass(installation)
        yield installation
        installation.close()


@pytest.fixture
def ask(warehouse: Installation) -> Ask:
    """Put a question of the page to the warehouse, as an analyst."""

    def answer(question: str, **values: Any) -> list[dict[str, Any]]:
        with warehouse.engine.connect() as connection:
            connection.execute(text("SET LOCAL ROLE exactsync_reader"))
            return [dict(row) for row in connection.execute(text(QUESTIONS[question]), values).mappings()]

    return answer


def column(rows: list[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows]


def test_every_question_is_asked_here() -> None:
    asked = Path(__file__).read_text()
    assert len(QUESTIONS) == PAGE.count("\n## ") == PAGE.count("```sql")
    assert [question for question in QUESTIONS if f'"{question}"' not in asked] == []


@pytest.mark.parametrize("page", ["history.md", "full-refresh.md"])
def test_what_other_pages_ask_can_be_asked(warehouse: Installation, page: str) -> None:
    queries = re.findall(r"^```sql\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)
    assert queries
    for query in queries:
        with warehouse.engine.connect() as connection:
            assert connection.execute(text(query.rstrip().rstrip(";"))).keys()


def test_suppliers_without_a_vat_number(ask: Ask) -> None:
    rows = ask("Which active suppliers have no VAT number?")
    assert [(row["division"], row["code"]) for row in rows] == [(NL, "no-number"), (BE, "empty-number")]


def test_suppliers_that_are_there_twice(ask: Ask) -> None:
    (row,) = ask("Which suppliers are in the books more than once?")
    assert (row["vat_number"], row["times"], row["companies"]) == ("BE0123456789", 2, 2)
    assert row["suppliers"] == f"{NL}/twice-a twice-a & Zn., {BE}/twice-b twice-b & Zn."


def test_suppliers_whose_account_is_of_no_use(ask: Ask) -> None:
    rows = ask("Which suppliers book on an account that is blocked or gone?")
    assert [(row["code"], row["account"], row["problem"]) for row in rows] == [
        ("blocked-account", "4001", "blocked"),
        ("deleted-account", "4002", "deleted"),
    ]


def test_accounts_whose_cost_centre_must_be_typed(ask: Ask) -> None:
    rows = ask("Which accounts want a cost centre that nothing fills in?")
    assert [(row["code"], row["ended_on"]) for row in rows] == [("4100", None), ("4101", TODAY - DAY)]


def test_the_rate_of_a_day_long_past(ask: Ask) -> None:
    (row,) = ask("Which VAT rate did an account book by default on a given day?")
    assert (row["division"], row["code"], float(row["percentage"])) == (BE, "0200", 0.06)


def test_where_accounts_stand(ask: Ask) -> None:
    rows = ask("Where in the annual accounts does each account stand?")
    assert [(row["classification_path"], row["codes"]) for row in rows if row["division"] == BE] == [
        (None, "0999"),
        ("Fixed assets > Vehicles", "0200, 0201"),
    ]


def test_what_has_disappeared(ask: Ask) -> None:
    rows = ask("What has disappeared from Exact in the last 30 days?")
    assert [(row["entity"], row["code"]) for row in rows] == [("gl_accounts", "4002"), ("suppliers", "leaves")]


def test_a_supplier_as_it_was(ask: Ask) -> None:
    (row,) = ask("What did we know of a supplier three months ago?")
    assert (row["name"], row["vat_number"]) == ("As it was", "NL1")


def test_what_changed_of_suppliers(ask: Ask) -> None:
    rows = ask("Which suppliers have changed lately, and in what?")
    assert [(row["code"], row["field"], row["was"], row["is_now"]) for row in rows] == [
        ("77", "name", "As it was", "As it is"),
        ("77", "vat_number", "NL1", "NL2"),
    ]


def test_bank_accounts_that_changed(ask: Ask) -> None:
    (row,) = ask("Whose bank account has changed lately?")
    assert (row["code"], row["was"], row["is_now"]) == ("77", "NL01", "XX66")


def test_what_is_not_fresh(ask: Ask, warehouse: Installation) -> None:
    question = partial(ask, "Can I trust today's numbers?")
    assert question() == []
    with warehouse.engine.begin() as connection:
        late = "UPDATE exactsync.sync_state SET published_at = published_at - interval '30 hours'"
        connection.execute(text(f"{late} WHERE entity = 'vat_codes' AND division = {BE}"))
    assert [(row["division"], row["entity"], row["age"] // DAY) for row in question()] == [(BE, "vat_codes", 1)]
