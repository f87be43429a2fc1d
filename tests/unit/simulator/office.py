"""A company whose books are small enough to know by heart, and a visitor who books in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from exactsync.simulator import Company

OURS, OTHERS = 1, 2
COMPANIES = (
    Company(code=OURS, name="Ours", country="NL"),
    Company(code=OTHERS, name="Others", country="NL"),
)
ENTRIES, LINES = "purchaseentry/PurchaseEntries", "purchaseentry/PurchaseEntryLines"
DOCUMENTS, ATTACHMENTS, RELATIONS = "documents/Documents", "documents/DocumentAttachments", "crm/Accounts"
WHOLE = {"Prefer": "return=representation"}
_VAT = {"IsBlocked": False, "Charged": False, "VATTransactionType": "P", "Percentage": 0.21}
_PLAIN = {"UseCostcenter": 0, "UseCostunit": 0, "IsBlocked": False, "Costcenter": None, "Costunit": None}


@dataclass
class Office:
    """The books, by what people call things."""

    visitor: Any
    ids: dict[str, UUID] = field(default_factory=dict)

    def __post_init__(self) -> None:
        put = self._put
        for code, kind, values in (
            ("60", 22, {}),
            ("61", 22, {"AllowVariableCurrency": True, "AllowVariableExchangeRate": True}),
            ("62", 22, {"IsBlocked": True}),
            ("90", 90, {}),
        ):
            fixed = {"AllowVariableCurrency": False, "AllowVariableExchangeRate": False, "IsBlocked": False}
            put("Journals", {**fixed, "Code": code, "Type": kind, "Currency": "EUR", **values})
        for month in range(1, 13):
            days = {"StartDate": date(2024, month, 1), "EndDate": date(2024, month, 28)}
            put("FinancialPeriods", {"FinYear": 2024, "FinPeriod": month, **days})
        for code, values in (
            ("E21", {"Type": "E"}),
            ("I21", {"Type": "I"}),
            ("B", {"Type": "B", "Percentage": 0.0}),
            ("N", {"Type": "N", "Percentage": 0.0}),
            ("EU", {"Type": "E", "Charged": True}),
            ("OLD", {"Type": "E", "IsBlocked": True}),
            ("S", {"Type": "E", "VATTransactionType": "S"}),
        ):
            put("VATCodes", {**_VAT, "Code": code, **values})
        for code, values in (
            ("4500", {"VATCode": None}),
            ("4510", {"VATCode": "E21"}),
            ("4520", {"VATCode": None, "IsBlocked": True}),
            ("4530", {"VATCode": None, "UseCostcenter": 1}),
            ("4540", {"VATCode": None, "UseCostcenter": 2}),
        ):
            put("GLAccounts", {**_PLAIN, "Code": code, **values})
        put("Costcenters", {"Code": "SAL", "EndDate": None})
        put("Costcenters", {"Code": "MKT", "EndDate": date(2023, 12, 31)})
        put("PaymentConditions", {"Code": "30", "PaymentDays": 30})
        supplier = {"IsSupplier": True, "Blocked": False, "EndDate": None, "PaymentConditionPurchase": "30"}
        put("Accounts", {**supplier, "Code": "1", "Name": "Acme"})
        put("Accounts", {**supplier, "Code": "2", "Name": "Customer", "IsSupplier": False})
        put("Accounts", {**supplier, "Code": "3", "Name": "Blocked", "Blocked": True})
        put("Accounts", {**supplier, "Code": "4", "Name": "Gone", "EndDate": date(2023, 1, 1)})
        put("Accounts", {**supplier, "Code": "1", "Name": "Foreign"}, OTHERS)

    def _put(self, entity_set: str, values: dict[str, Any], division: int = OURS) -> None:
        key = self.visitor.simulator.insert(division, entity_set, values).key
        self.ids[values.get("Name") or values.get("Code") or "-"] = key

    def line(self, account: str = "4500", amount: float = 100.0, **values: Any) -> dict[str, Any]:
        return {"GLAccount": str(self.ids[account]), "AmountFC": amount, **values}

    def entry(self, *lines: dict[str, Any], **values: Any) -> dict[str, Any]:
        """Return a body; a value of None leaves the property out."""
        usual = {"Journal": "60", "Supplier": str(self.ids["Acme"]), "EntryDate": "2024-06-15T00:00:00"}
        body = {**usual, "PurchaseEntryLines": list(lines) or [self.line()], **values}
        return {name: value for name, value in body.items() if value is not None}

    def book(self, *lines: dict[str, Any], **values: Any) -> dict[str, Any]:
        """Book an entry, and return it as Exact tells it."""
        response = self.visitor.post(f"{OURS}/{ENTRIES}", self.entry(*lines, **values), **WHOLE)
        assert response.status_code == 201, response.text
        return response.json()["d"]

    def refusal(self, *lines: dict[str, Any], **values: Any) -> str:
        """Book what is refused, and return why."""
        before = self.truth("PurchaseEntries")
        response = self.visitor.post(f"{OURS}/{ENTRIES}", self.entry(*lines, **values))
        assert response.status_code == 500, response.text
        assert self.truth("PurchaseEntries") == before
        return response.json()["error"]["message"]["value"]

    def create(self, endpoint: str, body: dict[str, Any]) -> UUID:
        """Create something, and return its key."""
        response = self.visitor.post(f"{OURS}/{endpoint}", body)
        assert response.status_code == 201, response.text
        return UUID(response.json()["d"]["__metadata"]["uri"][-38:-2])

    def truth(self, entity_set: str) -> list[dict[str, Any]]:
        return self.visitor.simulator.truth(OURS, entity_set)
