"""The columns of a file of payables: a row for each line, what belongs to the payable repeated in each of its rows."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from exactsync.payable import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

ANALYTICAL: Final = "analytical:"
"""Columns that begin so hold the value of the analytical field that follows: `analytical:Cost center`."""
_PLAIN_NUMBER: Final = re.compile(r"-?\d{1,15}(?:\.\d{1,10})?")


def read_text(value: str) -> str:
    """Return a text, without blanks around it."""
    return value.strip()


def read_amount(value: str) -> Decimal:
    """Return an amount in units of its currency: `1234.56`, no separators of thousands, a minus for what comes back."""
    if not _PLAIN_NUMBER.fullmatch(value.strip()):
        raise ValueError(f"'{value}' is no amount: write 1234.56")
    return Decimal(value.strip())


def read_rate(value: str) -> Decimal:
    """Return a VAT rate in percent as a fraction: `21` is 0.21."""
    try:
        rate = Decimal(value.strip().removesuffix("%").strip()) / 100
    except InvalidOperation:
        raise ValueError(f"'{value}' is no rate: write 21 for 21 %") from None
    if not (rate.is_finite() and 0 <= rate <= 1):
        raise ValueError(f"'{value}' is no rate: it lies between 0 and 100")
    return rate


def read_day(value: str) -> date:
    """Return a day, as ISO 8601 has it: `2026-03-29`."""
    try:
        return date.fromisoformat(value.strip())
    except ValueError:
        raise ValueError(f"'{value}' is no day: write 2026-03-29") from None


def read_kind(value: str) -> Kind:
    """Return the kind of a payable."""
    try:
        return Kind(value.strip())
    except ValueError:
        raise ValueError(f"'{value}' is no kind of payable: it is one of {', '.join(Kind)}") from None


def read_party(value: str) -> str:
    """Return what a counterparty is."""
    if value.strip() not in {"supplier", "employee"}:
        raise ValueError(f"'{value}' is neither supplier nor employee")
    return value.strip()


def read_receipts(value: str) -> tuple[str, ...]:
    """Return the files that a cell names, parted by `|`: relative to the folder, and never outside of it."""
    names = tuple(name.strip() for name in value.split("|") if name.strip())
    for name in names:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "://" in name or "\\" in name:
            raise ValueError(f"'{name}' does not lie below the folder of this file")
    return names


HEAD: Final[dict[str, Callable[[str], Any]]] = {
    "payable_id": read_text,
    "kind": read_kind,
    "number": read_text,
    "description": read_text,
    "counterparty_kind": read_party,
    "counterparty_id": read_text,
    "counterparty_name": read_text,
    "vat_number": read_text,
    "iban": read_text,
    "country": read_text,
    "payable_date": read_day,
    "accounting_date": read_day,
    "due_date": read_day,
    "currency": read_text,
    "functional_currency": read_text,
    "exchange_rate": read_amount,
    "payment_condition": read_text,
    "receipt": read_receipts,
}
"""Columns of a payable: the same in each of its rows."""

LINE: Final[dict[str, Callable[[str], Any]]] = {
    "line_description": read_text,
    "account": read_text,
    "vat_account": read_text,
    "vat_rate": read_rate,
    "net": read_amount,
    "vat": read_amount,
    "gross": read_amount,
    "from_date": read_day,
    "to_date": read_day,
}
"""Columns of a line."""

NEEDED: Final = frozenset(
    {"payable_id", "kind", "counterparty_kind", "counterparty_name", "payable_date", "currency", "net", "vat", "gross"}
)
"""Columns that may not be empty."""
