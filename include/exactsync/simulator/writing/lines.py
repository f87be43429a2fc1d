"""The lines of a new purchase entry."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from exactsync.simulator.writing.amounts import line_amounts, money
from exactsync.simulator.writing.words import Phrase

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from exactsync.simulator.database import Record
    from exactsync.simulator.writing.bodies import Values
    from exactsync.simulator.writing.desk import Desk
    from exactsync.simulator.writing.words import Complaints

_MANDATORY, _NOT_USED = 1, 2
_SALES: Final = "S"
_AXES: Final = (
    ("CostCenter", "Costcenters", "Costcenter", "UseCostcenter"),
    ("CostUnit", "Costunits", "Costunit", "UseCostunit"),
)
"""Property of a line, entity set, default and use on the G/L account."""


def make_line(desk: Desk, complaints: Complaints, values: Values, number: int, entry: Values, rate: Decimal) -> Values:
    """Return one line, with what the supplier gets of it under `_payable`; what is wrong is complained of."""
    desk = replace(desk, complaints=complaints)
    desk.require(values, ("GLAccount", "AmountFC"))
    account = desk.look_up(values, "GLAccount", "GLAccounts")
    if account is not None and account.get("IsBlocked"):
        complaints.say(Phrase.BLOCKED, "GLAccount")
    code = _vat_code(desk, values, account)
    day = entry["EntryDate"]
    texts = _axes(desk, values, account, day) | _project(desk, values, day)
    currency = entry["Currency"]
    amounts = line_amounts(values.get("AmountFC", 0.0), code, values.get("VATAmountFC"), currency)
    if values.get("VATAmountFC") and amounts.vat == 0:
        complaints.say(Phrase.NOT_ALLOWED, "VATAmountFC")

    def own(amount: Decimal) -> float:
        return float(money(amount * rate, desk.currency))

    return {
        **desk.signed(values),
        **texts,
        "EntryID": entry["EntryID"],
        "LineNumber": number,
        "GLAccountCode": account and account["Code"],
        "GLAccountDescription": account and account["Description"],
        "VATCodeDescription": code and code["Description"],
        "VATPercentage": code and code["Percentage"],
        "AmountDC": own(money(values.get("AmountFC", 0.0), currency)),
        "VATAmountFC": float(amounts.vat),
        "VATAmountDC": own(amounts.vat),
        "VATBaseAmountFC": float(amounts.base),
        "VATBaseAmountDC": own(amounts.base),
        "_payable": amounts.payable,
    }


def _vat_code(desk: Desk, values: Values, account: Record | None) -> Record | None:
    """Return the line's VAT code, or the account's."""
    if values.get("VATCode") is None and account is not None:
        values["VATCode"] = account.get("VATCode")
    code = desk.look_up_code(values, "VATCode", "VATCodes")
    if code is not None and code.get("IsBlocked"):
        desk.complaints.say(Phrase.BLOCKED, "VATCode")
    if code is not None and code.get("VATTransactionType") == _SALES:
        desk.complaints.say(Phrase.INVALID_REFERENCE, "VATCode")
    return code


def _axes(desk: Desk, values: Values, account: Record | None, day: date) -> dict[str, Any]:
    descriptions: dict[str, Any] = {}
    for name, entity_set, default, use in _AXES:
        usage = account.get(use) if account is not None else None
        if values.get(name) and usage == _NOT_USED:
            desk.complaints.say(Phrase.NOT_ALLOWED, name)
        if not values.get(name) and account is not None and usage != _NOT_USED:
            values[name] = account.get(default)
        if not values.get(name) and usage == _MANDATORY:
            desk.complaints.say(Phrase.MANDATORY, name)
        found = desk.look_up_code(values, name, entity_set)
        if found is not None and found.get("EndDate") and found["EndDate"] < day:
            desk.complaints.say(Phrase.ENDED, name)
        descriptions[f"{name}Description"] = found and found["Description"]
    return descriptions


def _project(desk: Desk, values: Values, day: date) -> dict[str, Any]:
    project = desk.look_up(values, "Project", "Projects")
    if project is None:
        return {}
    if project.get("BlockPurchasing") or project.get("BlockEntry"):
        desk.complaints.say(Phrase.BLOCKED, "Project")
    if project.get("EndDate") and project["EndDate"] < day:
        desk.complaints.say(Phrase.ENDED, "Project")
    return {"ProjectDescription": project["Description"]}
