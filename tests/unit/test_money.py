from __future__ import annotations

from decimal import Decimal

import pytest

from exactsync.errors import SkippableRecordError
from exactsync.money import digits, from_minor, is_payable_amount


@pytest.mark.parametrize(
    ("minor", "currency", "amount"),
    [(1234, "EUR", "12.34"), (-5, "EUR", "-0.05"), (1234, "JPY", "1234"), (1234, "TND", "1.234"), (0, "EUR", "0")],
)
def test_minor_units_are_those_of_their_currency(minor: int, currency: str, amount: str) -> None:
    assert from_minor(minor, currency) == Decimal(amount)


@pytest.mark.parametrize("nonsense", ["", "eur", "EURO", "€", "E1R", "ÉUR"])
def test_what_is_no_currency_is_refused_by_name(nonsense: str) -> None:
    with pytest.raises(SkippableRecordError, match="is no currency"):
        digits(nonsense)


def test_an_amount_finer_than_its_currency_cannot_be_paid() -> None:
    assert is_payable_amount(Decimal("12.340"), "EUR")
    assert not is_payable_amount(Decimal("12.345"), "EUR")
    assert not is_payable_amount(Decimal("0.5"), "JPY")
