"""What Exact has booked, told apart from what was sent, whatever of it is another."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from exactsync.payables.comparing import describe, differences
from exactsync.payables.entry import purchase_entry
from tests.unit.payables.company import ACME, APOLLO, LUNCHES, SOURCE, TRAVEL, booked, invoice

RECEIPTS = UUID(int=77)


def encode_day(day: date) -> str:
    """Write a day as Exact shows it: midnight of the Dutch clock, read as if it were UTC."""
    return f"/Date({(day - date(1970, 1, 1)).days * 86_400_000})/"


DAYS = {"from_date": date(2026, 4, 1), "to_date": date(2026, 6, 30)}
VALUES = {"Cost center": "Sales", "Product": "Widgets", "Project": "Apollo"}
LINE = invoice().lines[0]
SHARE = replace(LINE.shares[0], values=VALUES)
PAYABLE = invoice(
    payment_condition="30",
    accounting_date=date(2026, 5, 31),
    currency="USD",
    amount=Decimal("242.00"),
    functional_amount=Decimal("223.05"),
    exchange_rate=Decimal("0.9217"),
    lines=(replace(LINE, shares=(SHARE,), **DAYS), replace(LINE, ordinal=2, description="Train", account_code="6100")),
)
"""As much of an entry as there is: another currency, deferred costs, every axis, a day in two periods."""


def wire(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry as Exact shows it: doubles, padded codes, days as milliseconds, names beside ids."""

    def shown(name: str, value: Any) -> Any:
        if isinstance(value, Decimal):
            return float(value)
        if name in {"EntryDate", "DueDate", "From", "To"}:
            return encode_day(date.fromisoformat(value[:10]))
        return f"{value} " if name in {"VATCode", "CostCenter", "CostUnit"} else value

    return {name: shown(name, value) for name, value in entry.items()}


def sent_and_booked(payable: Any = PAYABLE) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    """Return what was sent, and the entry and its lines as Exact shows them when it has booked just that."""
    booking = booked(payable, source=replace(SOURCE, entry_currency="payment"))
    body = purchase_entry(payable, booking, reference="XS-1", document=RECEIPTS)
    names = {**booking.names, RECEIPTS: "the receipts"}
    entry = wire({name: value for name, value in body.items() if name != "PurchaseEntryLines"})
    entry |= {"EntryNumber": 26600001, "Type": 30, "AmountFC": float(payable.amount), "SupplierName": "Acme B.V."}
    lines = [wire(line) for line in body["PurchaseEntryLines"]]
    lines[0]["GLAccountCode"] = "4500"
    return describe(body, amount=payable.amount, names=names), entry, lines


def test_what_comes_back_as_it_was_sent_is_no_difference() -> None:
    sent, entry, lines = sent_and_booked()
    assert differences(sent, entry, lines) == []


OF_ENTRIES = {
    "Supplier": (str(UUID(int=9)), "supplier: sent Acme B.V. (8), booked Globex"),
    "Document": (None, "document: sent the receipts, booked nothing"),
    "Journal": ("61", "journal: sent 60, booked 61"),
    "YourRef": (None, "number: sent 2026-17, booked nothing"),
    "EntryDate": (encode_day(date(2026, 5, 30)), "entry date: sent 2026-05-31, booked 2026-05-30"),
    "DueDate": (encode_day(date(2026, 5, 28)), "due date: sent 2026-04-28, booked 2026-05-28"),
    "ReportingYear": (2025, "financial year: sent 2026, booked 2025"),
    "ReportingPeriod": (5, "period: sent 13, booked 5"),
    "PaymentCondition": ("14", "payment condition: sent 30, booked 14"),
    "Currency": ("EUR", "currency: sent USD, booked EUR"),
    "Rate": (0.92, "exchange rate: sent 0.9217, booked 0.92"),
    "AmountFC": (241.99, "amount: sent 242.00 USD, booked 241.99 USD"),
    "Type": (31, "kind: sent purchase entry, booked credit note"),
}
OF_LINES = {
    "GLAccount": (None, "line 1, G/L account: sent 4500 (Lunches), booked nothing"),
    "VATCode": ("I21", "line 1, VAT code: sent E21, booked I21"),
    "CostCenter": (None, "line 1, cost centre: sent SAL, booked nothing"),
    "CostUnit": ("200", "line 1, cost unit: sent 100, booked 200"),
    "Project": (None, "line 1, project: sent P1 (Apollo), booked nothing"),
    "From": (None, "line 1, first day: sent 2026-04-01, booked nothing"),
    "To": (encode_day(date(2026, 6, 29)), "line 1, last day: sent 2026-06-30, booked 2026-06-29"),
    "AmountFC": (-100.0, "line 1, amount: sent 100.00 USD, booked -100.00 USD"),
    "VATAmountFC": (20.99, "line 1, VAT amount: sent 21.00 USD, booked 20.99 USD"),
}


@pytest.mark.parametrize("name", OF_ENTRIES)
def test_whatever_of_an_entry_is_another_is_told_in_a_persons_words(name: str) -> None:
    sent, entry, lines = sent_and_booked()
    value, told = OF_ENTRIES[name]
    assert differences(sent, {**entry, "SupplierName": "Globex", name: value}, lines) == [told]


@pytest.mark.parametrize("name", OF_LINES)
def test_whatever_of_a_line_is_another_is_told_with_its_line(name: str) -> None:
    sent, entry, lines = sent_and_booked()
    value, told = OF_LINES[name]
    lines[0] |= {name: value} | ({"GLAccountCode": None} if name == "GLAccount" else {})
    assert differences(sent, entry, lines) == [told]


