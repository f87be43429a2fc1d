"""What Exact has booked, against what was sent: field by field, in the words of whoever looks at both.

Exact drops the id of something in another company to null, and answers 201 all the same (one vendor's report); so an
entry counts as booked only once it was read and says what was sent. What Exact fills in by itself (a default cost
centre, the period of a day, a due date) is compared only where it was sent.

Its reference leaves two things open, and neither is taken for a difference: whether a line shows its amount with or
without VAT where it was sent with it (of sales entries it says *without*), and whether a credit note (Type 31) shows
its amounts below or above zero.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from exactsync.money import smallest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

CREDIT_NOTE: Final = 31
"""The Type of an entry that gives money back; others are 30."""
_CLOSE: Final = Decimal("0.000001")
"""How far a rate may be off, by its size: how many decimals Exact keeps is not documented."""
_NOTHING: Final = "nothing"
_AMOUNTS: Final = ("AmountFC", "VATAmountFC")
_JSON_DATE: Final = re.compile(r"/Date\((-?\d+)\)/")
_DAY_MS: Final = 86_400_000
_MOST_DIGITS: Final = Decimal(10) ** 20
"""Amounts beyond are no amounts: the decimals of doubles end long before."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that is booked otherwise than it was sent."""

    what: str
    sent: str
    booked: str

    def __str__(self) -> str:
        return f"{self.what}: sent {self.sent}, booked {self.booked}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """A property of an entry or a line that comes back as it was sent."""

    name: str
    label: str
    read: Callable[[Any], Any]
    called: tuple[str, ...] = ()
    """The properties that say what people call it, where it is an id."""


def differences(sent: Mapping[str, Any], record: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return in what an entry differs from what was sent, a line of text each.

    Args:
        sent: as `describe` wrote it.
        record: the entry, as Exact shows it.
        lines: its lines.
    """
    entry, names, currency = sent["entry"], sent["names"], sent["entry"]["Currency"]
    found = [
        difference for field in _HEADER if (difference := _compare(field, entry, record, names, where="")) is not None
    ]
    found += _of_amount(sent, record, currency)
    ours = _amounts_alike(entry["PurchaseEntryLines"], lines, is_credit_note=record.get("Type") == CREDIT_NOTE)
    found += _of_lines(entry["PurchaseEntryLines"], ours, names, currency)
    return [str(difference) for difference in found]


def describe(entry: Mapping[str, Any], *, amount: Decimal, names: Mapping[UUID, str]) -> Json:
    """Return what a sent entry is compared with later, as JSON.

    Args:
        entry: the body that is sent.
        amount: what the supplier gets.
        names: what people call the ids in it.
    """
    lines = [_plain(line, _LINE_NAMES) for line in entry["PurchaseEntryLines"]]
    header = _plain(entry, [field.name for field in _HEADER]) | {"PurchaseEntryLines": lines}
    return {"entry": header, "amount": str(amount), "names": {str(key): name for key, name in names.items()}}


def _plain(values: Mapping[str, Any], names: Sequence[str]) -> Json:
    """Return some of the values; decimals as text, so that none is rounded."""
    kept = {name: values[name] for name in names if values.get(name) is not None}
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in kept.items()}


def _compare(
    field: _Field, sent: Mapping[str, Any], booked: Mapping[str, Any], names: Mapping[str, str], *, where: str
) -> Difference | None:
    if field.name not in sent:
        return None
    wanted, has = field.read(sent[field.name]), field.read(booked.get(field.name))
    if wanted == has or (field.read is _number and _is_close(wanted, has)):
        return None
    shown = " ".join(str(booked[name]).strip() for name in field.called if booked.get(name))
    return Difference(
        what=f"{where}{field.label}",
        sent=names.get(str(wanted), str(wanted)),
        booked=_NOTHING if has is None else shown or names.get(str(has), str(has)),
    )


def _of_amount(sent: Mapping[str, Any], record: Mapping[str, Any], currency: str) -> list[Difference]:
    wanted, has = Decimal(sent["amount"]), _amount(record.get("AmountFC"), currency)
    is_credit_note = record.get("Type") == CREDIT_NOTE
    if is_credit_note and wanted > 0:
        return [Difference(what="kind", sent="purchase entry", booked="credit note")]
    if has is not None and is_credit_note and has > 0:
        has = -has
    if wanted == has:
        return []
    return [Difference(what="amount", sent=f"{wanted} {currency}", booked=_shown(has, currency))]


def _amounts_alike(
    sent: Sequence[Mapping[str, Any]], booked: Sequence[Mapping[str, Any]], *, is_credit_note: bool
) -> list[Json]:
    """Return the booked lines with amounts of the signs that they were sent with, if all of them are turned around."""

    def total(lines: Sequence[Mapping[str, Any]]) -> Decimal:
        return sum((_number(line.get("AmountFC")) or Decimal(0) for line in lines), Decimal(0))

    is_turned = is_credit_note and total(sent) * total(booked) < 0
    return [{**line, **{name: _turned(line.get(name)) for name in _AMOUNTS if is_turned}} for line in booked]


