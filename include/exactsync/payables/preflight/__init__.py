"""What must be right before anything of a payable is sent: every check, and everything that each of them finds.

Exact's own refusals come late, one at a time and in the language of the user; these name the very object, and what to
do about it. `check` is pure: what it needs to know of Exact stands in `Books`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exactsync.payables.books import Books
from exactsync.payables.entry import Booking
from exactsync.payables.preflight import amounts, header
from exactsync.payables.preflight.findings import Case, Finding
from exactsync.payables.preflight.lines import check_accounts, find_line
from exactsync.payables.preflight.parties import find_relation

if TYPE_CHECKING:
    from exactsync.payable import Payable
    from exactsync.payables.mapping import Mapping

__all__ = ["Checked", "Finding", "check", "check_for_file"]

_OF_AMOUNTS: Final = (
    amounts.check_precision,
    amounts.check_sums,
    amounts.check_something_to_book,
    amounts.check_sign,
    amounts.check_conversion,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the checks came to: a booking, or what is in its way."""

    booking: Booking | None
    """None as long as there are findings."""
    findings: tuple[Finding, ...] = ()


def check(payable: Payable, mapping: Mapping, books: Books) -> Checked:
    """Return how a payable is booked, or everything that is in the way of it."""
    case = Case(payable=payable, mapping=mapping, books=books)
    header.check_company(case)
    header.check_start_date(case)
    header.check_receipt(case)
    header.check_number(case)
    header.check_length_of_number(case)
    if not amounts.check_currencies(case):
        return Checked(booking=None, findings=tuple(case.findings))
    for check_amounts in _OF_AMOUNTS:
        check_amounts(case)
    booking = _book(case)
    return Checked(booking=booking, findings=tuple(case.findings))


def check_for_file(payable: Payable, mapping: Mapping) -> Checked:
    """Return what is in the way of writing a payable to a purchase journal: whatever can be told without Exact."""
    case = Case(payable=payable, mapping=mapping, books=Books(division=0))
    header.check_start_date(case)
    header.check_receipt(case)
    header.check_number(case)
    if amounts.check_currencies(case):
        for check_amounts in _OF_AMOUNTS:
            check_amounts(case)
    for line in payable.lines:
        check_accounts(case, line)
    return Checked(booking=None, findings=tuple(case.findings))


def _book(case: Case) -> Booking | None:
    """Resolve every name of a payable; None as soon as anything is found, by this or before."""
    journal = header.find_journal(case)
    supplier, match, new_supplier = find_relation(case)
    rate = header.find_rate(case, journal)
    period = header.find_period(case, journal)
    payment_condition = header.find_payment_condition(case)
    lines = tuple(find_line(case, line) for line in case.payable.lines)
    if journal is None or case.findings:
        return None
    return Booking(
        journal=journal.code,
        supplier=supplier,
        match=match,
        new_supplier=new_supplier,
        currency=case.currency,
        rate=rate,
        payment_condition=payment_condition,
        period=period,
        lines=tuple(line for line in lines if line),
        names=case.names,
    )
