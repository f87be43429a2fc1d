"""A payable in one form, wherever it comes from: what the mapping, the checks and the export work with.

Amounts are decimals in units of their currency, negative for what comes back (refunds, credit notes). Days have no
time zone. Nothing here reads or writes.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, fields, replace
from datetime import date, datetime  # noqa: TC003 - `Payable.from_json` needs the types while it runs
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, Final, Literal

import orjson
from pydantic import TypeAdapter

ERASED: Final = "(erased)"
"""What stands where something was said about a person who was erased."""


class Kind(StrEnum):
    """What a payable is to a bookkeeper; each kind has its own purchase journal."""

    INVOICE = "invoice"
    CARD = "card"
    EXPENSE_CLAIM = "expense_claim"
    CREDIT_NOTE = "credit_note"

    @property
    def label(self) -> str:
        """What a person calls it."""
        return self.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterparty:
    """Whom the money is owed to: a supplier, or an employee (whom Exact keeps as a supplier, too)."""

    kind: Literal["supplier", "employee"]
    id: str
    """The source's own key."""
    name: str
    vat_number: str | None = None
    iban: str | None = None
    country: str | None = None
    account_code: str | None = None
    """The payable account at the source: its general code, and the auxiliary one where it has one."""
    auxiliary_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The part of a line that goes to one set of analytical values."""

    amount: Decimal | None
    """Net, in the payable's currency; None: the whole line. Amounts of a line's shares add up to its net amount."""
    values: dict[str, str]
    """Analytical field → value, as named at the source: {"Cost center": "Marketing"}."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: an expense account, a VAT account, and net + VAT = gross."""

    ordinal: int
    """Its place, from 1; lines have no key of their own at Spendesk."""
    description: str
    account_code: str | None
    vat_account_code: str | None
    vat_rate: Decimal | None
    """As a fraction: 0.21."""
    net: Decimal
    vat: Decimal
    gross: Decimal
    shares: tuple[Share, ...] = ()
    from_date: date | None = None
    """The first and the last day that a cost belongs to (accruals)."""
    to_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A document that proves the expense."""

    url: str
    """Where it can be fetched; a file's path for payables from files."""
    media_type: str
    checksum: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payable:
    """An approved expense that is to be booked as one purchase entry."""

    source: str
    """Where it comes from: an Airflow connection id such as `spendesk_default`."""
    id: str
    """The source's own key; (source, id) is one payable, however often it is delivered."""
    kind: Kind
    source_kind: str
    """What the source calls it: `singlePurchaseCard`, `perDiemAllowance`."""
    number: str | None
    """The invoice's or credit note's number, as its sender gave it."""
    description: str
    counterparty: Counterparty
    payable_date: date
    accounting_date: date | None
    due_date: date | None
    currency: str
    amount: Decimal
    functional_currency: str
    functional_amount: Decimal
    exchange_rate: Decimal | None
    """Units of the functional currency for one unit of `currency`; None where they are the same."""
    lines: tuple[Line, ...]
    receipts: tuple[Receipt, ...] = ()
    receipt_excuse: str | None = None
    """Why there is no receipt, where the source knows (a declaration of a missing invoice)."""
    payment_condition: str | None = None
    updated_at: datetime | None = None
    """When the source last changed it, if it says so."""

    @property
    def entry_date(self) -> date:
        """The day it is booked on: the accounting date where somebody set one."""
        return self.accounting_date or self.payable_date

    def fingerprint(self) -> str:
        """Return what changes whenever anything that is booked changes; receipts' addresses, which expire, do not."""
        booked = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in _NOT_BOOKED}
        receipts = sorted(receipt.checksum or receipt.media_type for receipt in self.receipts)
        written = orjson.dumps([booked, receipts], default=_plain, option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(written).hexdigest()

    def without_person(self, counterparty_id: str) -> Payable:
        """Return what a bookkeeper has to keep of it: amounts, accounts, days, numbers; no word about whom or what for.

        Args:
            counterparty_id: what the counterparty goes by from now on.
        """
        party = self.counterparty
        nobody = replace(party, id=counterparty_id, name=ERASED, vat_number=None, iban=None)
        lines = tuple(_without_person(line, party.name) for line in self.lines)
        return replace(self, description=ERASED, counterparty=nobody, lines=lines, receipts=())

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads back: only JSON types, amounts as text."""
        written: dict[str, Any] = _adapter().dump_python(self, mode="json")
        return written

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Payable:
        """Return the payable that `to_json` wrote."""
        return _adapter().validate_python(value)


def hide(text: str, name: str) -> str:
    """Return a text, or that it was erased, if it names somebody."""
    is_named = bool(name) and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)
    return ERASED if is_named else text


def _without_person(line: Line, name: str) -> Line:
    shares = tuple(
        replace(share, values={field: hide(value, name) for field, value in share.values.items()})
        for share in line.shares
    )
    return replace(line, description=ERASED, shares=shares)


_NOT_BOOKED = frozenset({"source", "id", "source_kind", "receipts", "receipt_excuse", "updated_at"})


@cache
def _adapter() -> TypeAdapter[Payable]:
    return TypeAdapter(Payable)


def _plain(value: object) -> str:
    """Write what JSON has no type for; 12.1 and 12.10 are the same amount."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
