from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exactsync.errors import SkippableRecordError
from exactsync.money import apportion, digits, from_minor, is_payable_amount, smallest


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
    assert is_payable_amount(Decimal("9" * 40 + ".99"), "EUR")  # beyond what decimals are rounded to


@given(
    total=st.integers(-(10**9), 10**9),
    weights=st.lists(st.integers(0, 10**6), min_size=1, max_size=9),
    currency=st.sampled_from(["EUR", "JPY", "TND"]),
)
def test_parts_add_up_to_the_total_and_none_is_a_whole_unit_off(total: int, weights: list[int], currency: str) -> None:
    amount = from_minor(total, currency)
    parts = apportion(amount, [Decimal(weight) for weight in weights], currency)
    assert sum(parts) == amount
    assert all(is_payable_amount(part, currency) for part in parts)
    if any(weights):
        exact = [amount * weight / sum(weights) for weight in weights]
        assert all(abs(part - ideal) < smallest(currency) for part, ideal in zip(parts, exact, strict=True))
