"""What the warehouse knows of a company, read for an export from a real PostgreSQL."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from sqlalchemy import text

from exactsync.entity import Axis
from exactsync.payable import Counterparty
from exactsync.payables.books import Account, Journal, Period, VatCode, read_books
from exactsync.payables.mapping import How
from exactsync.payables.periods import read_closed_periods
from exactsync.simulator import Company, Settings
from exactsync.warehouse.engine import create_engine
from exactsync.warehouse.integrations import read_integrations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

    from tests.integration.conftest import Installation

OURS, THEIRS = 1000001, 1000002
DAY = date(2026, 3, 29)


@pytest.fixture
def engine(migrated_database: str) -> Iterator[Engine]:
    engine = create_engine(migrated_database)
    yield engine
    engine.dispose()


def store(
    engine: Engine, table: str, number: int, *, division: int = OURS, is_deleted: bool = False, **row: Any
) -> UUID:
    """Put a row into a table as a sync would have left it."""
    values = {"division": division, **row}
    if table != "divisions":
        values["id"] = UUID(int=number)
    columns = ", ".join(values)
    bound = ", ".join(f":{name}" for name in values)
    deleted = "now()" if is_deleted else "NULL"
    with engine.begin() as connection:
        connection.execute(
            text(
                f"INSERT INTO exact_online.{table} ({columns}, _loaded_at, _load_id, _deleted_at) "
                f"VALUES ({bound}, now(), 1, {deleted})"
            ),
            values,
        )
    return UUID(int=number)


def test_what_is_live_in_the_company_is_known_by_its_codes(engine: Engine) -> None:
    store(engine, "divisions", 1, currency="EUR", region="nl")
    account = store(
        engine, "gl_accounts", 1, code="4500", description="Lunches", is_blocked=False, vat_code="", use_cost_center=1
    )
    store(engine, "gl_accounts", 2, code="4510", is_deleted=True)
    store(engine, "gl_accounts", 3, code="4520", division=THEIRS)
    store(engine, "vat_codes", 1, code="2", description="21 %", type="I", percentage=Decimal("0.21"), is_charged=True)
    store(engine, "vat_codes", 2, code="5", type="E", vat_transaction_type="S", is_blocked=True)
    store(engine, "journals", 1, code="60", type=22, currency="EUR", is_variable_currency_allowed=False)
    store(engine, "financial_periods", 1, fin_year=2026, fin_period=3, start_date=date(2026, 3, 1), end_date=DAY)
    store(engine, "payment_conditions", 1, code="30")

    books = read_books(engine, OURS)

    assert books.currency == "EUR"
    assert books.accounts == {"4500": Account(id=account, code="4500", name="Lunches", use_cost_center=1)}
    assert books.vat_codes == {
        "2": VatCode(code="2", name="21 %", type="I", percentage=Decimal("0.21"), is_reverse_charge=True),
        "5": VatCode(code="5", type="E", is_blocked=True, is_for_sales_only=True),
    }
    assert books.journals == {"60": Journal(code="60", type=22, currency="EUR", allows_other_currencies=False)}
    assert books.periods == (Period(year=2026, number=3, start_date=date(2026, 3, 1), end_date=DAY),)
    assert books.payment_conditions == {"30"}


def test_axes_are_found_by_code_and_name_and_know_when_they_end(engine: Engine) -> None:
    store(engine, "cost_centers", 1, code="SAL", description=" Sales ", end_date=date(2026, 3, 28))
    store(engine, "cost_units", 1, code="100", description="Widgets")
    store(engine, "projects", 1, code="P1", description="Apollo", is_purchasing_blocked=True)
    axes = read_books(engine, OURS).axes

    (sales,) = axes[Axis.COST_CENTERS].find("Sales", DAY)
    assert not sales.is_active(DAY)
    assert sales.is_active(date(2026, 3, 28))  # the last day still counts
    assert axes[Axis.COST_CENTERS].find("100", DAY) == ()
    (unit,) = axes[Axis.COST_UNITS].find("100", DAY)
    assert unit.is_active(DAY)
    (project,) = axes[Axis.PROJECTS].find("Apollo", DAY)
    assert not project.is_active(DAY)


def test_suppliers_are_found_by_the_bank_accounts_that_they_have_now(engine: Engine) -> None:
    acme = store(engine, "suppliers", 1, code="8", name="Acme")
    gone = store(engine, "suppliers", 2, code="9", name="Gone", is_deleted=True)
    store(engine, "suppliers", 3, code="10", name="Stranger", division=THEIRS)
    store(engine, "supplier_bank_accounts", 1, account_id=acme, bank_account="NL91 ABNA 0417 1643 00")
    store(engine, "supplier_bank_accounts", 2, account_id=acme, bank_account="BE68539007547034", is_deleted=True)
    books = read_books(engine, OURS)

    def found(iban: str, name: str = "?") -> Any:
        return books.suppliers.find(Counterparty(kind="supplier", id="s", name=name, iban=iban), DAY)

    assert (found("NL91ABNA0417164300").match, found("NL91ABNA0417164300").how) == (
        books.suppliers.get(acme),
        How.IBAN,
    )
    assert found("BE68539007547034").how is None
    assert found("", "Gone").how is None
    assert found("", "Stranger").how is None
    assert (len(books.suppliers), books.deleted_suppliers) == (1, {gone})


def test_of_a_company_that_was_never_synced_nothing_is_known(engine: Engine) -> None:
    books = read_books(engine, OURS)
    assert books.currency is None
    assert (books.accounts, books.journals, books.periods, len(books.suppliers)) == ({}, {}, (), 0)


def test_exact_says_which_periods_are_closed(install: Callable[[Settings], Installation]) -> None:
    sizes = {"Journals": 8, "FinancialPeriods": 96}
    installation = install(Settings(companies=(Company(code=OURS, name="Ours", country="NL", sizes=sizes),)))
    installation.simulator.close_period(OURS, "60", 2026, 2)
    installation.simulator.close_period(OURS, "60", 2025, 12)
    (integration,) = read_integrations(installation.engine)
    with installation.deployment._access.client(integration) as client:
        assert read_closed_periods(client, OURS, years={2026}) == {("60", 2026, 2)}
    assert installation.simulator.count_calls("read/financial/JournalStatusList", OURS) == 1
    assert installation.simulator.violations() == []
