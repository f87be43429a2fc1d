"""A file of payables → payables, and what is wrong with it, row by row.

Comma-separated values with a header (UTF-8, with or without a byte order mark; `;` and tabs part columns as well), or
JSON Lines with the same names, a line for each row. A payable with a wrong row is left out whole; the others go on.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import orjson

from exactsync.errors import ConfigurationError, SkippableRecordError
from exactsync.money import smallest
from exactsync.payable import Counterparty, Line, Payable, Receipt, Share
from exactsync.payables.files.columns import ANALYTICAL, HEAD, LINE, NEEDED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

SUFFIXES: Final = frozenset({".csv", ".jsonl"})
_MEDIA_TYPES: Final = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongRow:
    """What is wrong with a row."""

    row: int
    """Its line in the file, the header being line 1 of comma-separated values."""
    column: str
    message: str

    def __str__(self) -> str:
        return f"line {self.row}, {self.column}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payables:
    """What a file holds."""

    payables: tuple[Payable, ...]
    wrong: tuple[WrongRow, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """A row that was read: the values of its payable, of its line, and its analytical values."""

    number: int
    head: dict[str, Any]
    line: dict[str, Any]
    values: dict[str, str]


@dataclass(slots=True)
class _Reader:
    source: str
    wrong: list[WrongRow] = field(default_factory=list)
    spoilt: set[str] = field(default_factory=set)
    """Payables that have a wrong row."""


def read_payables(source: str, name: str, content: bytes) -> Payables:
    """Return the payables of a file.

    Args:
        source: whose payables they are.
        name: the file's name: `.csv` or `.jsonl` says how to read it.
        content: what is in it; receipts are named relative to where it lies.

    Raises:
        ConfigurationError: it is no such file: another kind, not UTF-8, or columns that are missing or not known.
    """
    rows = list(_rows(name, _decode(name, content)))
    reader = _Reader(source)
    by_payable: dict[str, list[_Row]] = {}
    for number, cells in rows:
        payable_id = (cells.get("payable_id") or "").strip()
        row = _read_row(reader, number, cells)
        if row is None:
            reader.spoilt.add(payable_id)
        else:
            by_payable.setdefault(payable_id, []).append(row)
    payables = [_payable(reader, rows) for key, rows in by_payable.items() if key not in reader.spoilt]
    wrong = tuple(sorted(reader.wrong, key=lambda one: one.row))
    return Payables(payables=tuple(one for one in payables if one is not None), wrong=wrong)


def _decode(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig").replace("\0", "")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{name} is not UTF-8: byte {error.start} cannot be read.", remedy="Save it as UTF-8."
        ) from None


def _rows(name: str, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise ConfigurationError(f"{name} is neither .csv nor .jsonl.", remedy="Name it after what it is.")
    if suffix == ".csv":
        return _rows_of_csv(name, text)
    return _rows_of_jsonl(name, text)


def _rows_of_csv(name: str, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    header = text.partition("\n")[0]
    parted_by = max(",;\t", key=header.count)
    table = csv.reader(io.StringIO(text), delimiter=parted_by, strict=True)
    try:
        columns = [column.strip() for column in next(table, [])]
        _check_columns(name, columns)
        for cells in table:
            if any(cell.strip() for cell in cells):
                padded = [*cells, *("" for _ in columns[len(cells) :])]
                extra = {"": "more cells than columns"} if len(cells) > len(columns) else {}
                yield table.line_num, dict(zip(columns, padded, strict=False)) | extra
    except csv.Error as error:
        raise ConfigurationError(
            f"{name} cannot be read from line {table.line_num} on: {error}.", remedy="Write it as CSV, quotes doubled."
        ) from None


def _rows_of_jsonl(name: str, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise ConfigurationError(
                f"{name} cannot be read from line {number} on: {error}.", remedy="Write one JSON object a line."
            ) from None
        if not isinstance(record, dict):
            raise ConfigurationError(f"{name}, line {number}: this is no object.", remedy="Write one object a line.")
        _check_columns(name, list(record))
        yield number, {key: "" if value is None else str(value) for key, value in record.items()}


def _check_columns(name: str, columns: list[str]) -> None:
    known = HEAD.keys() | LINE.keys()
    unknown = [column for column in columns if column not in known and not column.startswith(ANALYTICAL)]
    missing = sorted(NEEDED - set(columns))
    twice = sorted({column for column in columns if columns.count(column) > 1})
    for words, found in (("has no column", missing), ("has unknown columns:", unknown), ("has twice:", twice)):
        if found:
            raise ConfigurationError(
                f"{name} {words} {', '.join(found)}.", remedy="See docs/files.md for the columns there are."
            )


def _read_row(reader: _Reader, number: int, cells: Mapping[str, str]) -> _Row | None:
    """Return what a row says; None: something is wrong with it, and was noted."""
    before = len(reader.wrong)
    if "" in cells:
        reader.wrong.append(WrongRow(row=number, column="the row", message=f"it has {cells['']}"))
    head, line = ({name: _read_cell(reader, number, name, cells) for name in names} for names in (HEAD, LINE))
    values = {
        name.removeprefix(ANALYTICAL).strip(): value.strip()
        for name, value in cells.items()
        if name.startswith(ANALYTICAL) and value.strip()
    }
    return _Row(number, head, line, values) if len(reader.wrong) == before else None


def _read_cell(reader: _Reader, number: int, name: str, cells: Mapping[str, str]) -> Any:
    value = cells.get(name, "")
    if not value.strip():
        if name in NEEDED:
            reader.wrong.append(WrongRow(row=number, column=name, message="it is empty"))
        return None
    try:
        return (HEAD | LINE)[name](value)
    except ValueError as error:
        reader.wrong.append(WrongRow(row=number, column=name, message=str(error)))
        return None


def _payable(reader: _Reader, rows: list[_Row]) -> Payable | None:
    """Return the payable that rows describe; None: they contradict each other, or make none."""
    first = rows[0]
    for row in rows[1:]:
        if differing := [name for name in HEAD if row.head[name] != first.head[name]]:
            message = f"it is not what line {first.number} says of the same payable"
            reader.wrong.append(WrongRow(row=row.number, column=differing[0], message=message))
            return None
    try:
        return _build(reader, first.head, rows)
    except SkippableRecordError as error:
        reader.wrong.append(WrongRow(row=first.number, column="currency", message=error.message))
        return None


def _build(reader: _Reader, head: dict[str, Any], rows: list[_Row]) -> Payable:
    currency = head["currency"]
    smallest(currency)
    amount = sum((row.line["gross"] for row in rows), start=rows[0].line["gross"] * 0)
    functional = head["functional_currency"] or currency
    rate = head["exchange_rate"]
    return Payable(
        source=reader.source,
        id=head["payable_id"],
        kind=head["kind"],
        source_kind=str(head["kind"]),
        number=head["number"],
        description=head["description"] or "",
        counterparty=_counterparty(head),
        payable_date=head["payable_date"],
        accounting_date=head["accounting_date"],
        due_date=head["due_date"],
        currency=currency,
        amount=amount,
        functional_currency=functional,
        functional_amount=_convert(amount, rate, functional),
        exchange_rate=rate,
        lines=tuple(_line(row, place) for place, row in enumerate(rows, start=1)),
        receipts=tuple(_receipt(name) for name in head["receipt"] or ()),
        payment_condition=head["payment_condition"],
    )


def _counterparty(head: dict[str, Any]) -> Counterparty:
    name = head["counterparty_name"]
    own = head["counterparty_id"] or head["vat_number"] or sha256(name.casefold().encode()).hexdigest()[:16]
    return Counterparty(
        kind=head["counterparty_kind"],
        id=own,
        name=name,
        vat_number=head["vat_number"],
        iban=head["iban"],
        country=head["country"],
    )


def _convert(amount: Decimal, rate: Decimal | None, currency: str) -> Decimal:
    """Return an amount in the company's own currency, to its smallest unit."""
    return (amount * rate).quantize(smallest(currency)) if rate else amount


def _line(row: _Row, ordinal: int) -> Line:
    line = row.line
    return Line(
        ordinal=ordinal,
        description=line["line_description"] or row.head["description"] or "",
        account_code=line["account"],
        vat_account_code=line["vat_account"],
        vat_rate=line["vat_rate"],
        net=line["net"],
        vat=line["vat"],
        gross=line["gross"],
        shares=(Share(amount=None, values=row.values),) if row.values else (),
        from_date=line["from_date"],
        to_date=line["to_date"],
    )


def _receipt(name: str) -> Receipt:
    suffix = PurePosixPath(name).suffix.lower()
    return Receipt(url=name, media_type=_MEDIA_TYPES.get(suffix, suffix))
