"""Payables as Spendesk tells them, checked against a company as the warehouse knows it, and booked in it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

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

    assert found == FINDINGS
    entries = installation.simulator.truth(DEMO.code, "PurchaseEntries")
    ours = [entry for entry in entries if str(entry["ExternalLinkReference"]).startswith("XS-")]
    assert {entry["EntryID"]: Decimal(str(entry["AmountFC"])) for entry in ours} == booked
    assert len(booked) == MOST
    assert installation.simulator.violations() == []


def as_told(record: dict[str, Any]) -> Payable:
    """Return a payable that came over the wire."""
    told = {name: value for name, value in record.items() if name != "attachments"}
    payable = parse_payable("spendesk_default", orjson.loads(orjson.dumps(told, default=str)))
    receipts = tuple(Receipt(url=str(one["id"]), media_type=one["mimeType"]) for one in record["attachments"])
    return replace(payable, receipts=receipts)
