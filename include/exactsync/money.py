"""Amounts of money, exactly: minor units as integers on Spendesk's wire, decimals everywhere else."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from exactsync.errors import SkippableRecordError

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
    return amount == amount.quantize(smallest(currency))
