"""VAT codes and their percentages."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import TYPE_CHECKING, Any

from exactsync.simulator.records.invented import random_id
from exactsync.simulator.vocabulary import VAT_RATES

if TYPE_CHECKING:
    from exactsync.simulator.data import RecordFactory

_PRESENT_SINCE = date(2019, 1, 1)
_ON_VAT = 24
"""The type of the accounts that VAT is booked on."""


def make_vat_code(factory: RecordFactory, number: int) -> dict[str, Any]:
    """A VAT code of the company's country."""
    rates = VAT_RATES[factory.company.country]
    rate, lap = rates[number % len(rates)], number // len(rates)
    return {
        "Code": str(number),
        "Description": f"{rate.description} ({lap})" if lap else rate.description,
        "Percentage": rate.percentage,
        "Type": rate.type,
        "VATTransactionType": rate.transaction_type,
        "IsBlocked": lap > 2,
        "Charged": "erlegd" in rate.description or "liquidation" in rate.description,
        "Country": factory.company.country,
        "CalculationBasis": 0,
        "EUSalesListing": "L" if rate.transaction_type == "S" else "N",
        "IntraStat": False,
        "GLToClaim": factory.random.choice((factory.pick("GLAccounts", "ID"), random_id(factory.random))),
        "GLToPay": factory.random.choice((None, random_id(factory.random))),
        "VatMargin": 0,
        "VatDocType": "P",
    }


def book_vat(factory: RecordFactory) -> list[dict[str, Any]]:
    """Return the VAT codes with accounts of the ledger to claim and pay VAT on: codes are made before there is one."""
    random = Random(factory.company.code)  # noqa: S311 - reproducible, not secret
    ledger = factory.records("GLAccounts")
    on_vat = [account["ID"] for account in ledger if account["Type"] == _ON_VAT] or [one["ID"] for one in ledger]
    sides = ("GLToClaim", "GLToPay") if on_vat else ()
    codes = factory.records("VATCodes")
    return [{**code, **{side: code[side] and random.choice(on_vat) for side in sides}} for code in codes]


def make_vat_percentage(factory: RecordFactory, number: int) -> dict[str, Any]:
    """One line of a VAT code: the first is in force, each further one was, in the three years before."""
    codes = factory.records("VATCodes")
    if not codes:
        return {"LineNumber": 1, "Percentage": 0.21, "Type": 0, "VATCodeID": random_id(factory.random)}
    code, lap = codes[number % len(codes)], number // len(codes)
    start = _PRESENT_SINCE.replace(year=_PRESENT_SINCE.year - 3 * lap)
    return {
        "VATCodeID": code["ID"],
        "LineNumber": lap + 1,
        "Percentage": max(0.0, round((code["Percentage"] or 0.0) - 0.02 * lap, 4)),
        "Type": 0,
        "StartDate": start,
        "EndDate": date(start.year + 2, 12, 31) if lap else None,
    }
