"""Believable payables as Spendesk keeps them: typed values, in the shape of the v0 OpenAPI."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from hashlib import md5
from random import Random
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from exactsync.simulator.spendesk.receipts import draw_receipt

if TYPE_CHECKING:
    from datetime import date

    from exactsync.simulator.spendesk.company import SpendeskCompany, VatAccount

TYPES: Final = (
    "invoicePurchase",
    "expenseClaim",
    "creditNote",
    "singlePurchaseCard",
    "subscriptionCard",
    "physicalCard",
    "mileageAllowance",
    "perDiemAllowance",
    "reverseBill",
)
_OF_EMPLOYEES: Final = frozenset({"expenseClaim", "mileageAllowance", "perDiemAllowance"})
_NEGATIVE: Final = frozenset({"creditNote", "reverseBill"})
_WITHOUT_VAT: Final = frozenset({"mileageAllowance", "perDiemAllowance"})
_EVIDENCE: Final = {
    "creditNote": "creditNote",
    "mileageAllowance": "mileageEntry",
    "perDiemAllowance": "perDiemEntry",
}
_RATES: Final = {"EUR": 1.0, "USD": 0.9217, "GBP": 1.1634, "JPY": 0.00613}
_MINOR: Final = {"EUR": 100, "USD": 100, "GBP": 100, "JPY": 1}
COST_CENTER_FIELD: Final = "Cost center"
_SPLIT: Final = 0.15
"""The share of lines that are split over several cost centres; only v1 can tell."""


def make_payable(
    number: int, company: SpendeskCompany, random: Random, *, newest: date, days: int, is_usual: bool = False
) -> dict[str, Any]:
    """Return a payable that can be booked, each of nine of another type; usual ones cost no cents and no fortunes."""
    kind = TYPES[number % len(TYPES)]
    day = newest - timedelta(days=random.randrange(days))
    currency = random.choice(("EUR",) * 7 + ("USD", "GBP", "JPY"))
    lines = [_line(company, random, kind, is_usual=is_usual) for _ in range(random.choice((1, 1, 1, 2, 3)))]
    amount = sum(line["financial"]["grossAmount"] for line in lines)
    payable_id = _uuid(random)
    dealt = Random(payable_id.int)  # noqa: S311 - reproducible, not secret
    for line in lines:
        line["splits"] = _splits(company, dealt, _in_wallet(line["financial"]["netAmount"], currency))
    employee = random.choice(company.employees)
    created = datetime.combine(day, time(8), UTC) + timedelta(seconds=random.randrange(36_000))
    return {
        "id": payable_id,
        "type": kind,
        "userId": employee.id,
        "companyId": UUID(int=1),
        "teamId": None,
        "teamName": None,
        "costCenterId": None,
        "costCenterName": None,
        "bookkeepingStatus": "prepared",
        "createdAt": created,
        "updatedAt": created,
        "exportedAt": None,
        "payableDate": day,
        "accountingDate": None,
        "invoiceDueDate": day + timedelta(days=30) if kind == "invoicePurchase" else None,
        "amount": amount,
        "currency": currency,
        "functionalAmount": _in_wallet(amount, currency),
        "functionalCurrency": company.currency,
        "functionalExchangeRate": _RATES[currency],
        "invoiceNumber": f"F{random.randrange(10**5)}/{number}" if kind != "creditNote" else None,
        "creditNoteNumber": f"C{random.randrange(10**5)}/{number}" if kind == "creditNote" else None,
        "referenceInvoiceNumber": None,
        "description": random.choice(("Lunch met klant", "Abonnement", "Reiskosten trein", "Café “Zü” & co", "Büro")),
        "counterparty": _counterparty(company, random, kind, employee.id, employee.name),
        "lineItems": lines,
        "analyticalProperties": [
            {
                "fieldId": UUID(int=7),
                "fieldName": COST_CENTER_FIELD,
                "valueId": _uuid(random),
                "valueName": random.choice(company.cost_centers),
            }
        ],
        "allocations": [],
        "documentaryEvidence": {"provided": {"type": _EVIDENCE.get(kind, "invoice"), "valid": True}},
        "attachments": [_attachment(random, created)],
    }


def _line(company: SpendeskCompany, random: Random, kind: str, *, is_usual: bool) -> dict[str, Any]:
    """A line in minor units of whatever the payable's currency is."""
    code, name = random.choice(company.expense_accounts)
    sign = -1 if kind in _NEGATIVE else 1
    net = sign * random.choice(
        (random.randrange(1, 100), random.randrange(100, 10_000), random.randrange(10_000, 10**6))
        if not is_usual
        else (random.randrange(800, 6_000), random.randrange(2_500, 40_000))
    )
    vat_account = None if kind in _WITHOUT_VAT else random.choice((None, *company.vat_accounts))
    vat = _vat(net, vat_account)
    return {
        "description": name,
        "expenseAccount": {"id": _uuid(random), "code": code, "description": name},
        "vatAccount": None
        if vat_account is None
        else {"id": _uuid(random), "code": vat_account.code, "description": None, "rate": vat_account.rate * 100},
        "financial": {"netAmount": net, "vatAmount": vat, "grossAmount": net + vat, "vatAdjustementAmount": 0},
    }


def _splits(company: SpendeskCompany, random: Random, in_wallet: int) -> list[dict[str, Any]]:
    """Return what of a line's net each cost centre gets, the payable's own (None) first; empty: it is not split."""
    if random.random() >= _SPLIT:
        return []
    others = random.sample(company.cost_centers, k=min(len(company.cost_centers), random.choice((1, 2))))
    part = in_wallet // (1 + len(others))
    of_others = [{"valueName": other, "functionalAmount": part} for other in others]
    return [{"valueName": None, "functionalAmount": in_wallet - part * len(others)}, *of_others]


def _vat(net: int, account: VatAccount | None) -> int:
    """What the invoice says of VAT: nothing where it is the customer's to pay (reverse charge)."""
    return 0 if account is None or account.is_charged else round(net * account.rate)


def _in_wallet(amount: int, currency: str) -> int:
    return round(amount / _MINOR[currency] * _RATES[currency] * 100)


def _counterparty(
    company: SpendeskCompany, random: Random, kind: str, employee_id: UUID, employee_name: str
) -> dict[str, Any]:
    if kind in _OF_EMPLOYEES:
        account = {"id": _uuid(random), "generalAccountCode": "1700", "auxiliaryAccountCode": None}
        return {"id": employee_id, "type": "employee", "name": employee_name, "accountPayable": account}
    supplier = random.choice(company.suppliers)
    return {
        "id": supplier.id,
        "type": "supplier",
        "name": supplier.name,
        "vatNumber": supplier.vat_number,
        "iban": supplier.iban,
        "accountPayable": None,
    }


def _attachment(random: Random, at: datetime) -> dict[str, Any]:
    kind, content = draw_receipt(random)
    return {
        "id": _uuid(random),
        "mimeType": kind,
        "checksum": md5(content, usedforsecurity=False).hexdigest(),
        "attachedAt": at,
        "content": content,
    }


def _uuid(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128), version=4)
