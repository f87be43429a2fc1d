"""A company at Exact, the mapping of a source to it, and payables that can be booked in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from exactsync.entity import Axis
from exactsync.payable import Counterparty, Kind, Line, Payable, Receipt, Share
from exactsync.payables.books import Account, AxisValue, AxisValues, Books, Journal, Period, VatCode
from exactsync.payables.mapping import Mapping, Source, parse_mapping
from exactsync.payables.matching import Supplier, Suppliers
from exactsync.payables.preflight import check

if TYPE_CHECKING:
    from exactsync.payables.entry import Booking
    from exactsync.payables.preflight import Checked, Finding

DIVISION = 1000001
LUNCHES, TRAVEL, CLOSED_ACCOUNT, FURNITURE = UUID(int=4500), UUID(int=4510), UUID(int=4520), UUID(int=4530)
ACME, EMPLOYEES = UUID(int=1), UUID(int=2)
APOLLO = UUID(int=30)

BOOKS = Books(
    division=DIVISION,
    currency="EUR",
    accounts={
        "4500": Account(code="4500", name="Lunches", id=LUNCHES),
        "4510": Account(code="4510", name="Travel", id=TRAVEL, use_cost_center=1, vat_code="E21"),
        "4520": Account(code="4520", name="Old costs", id=CLOSED_ACCOUNT, is_blocked=True),
        "0100": Account(
            code="0100", name="Furniture", id=FURNITURE, use_cost_center=2, use_cost_unit=1, cost_unit="100"
        ),
    },
    vat_codes={
        "E21": VatCode(code="E21", name="21 % excluding", type="E", percentage=Decimal("0.21")),
        "I21": VatCode(code="I21", name="21 % including", type="I", percentage=Decimal("0.21")),
        "B": VatCode(code="B", name="0 %", type="B", percentage=Decimal(0)),
        "N": VatCode(code="N", name="No VAT", type="N", percentage=Decimal(0)),
        "EU": VatCode(code="EU", name="EU purchases", type="E", percentage=Decimal("0.21"), is_reverse_charge=True),
        "OLD": VatCode(code="OLD", name="19 %", type="E", percentage=Decimal("0.19"), is_blocked=True),
        "S": VatCode(code="S", name="Sales", type="E", percentage=Decimal("0.21"), is_for_sales_only=True),
    },
    journals={
        "60": Journal(code="60", name="Purchases", type=22, currency="EUR", allows_other_currencies=True),
        "61": Journal(code="61", name="Cards", type=22, currency="EUR", allows_other_currencies=False),
        "62": Journal(code="62", name="Old purchases", type=22, is_blocked=True),
        "63": Journal(code="63", name="Returns", type=23),
        "64": Journal(
            code="64", name="Fixed rates", type=22, currency="EUR", allows_other_currencies=True, allows_rates=False
        ),
        "90": Journal(code="90", name="Memorial", type=90),
    },
    axes={
        Axis.COST_CENTERS: AxisValues(
            [
                AxisValue(id=UUID(int=10), code="SAL", name="Sales"),
                AxisValue(id=UUID(int=11), code="MKT", name="Marketing", end_date=date(2025, 12, 31)),
                AxisValue(id=UUID(int=12), code="TW1", name="Twin"),
                AxisValue(id=UUID(int=13), code="TW2", name="Twin"),
                AxisValue(id=UUID(int=14), code="RE1", name="Research", end_date=date(2020, 12, 31)),
                AxisValue(id=UUID(int=15), code="RE2", name="Research"),
            ]
        ),
        Axis.COST_UNITS: AxisValues([AxisValue(id=UUID(int=20), code="100", name="Widgets")]),
        Axis.PROJECTS: AxisValues(
            [
                AxisValue(id=APOLLO, code="P1", name="Apollo", start_date=date(2026, 1, 1)),
                AxisValue(id=UUID(int=31), code="P2", name="Gemini", is_blocked=True),
            ]
        ),
    },
    suppliers=Suppliers(
        [
            Supplier(
                id=ACME,
                code="8",
                name="Acme B.V.",
                vat_number="NL 1234.56.789.B01",
                country="NL",
                ibans=("NL91 ABNA 0417 1643 00",),
            ),
            Supplier(id=EMPLOYEES, code="9", name="Employees"),
            Supplier(id=UUID(int=3), code="10", name="Blocked & Co", is_blocked=True),
            Supplier(id=UUID(int=4), code="11", name="Gone Ltd", end_date=date(2025, 6, 30)),
            Supplier(id=UUID(int=5), code="12", name="Double"),
            Supplier(id=UUID(int=6), code="13", name="Double"),
        ]
    ),
    deleted_suppliers=frozenset({UUID(int=99)}),
    periods=(
        Period(year=2026, number=3, start_date=date(2026, 3, 1), end_date=date(2026, 3, 31)),
        Period(year=2026, number=4, start_date=date(2026, 4, 1), end_date=date(2026, 4, 30)),
        Period(year=2026, number=5, start_date=date(2026, 5, 1), end_date=date(2026, 5, 31)),
        Period(year=2026, number=13, start_date=date(2026, 5, 31), end_date=date(2026, 5, 31)),
    ),
    closed_periods=frozenset({("60", 2026, 4), ("60", 2026, 5)}),
    payment_conditions=frozenset({"30"}),
)

ROWS = (
    ("journal", "invoice", "60"),
    ("journal", "card", "61"),
    ("journal", "expense_claim", "60"),
    ("journal", "credit_note", "60"),
    ("axis", "Cost center", "cost_centers"),
    ("axis", "Product", "cost_units"),
    ("axis", "Project", "projects"),
    ("axis", "Team", "ignore"),
    ("account", "6100", "4510"),
    ("vat_code", "NL21", "E21"),
    ("vat_code", "NL21i", "I21"),
    ("vat_code", "NL0", "B"),
    ("vat_code", "NONE", "N"),
    ("vat_code", "REVERSE", "EU"),
    ("employee", "", str(EMPLOYEES)),
)


def mapping_of(*rows: tuple[str, str, str | None], source: Source | None = None) -> Mapping:
    """Return the usual mapping with these rows in place of their namesakes; a target of None takes one away."""
    targets = {(kind, key): target for kind, key, target in (*ROWS, *rows)}
    return parse_mapping(
        source or SOURCE,
        [
            {"kind": kind, "key": key, "target": target, "note": None}
            for (kind, key), target in targets.items()
            if target is not None
        ],
    )


SOURCE = Source(name="spendesk_default", division=DIVISION)

LINE = Line(
    ordinal=1,
    description="Lunch for eight",
    account_code="4500",
    vat_account_code="NL21",
    vat_rate=Decimal("0.21"),
    net=Decimal("100.00"),
    vat=Decimal("21.00"),
    gross=Decimal("121.00"),
    shares=(Share(amount=None, values={"Cost center": "Sales"}),),
)
INVOICE = Payable(
    source="spendesk_default",
    id="p-1",
    kind=Kind.INVOICE,
    source_kind="invoicePurchase",
    number="2026-17",
    description="Lunch",
    counterparty=Counterparty(kind="supplier", id="s-1", name="Acme B.V."),
    payable_date=date(2026, 3, 29),
    accounting_date=None,
    due_date=date(2026, 4, 28),
    currency="EUR",
    amount=Decimal("121.00"),
    functional_currency="EUR",
    functional_amount=Decimal("121.00"),
    exchange_rate=None,
    lines=(LINE,),
    receipts=(Receipt(url="https://files.example/1", media_type="application/pdf", checksum="c1"),),
)


def invoice(**changes: Any) -> Payable:
    """Return the usual invoice, changed; `line` changes its line, `who` its counterparty."""
    if line := changes.pop("line", None):
        changes["lines"] = (replace(LINE, **line),)
    if who := changes.pop("who", None):
        changes["counterparty"] = replace(INVOICE.counterparty, **who)
    return replace(INVOICE, **changes)


def examine(
    payable: Payable = INVOICE, *rows: tuple[str, str, str | None], source: Source | None = None, books: Books = BOOKS
) -> Checked:
    """Check a payable against the company."""
    return check(payable, mapping_of(*rows, source=source), books)


def findings(*args: Any, **options: Any) -> list[Finding]:
    """Return what the checks find."""
    return list(examine(*args, **options).findings)


def booked(*args: Any, **options: Any) -> Booking:
    """Return the booking of a payable that nothing is wrong with."""
    checked = examine(*args, **options)
    assert not checked.findings, checked.findings
    assert checked.booking
    return checked.booking
