"""Payables as Spendesk tells them, checked against a company as the warehouse knows it, and booked in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from exactsync.entity import Axis
from exactsync.payable import Kind, Receipt
from exactsync.payables.books import read_books
from exactsync.payables.entry import purchase_entry
from exactsync.payables.mapping import MappingKind, Source, parse_mapping
from exactsync.payables.preflight import check
from exactsync.simulator import DEMO_COMPANIES, Settings
from exactsync.simulator.spendesk.company import company_of
from exactsync.simulator.spendesk.faults import Flaw
from exactsync.simulator.spendesk.settings import SpendeskSettings
from exactsync.simulator.spendesk.simulator import SpendeskSimulator
from exactsync.simulator.spendesk.wire import write_v0, write_v1
from exactsync.spendesk.parse import parse_payable
from exactsync.warehouse.integrations import read_integrations

if TYPE_CHECKING:
    from collections.abc import Callable

    from exactsync.payable import Payable
    from exactsync.payables.books import Books
    from exactsync.payables.mapping import Mapping
    from exactsync.simulator.spendesk.company import SpendeskCompany
    from tests.integration.conftest import Installation

DEMO = replace(DEMO_COMPANIES[0], sizes={**DEMO_COMPANIES[0].sizes, "FinancialPeriods": 120})
MOST = 100
"""How many entries are made, for the sake of time."""
KNOWN = (
    "divisions",
    "gl_accounts",
    "vat_codes",
    "journals",
    "cost_centers",
    "cost_units",
    "suppliers",
    "supplier_bank_accounts",
    "financial_periods",
)
FINDINGS: dict[Flaw | None, set[str]] = {
    None: set(),
    Flaw.UNKNOWN_SUPPLIER: {"supplier_unmapped"},
    Flaw.UNKNOWN_ACCOUNT: {"account_unmapped"},
    Flaw.NO_ACCOUNT: {"account_unmapped"},
    Flaw.UNKNOWN_VAT_ACCOUNT: {"vat_code_unmapped"},
    Flaw.UNKNOWN_COST_CENTER: {"axis_value_unknown"},
    Flaw.LINES_DO_NOT_ADD_UP: {"line_does_not_add_up", "lines_do_not_add_up"},
    Flaw.MISTAKEN_YEAR: {"period_unknown", "supplier_ambiguous"},  # of one name, and by then both are active
    Flaw.MISSING_RECEIPT: {"receipt_missing"},
    Flaw.UNREADABLE_RECEIPT: set(),  # nobody has looked into it yet
}


def mapped_by_an_accountant(company: SpendeskCompany, books: Books, employees: str) -> Mapping:
    without_vat = next(code for code, each in books.vat_codes.items() if each.type == "N" and not each.is_blocked)
    rows: list[tuple[str, str, str]] = [(MappingKind.JOURNAL, kind, "60") for kind in Kind]
    rows += [(MappingKind.VAT_CODE, account.code, account.code) for account in company.vat_accounts]
    rows += [
        (MappingKind.VAT_CODE, "", without_vat),
        (MappingKind.AXIS, "Cost center", "cost_centers"),
        (MappingKind.EMPLOYEE, "", employees),
    ]
    return parse_mapping(
        Source(name="spendesk_default", division=DEMO.code),
        [{"kind": kind, "key": key, "target": target, "note": None} for kind, key, target in rows],
    )


def test_every_payable_of_spendesk_is_booked_to_the_cent_or_held_back_for_what_is_wrong_with_it(
    install: Callable[[Settings], Installation],
) -> None:
    installation = install(Settings(companies=(DEMO,), calls_per_minute=1000))
    for entity in KNOWN:
        installation.sync(entity, DEMO.code)
    books = read_books(installation.engine, DEMO.code)
    company = company_of(installation.simulator, DEMO.code)
    spendesk = SpendeskSimulator(company, SpendeskSettings(payables=400, faulty=0.2))
    employees = installation.scalar(
        "SELECT id FROM exact_online.suppliers WHERE NOT is_blocked AND start_date IS NULL AND end_date IS NULL LIMIT 1"
    )
    mapping = mapped_by_an_accountant(company, books, str(employees))

    flaws, found, booked = spendesk.flaws(), dict[Flaw | None, set[str]](), dict[UUID, Decimal]()
    costs: dict[UUID, dict[str, Decimal]] = {}
    (integration,) = read_integrations(installation.engine)
    with installation.deployment._access.client(integration) as exact:
        for record in spendesk.payables():
            payable = as_told(record)
            checked = check(payable, mapping, books)
            flaw = flaws.get(record["id"])
            found.setdefault(flaw, set()).update(finding.check for finding in checked.findings)
            assert bool(checked.findings) == bool(FINDINGS[flaw])
            if checked.booking and len(booked) < MOST:
                entry = purchase_entry(payable, checked.booking, reference=f"XS-{payable.id}")
                created = exact.create("purchaseentry/PurchaseEntries", division=DEMO.code, body=entry)
                booked[created.key] = payable.functional_amount
                costs[created.key] = costs_of(record)

    assert found == FINDINGS
    entries = installation.simulator.truth(DEMO.code, "PurchaseEntries")
    ours = [entry for entry in entries if str(entry["ExternalLinkReference"]).startswith("XS-")]
    assert {entry["EntryID"]: Decimal(str(entry["AmountFC"])) for entry in ours} == booked
    assert len(booked) == MOST
    assert_costs_are_where_they_belong(costs, installation.simulator.truth(DEMO.code, "PurchaseEntryLines"), books)
    assert installation.simulator.violations() == []


def as_told(record: dict[str, Any]) -> Payable:
    """Return a payable that came over the wire, every other one in the shape of v1, with lines that are split."""
    told = (write_v1 if is_v1(record) else write_v0)(record)
    receipts = tuple(Receipt(url=str(one["id"]), media_type=one["mimeType"]) for one in record["attachments"])
    return replace(parse_payable("spendesk_default", orjson.loads(orjson.dumps(told))), receipts=receipts)


def is_v1(record: dict[str, Any]) -> bool:
    return bool(record["id"].int % 2)


def costs_of(record: dict[str, Any]) -> dict[str, Decimal]:
    """Return what each cost centre gets of a payable, before VAT, in the wallet's currency; only what v1 has split."""
    if not is_v1(record) or not all(line["splits"] for line in record["lineItems"]):
        return {}
    (own,) = (value["valueName"] for value in record["analyticalProperties"])
    costs: Counter[str] = Counter()
    for line in record["lineItems"]:
        for part in line["splits"]:
            costs[part["valueName"] or own] += part["functionalAmount"]
    return {name: Decimal(cents) / 100 for name, cents in costs.items()}


def assert_costs_are_where_they_belong(
    expected: dict[UUID, dict[str, Decimal]], lines: list[dict[str, Any]], books: Books
) -> None:
    """Every part of a split line is at its cost centre, but for the cents that rounding has moved."""
    values = books.axes[Axis.COST_CENTERS]
    split = {key: costs for key, costs in expected.items() if costs}
    for key, costs in split.items():
        found: Counter[str] = Counter()
        for line in lines:
            if line["EntryID"] == key:
                found[line["CostCenter"]] += Decimal(str(line["VATBaseAmountFC"]))
        wanted = {values.find(name, date(2026, 11, 1))[0].code: cost for name, cost in costs.items()}
        assert found.keys() == {code for code, cost in wanted.items() if cost}
        assert all(abs(found[code] - cost) <= Decimal("0.03") for code, cost in wanted.items()), (found, wanted)
    assert len(split) > 3
