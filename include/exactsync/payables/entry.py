"""A payable as Exact's purchase entry: pure arithmetic on what `preflight` has resolved.

Amounts stay decimals; they become JSON numbers when they are sent. How Exact reads an entry (REST reference of
purchaseentry/PurchaseEntries and PurchaseEntryLines): a line's AmountFC includes VAT or not, as the VAT code's Type
says; VATAmountFC replaces the VAT that Exact computes; a credit note has negative amounts; Rate is what one unit of the
entry's currency is worth in the company's own (financial/ExchangeRates stores rates so).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from exactsync.errors import DefectError
from exactsync.money import settle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal
    from uuid import UUID

    from exactsync.payable import Line, Payable
    from exactsync.payables.books import Period, VatCode
    from exactsync.payables.mapping import Relation

LONGEST_DESCRIPTION: Final = 60
"""A cautious limit: Exact's reference gives none, and other descriptions there hold 60 (Invantive's data model of Exact
Online: AssetDescription). What is cut harms nothing: the receipt tells the rest."""
INCLUDING: Final = "I"
EXCLUDING: Final = "E"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareBooking:
    """Where a part of a line goes."""

    amount: Decimal | None = None
    """Net, in the payable's currency; None: the whole line."""
    cost_center: str | None = None
    cost_unit: str | None = None
    project: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineBooking:
    """What a line is called at Exact."""

    account: UUID
    vat_code: VatCode | None
    """None: the line has no VAT, nor has its account a code of its own."""
    shares: tuple[ShareBooking, ...] = (ShareBooking(),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What a payable is called at Exact, every name resolved and checked."""

    journal: str
    supplier: UUID | None
    """None: it is to be created first, as `new_supplier` says."""
    match: Relation | None = None
    """How the supplier was found just now, to be kept; None: it was known."""
    new_supplier: dict[str, Any] | None = None
    """The body of POST crm/Accounts."""
    currency: str
    rate: Decimal | None = None
    payment_condition: str | None = None
    period: Period | None = None
    """The period to name; None: the entry's date says it."""
    lines: tuple[LineBooking, ...]
    """One for each line of the payable, in its order."""
    names: Mapping[UUID, str] = field(default_factory=dict)
    """What people call the ids above."""


def purchase_entry(
    payable: Payable, booking: Booking, *, reference: str, document: UUID | None = None
) -> dict[str, Any]:
    """Return the body of POST purchaseentry/PurchaseEntries that books a payable; what is empty is left out.

    Args:
        payable: what is booked.
        booking: what `preflight.check` made of it.
        reference: ours, by which the entry is found again.
        document: the document that the receipts are attached to.
    """
    if booking.supplier is None:
        raise DefectError("A purchase entry was to be made before its supplier was created.")
    entry = {
        "Journal": booking.journal,
        "Supplier": str(booking.supplier),
        "EntryDate": wire_day(payable.entry_date),
        "DueDate": wire_day(payable.due_date),
        "YourRef": written_number(payable),
        "Description": shortened(payable.description),
        "Currency": booking.currency,
        "Rate": booking.rate,
        "PaymentCondition": booking.payment_condition,
        "ExternalLinkReference": reference,
        "ReportingYear": booking.period.year if booking.period else None,
        "ReportingPeriod": booking.period.number if booking.period else None,
        "Document": str(document) if document else None,
        "PurchaseEntryLines": entry_lines(payable, booking),
    }
    return _filled(entry)


def entry_lines(payable: Payable, booking: Booking) -> list[dict[str, Any]]:
    """Return the lines of a purchase entry: one for each share of each line, but those of nothing at all."""
    made = []
    amounts = _in_currency(payable, booking.currency)
    for line, booked, (net, vat) in zip(payable.lines, booking.lines, amounts, strict=True):
        for share, share_net, share_vat in _shared(line, booked, net, vat, booking.currency):
            if share_net or share_vat:
                made.append(_line(payable, line, booked, share, share_net, share_vat))
    return made


def wire_day(day: date | None) -> str | None:
    """Write a day as Exact takes it: midnight without a zone, since a Z moves it to the day before."""
    return f"{day.isoformat()}T00:00:00" if day else None


def written_number(payable: Payable) -> str:
    """Return the number of the invoice or credit note as it is sent; empty: it has none."""
    return " ".join((payable.number or "").split())


def shortened(description: str) -> str:
    """Return a description on one line, cut to what Exact takes."""
    line = " ".join(description.split())
    if length(line) <= LONGEST_DESCRIPTION:
        return line
    while length(line) >= LONGEST_DESCRIPTION:
        line = line[:-1]
    return f"{line.rstrip()}…"


def length(text: str) -> int:
    """Count characters as Exact's database does: an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _line(
    payable: Payable, line: Line, booked: LineBooking, share: ShareBooking, net: Decimal, vat: Decimal
) -> dict[str, Any]:
    code = booked.vat_code
    is_charged_to_us = code is not None and code.type in {INCLUDING, EXCLUDING} and not code.is_reverse_charge
    return _filled(
        {
            "GLAccount": str(booked.account),
            "Description": shortened(line.description or payable.description),
            "AmountFC": net + vat if is_charged_to_us and code and code.type == INCLUDING else net,
            "VATCode": code.code if code else None,
            "VATAmountFC": vat if is_charged_to_us else None,
            "CostCenter": share.cost_center,
            "CostUnit": share.cost_unit,
            "Project": str(share.project) if share.project else None,
            "From": wire_day(line.from_date),
            "To": wire_day(line.to_date),
        }
    )


def _in_currency(payable: Payable, currency: str) -> list[tuple[Decimal, Decimal]]:
    """Return net and VAT of each line in the entry's currency; together they are the payable's amount in it."""
    parts = [part for line in payable.lines for part in (line.net, line.vat)]
    if currency != payable.currency:
        rate = conversion_rate(payable)
        parts = settle([part * rate for part in map(Fraction, parts)], payable.functional_amount, currency)
    return list(zip(parts[::2], parts[1::2], strict=True))


def conversion_rate(payable: Payable) -> Fraction:
    """Return what one unit of the payable's currency is worth in the wallet's."""
    if payable.exchange_rate:
        return Fraction(payable.exchange_rate)
    return Fraction(payable.functional_amount) / Fraction(payable.amount) if payable.amount else Fraction(1)


def _shared(
    line: Line, booked: LineBooking, net: Decimal, vat: Decimal, currency: str
) -> list[tuple[ShareBooking, Decimal, Decimal]]:
    """Split a line's net and VAT over its shares, so that every cent adds up."""
    sizes = [Fraction(line.net if share.amount is None else share.amount) for share in booked.shares]
    scale = Fraction(net) / Fraction(line.net) if line.net else Fraction(1)
    of_vat = Fraction(vat) / Fraction(line.net) if line.net else Fraction(0)
    nets = settle([size * scale for size in sizes], net, currency)
    vats = settle([size * of_vat for size in sizes], vat, currency)
    return list(zip(booked.shares, nets, vats, strict=True))


def _filled(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None and value != ""}
