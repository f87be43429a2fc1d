"""The purchase journal of a company that does its books elsewhere: balanced to the cent, whatever is in it."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

import pytest

from exactsync.entity import Axis
from exactsync.payable import Kind, Share
from exactsync.payables.files.journal import write_journal
from exactsync.payables.files.reading import read_payables
from exactsync.payables.mapping import Mapping, Source
from exactsync.simulator import Simulator
from exactsync.simulator.spendesk import SpendeskSettings, SpendeskSimulator, company_of
from exactsync.simulator.spendesk.wire import write_v1
from exactsync.spendesk.parse import parse_payable
from tests.unit.payables.files.test_reading import TWO_LINES

MAPPING = Mapping(
    source=Source(name="files"),
    journals={Kind.INVOICE: "70", Kind.CREDIT_NOTE: "71"},
    axes={"Cost center": Axis.COST_CENTERS},
    accounts={"4510": "4999"},
    vat_codes={"NL21": "2"},
)


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_payable_becomes_a_balanced_entry() -> None:
    payables = read_payables("files", "m.csv", TWO_LINES.encode()).payables
    rows = _rows(write_journal(payables, MAPPING))
    assert [(row["journal"], row["account"], row["vat_code"], row["debit"], row["credit"]) for row in rows] == [
        ("70", "4500", "2", "10.00", ""),
        ("70", "NL21", "2", "2.10", ""),
        ("70", "4999", "", "0.90", ""),
        ("70", "", "", "", "13.00"),
        ("71", "4500", "", "", "500"),
        ("71", "", "", "500", ""),
    ]
    assert rows[0]["cost_centers"] == "Sales"


def test_every_entry_of_hundreds_balances_to_the_cent() -> None:
    spendesk = SpendeskSimulator(company_of(Simulator(), 1000001), SpendeskSettings(payables=300, faulty=0))
    payables = [parse_payable("s", write_v1(one)) for one in spendesk.payables()]
    split = tuple(Share(amount=None, values={"Cost center": name}) for name in ("A", "B", "C"))
    payables = [replace(one, lines=(replace(one.lines[0], shares=split), *one.lines[1:])) for one in payables]
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in _rows(write_journal(payables, MAPPING)):
        sums[row["payable_id"]] += Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)
    assert len(sums) == 300
    assert set(sums.values()) == {Decimal(0)}


@pytest.mark.parametrize("name", ["=1+1", "+49", "@SUM(A1)", "-x"])
def test_no_cell_is_run_as_a_formula(name: str) -> None:
    payables = read_payables("files", "m.csv", TWO_LINES.replace("Smit", name).encode()).payables
    assert _rows(write_journal(payables, MAPPING))[-1]["counterparty"] == f"'{name}"
