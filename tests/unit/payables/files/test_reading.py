"""Files of payables: what is right is read, and what is wrong is told by line and column."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from exactsync.errors import ConfigurationError
from exactsync.payable import Kind
from exactsync.payables.files.columns import ANALYTICAL, HEAD, LINE, NEEDED
from exactsync.payables.files.reading import read_payables

PAGE = Path(__file__).parents[4] / "docs" / "files.md"

HEADER = (
    "payable_id,kind,number,counterparty_kind,counterparty_name,vat_number,payable_date,due_date,currency,"
    "account,vat_account,vat_rate,net,vat,gross,analytical:Cost center,receipt\n"
)
INVOICE = "P1,invoice,F-7,supplier,Bakker B.V.,NL001234567B01,2026-03-29,2026-04-28,EUR"
TWO_LINES = (
    HEADER
    + f"{INVOICE},4500,NL21,21,10.00,2.10,12.10,Sales,r/1.pdf\n"
    + f"{INVOICE},4510,,,0.90,0,0.90,,r/1.pdf\n"
    + "P2,credit_note,C-1,supplier,Smit,,2026-03-30,,JPY,4500,,,-500,0,-500,,\n"
)


def _read(text: str, name: str = "march.csv") -> tuple[list[str], list[str]]:
    found = read_payables("files", name, text.encode())
    return [payable.id for payable in found.payables], [str(row) for row in found.wrong]


def test_rows_of_one_payable_are_its_lines() -> None:
    first, second = read_payables("files", "march.csv", TWO_LINES.encode()).payables
    assert (first.kind, first.number, first.amount) == (Kind.INVOICE, "F-7", Decimal("13.00"))
    assert [(line.ordinal, line.account_code, line.net, line.vat_rate) for line in first.lines] == [
        (1, "4500", Decimal("10.00"), Decimal("0.21")),
        (2, "4510", Decimal("0.90"), None),
    ]
    assert first.lines[0].shares[0].values == {"Cost center": "Sales"}
    assert first.lines[1].shares == ()
    assert first.payable_date == date(2026, 3, 29)
    assert [(one.url, one.media_type) for one in first.receipts] == [("r/1.pdf", "application/pdf")]
    assert (second.kind, second.amount) == (Kind.CREDIT_NOTE, Decimal(-500))


@pytest.mark.parametrize(
    "text",
    [
        "\N{BOM}" + TWO_LINES,
        TWO_LINES.replace(",", ";"),
        TWO_LINES.replace(",", "\t"),
        TWO_LINES.replace("\n", "\r\n"),
        TWO_LINES + "\n,,,\n",
    ],
)
def test_what_spreadsheets_make_of_a_file_is_read_alike(text: str) -> None:
    plain = read_payables("files", "march.csv", TWO_LINES.encode())
    assert read_payables("files", "march.csv", text.encode()) == plain


def test_json_lines_say_the_same() -> None:
    columns = HEADER.strip().split(",")
    rows = [dict(zip(columns, line.split(","), strict=True)) for line in TWO_LINES.splitlines()[1:]]
    text = "\n".join(json.dumps({key: value or None for key, value in row.items()}) for row in rows)
    assert read_payables("files", "m.jsonl", text.encode()).payables == (
        read_payables("files", "m.csv", TWO_LINES.encode()).payables
    )


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("2026-03-30", "30-03-2026", "line 4, payable_date: '30-03-2026' is no day: write 2026-03-29"),
        (",-500,0,-500", ',"-1.000,50",0,-500', "line 4, net: '-1.000,50' is no amount: write 1234.56"),
        ("JPY,4500,,", "JPY,4500,,NaN", "line 4, vat_rate: 'NaN' is no rate"),
        ("credit_note", "barter", "line 4, kind: 'barter' is no kind of payable"),
        ("JPY", "yen", "line 4, currency: 'yen' is no currency"),
        ("JPY", "", "line 4, currency: it is empty"),
        ("Smit", " ", "line 4, counterparty_name: it is empty"),
        (",-500,,", ",-500,,../../etc/passwd", "'../../etc/passwd' does not lie below the folder"),
        (",-500,,", ",-500,,https://elsewhere.example/r.pdf", "does not lie below the folder"),
        ("C-1,supplier", "C-1,friend", "line 4, counterparty_kind: 'friend' is neither supplier nor employee"),
        (",-500,,", ",-500,,,surplus", "line 4, the row: it has more cells than columns"),
    ],
)
def test_a_wrong_row_leaves_out_its_payable_alone_and_says_where_it_is_wrong(
    before: str, after: str, said: str
) -> None:
    text = TWO_LINES.replace(before, after)
    assert text != TWO_LINES
    ids, wrong = _read(text)
    assert ids == ["P1"]
    assert len(wrong) == 1
    assert said in wrong[0]


def test_every_wrong_cell_is_told_at_once() -> None:
    _, wrong = _read(TWO_LINES.replace("2026-03-30", "soon").replace("-500,0,-500", "a,b,c"))
    assert [one.partition(":")[0] for one in wrong] == [
        "line 4, payable_date",
        "line 4, net",
        "line 4, vat",
        "line 4, gross",
    ]


def test_rows_of_a_payable_that_contradict_each_other_are_told() -> None:
    lines = TWO_LINES.splitlines(keepends=True)
    lines[2] = lines[2].replace("F-7", "F-8")
    ids, wrong = _read("".join(lines))
    assert ids == ["P2"]
    assert wrong == ["line 3, number: it is not what line 2 says of the same payable"]


def test_a_payable_with_one_wrong_line_is_not_booked_with_the_others() -> None:
    lines = TWO_LINES.splitlines(keepends=True)
    lines[2] = lines[2].replace("0.90,0,0.90", "0.90,0,lots")
    ids, _ = _read("".join(lines))
    assert ids == ["P2"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", b"PK", "is neither .csv nor .jsonl"),
        ("a.csv", "payable_id;caf\xe9".encode("latin-1"), "is not UTF-8: byte 14"),
        ("a.csv", b"", "has no column"),
        ("a.csv", HEADER.replace("currency,", "").encode(), "has no column currency"),
        ("a.csv", HEADER.replace("due_date", "dew_date").encode(), "has unknown columns: dew_date"),
        ("a.csv", HEADER.replace("due_date", "net").encode(), "has twice: net"),
        ("a.csv", HEADER.encode() + b'P1,"unfinished', "cannot be read from line 2 on"),
        ("a.jsonl", b"{", "cannot be read from line 1 on"),
        ("a.jsonl", b"[1]", "line 1: this is no object"),
    ],
)
def test_a_file_that_is_no_such_file_is_refused_whole(name: str, content: bytes, said: str) -> None:
    with pytest.raises(ConfigurationError, match=r"\.(csv|jsonl|xlsx)") as caught:
        read_payables("files", name, content)
    assert said in str(caught.value)


def test_the_same_file_gives_the_same_payables_so_that_they_are_known_again() -> None:
    once, again = (read_payables("files", "march.csv", TWO_LINES.encode()).payables for _ in range(2))
    assert [one.fingerprint() for one in once] == [one.fingerprint() for one in again]
    assert once[0].counterparty.id == again[0].counterparty.id


def test_the_page_describes_every_column_and_says_which_are_needed() -> None:
    rows = re.findall(r"^\| (`[^|]+`) \| (needed)? ?\|", PAGE.read_text(), flags=re.MULTILINE)
    described = {name: bool(needed) for names, needed in rows for name in re.findall(r"`([^`]+)`", names)}
    assert described.keys() == {*HEAD, *LINE, f"{ANALYTICAL}…"}
    assert {name for name, needed in described.items() if needed} == NEEDED
