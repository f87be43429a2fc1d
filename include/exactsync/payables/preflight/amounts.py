"""Whether a payable's amounts are amounts, and add up."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from exactsync.errors import SkippableRecordError
from exactsync.money import digits, is_payable_amount, smallest
from exactsync.payable import Kind

if TYPE_CHECKING:
    from exactsync.payable import Line, Payable
    from exactsync.payables.preflight.findings import Case

AT_SOURCE: Final = "Correct it at the source, then prepare it again."
LARGEST_DEVIATION: Final = Decimal("0.01")
"""How far the wallet's amount may be from what the rate says, as a fraction: rates are rounded."""


def check_currencies(case: Case) -> bool:
    """Both currencies are currencies; False: nothing else about amounts can be said."""
    are_known = True
    for currency in dict.fromkeys((case.payable.currency, case.payable.functional_currency)):
        try:
            digits(currency)
        except SkippableRecordError as error:
            case.find("currency_unknown", error.message, AT_SOURCE)
            are_known = False
    return are_known


def check_precision(case: Case) -> None:
    """No amount is finer than its currency."""
    payable = case.payable
    for currency, amounts in (
        (payable.currency, _amounts(payable)),
        (payable.functional_currency, {"The amount in the wallet's currency": payable.functional_amount}),
    ):
        for what, amount in amounts.items():
            if not is_payable_amount(amount, currency):
                message = f"{what}, {amount} {currency}, is finer than {currency} allows: the smallest amount is "
                case.find("amount_too_fine", f"{message}{smallest(currency)}.", AT_SOURCE)


def _amounts(payable: Payable) -> dict[str, Decimal]:
    """Return every amount in the payable's currency by what it is."""
    amounts = {"The amount": payable.amount}
    for line in payable.lines:
        amounts |= {f"{what} of line {line.ordinal}": getattr(line, what.lower()) for what in ("Net", "VAT", "Gross")}
        for place, share in enumerate(line.shares, 1):
            if share.amount is not None:
                amounts[f"Share {place} of line {line.ordinal}"] = share.amount
    return amounts


def check_sums(case: Case) -> None:
    """Net and VAT make gross, lines make the payable, shares make their line."""
    payable, currency = case.payable, case.payable.currency
    for line in payable.lines:
        if line.net + line.vat != line.gross:
            made = f"net {line.net} and VAT {line.vat} make {line.net + line.vat}, not {line.gross} {currency}"
            case.find("line_does_not_add_up", f"Line {line.ordinal} does not add up: {made}.", AT_SOURCE)
        _check_shares(case, line)
    total = sum((line.gross for line in payable.lines), Decimal(0))
    if payable.lines and total != payable.amount:
        message = f"The lines make {total} {currency}, but the amount is {payable.amount} {currency}."
        case.find("lines_do_not_add_up", message, AT_SOURCE)


def _check_shares(case: Case, line: Line) -> None:
    amounts = [share.amount for share in line.shares if share.amount is not None]
    if len(line.shares) > 1 and len(amounts) < len(line.shares):
        message = f"Line {line.ordinal} is split, but not every part of it has an amount."
        case.find("shares_do_not_add_up", message, AT_SOURCE)
    elif amounts and sum(amounts) != line.net:
        message = (
            f"The parts of line {line.ordinal} make {sum(amounts)}, not its net {line.net} {case.payable.currency}."
        )
        case.find("shares_do_not_add_up", message, AT_SOURCE)


def check_something_to_book(case: Case) -> None:
    """There is a line with an amount."""
    if not any(line.net or line.vat for line in case.payable.lines):
        case.find("nothing_to_book", "There is no line with an amount.", AT_SOURCE)


def check_sign(case: Case) -> None:
    """A credit note gives money back."""
    if case.payable.kind is Kind.CREDIT_NOTE and case.payable.amount > 0:
        message = f"The credit note has a positive amount, {case.payable.amount} {case.payable.currency}."
        case.find("credit_note_not_negative", message, AT_SOURCE)


def check_conversion(case: Case) -> None:
    """The wallet's amount is the amount at its rate, as nearly as rates are rounded."""
    payable = case.payable
    if payable.currency == payable.functional_currency:
        if payable.amount != payable.functional_amount:
            message = f"The amount is {payable.amount} {payable.currency}, but {payable.functional_amount} were paid."
            case.find("conversion_does_not_add_up", message, AT_SOURCE)
        return
    if not payable.exchange_rate:
        return  # the two amounts tell it
    expected = payable.amount * payable.exchange_rate
    tolerance = abs(expected) * LARGEST_DEVIATION + smallest(payable.functional_currency)
    if abs(expected - payable.functional_amount) > tolerance:
        message = (
            f"{payable.amount} {payable.currency} at {payable.exchange_rate} is not {payable.functional_amount} "
            f"{payable.functional_currency}."
        )
        case.find("conversion_does_not_add_up", message, AT_SOURCE)
