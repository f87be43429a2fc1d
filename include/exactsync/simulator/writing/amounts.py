"""What the lines of an entry come to: VAT by the code's Type, in the entry's currency and in the company's."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from exactsync.simulator.database import Record

_ANY_SIZE: Final = Context(prec=1000)
"""Doubles reach far, and hostile ones are there to show it."""
_CENT: Final = Decimal("0.01")
_DECIMALS: Final = {"JPY": Decimal(1), "KWD": Decimal("0.001"), "TND": Decimal("0.001")}
RATES: Final = {
    "EUR": 1.0,
    "USD": 0.92,
    "GBP": 1.17,
    "CHF": 1.04,
    "SEK": 0.088,
    "NOK": 0.086,
    "DKK": 0.134,
    "PLN": 0.23,
    "JPY": 0.0061,
    "CAD": 0.68,
    "KWD": 2.99,
    "TND": 0.29,
}
"""The currencies that the companies know, and Exact's own rate of each: what one of it is worth in euros."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAmounts:
    """One line, in the entry's currency."""

    base: Decimal
    """Without VAT."""
    vat: Decimal
    payable: Decimal
    """What the supplier gets of it."""


def line_amounts(amount: float, code: Record | None, vat_amount: float | None, currency: str) -> LineAmounts:
    """Return what a line comes to.

    Args:
        amount: AmountFC as posted: including VAT for a code of Type I, without it for the others.
        code: the VAT code; None: no VAT.
        vat_amount: VATAmountFC as posted, which replaces what the code says.
        currency: the entry's, which amounts are rounded to.
    """
    posted = money(amount, currency)
    kind = code["Type"] if code else "N"
    if code is None or kind not in ("E", "I"):
        return LineAmounts(base=posted, vat=Decimal(0), payable=posted)
    rate = Decimal(str(code["Percentage"] or 0))
    computed = money(posted - posted / (1 + rate) if kind == "I" else posted * rate, currency)
    vat = computed if vat_amount is None else money(vat_amount, currency)
    base = posted - vat if kind == "I" else posted
    return LineAmounts(base=base, vat=vat, payable=base if code.get("Charged") else base + vat)


def money(amount: float | Decimal, currency: str) -> Decimal:
    """Return an amount in whole units of the currency's smallest coin."""
    unit = _DECIMALS.get(currency, _CENT)
    return Decimal(str(amount)).quantize(unit, ROUND_HALF_UP, _ANY_SIZE)
