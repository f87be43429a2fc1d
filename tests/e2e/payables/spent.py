"""Payables that were made up here, and the entry that each must become: reckoned in minor units, by nothing of ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from exactsync.simulator.spendesk.receipts import draw_receipt
from tests.e2e.payables.company import COST_CENTER, JOURNALS

if TYPE_CHECKING:
    from random import Random

    from tests.e2e.payables.company import Account, BookedIn, Party, VatAccount

KINDS: Final = {
    "invoicePurchase": "invoice",
    "singlePurchaseCard": "card",
    "expenseClaim": "expense_claim",
    "creditNote": "credit_note",
    "subscriptionCard": "card",
    "mileageAllowance": "expense_claim",
    "reverseBill": "credit_note",
    "physicalCard": "card",
    "perDiemAllowance": "expense_claim",
}
"""Every type that Spendesk has, and what it is to a bookkeeper."""
RATES: Final = {"EUR": "1", "USD": "0.9217", "GBP": "1.1634", "JPY": "0.00613"}
CENTS: Final = {"EUR": 100, "USD": 100, "GBP": 100, "JPY": 1}
_ALLOWANCES: Final = {"mileageAllowance": "mileageEntry", "perDiemAllowance": "perDiemEntry"}
_DAYS: Final = 27
"""All of them lie in one snapshot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of an entry at Exact, in minor units of the entry's currency."""

    account: str
    vat_code: str
    cost_center: str | None
    base: Fraction
    vat: Fraction | None
    """None: Exact reckons it, since the customer is charged."""
    is_exact: bool
    """Otherwise cents had to be settled: it may be off by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry at Exact."""

    journal: str
    supplier: str
    currency: str
    amount: int
    rate: float
    day: date
    number: str | None
    lines: tuple[Line, ...]
    receipts: frozenset[str]
    """SHA-256 of each."""


@dataclass(slots=True, kw_only=True)
class Spent:
    """A payable at Spendesk, and what must become of it."""

    source: str
    record: dict[str, Any]
    entry: Entry
    fault: str | None = None
    state: str = "exported"
    checks: frozenset[str] = field(default_factory=frozenset)
    says: str = ""

    @property
    def id(self) -> str:
        return str(self.record["id"])

    @property
    def kind(self) -> str:
        return KINDS[self.record["type"]]


