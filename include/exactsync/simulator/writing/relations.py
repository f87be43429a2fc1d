"""New relations, suppliers most of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from exactsync.simulator.writing.amounts import RATES
from exactsync.simulator.writing.desk import Written
from exactsync.simulator.writing.words import Phrase

if TYPE_CHECKING:
    from exactsync.simulator.writing.bodies import Values
    from exactsync.simulator.writing.desk import Desk

_DEFAULTS: Final = {
    "Blocked": False,
    "IsSupplier": False,
    "IsSales": False,
    "IsPurchase": False,
    "IsAccountant": 0,
    "Type": "A",
}


def make_relation(desk: Desk, values: Values) -> list[Written]:
    """Return a relation; what is wrong is complained of."""
    desk.require(values, ("Name",))
    desk.look_up(values, "GLAccountPurchase", "GLAccounts")
    desk.look_up_code(values, "PaymentConditionPurchase", "PaymentConditions")
    desk.look_up_code(values, "PurchaseVATCode", "VATCodes")
    currency = values.get("PurchaseCurrency", desk.currency)
    if currency not in RATES:
        desk.complaints.say(Phrase.INVALID_REFERENCE, "PurchaseCurrency")
    country: str = values.get("Country") or desk.company["Country"]
    if not (len(country) == 2 and country.isascii() and country.isupper()):
        desk.complaints.say(Phrase.INVALID_REFERENCE, "Country")
    codes = {one["Code"] for one in desk.records("Accounts")}
    if values.get("Code") in codes:
        desk.complaints.say(Phrase.EXISTS, "Code")
    number = max((int(code) for code in codes if code and code.isdecimal() and code.isascii()), default=0) + 1
    relation = {
        **_DEFAULTS,
        "Code": str(number),
        "StartDate": desk.today,
        "SearchCode": values.get("Name", "").split(" ")[0].upper(),
        "PurchaseCurrency": currency,
        **desk.signed(values),
        "Country": country,
    }
    return [Written(entity_set="Accounts", record=relation)]
