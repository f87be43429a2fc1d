"""A purchase journal as comma-separated values: what is handed to accounting while its base is files.

Debit and credit of each payable are equal to the cent: each line debits its expense account, the VAT is debited to its
VAT account, and the sum is credited to whom it is owed. What comes back (credit notes, refunds) changes sides.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from exactsync.entity import Axis
from exactsync.money import apportion, digits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from exactsync.payable import Line, Payable
    from exactsync.payables.mapping import Mapping

COLUMNS: Final = (
    "journal",
    "entry_date",
    "due_date",
    "number",
    "payable_id",
    "kind",
    "counterparty",
    "counterparty_id",
    "account",
    "vat_code",
    "description",
    "debit",
    "credit",
    "currency",
    *Axis,
    "from_date",
    "to_date",
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Posting:
    """One row: what is booked on an account; positive is debit."""

    account: str
    amount: Decimal
    description: str
    vat_code: str = ""
    axes: dict[Axis, str]
    line: Line | None = None


def write_journal(payables: Iterable[Payable], mapping: Mapping) -> str:
    """Return the purchase journal of payables, in their order, with a header.

    Cells that a spreadsheet would take for a formula begin with an apostrophe.
    """
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    table.writeheader()
    for payable in payables:
        for posting in _postings(payable, mapping):
            table.writerow({name: _inert(value) for name, value in _row(payable, posting, mapping).items()})
    return out.getvalue()


def _postings(payable: Payable, mapping: Mapping) -> Iterator[_Posting]:
    party = payable.counterparty
    for line in payable.lines:
        vat_account = line.vat_account_code or ""
        vat_code = mapping.vat_codes.get(vat_account, vat_account)
        account = _account(payable, line, mapping)
        for amount, values in _parts(payable, line):
            axes = {axis: value for name, value in values.items() if (axis := mapping.axes.get(name))}
            yield _Posting(
                account=account,
                amount=amount,
                description=line.description,
                vat_code=vat_code,
                axes=axes,
                line=line,
            )
        if line.vat:
            yield _Posting(account=vat_account, amount=line.vat, description="VAT", vat_code=vat_code, axes={})
    owed = party.auxiliary_code or party.account_code or ""
    yield _Posting(account=owed, amount=-payable.amount, description=payable.description, axes={})


def _parts(payable: Payable, line: Line) -> list[tuple[Decimal, dict[str, str]]]:
    """Return the net amount of a line, parted over its shares."""
    if not line.shares:
        return [(line.net, {})]
    weights = [abs(share.amount) if share.amount is not None else Decimal(1) for share in line.shares]
    amounts = apportion(line.net, weights, payable.currency)
    return [(amount, share.values) for amount, share in zip(amounts, line.shares, strict=True)]


def _account(payable: Payable, line: Line, mapping: Mapping) -> str:
    if line.account_code:
        return mapping.accounts.get(line.account_code, line.account_code)
    return mapping.supplier_accounts.get(payable.counterparty.id) or mapping.accounts.get("", "")


def _row(payable: Payable, posting: _Posting, mapping: Mapping) -> dict[str, str]:
    places = digits(payable.currency)
    line = posting.line
    return {
        "journal": mapping.journals.get(payable.kind, ""),
        "entry_date": str(payable.entry_date),
        "due_date": str(payable.due_date or ""),
        "number": payable.number or "",
        "payable_id": payable.id,
        "kind": payable.kind,
        "counterparty": payable.counterparty.name,
        "counterparty_id": payable.counterparty.id,
        "account": posting.account,
        "vat_code": posting.vat_code,
        "description": posting.description,
        "debit": f"{posting.amount:.{places}f}" if posting.amount > 0 else "",
        "credit": f"{-posting.amount:.{places}f}" if posting.amount <= 0 else "",
        "currency": payable.currency,
        **{axis: posting.axes.get(axis, "") for axis in Axis},
        "from_date": str(line.from_date or "") if line else "",
        "to_date": str(line.to_date or "") if line else "",
    }


def _inert(cell: str) -> str:
    """Keep a cell from being run as a formula by a spreadsheet."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
