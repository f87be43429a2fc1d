"""New purchase entries: checked as Exact checks them, and completed with what follows from them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from exactsync.simulator.periods import ClosedPeriod
from exactsync.simulator.rules import Rule
from exactsync.simulator.writing.amounts import RATES, money
from exactsync.simulator.writing.desk import Written
from exactsync.simulator.writing.lines import make_line
from exactsync.simulator.writing.words import Complaints, Phrase

if TYPE_CHECKING:
    from exactsync.simulator.database import Record
    from exactsync.simulator.world import World
    from exactsync.simulator.writing.bodies import Values
    from exactsync.simulator.writing.desk import Desk

ENTRY_NUMBERS_A_YEAR: Final = 1_000_000
"""Numbers look like 26600001: the year, the journal, a sequence."""
PURCHASES: Final = 22
RECEIVED_RETURNS: Final = 23
_OPEN: Final = 20
_ENTRY, _CREDIT_NOTE = 30, 31


def make_entry(desk: Desk, values: Values) -> list[Written]:
    """Return an entry and its lines; what is wrong is complained of."""
    desk.require(values, ("Journal", "Supplier", "PurchaseEntryLines"))
    journal = desk.look_up_code(values, "Journal", "Journals")
    supplier = desk.look_up(values, "Supplier", "Accounts")
    document = desk.look_up(values, "Document", "Documents")
    day = values.setdefault("EntryDate", desk.today)
    _check_supplier(desk, supplier, day)
    _find_period(desk, values, journal, day)
    _set_payment(desk, values, supplier, day)
    rate = _find_rate(desk, values, journal)
    entry = desk.signed(values)
    entry["EntryID"] = entry.pop("ID")
    of_lines = Complaints(desk.world.settings.language)
    lines = [
        make_line(desk, of_lines, line, number, entry, rate)
        for number, line in enumerate(entry.pop("PurchaseEntryLines", []), 1)
    ]
    if of_lines and not desk.complaints and desk.world.settings.header_survives:
        desk.world.database.put(desk.division, "PurchaseEntries", _completed(desk, entry, journal, supplier, [], rate))
    desk.complaints.add(of_lines)
    _check_balance(desk, values, lines)
    _check_numbers(desk, entry, journal)
    if desk.complaints:
        return []
    entry = _completed(desk, entry, journal, supplier, lines, rate)
    if document is not None:
        entry |= {"DocumentNumber": document["HID"], "DocumentSubject": document["Subject"]}
        desk.world.database.put(
            desk.division, "Documents", {**document, "FinancialTransactionEntryID": entry["EntryID"]}
        )
    return [Written(entity_set="PurchaseEntries", record=entry)] + [
        Written(entity_set="PurchaseEntryLines", record=line) for line in lines
    ]


def next_number(records: list[Record], journal: str, year: int) -> int:
    """Return the number of the next entry in a journal: they run on within a year."""
    digits = int("".join(filter(str.isdigit, journal)) or "0") % 100
    first = year % 100 * ENTRY_NUMBERS_A_YEAR + digits * 10_000
    taken = [one["EntryNumber"] for one in records if first < one["EntryNumber"] < first + 10_000]
    return max(taken, default=first) + 1


def note_double(world: World, division: int, entry: Record) -> None:
    """Note when an entry is there twice by the client's own reference: nobody wants to pay twice."""
    reference = entry.get("ExternalLinkReference")
    if reference and any(one.get("ExternalLinkReference") == reference for one in _others(world, division, entry)):
        world.journal.record(Rule.BOOKED_TWICE, f"{division}: {reference}")


def renumbered(world: World, division: int, entry: Record) -> Record:
    """Return an entry that comes late, with the next number where its own is taken."""
    others = _others(world, division, entry)
    if all((one["Journal"], one["EntryNumber"]) != (entry["Journal"], entry["EntryNumber"]) for one in others):
        return entry
    return {**entry, "EntryNumber": next_number(others, entry["Journal"], entry["ReportingYear"])}


def _others(world: World, division: int, entry: Record) -> list[Record]:
    return [one for one in world.database.by_key(division, "PurchaseEntries") if one["EntryID"] != entry["EntryID"]]


def _check_supplier(desk: Desk, supplier: Record | None, day: date) -> None:
    if supplier is None:
        return
    if not supplier.get("IsSupplier"):
        desk.complaints.say(Phrase.NO_SUPPLIER, "Supplier")
    if supplier.get("Blocked"):
        desk.complaints.say(Phrase.BLOCKED, "Supplier")
    if supplier.get("EndDate") and supplier["EndDate"] < day:
        desk.complaints.say(Phrase.ENDED, "Supplier")


