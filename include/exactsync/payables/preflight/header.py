"""Whether what an entry's header names exists at Exact, and is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from exactsync.payable import Kind
from exactsync.payables.entry import length, written_number
from exactsync.payables.mapping import MappingKind
from exactsync.payables.preflight.amounts import AT_SOURCE

if TYPE_CHECKING:
    from decimal import Decimal

    from exactsync.payable import Payable
    from exactsync.payables.books import Journal, Period
    from exactsync.payables.preflight.findings import Case

PURCHASES: Final = 22
RECEIVED_RETURNS: Final = 23
LONGEST_NUMBER: Final = 30
"""A cautious limit: Exact's reference gives none, nor does any source that was found. What is longer is held back, not
cut: a number that was cut is not the one that its supplier asks about."""
REFUND: Final = "reverseBill"
"""What Spendesk calls money that came back without a credit note."""
SETUP: Final = "on the Accounting setup page"


def check_company(case: Case) -> None:
    """The warehouse knows the company."""
    if case.books.currency is None:
        message = f"Nothing is known yet of company {case.books.division} at Exact."
        case.find("company_unknown", message, "Wait for its first sync, or sync it now.")


def check_start_date(case: Case) -> None:
    """It was spent after the cut-over."""
    start, day = case.mapping.source.start_date, case.payable.payable_date
    if start and day < start:
        message = f"It is of {day}, before the start date {start}."
        case.find("before_start_date", message, "Mark it as exported manually: it was booked before the cut-over.")


def check_receipt(case: Case) -> None:
    """There is a receipt, or a declaration of why there is none, where one is required."""
    payable = case.payable
    if case.mapping.source.requires_receipt and not payable.receipts and not payable.receipt_excuse:
        case.find(
            "receipt_missing", "There is no receipt.", "Attach it at the source, or declare there why it is missing."
        )


def check_number(case: Case) -> None:
    """An invoice and a credit note have the number that their sender gave them."""
    payable = case.payable
    needs_number = payable.kind in {Kind.INVOICE, Kind.CREDIT_NOTE} and payable.source_kind != REFUND
    if needs_number and not written_number(payable):
        case.find("number_missing", f"The {payable.kind.label.lower()} has no number.", "Enter it at the source.")


def check_length_of_number(case: Case) -> None:
    """Its number is short enough for Exact."""
    number = written_number(case.payable)
    if length(number) > LONGEST_NUMBER:
        message = f"The number '{number}' has {length(number)} characters; at most {LONGEST_NUMBER} are sent."
        case.find("number_too_long", message, "Shorten it at the source.")


def find_journal(case: Case) -> Journal | None:
    """Return the journal of the payable's kind, if entries may be made in it."""
    kind = case.payable.kind
    code = case.mapping.journals.get(kind)
    if code is None:
        message = f"No journal is chosen for {_plural(kind)}."
        case.find_unmapped("journal_unmapped", MappingKind.JOURNAL, kind, message, f"Choose one {SETUP}.")
        return None
    journal = case.books.journals.get(code)
    if journal is None:
        message = f"Journal {code}, chosen for {_plural(kind)}, does not exist at Exact."
        case.find("journal_unknown", message, f"Choose another one {SETUP}, or create it at Exact.")
        return None
    if journal.is_blocked:
        remedy = f"Unblock it at Exact, or choose another one {SETUP}."
        case.find("journal_blocked", f"Journal {journal} is blocked at Exact.", remedy)
    allowed = {PURCHASES, RECEIVED_RETURNS} if case.payable.amount < 0 else {PURCHASES}
    if journal.type not in allowed:
        message = f"Journal {journal} is not a purchase journal."
        case.find("journal_wrong_type", message, f"Choose a purchase journal for {_plural(kind)} {SETUP}.")
    return journal


def find_rate(case: Case, journal: Journal | None) -> Decimal | None:
    """Return the rate that the entry needs, None where it is made in the company's own currency."""
    payable, own, currency = case.payable, case.books.currency, case.currency
    if own is None:
        return None
    if journal and journal.allows_other_currencies is False and currency != (journal.currency or own):
        message = f"Journal {journal} takes entries in {journal.currency or own} only, not in {currency}."
        remedy = f"Allow other currencies in the journal at Exact, or choose another one {SETUP}."
        case.find("currency_not_allowed", message, remedy)
    if currency == own:
        return None
    if payable.functional_currency != own or not payable.exchange_rate:
        message = f"There is no exchange rate from {currency} to {own}, the currency of company {case.books.division}."
        remedy = AT_SOURCE if payable.functional_currency == own else _in_other_company(payable)
        case.find("rate_missing", message, remedy)
        return None
    if journal and journal.allows_rates is False:
        message = f"Journal {journal} does not take exchange rates of their own."
        remedy = "Allow variable exchange rates in the journal at Exact, or book in the wallet's currency."
        case.find("rate_not_allowed", message, remedy)
    return payable.exchange_rate


def find_period(case: Case, journal: Journal | None) -> Period | None:
    """Return the period to name: only where the entry's date alone does not tell it."""
    day = case.payable.entry_date
    periods = [period for period in case.books.periods if period.start_date <= day <= period.end_date]
    if not periods:
        message = f"There is no financial period for {day} at Exact."
        case.find("period_unknown", message, "Open the financial year at Exact, or change the accounting date.")
        return None
    closed = case.books.closed_periods if journal else frozenset()
    is_open = [period for period in periods if journal and (journal.code, period.year, period.number) not in closed]
    if journal and not is_open:
        message = f"Period {periods[0]} ({day}) is closed in journal {journal}."
        case.find("period_closed", message, "Reopen it at Exact, or set an accounting date in an open period.")
    return (is_open or periods)[0] if len(periods) > 1 else None


def find_payment_condition(case: Case) -> str | None:
    """Return the code of the payment condition; None: the supplier's own counts."""
    code = (case.payable.payment_condition or "").strip()
    if code and code not in case.books.payment_conditions:
        message = f"Payment condition {code} does not exist at Exact."
        case.find("payment_condition_unknown", message, "Correct it at the source, or create it at Exact.")
    return code or None


def _in_other_company(payable: Payable) -> str:
    return f"Book the payables of this source in a company that is kept in {payable.functional_currency}."


def _plural(kind: Kind) -> str:
    return {Kind.CARD: "card purchases"}.get(kind, f"{kind.label.lower()}s")
