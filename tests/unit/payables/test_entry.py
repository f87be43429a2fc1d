from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exactsync.errors import DefectError
from exactsync.money import apportion, from_minor, settle, smallest
from exactsync.payable import Kind, Line, Payable, Share
from exactsync.payables.entry import purchase_entry, shortened
from exactsync.simulator.writing.amounts import line_amounts
from tests.unit.payables.company import ACME, APOLLO, BOOKS, INVOICE, SOURCE, booked, invoice

if TYPE_CHECKING:
    from collections.abc import Callable

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "payables.md"
IN_PAYMENT_CURRENCY = replace(SOURCE, entry_currency="payment")


def entry_of(payable: Payable = INVOICE, *rows: Any, source: Any = None) -> dict[str, Any]:
    return purchase_entry(payable, booked(payable, *rows, source=source), reference="XS-1")


def lines_of(*args: Any, **options: Any) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = entry_of(*args, **options)["PurchaseEntryLines"]
    return lines


def test_an_invoice_becomes_an_entry_field_by_field() -> None:
    document = UUID(int=55)
    payable = invoice(payment_condition="30", line={"from_date": date(2026, 4, 1), "to_date": date(2026, 6, 30)})
    assert purchase_entry(payable, booked(payable), reference="XS-1", document=document) == {
        "Journal": "60",
        "Supplier": str(ACME),
        "EntryDate": "2026-03-29T00:00:00",
        "DueDate": "2026-04-28T00:00:00",
        "YourRef": "2026-17",
        "Description": "Lunch",
        "Currency": "EUR",
        "PaymentCondition": "30",
        "ExternalLinkReference": "XS-1",
        "Document": str(document),
        "PurchaseEntryLines": [
            {
                "GLAccount": str(BOOKS.accounts["4500"].id),
                "Description": "Lunch for eight",
                "AmountFC": Decimal("100.00"),
                "VATCode": "E21",
                "VATAmountFC": Decimal("21.00"),
                "CostCenter": "SAL",
                "From": "2026-04-01T00:00:00",
                "To": "2026-06-30T00:00:00",
            }
        ],
    }


def test_the_guide_tells_of_every_field_that_is_sent_and_of_no_other() -> None:
    values = {"Cost center": "Sales", "Product": "Widgets", "Project": "Apollo"}
    payable = invoice(
        payment_condition="30",
        accounting_date=date(2026, 5, 31),
        currency="USD",
        functional_amount=Decimal("111.53"),
        exchange_rate=Decimal("0.9217"),
        line={
            "shares": (Share(amount=None, values=values),),
            "from_date": date(2026, 4, 1),
            "to_date": date(2026, 6, 30),
        },
    )
    booking = booked(payable, source=IN_PAYMENT_CURRENCY)
    entry = purchase_entry(payable, booking, reference="XS-1", document=UUID(int=55))
    assert fields_told("The entry") == set(entry)
    assert fields_told("Its lines") == set(entry["PurchaseEntryLines"][0])


def fields_told(section: str) -> set[str]:
    """Return the fields in the first column of a table of the guide."""
    _, _, after = GUIDE.read_text().partition(f"\n## {section}\n")
    rows = re.findall(r"^\| (`.*?) \|", after.partition("\n## ")[0], re.MULTILINE)
    return {field for row in rows for field in re.findall(r"`(\w+)`", row)}


def test_the_accounting_date_overrides_the_day_of_the_expense_and_a_shared_day_names_its_period() -> None:
    entry = entry_of(invoice(accounting_date=date(2026, 5, 31)))
    assert entry["EntryDate"] == "2026-05-31T00:00:00"
    assert (entry["ReportingYear"], entry["ReportingPeriod"]) == (2026, 13)


def test_what_is_unknown_is_left_to_exact() -> None:
    entry = entry_of(invoice(kind=Kind.CARD, number=None, due_date=None, description=" "))
    assert set(entry) == {
        "Journal",
        "Supplier",
        "EntryDate",
        "Currency",
        "ExternalLinkReference",
        "PurchaseEntryLines",
    }