def _of_lines(
    sent: Sequence[Mapping[str, Any]], booked: Sequence[Mapping[str, Any]], names: Mapping[str, str], currency: str
) -> list[Difference]:
    """Compare lines with lines, in whatever order Exact shows those that are the same."""
    left = list(booked)
    missing: list[tuple[int, Mapping[str, Any]]] = []
    for number, line in enumerate(sent, start=1):
        same = next((one for one in left if not _of_line(line, one, names, currency, where="")), None)
        if same is None:
            missing.append((number, line))
        else:
            left.remove(same)
    found: list[Difference] = []
    for wanted, has in zip_longest(missing, left):
        if wanted is None:
            found.append(Difference(what="a line more", sent=_NOTHING, booked=_line_shown(has, currency)))
        elif has is None:
            found.append(Difference(what=f"line {wanted[0]}", sent=_line_shown(wanted[1], currency), booked=_NOTHING))
        else:
            found += _of_line(wanted[1], has, names, currency, where=f"line {wanted[0]}, ")
    return found


def _of_line(
    sent: Mapping[str, Any], booked: Mapping[str, Any], names: Mapping[str, str], currency: str, *, where: str
) -> list[Difference]:
    found = [
        difference for field in _LINE if (difference := _compare(field, sent, booked, names, where=where)) is not None
    ]
    amount, vat = Decimal(sent["AmountFC"]), Decimal(sent.get("VATAmountFC", 0))
    has, has_vat = (_amount(booked.get(name), currency) for name in _AMOUNTS)
    if has not in {amount, amount - vat}:
        found.append(Difference(what=f"{where}amount", sent=f"{amount} {currency}", booked=_shown(has, currency)))
    is_left_to_exact = "VATCode" in sent and "VATAmountFC" not in sent
    if not is_left_to_exact and (has_vat or Decimal(0)) != vat:
        what = f"{where}VAT amount"
        found.append(Difference(what=what, sent=f"{vat} {currency}", booked=_shown(has_vat, currency)))
    return found


def _line_shown(line: Mapping[str, Any], currency: str) -> str:
    return _shown(_amount(line.get("AmountFC"), currency), currency)


def _shown(amount: Decimal | None, currency: str) -> str:
    return _NOTHING if amount is None else f"{amount} {currency}"


def _amount(value: Any, currency: str) -> Decimal | None:
    """Return an amount without the noise that a sum of doubles has behind the smallest coin."""
    number = _number(value)
    if number is None or abs(number) >= _MOST_DIGITS:
        return number
    rounded = number.quantize(smallest(currency))
    return rounded if abs(number - rounded) < _CLOSE else number


def _turned(value: Any) -> Any:
    number = _number(value)
    return value if number is None else -number


def _is_close(wanted: Decimal | None, has: Decimal | None) -> bool:
    return wanted is not None and has is not None and abs(wanted - has) <= abs(wanted) * _CLOSE


def _number(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _text(value: Any) -> str | None:
    """Return a code or a text without the blanks that Exact pads codes with."""
    return str(value).strip() or None if value is not None else None


def _id(value: Any) -> Any:
    try:
        return UUID(str(value)) if value is not None else None
    except ValueError:
        return _text(value)


def _day(value: Any) -> Any:
    """Return a day, as it is sent (2026-03-29T00:00:00) or shown: milliseconds on the Dutch clock (KB-faq)."""
    try:
        if match := _JSON_DATE.fullmatch(str(value)):
            return date(1970, 1, 1) + timedelta(days=int(match[1]) // _DAY_MS)
        return date.fromisoformat(str(value)[:10]) if value is not None else None
    except (ValueError, OverflowError):
        return _text(value)


_HEADER: Final = (
    _Field(name="Supplier", label="supplier", read=_id, called=("SupplierName",)),
    _Field(name="Document", label="document", read=_id, called=("DocumentSubject",)),
    _Field(name="Journal", label="journal", read=_text),
    _Field(name="YourRef", label="number", read=_text),
    _Field(name="EntryDate", label="entry date", read=_day),
    _Field(name="DueDate", label="due date", read=_day),
    _Field(name="ReportingYear", label="financial year", read=_number),
    _Field(name="ReportingPeriod", label="period", read=_number),
    _Field(name="PaymentCondition", label="payment condition", read=_text),
    _Field(name="Currency", label="currency", read=_text),
    _Field(name="Rate", label="exchange rate", read=_number),
)
_LINE: Final = (
    _Field(name="GLAccount", label="G/L account", read=_id, called=("GLAccountCode", "GLAccountDescription")),
    _Field(name="VATCode", label="VAT code", read=_text),
    _Field(name="CostCenter", label="cost centre", read=_text),
    _Field(name="CostUnit", label="cost unit", read=_text),
    _Field(name="Project", label="project", read=_id, called=("ProjectDescription",)),
    _Field(name="From", label="first day", read=_day),
    _Field(name="To", label="last day", read=_day),
)
_LINE_NAMES: Final = (*_AMOUNTS, *(field.name for field in _LINE))

ENTRY_PROPERTIES: Final = (
    "EntryID",
    "EntryNumber",
    "Type",
    "AmountFC",
    *(name for field in _HEADER for name in (field.name, *field.called)),
)
"""What is read of an entry to compare it."""
LINE_PROPERTIES: Final = (
    "LineNumber",
    *_AMOUNTS,
    *(name for field in _LINE for name in (field.name, *field.called)),
)
"""What is read of its lines."""