def _find_period(desk: Desk, values: Values, journal: Record | None, day: date) -> None:
    """Set the reporting period, that of the entry's date unless another one is named."""
    periods = [
        one
        for one in desk.records("FinancialPeriods")
        if (
            one["FinYear"] == values.get("ReportingYear", one["FinYear"])
            and one["FinPeriod"] == values.get("ReportingPeriod", one["FinPeriod"])
            and ("ReportingPeriod" in values or (one["StartDate"] or date.max) <= day <= (one["EndDate"] or date.min))
        )
    ]
    if not periods:
        desk.complaints.say(Phrase.INVALID_REFERENCE, "Period")
        return
    period = min(periods, key=lambda one: (one["FinYear"], one["FinPeriod"]))
    values |= {"ReportingYear": period["FinYear"], "ReportingPeriod": period["FinPeriod"]}
    closed = journal and ClosedPeriod(desk.division, journal["Code"], period["FinYear"], period["FinPeriod"])
    if closed in desk.world.closed_periods:
        desk.complaints.say(Phrase.CLOSED, "Period")


def _set_payment(desk: Desk, values: Values, supplier: Record | None, day: date) -> None:
    if supplier is not None and "PaymentCondition" not in values:
        values["PaymentCondition"] = supplier.get("PaymentConditionPurchase")
    condition = desk.look_up_code(values, "PaymentCondition", "PaymentConditions")
    values.setdefault("DueDate", day + timedelta(days=(condition or {}).get("PaymentDays") or 0))
    if condition is not None:
        values["PaymentConditionDescription"] = condition["Description"]
        values["PaymentConditionPaymentMethod"] = condition["PaymentMethod"]


def _find_rate(desk: Desk, values: Values, journal: Record | None) -> Decimal:
    """Return what one of the entry's currency is worth in the company's, and set both."""
    own = desk.currency
    if journal is not None and journal.get("IsBlocked"):
        desk.complaints.say(Phrase.BLOCKED, "Journal")
    if journal is not None and journal.get("Type") not in (PURCHASES, RECEIVED_RETURNS):
        desk.complaints.say(Phrase.WRONG_JOURNAL, "Journal")
    home = ((journal or {}).get("Currency") or own).strip()
    currency = values.setdefault("Currency", home)
    if currency not in RATES:
        desk.complaints.say(Phrase.INVALID_REFERENCE, "Currency")
    elif journal is not None and currency != home and not journal.get("AllowVariableCurrency"):
        desk.complaints.say(Phrase.NOT_ALLOWED, "Currency")
    usual = 1.0 if currency == own else RATES.get(currency, 1.0)
    rate: float = values.setdefault("Rate", usual)
    is_own_rate = rate != usual
    if rate <= 0 or (
        is_own_rate and (currency == own or (journal is not None and not journal.get("AllowVariableExchangeRate")))
    ):
        desk.complaints.say(Phrase.NOT_ALLOWED, "Rate")
    return Decimal(str(rate))


def _check_balance(desk: Desk, values: Values, lines: list[Values]) -> None:
    """The header's VAT, where it is told, is that of the lines."""
    told = values.get("VATAmountFC")
    if told is not None and money(told, values["Currency"]) != sum(_amount(line["VATAmountFC"]) for line in lines):
        desk.complaints.say(Phrase.UNBALANCED, "VATAmountFC")


def _check_numbers(desk: Desk, entry: Values, journal: Record | None) -> None:
    entries = desk.records("PurchaseEntries")
    if journal is not None and any(
        one["EntryNumber"] == entry.get("EntryNumber") and one["Journal"] == journal["Code"] for one in entries
    ):
        desk.complaints.say(Phrase.IN_USE, "EntryNumber")
    is_double = any(
        one.get("YourRef") == entry.get("YourRef") and one["Supplier"] == entry.get("Supplier") for one in entries
    )
    if entry.get("YourRef") and is_double and desk.world.settings.double_your_ref == "refused":
        desk.complaints.say(Phrase.EXISTS, "YourRef")


def _completed(
    desk: Desk, entry: Values, journal: Record | None, supplier: Record | None, lines: list[Values], rate: Decimal
) -> Values:
    vat = sum((_amount(line["VATAmountFC"]) for line in lines), Decimal(0))
    total = sum((line.pop("_payable") for line in lines), Decimal(0))
    code = journal["Code"] if journal else ""
    number = entry.get("EntryNumber") or next_number(
        desk.records("PurchaseEntries"), code, entry.get("ReportingYear", entry["EntryDate"].year)
    )
    is_credit = total < 0
    return {
        **entry,
        "AmountFC": float(total),
        "AmountDC": float(money(total * rate, desk.currency)),
        "VATAmountFC": float(vat),
        "VATAmountDC": float(money(vat * rate, desk.currency)),
        "EntryNumber": number,
        "JournalDescription": journal and journal["Description"],
        "SupplierName": supplier and supplier["Name"],
        "Status": _OPEN,
        "StatusDescription": "Open",
        "Type": _CREDIT_NOTE if is_credit else _ENTRY,
        "TypeDescription": "Purchase credit note" if is_credit else "Purchase entry",
        "Reversal": entry.get("Reversal", False),
    }


def _amount(amount: float) -> Decimal:
    return Decimal(str(amount))
