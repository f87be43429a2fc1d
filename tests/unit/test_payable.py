from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from exactsync.payable import Counterparty, Kind, Line, Payable, Receipt, Share

LUNCH = Payable(
    source="spendesk_default",
    id="5f3a",
    kind=Kind.CARD,
    source_kind="physicalCard",
    number="2026-17",
    description="Lunch",
    counterparty=Counterparty(kind="supplier", id="s-1", name="Café «Zü»"),
    payable_date=date(2026, 3, 29),
    accounting_date=None,
    due_date=None,
    currency="EUR",
    amount=Decimal("12.10"),
    functional_currency="EUR",
    functional_amount=Decimal("12.10"),
    exchange_rate=None,
    lines=(
        Line(
            ordinal=1,
            description="Lunch",
            account_code="4500",
            vat_account_code="NL21",
            vat_rate=Decimal("0.21"),
            net=Decimal("10.00"),
            vat=Decimal("2.10"),
            gross=Decimal("12.10"),
            shares=(Share(amount=None, values={"Cost center": "Sales"}),),
        ),
    ),
    receipts=(Receipt(url="https://files.example/1?signature=a", media_type="image/png", checksum="c1"),),
    updated_at=datetime(2026, 3, 30, 8, tzinfo=UTC),
)


def test_a_payable_comes_back_from_json_as_it_was() -> None:
    assert Payable.from_json(LUNCH.to_json()) == LUNCH


def test_what_is_booked_tells_an_edit_and_nothing_else_does() -> None:
    again = replace(
        LUNCH,
        amount=Decimal("12.1"),
        updated_at=None,
        receipts=(Receipt(url="https://files.example/1?signature=b", media_type="image/png", checksum="c1"),),
    )
    assert again.fingerprint() == LUNCH.fingerprint()

    assert replace(LUNCH, amount=Decimal("12.11")).fingerprint() != LUNCH.fingerprint()
    assert replace(LUNCH, accounting_date=date(2026, 4, 1)).fingerprint() != LUNCH.fingerprint()
    (line,) = LUNCH.lines
    elsewhere = replace(line, shares=(Share(amount=None, values={"Cost center": "Research"}),))
    assert replace(LUNCH, lines=(elsewhere,)).fingerprint() != LUNCH.fingerprint()
    assert replace(LUNCH, receipts=()).fingerprint() != LUNCH.fingerprint()


def test_it_is_booked_on_the_accounting_date_where_somebody_has_set_one() -> None:
    assert LUNCH.entry_date == date(2026, 3, 29)
    assert replace(LUNCH, accounting_date=date(2026, 4, 1)).entry_date == date(2026, 4, 1)
