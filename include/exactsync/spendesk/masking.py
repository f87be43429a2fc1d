"""Records of Spendesk without the person they are about: what a bookkeeper has to keep, and nothing else.

Whatever is not named here goes, known or not: Spendesk may add properties, and people write names anywhere.
"""

from __future__ import annotations

from typing import Any, Final

from exactsync.payable import ERASED, hide

_ANALYTICAL: Final = {"fieldName": True, "valueName": True, "functionalAmount": True}
_PAYABLE: Final[dict[str, Any]] = {
    "id": True,
    "type": True,
    "invoiceNumber": True,
    "creditNoteNumber": True,
    "payableDate": True,
    "accountingDate": True,
    "invoiceDueDate": True,
    "currency": True,
    "amount": True,
    "functionalCurrency": True,
    "functionalAmount": True,
    "functionalExchangeRate": True,
    "bookkeepingStatus": True,
    "updatedAt": True,
    "documentaryEvidence": {"provided": {"type": True}},
    "counterparty": {
        "id": True,
        "type": True,
        "accountPayable": {"generalAccountCode": True, "auxiliaryAccountCode": True},
    },
    "lineItems": {
        "financial": {"netAmount": True, "vatAmount": True, "grossAmount": True},
        "expenseAccount": {"code": True},
        "vatAccount": {"code": True, "rate": True},
        "analyticalProperties": _ANALYTICAL,
    },
    "analyticalProperties": _ANALYTICAL,
    "allocations": {"settlementId": True, "settlement": {"id": True}, "allocatedAmount": True},
}
_UNREADABLE: Final[dict[str, Any]] = {
    "id": True,
    "bookkeepingStatus": True,
    "counterparty": {"id": True, "type": True},
}
_SETTLEMENT: Final[dict[str, Any]] = {
    "id": True,
    "type": True,
    "medium": True,
    "paidFrom": True,
    "createdAt": True,
    "clearedAt": True,
    "amount": True,
    "currency": True,
    "billingAmount": True,
    "billingCurrency": True,
    "billingExchangeRate": True,
    "state": True,
    "exportedAt": True,
}
_SUPPLIER: Final[dict[str, Any]] = {"id": True, "isArchived": True, "address": {"country": True}}


def mask_payable(record: dict[str, Any]) -> dict[str, Any]:
    """Return a payable as Spendesk would write it, of nobody: it is read as `Payable.without_person` says."""
    name = str((record.get("counterparty") or {}).get("name") or "")
    masked = _kept(record, _PAYABLE)
    masked["counterparty"]["name"] = ERASED
    for holder in (masked, *(masked.get("lineItems") or [])):
        for value in holder.get("analyticalProperties") or []:
            value |= {"valueName": hide(str(value.get("valueName") or ""), name)}
    return masked | {"description": ERASED}


def mask_unreadable(record: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of a payable that cannot be read."""
    return _kept(record, _UNREADABLE)


def mask_settlement(record: dict[str, Any]) -> dict[str, Any]:
    """Return what was paid, when and how, and no word about what for."""
    return _kept(record, _SETTLEMENT) | {"transactionDescription": ERASED}


def mask_supplier(record: dict[str, Any]) -> dict[str, Any]:
    """Return a supplier of whom only the key and the country are known."""
    return _kept(record, _SUPPLIER) | {"name": ERASED}


def _kept(record: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    """Return what a shape names of a record."""
    return {name: _value(record[name], within) for name, within in shape.items() if name in record}


def _value(value: Any, shape: Any) -> Any:
    """Return what is kept of a value: a plain one, or what is named of a record or of each record of a list."""
    if shape is True:
        return None if isinstance(value, dict | list) else value
    if isinstance(value, list):
        return [_value(one, shape) for one in value]
    return _kept(value, shape) if isinstance(value, dict) else None
