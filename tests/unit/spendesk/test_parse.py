"""Every payable of the stand-in is read alike, whichever shape it comes in."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from exactsync.errors import SkippableRecordError
from exactsync.payable import Kind, Payable
from exactsync.simulator import Simulator
from exactsync.simulator.spendesk import SpendeskSettings, SpendeskSimulator, company_of
from exactsync.simulator.spendesk.wire import write_v0, write_v1
from exactsync.spendesk.parse import parse_payable


@pytest.fixture(scope="module")
def payables() -> list[dict[str, Any]]:
    company = company_of(Simulator(), 1000001)
    return SpendeskSimulator(company, SpendeskSettings(payables=90, faulty=0)).payables()


def _told_by_both(payable: Payable) -> dict[str, Any]:
    """Only v1 describes lines, and splits them."""
    read = payable.to_json()
    for line in read["lines"]:
        del line["description"]
        line["shares"] = line["shares"][0]["values"]
    return read


def test_both_shapes_mean_the_same(payables: list[dict[str, Any]]) -> None:
    for payable in payables:
        old, new = (parse_payable("s", write(payable)) for write in (write_v0, write_v1))
        assert _told_by_both(old) == _told_by_both(new)


def test_what_is_split_at_spendesk_is_split_here_to_the_cent(payables: list[dict[str, Any]]) -> None:
    split = 0
    for payable in payables:
        for told, line in zip(payable["lineItems"], parse_payable("s", write_v1(payable)).lines, strict=True):
            assert len(line.shares) == max(1, len(told["splits"]))
            if told["splits"]:
                split += 1
                assert sum(share.amount or 0 for share in line.shares) == line.net
    assert split > 10


def test_amounts_are_minor_units_of_their_own_currency(payables: list[dict[str, Any]]) -> None:
    yen = next(one for one in payables if one["currency"] == "JPY")
    read = parse_payable("s", write_v1(yen))
    assert read.amount == yen["amount"]
    assert read.functional_amount == Decimal(yen["functionalAmount"]) / 100
    assert read.exchange_rate == Decimal("0.00613")
    for payable in payables:
        read = parse_payable("s", write_v0(payable))
        assert sum(line.gross for line in read.lines) == read.amount


def test_every_type_is_of_a_kind_and_refunds_are_credit_notes(payables: list[dict[str, Any]]) -> None:
    kinds = {one["type"]: parse_payable("s", write_v0(one)).kind for one in payables}
    assert len(kinds) == 9
    assert {name for name, kind in kinds.items() if kind is Kind.CREDIT_NOTE} == {"creditNote", "reverseBill"}


def test_a_line_may_be_split_over_several_cost_centres_to_the_cent(payables: list[dict[str, Any]]) -> None:
    record = write_v1(next(one for one in payables if one["currency"] == "EUR"))
    line = deepcopy(record["lineItems"][0])
    line["financial"] = {"netAmount": 1000, "vatAmount": 0, "grossAmount": 1000, "vatAdjustementAmount": 0}
    line["analyticalProperties"] = [
        {"fieldName": "Cost center", "valueName": name, "functionalAmount": 334 - index}
        for index, name in enumerate(["Sales", "Research", "Marketing"])
    ] + [{"fieldName": "Project", "valueName": "P1", "functionalAmount": None}]
    (read,) = parse_payable("s", record | {"lineItems": [line]}).lines
    assert [(share.values["Cost center"], share.values["Project"]) for share in read.shares] == [
        ("Sales", "P1"),
        ("Research", "P1"),
        ("Marketing", "P1"),
    ]
    assert sum(share.amount or 0 for share in read.shares) == Decimal("10.00")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": "barter"}, "not known here: 'barter'"),
        ({"amount": 12.5}, "'12.5' is no amount"),
        ({"amount": True}, "'True' is no amount"),
        ({"currency": "euro"}, "'euro' is no currency"),
        ({"functionalExchangeRate": "NaN", "currency": "USD", "functionalCurrency": "EUR"}, "'NaN' is no rate"),
        ({"payableDate": "yesterday"}, "cannot be read"),
        ({"counterparty": None}, "cannot be read"),
        ({"lineItems": [{}]}, "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(
    payables: list[dict[str, Any]], change: dict[str, Any], words: str
) -> None:
    with pytest.raises(SkippableRecordError, match=words):
        parse_payable("s", write_v0(payables[0]) | change)
