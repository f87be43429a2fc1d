"""What can be wrong with a payable: each faulty one has one known flaw, which an export must name."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random


class Flaw(StrEnum):
    """Why a payable cannot be booked as it is."""

    UNKNOWN_SUPPLIER = "unknown_supplier"
    UNREADABLE_RECEIPT = "unreadable_receipt"
    UNKNOWN_ACCOUNT = "unknown_account"
    LINES_DO_NOT_ADD_UP = "lines_do_not_add_up"
    UNKNOWN_COST_CENTER = "unknown_cost_center"
    MISTAKEN_YEAR = "mistaken_year"
    NO_ACCOUNT = "no_account"
    UNKNOWN_VAT_ACCOUNT = "unknown_vat_account"
    MISSING_RECEIPT = "missing_receipt"


def choose_flaw(payable: dict[str, Any], random: Random) -> Flaw:
    """Return a flaw that a payable may have."""
    return random.choice([one for one in Flaw if one is not Flaw.UNKNOWN_SUPPLIER or _has_supplier(payable)])


def spoil(payable: dict[str, Any], flaw: Flaw, random: Random) -> None:
    """Give a payable a flaw."""
    line = payable["lineItems"][0]
    match flaw:
        case Flaw.UNKNOWN_SUPPLIER:
            payable["counterparty"] |= {
                "name": f"Niemand {random.randrange(10**6)} B.V.",
                "vatNumber": None,
                "iban": None,
            }
            payable["counterparty"]["id"] = f"{random.getrandbits(64):016x}"
        case Flaw.UNKNOWN_ACCOUNT:
            line["expenseAccount"] = {"id": "x", "code": "999999", "description": "Opgeheven"}
        case Flaw.NO_ACCOUNT:
            line["expenseAccount"] = None
        case Flaw.UNKNOWN_VAT_ACCOUNT:
            line["vatAccount"] = {"id": "x", "code": "ZZZ", "description": None, "rate": 21}
        case Flaw.UNKNOWN_COST_CENTER:
            payable["analyticalProperties"][0]["valueName"] = "Afdeling die niet bestaat"
        case Flaw.LINES_DO_NOT_ADD_UP:
            line["financial"]["grossAmount"] += 1
        case Flaw.MISTAKEN_YEAR:
            first = payable["payableDate"].replace(day=1)
            payable["accountingDate"] = first.replace(year=first.year + 10)
        case Flaw.MISSING_RECEIPT:
            payable["attachments"] = []
            payable["documentaryEvidence"] = {
                "notProvided": {"reason": "lost", "reportMethod": "manual", "reporterId": payable["userId"]}
            }
        case Flaw.UNREADABLE_RECEIPT:
            payable["attachments"][0]["content"] = b"this is neither a picture nor a PDF"


def _has_supplier(payable: dict[str, Any]) -> bool:
    return bool(payable["counterparty"]["type"] == "supplier")