@pytest.mark.parametrize(
    ("vat_account", "net", "vat", "amount_fc", "vat_amount_fc"),
    [
        ("NL21", "100.00", "21.00", "100.00", "21.00"),
        ("NL21i", "100.00", "21.00", "121.00", "21.00"),
        ("NL21", "100.01", "20.99", "100.01", "20.99"),  # as invoiced, not as computed
        ("NL0", "121.00", "0.00", "121.00", None),
        ("NONE", "121.00", "0.00", "121.00", None),
        ("REVERSE", "121.00", "0.00", "121.00", None),  # Exact computes what is to be paid and to be claimed
        ("NL21", "-100.00", "-21.00", "-100.00", "-21.00"),
        ("NL21i", "-100.00", "-21.00", "-121.00", "-21.00"),
    ],
)
def test_amounts_are_what_the_type_of_the_vat_code_means(
    vat_account: str, net: str, vat: str, amount_fc: str, vat_amount_fc: str | None
) -> None:
    gross = Decimal(net) + Decimal(vat)
    line = {"vat_account_code": vat_account, "net": Decimal(net), "vat": Decimal(vat), "gross": gross}
    (written,) = lines_of(invoice(line=line, amount=gross, functional_amount=gross))
    assert written["AmountFC"] == Decimal(amount_fc)
    assert written.get("VATAmountFC") == (None if vat_amount_fc is None else Decimal(vat_amount_fc))


