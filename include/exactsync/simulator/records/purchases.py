"""What others have booked before: purchase entries with their lines, and documents."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from exactsync.simulator.records.invented import random_id

if TYPE_CHECKING:
    from exactsync.simulator.data import RecordFactory
    from exactsync.simulator.database import Record

_PURCHASES = 22
_NOTHING: dict[str, Any] = {}


def make_purchase_entry(factory: RecordFactory, number: int) -> dict[str, Any]:
    """An entry that a bookkeeper made by hand: without a reference of any program."""
    random = factory.random
    supplier = random.choice([one for one in factory.records("Accounts") if one.get("IsSupplier")] or [_NOTHING])
    journal = factory.find("Journals", "Type", _PURCHASES) or _NOTHING
    period = random.choice(factory.records("FinancialPeriods") or [_NOTHING])
    day = period["StartDate"] + timedelta(days=random.randrange(28)) if period else None
    amount, vat = _amounts(number)
    year, code = period.get("FinYear", 2019), str(journal.get("Code", "60"))
    return {
        "EntryNumber": year % 100 * 1_000_000 + int(code) % 100 * 10_000 + number + 1,
        "Journal": code,
        "JournalDescription": journal.get("Description"),
        "Supplier": supplier.get("ID"),
        "SupplierName": supplier.get("Name"),
        "EntryDate": day,
        "DueDate": day + timedelta(days=30) if day else None,
        "ReportingYear": year,
        "ReportingPeriod": period.get("FinPeriod", 1),
        "YourRef": f"F{2019 + number % 8}-{random.randrange(10**5):05d}",
        "Description": random.choice(("Inkoopfactuur", "Facture fournisseur", "Maandfactuur")),
        "Currency": "EUR",
        "Rate": 1.0,
        "AmountFC": amount + vat,
        "AmountDC": amount + vat,
        "VATAmountFC": vat,
        "VATAmountDC": vat,
        "Status": random.choice((20, 50)),
        "Type": 30,
        "TypeDescription": "Purchase entry",
        "Reversal": False,
    }


def make_purchase_entry_line(factory: RecordFactory, number: int) -> dict[str, Any]:
    """The one line of the entry that was made in the same place of the order."""
    entry = _numbered(factory, number)
    account = factory.random.choice(
        [one for one in factory.records("GLAccounts") if one.get("BalanceType") == "W"] or [_NOTHING]
    )
    vat = entry.get("VATAmountFC", 0.0)
    base = entry.get("AmountFC", 0.0) - vat
    return {
        "EntryID": entry.get("EntryID") or random_id(factory.random),
        "LineNumber": 1,
        "GLAccount": account.get("ID"),
        "GLAccountCode": account.get("Code"),
        "GLAccountDescription": account.get("Description"),
        "Description": entry.get("Description"),
        "AmountFC": base,
        "AmountDC": base,
        "VATAmountFC": vat,
        "VATAmountDC": vat,
        "VATBaseAmountFC": base,
        "VATBaseAmountDC": base,
    }


def make_document(factory: RecordFactory, number: int) -> dict[str, Any]:
    """A scanned invoice."""
    supplier = factory.random.choice(factory.records("Accounts") or [_NOTHING])
    return {
        "HID": number + 1,
        "Type": 20,
        "TypeDescription": "Purchase invoice",
        "Subject": f"Scan {number + 1}",
        "Account": supplier.get("ID"),
        "AccountCode": supplier.get("Code"),
        "AccountName": supplier.get("Name"),
        "HasEmptyBody": True,
    }


def _amounts(number: int) -> tuple[float, float]:
    """Return a net amount in whole hundreds and its 21 % VAT, both exact in cents."""
    net = 100 * (1 + number % 37)
    return float(net), float(net * 21 // 100)


def _numbered(factory: RecordFactory, number: int) -> Record:
    entries = sorted(factory.records("PurchaseEntries"), key=lambda one: int(one["EntryNumber"]) % 10_000)
    return entries[number % len(entries)] if entries else _NOTHING