class Spender:
    """Makes payables of one company up; each is another one."""

    def __init__(self, company: BookedIn, random: Random, today: date) -> None:
        self.company = company
        self._random = random
        self._today = today
        self._made = 0

    def spend(self, kind: str | None = None) -> Spent:
        """Return a payable that can be booked, of a type of Spendesk's: the next one unless told otherwise."""
        number, self._made = self._made, self._made + 1
        kind = kind or tuple(KINDS)[number % len(KINDS)]
        random, company = self._random, self.company
        currency = ("EUR", "USD", "EUR", "JPY", "EUR", "GBP", "EUR")[number % 7]
        day = self._today - timedelta(days=1 + random.randrange(_DAYS))
        lines = [self._line(kind, number) for _ in range(random.choice((1, 1, 2, 3)))]
        amount = sum(line["financial"]["grossAmount"] for line in lines)
        in_euros = round(Fraction(amount, CENTS[currency]) * Fraction(RATES[currency]) * 100)
        party = random.choice(company.employees if KINDS[kind] == "expense_claim" else company.suppliers)
        receipts = self._receipts(kind, number, day)
        record = {
            "id": self._id(is_v1=number % 3 != 1),
            "type": kind,
            "userId": company.employees[0].id,
            "companyId": UUID(int=1),
            "teamId": None,
            "teamName": None,
            "costCenterId": None,
            "costCenterName": None,
            "bookkeepingStatus": "prepared",
            "createdAt": _morning(day),
            "updatedAt": _morning(day),
            "exportedAt": None,
            "payableDate": day,
            "accountingDate": day + timedelta(days=1) if number % 10 == 4 else None,
            "invoiceDueDate": day + timedelta(days=30) if kind == "invoicePurchase" else None,
            "amount": amount,
            "currency": currency,
            "functionalAmount": in_euros,
            "functionalCurrency": "EUR",
            "functionalExchangeRate": float(RATES[currency]),
            "invoiceNumber": f"F-{number:05}" if kind == "invoicePurchase" else None,
            "creditNoteNumber": f"C-{number:05}" if kind == "creditNote" else None,
            "referenceInvoiceNumber": None,
            "description": random.choice(
                ("Lunch met klant", "Abonnement", "Café “Zü” & co", "Büro", "<b>stoel</b> 🪑")
            ),
            "counterparty": _counterparty(party, kind),
            "lineItems": lines,
            "analyticalProperties": [_value(random.choice(list(company.cost_centers)))],
            "allocations": [],
            "documentaryEvidence": {"provided": {"type": _evidence(kind, receipts), "valid": True}},
            "attachments": receipts,
        }
        if number % 3 == 0 and not any("analyticalProperties" in line for line in lines):
            self._split(lines[0])
        return Spent(source=company.source, record=record, entry=self._entry(record, party))

    def _line(self, kind: str, number: int) -> dict[str, Any]:
        random = self._random
        account = random.choice(self.company.accounts)
        vat_account = None if kind in _ALLOWANCES else random.choice((None, *self.company.vat_accounts))
        net = random.choice((random.randrange(1_000, 9_999), random.randrange(10_000, 999_999)))
        vat = 0
        if vat_account and not vat_account.is_charged:
            vat = round(net * vat_account.rate) + random.choice((-1, 0, 0, 1))  # as suppliers round
        sign = -1 if KINDS[kind] == "credit_note" else 1
        return {
            "description": f"Regel {number}",
            "expenseAccount": {"id": "a", "code": account.code, "description": "-"},
            "vatAccount": vat_account and _vat_account(vat_account),
            "financial": {
                "netAmount": sign * net,
                "vatAmount": sign * vat,
                "grossAmount": sign * (net + vat),
                "vatAdjustementAmount": 0,
            },
        }

    def _split(self, line: dict[str, Any]) -> None:
        """Share a line out over cost centres, by parts that no cents can be shared out by."""
        names = self._random.sample(list(self.company.cost_centers), 3)
        line["analyticalProperties"] = [
            _value(name) | {"functionalAmount": weight} for name, weight in zip(names, (333, 333, 335), strict=True)
        ]

    def _receipts(self, kind: str, number: int, day: date) -> list[dict[str, Any]]:
        if kind in _ALLOWANCES or number % 19 == 6:
            return []  # an entry of kilometres, or a declaration that the invoice is missing
        return [self.receipt(day) for _ in range(2 if number % 8 == 3 else 1)]

    def receipt(self, day: date, content: bytes | None = None) -> dict[str, Any]:
        """Return a receipt that no other is like, or one of the given content."""
        kind, drawn = draw_receipt(self._random)
        return {
            "id": self._id(is_v1=True),
            "mimeType": kind,
            "checksum": None,
            "attachedAt": _morning(day),
            "content": drawn if content is None else content,
        }

    def _entry(self, record: dict[str, Any], party: Party) -> Entry:
        is_converted = self.company.entry_currency == "functional" and record["currency"] != "EUR"
        currency = "EUR" if is_converted else record["currency"]
        scale = Fraction(1)
        if is_converted:
            scale = Fraction(RATES[record["currency"]]) * 100 / CENTS[record["currency"]]
        return Entry(
            journal=JOURNALS[KINDS[record["type"]]],
            supplier=str(party.relation),
            currency=currency,
            amount=record["functionalAmount"] if is_converted else record["amount"],
            rate=float(RATES[currency]),
            day=record["accountingDate"] or record["payableDate"],
            number=record["creditNoteNumber"] or record["invoiceNumber"],
            lines=tuple(one for line in record["lineItems"] for one in self._lines(line, record, scale)),
            receipts=frozenset(sha256(one["content"]).hexdigest() for one in record["attachments"]),
        )

    def _lines(self, line: dict[str, Any], record: dict[str, Any], scale: Fraction) -> list[Line]:
        (account,) = (one for one in self.company.accounts if one.code == line["expenseAccount"]["code"])
        code = line["vatAccount"]["code"] if line["vatAccount"] else self.company.without_vat
        (charged,) = {one.is_charged for one in self.company.vat_accounts if one.code == code} or {False}
        values = line.get("analyticalProperties") or record["analyticalProperties"]
        weights = [Fraction(one.get("functionalAmount") or 1) for one in values]
        money = line["financial"]
        return [
            Line(
                account=account.id,
                vat_code=code,
                cost_center=self._cost_center(one["valueName"], account),
                base=money["netAmount"] * scale * weight / sum(weights),
                vat=None if charged else money["vatAmount"] * scale * weight / sum(weights),
                is_exact=scale == 1 and len(values) == 1,
            )
            for one, weight in zip(values, weights, strict=True)
        ]

    def _cost_center(self, name: str, account: Account) -> str | None:
        return self.company.cost_centers[name] if account.takes_cost_centers else None

    def _id(self, *, is_v1: bool) -> UUID:
        """Return an id; whether it is odd decides which shape the stand-in writes."""
        number = UUID(int=self._random.getrandbits(128), version=4).int
        return UUID(int=number | 1 if is_v1 else number & ~1)


def _counterparty(party: Party, kind: str) -> dict[str, Any]:
    who = "employee" if KINDS[kind] == "expense_claim" else "supplier"
    return {"id": party.id, "type": who, "name": party.name, "accountPayable": None}


def _vat_account(account: VatAccount) -> dict[str, Any]:
    return {"id": "v", "code": account.code, "description": None, "rate": float(account.rate * 100)}


def _value(name: str) -> dict[str, Any]:
    return {"fieldId": UUID(int=7), "fieldName": COST_CENTER, "valueId": UUID(int=8), "valueName": name}


def _evidence(kind: str, receipts: list[dict[str, Any]]) -> str:
    if kind in _ALLOWANCES:
        return _ALLOWANCES[kind]
    named = "creditNote" if kind == "creditNote" else "invoice"
    return named if receipts else "declarationOfMissingInvoice"


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(8), UTC)
