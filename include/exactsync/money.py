"""Amounts of money, exactly: minor units as integers on Spendesk's wire, decimals everywhere else."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING, Final

from exactsync.errors import SkippableRecordError

if TYPE_CHECKING:
    from collections.abc import Sequence

_WITHOUT_MINOR_UNIT: Final = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()  # noqa: SIM905 - a table is read so
)
_WITH_THREE_DIGITS: Final = frozenset("BHD IQD JOD KWD LYD OMR TND".split())  # noqa: SIM905


def digits(currency: str) -> int:
    """Return how many decimals amounts of a currency have (ISO 4217: JPY 0, EUR 2, TND 3).

    Raises:
        SkippableRecordError: it is no currency code.
    """
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()):
        raise SkippableRecordError(f"'{currency}' is no currency (ISO 4217).")
    if currency in _WITHOUT_MINOR_UNIT:
        return 0
    return 3 if currency in _WITH_THREE_DIGITS else 2


def from_minor(amount: int, currency: str) -> Decimal:
    """Return an amount of minor units in units: 1234 of EUR is 12.34, 1234 of JPY is 1234."""
    return Decimal(amount).scaleb(-digits(currency))


def smallest(currency: str) -> Decimal:
    """Return the smallest amount of a currency: 0.01 EUR, 1 JPY."""
    return Decimal(1).scaleb(-digits(currency))


def is_payable_amount(amount: Decimal, currency: str) -> bool:
    """Whether a currency can express an amount: 12.34 EUR, but neither 12.345 EUR nor 0.5 JPY."""
    return (Fraction(amount) / Fraction(smallest(currency))).denominator == 1


def apportion(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Part an amount by weights, to the smallest unit: the parts add up to the total, whatever the weights.

    What rounding down leaves over goes to the parts that lost most by it, the first of equals first.

    Args:
        total: what to part, positive or negative.
        weights: at least one, none negative; if all are 0, the first part gets everything.
        currency: whose smallest unit counts.
    """
    first = [1, *(0 for _ in weights[1:])]
    sizes = [Fraction(weight) for weight in (weights if any(weights) else first)]
    return settle([Fraction(total) * size / sum(sizes) for size in sizes], total, currency)


def settle(parts: Sequence[Fraction | Decimal], total: Decimal, currency: str) -> list[Decimal]:
    """Round parts to amounts of a currency that add up to a total exactly.

    What they miss of it, or exceed it by, is spread by their size; the last cents go to the largest remainders, so that
    no part is a cent away from its share. What is refunded is settled as it was paid. `total` must be an amount of the
    currency.
    """
    sign = -1 if total < 0 else 1
    exact = [sign * Fraction(part) for part in parts]
    missing = sign * Fraction(total) - sum(exact)
    sizes = [abs(part) for part in exact] if any(exact) else [Fraction(1)] * len(exact)
    unit = Fraction(smallest(currency))
    wanted = [(part + missing * size / sum(sizes)) / unit for part, size in zip(exact, sizes, strict=True)]
    units = [floor(part) for part in wanted]
    left = int(sign * Fraction(total) / unit) - sum(units)
    for place in sorted(range(len(wanted)), key=lambda place: units[place] - wanted[place])[:left]:
        units[place] += 1
    return [from_minor(sign * count, currency) for count in units]