def test_a_split_line_becomes_a_line_for_each_part_and_loses_no_cent() -> None:
    thirds = [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")]
    values = [{"Cost center": "Sales"}, {"Project": "Apollo"}, {"Product": "Widgets"}]
    shares = tuple(Share(amount=amount, values=value) for amount, value in zip(thirds, values, strict=True))
    lines = lines_of(invoice(line={"shares": shares, "net": Decimal("100.00")}))
    assert [line["AmountFC"] for line in lines] == thirds
    assert sum(line["VATAmountFC"] for line in lines) == Decimal("21.00")
    assert [(line.get("CostCenter"), line.get("Project"), line.get("CostUnit")) for line in lines] == [
        ("SAL", None, None),
        (None, str(APOLLO), None),
        (None, None, "100"),
    ]


def test_what_was_paid_in_dollars_is_booked_in_the_wallets_euros_unless_the_source_says_otherwise() -> None:
    paid: dict[str, Any] = {
        "currency": "USD",
        "functional_amount": Decimal("111.53"),
        "exchange_rate": Decimal("0.9217"),
    }
    entry = entry_of(invoice(**paid))
    assert (entry["Currency"], entry.get("Rate")) == ("EUR", None)
    (line,) = entry["PurchaseEntryLines"]
    assert (line["AmountFC"], line["VATAmountFC"]) == (Decimal("92.17"), Decimal("19.36"))

    entry = entry_of(invoice(**paid), source=IN_PAYMENT_CURRENCY)
    assert (entry["Currency"], entry["Rate"]) == ("USD", Decimal("0.9217"))
    (line,) = entry["PurchaseEntryLines"]
    assert (line["AmountFC"], line["VATAmountFC"]) == (Decimal("100.00"), Decimal("21.00"))


def test_a_line_of_nothing_is_not_sent() -> None:
    nothing = replace(INVOICE.lines[0], ordinal=2, net=Decimal(0), vat=Decimal(0), gross=Decimal(0))
    assert len(lines_of(invoice(lines=(*INVOICE.lines, nothing)))) == 1


def test_a_long_description_is_cut_and_stays_on_one_line() -> None:
    assert shortened("Lunch\r\nwith  the board") == "Lunch with the board"
    assert shortened("é" * 60) == "é" * 60
    assert shortened("word " * 20) == "word word word word word word word word word word word word…"[:60]
    assert len(shortened("x" * 61)) == 60
    assert len(shortened("\N{FORK AND KNIFE WITH PLATE}" * 40).encode("utf-16-le")) <= 2 * 60


def test_an_entry_is_not_made_before_its_supplier_is_there() -> None:
    with pytest.raises(DefectError, match="before its supplier was created"):
        purchase_entry(INVOICE, replace(booked(), supplier=None), reference="XS-1")


def exacts_total(entry: dict[str, Any]) -> tuple[Decimal, Decimal]:
    """Return what Exact owes the supplier for an entry, and the VAT in it that the supplier has charged."""
    owed = charged = Decimal(0)
    for line in entry["PurchaseEntryLines"]:
        code = BOOKS.vat_codes[line["VATCode"]]
        at_exact = {"Type": code.type, "Percentage": code.percentage, "Charged": code.is_reverse_charge}
        vat = line.get("VATAmountFC")
        amounts = line_amounts(
            float(line["AmountFC"]), at_exact, None if vat is None else float(vat), entry["Currency"]
        )
        owed += amounts.payable
        charged += 0 if code.is_reverse_charge else amounts.vat
    return owed, charged


def splits(net: Decimal, currency: str) -> st.SearchStrategy[tuple[Share, ...]]:
    whole = st.just((Share(amount=None, values={}),))
    weights = st.lists(st.integers(1, 1000), min_size=1, max_size=4)
    parts = weights.map(lambda sizes: apportion(net, [Decimal(size) for size in sizes], currency))
    return whole | parts.map(lambda amounts: tuple(Share(amount=amount, values={}) for amount in amounts))


@st.composite
def payables(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Payable:
    """A payable of any currency, sign and type of VAT; a discount among its lines perhaps."""
    currency = draw(st.sampled_from(["EUR", "JPY", "TND"]))
    wallet = draw(st.sampled_from(["EUR", "JPY", "TND"]))
    sign = draw(st.sampled_from([1, -1]))
    lines = []
    for ordinal in range(1, draw(st.integers(1, 5)) + 1):
        code = BOOKS.vat_codes[draw(st.sampled_from(["E21", "I21", "B", "N", "EU"]))]
        line_sign = sign * draw(st.sampled_from([1, 1, 1, -1]))
        net = from_minor(line_sign * draw(st.integers(0, 10**7)), currency)
        has_vat = code.type in "EI" and not code.is_reverse_charge
        vat = from_minor(line_sign * draw(st.integers(1, 10**6)), currency) if has_vat else Decimal(0)
        shares = draw(splits(net, currency))
        lines.append(
            Line(
                ordinal=ordinal,
                description="",
                account_code="4500",
                vat_account_code=code.code,
                vat_rate=None,
                net=net,
                vat=vat,
                gross=net + vat,
                shares=shares,
            )
        )
    assume(any(line.net or line.vat for line in lines))
    amount = sum((line.gross for line in lines), Decimal(0))
    rate = Decimal(1) if currency == wallet else draw(st.decimals("0.001", "1000", places=4))
    in_wallet = (amount * rate).quantize(smallest(wallet), ROUND_HALF_UP)
    return replace(
        INVOICE,
        currency=currency,
        amount=amount,
        functional_currency=wallet,
        functional_amount=in_wallet,
        exchange_rate=None if currency == wallet else rate,
        lines=tuple(lines),
    )


@given(payable=payables(), is_in_wallets_currency=st.booleans())
def test_what_exact_books_is_the_payable_to_the_cent(payable: Payable, is_in_wallets_currency: bool) -> None:
    currency = payable.functional_currency if is_in_wallets_currency else payable.currency
    booking = booked(
        payable,
        *(("vat_code", code, code) for code in BOOKS.vat_codes),
        source=SOURCE if is_in_wallets_currency else IN_PAYMENT_CURRENCY,
        books=replace(BOOKS, currency=payable.functional_currency),
    )
    entry = purchase_entry(payable, booking, reference="XS-1")

    owed, charged = exacts_total(entry)
    assert owed == (payable.functional_amount if is_in_wallets_currency else payable.amount)
    if currency == payable.currency:
        assert charged == sum((line.vat for line in payable.lines), Decimal(0))
    for line in entry["PurchaseEntryLines"]:
        for amount in (line["AmountFC"], line.get("VATAmountFC", Decimal(0))):
            assert amount == amount.quantize(smallest(currency))


@given(payable=payables())
def test_a_refund_is_the_mirror_image_of_its_purchase(payable: Payable) -> None:
    parts = [part for line in payable.lines for part in (line.net, line.vat)]
    total = payable.functional_amount
    currency = payable.functional_currency
    bought = settle([part * (payable.exchange_rate or 1) for part in parts], total, currency)
    back = settle([-part * (payable.exchange_rate or 1) for part in parts], -total, currency)
    assert total == 0 or [-amount for amount in back] == bought
    assert sum(bought) == total