def test_everything_that_is_sent_is_compared_but_texts_and_our_reference() -> None:
    sent, _, _ = sent_and_booked()
    body = purchase_entry(
        PAYABLE,
        booked(PAYABLE, source=replace(SOURCE, entry_currency="payment")),
        reference="XS-1",
        document=RECEIPTS,
    )
    assert body.keys() - sent["entry"].keys() == {"Description", "ExternalLinkReference"}
    assert body["PurchaseEntryLines"][0].keys() - sent["entry"]["PurchaseEntryLines"][0].keys() == {"Description"}
    assert OF_ENTRIES.keys() >= sent["entry"].keys() - {"PurchaseEntryLines"}
    assert OF_LINES.keys() == sent["entry"]["PurchaseEntryLines"][0].keys()


def test_lines_that_exact_shows_in_another_order_are_the_same() -> None:
    sent, entry, lines = sent_and_booked()
    assert differences(sent, entry, lines[::-1]) == []


def test_a_line_that_is_missing_and_one_too_many_are_told() -> None:
    sent, entry, lines = sent_and_booked()
    assert differences(sent, entry, lines[:1]) == ["line 2: sent 100.00 USD, booked nothing"]
    twice = [*lines, lines[1]]
    assert differences(sent, entry, twice) == ["a line more: sent nothing, booked 100.00 USD"]


@pytest.mark.parametrize("shown", [-1, 1])
def test_a_credit_note_may_be_shown_below_or_above_zero_but_not_as_a_purchase(shown: int) -> None:
    back = {"net": Decimal("-100.00"), "vat": Decimal("-21.00"), "gross": Decimal("-121.00")}
    payable = invoice(line=back, amount=Decimal("-121.00"), functional_amount=Decimal("-121.00"))
    sent, entry, lines = sent_and_booked(payable)
    entry |= {"Type": 31, "AmountFC": shown * 121.0}
    lines[0] |= {"AmountFC": shown * 100.0, "VATAmountFC": shown * 21.0}
    assert differences(sent, entry, lines) == []
    as_purchase = {**entry, "Type": 30, "AmountFC": 121.0}
    assert "amount: sent -121.00 EUR, booked 121.00 EUR" in differences(sent, as_purchase, lines)
    half_turned = [{**lines[0], "VATAmountFC": -shown * 21.0}]
    assert differences(sent, entry, half_turned) != []


def test_a_line_that_was_sent_with_its_vat_may_be_shown_without() -> None:
    sent, entry, lines = sent_and_booked(invoice(line={"vat_account_code": "NL21i"}))
    assert lines[0]["AmountFC"] == 121.0
    assert differences(sent, entry, [{**lines[0], "AmountFC": 100.0}]) == []
    assert differences(sent, entry, [{**lines[0], "AmountFC": 101.0}]) != []


def test_vat_that_nobody_charged_and_exact_has_added_is_told() -> None:
    no_vat = {"vat_account_code": None, "vat": Decimal(0), "gross": Decimal("100.00")}
    payable = invoice(line=no_vat, amount=Decimal("100.00"), functional_amount=Decimal("100.00"))
    sent, entry, lines = sent_and_booked(payable)
    added = [{**lines[0], "VATCode": "E21", "VATAmountFC": 21.0}]
    assert differences(sent, entry, added) == ["line 1, VAT amount: sent 0 EUR, booked 21.00 EUR"]


def test_what_exact_computes_or_fills_in_itself_is_no_difference() -> None:
    reverse = {"vat_account_code": "REVERSE", "vat": Decimal(0), "gross": Decimal("100.00"), "shares": ()}
    payable = invoice(line=reverse, due_date=None, amount=Decimal("100.00"), functional_amount=Decimal("100.00"))
    sent, entry, lines = sent_and_booked(payable)
    entry |= {"DueDate": encode_day(date(2026, 4, 28)), "ReportingPeriod": 3, "PaymentCondition": "30", "Rate": 1}
    lines[0] |= {"VATAmountFC": 21.0, "CostCenter": "GEN"}
    assert differences(sent, entry, lines) == []


def test_the_noise_of_doubles_is_no_difference_but_a_cent_is() -> None:
    sent, entry, lines = sent_and_booked()
    noisy = {**entry, "AmountFC": 241.99999999999997, "Rate": 0.92170000000000001}
    assert differences(sent, noisy, lines) == []
    assert differences(sent, {**entry, "AmountFC": 242.01}, lines) != []


@pytest.mark.parametrize("garbage", ["", "?", "/Date(99999999999999999999)/", float("nan"), 1e300, -1, [], {}, True])
def test_whatever_else_comes_back_is_a_difference_and_breaks_nothing(garbage: Any) -> None:
    sent, entry, lines = sent_and_booked()
    for name in OF_ENTRIES.keys() - {"Type"}:
        assert differences(sent, {**entry, name: garbage}, lines), name
    for name in OF_LINES:
        changed = deepcopy(lines)
        changed[0][name] = garbage
        assert differences(sent, entry, changed), name


def test_names_are_those_that_people_know_at_exact() -> None:
    names = booked(PAYABLE).names
    assert names == {
        ACME: "Acme B.V. (8)",
        LUNCHES: "4500 (Lunches)",
        TRAVEL: "4510 (Travel)",
        APOLLO: "P1 (Apollo)",
    }
