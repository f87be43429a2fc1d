"""Everything that may be wrong with a payable: what is done to a good one, and what its bookkeeper must be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.payables.company import Party
    from tests.e2e.payables.spent import Spender, Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way of being wrong."""

    spoil: Callable[[dict[str, Any], Spender], None]
    of: str = "invoicePurchase"
    """The type of payable that has it."""
    checks: frozenset[str] = frozenset()
    """What holds it back; none: it is sent, or nearly so, and fails."""
    says: str
    """Part of the reason that a person reads."""

    @property
    def state(self) -> Literal["blocked", "failed"]:
        """Where the payable must end."""
        return "blocked" if self.checks else "failed"


def spoiled(name: str, spender: Spender) -> Spent:
    """Return a payable with a fault."""
    fault = FAULTS[name]
    spent = spender.spend(fault.of)
    spent.record["accountingDate"] = None
    fault.spoil(spent.record, spender)
    spent.fault, spent.state, spent.checks, spent.says = name, fault.state, fault.checks, fault.says
    return spent


def _owed_to(whose: Callable[[Spender], Party]) -> Callable[[dict[str, Any], Spender], None]:
    def spoil(record: dict[str, Any], spender: Spender) -> None:
        party = whose(spender)
        record["counterparty"] |= {"id": party.id, "name": party.name}

    return spoil


def _line(**changes: Any) -> Callable[[dict[str, Any], Spender], None]:
    return lambda record, _: record["lineItems"][0].update(changes)


def _header(**changes: Any) -> Callable[[dict[str, Any], Spender], None]:
    return lambda record, _: record.update(changes)


def _account(code: Callable[[Spender], str]) -> Callable[[dict[str, Any], Spender], None]:
    return lambda record, spender: _line(expenseAccount={"id": "a", "code": code(spender)})(record, spender)


def _cost_center(name: Callable[[Spender], str]) -> Callable[[dict[str, Any], Spender], None]:
    def spoil(record: dict[str, Any], spender: Spender) -> None:
        (account, *_) = (one.code for one in spender.company.accounts if one.takes_cost_centers)
        record["analyticalProperties"][0]["valueName"] = name(spender)
        for line in record["lineItems"]:
            line.pop("analyticalProperties", None)
            line["expenseAccount"] = {"id": "a", "code": account}

    return spoil


def _receipt(content: bytes) -> Callable[[dict[str, Any], Spender], None]:
    return lambda record, spender: record.update(attachments=[spender.receipt(record["payableDate"], content)])


def _charge_nothing(record: dict[str, Any], spender: Spender) -> None:
    """Leave the VAT out that the line's VAT account charges."""
    charges = next(one for one in spender.company.vat_accounts if one.rate and not one.is_charged)
    line, *_ = record["lineItems"]
    line["vatAccount"] = {"id": "v", "code": charges.code, "description": None, "rate": 21}
    net = line["financial"]["netAmount"]
    line["financial"] |= {"vatAmount": 0, "grossAmount": net}
    _add_up(record)


def _move_a_cent(record: dict[str, Any], _: Spender) -> None:
    record["lineItems"][0]["financial"]["grossAmount"] += 1
    _add_up(record)


def _ask_for_money(record: dict[str, Any], _: Spender) -> None:
    for line in record["lineItems"]:
        line["financial"] = {name: abs(amount) for name, amount in line["financial"].items()}
    _add_up(record)


def _add_up(record: dict[str, Any]) -> None:
    """Make the amount that of the lines, in euros."""
    amount = sum(line["financial"]["grossAmount"] for line in record["lineItems"])
    record |= {"amount": amount, "currency": "EUR", "functionalAmount": amount, "functionalExchangeRate": 1.0}


def _ask_for_a_cent_more(record: dict[str, Any], _: Spender) -> None:
    _add_up(record)
    record["amount"] += 1


def _lose_the_receipt(record: dict[str, Any], _: Spender) -> None:
    record["attachments"] = []
    record["documentaryEvidence"] = {
        "notProvided": {"reason": "lost", "reportMethod": "manual", "reporterId": record["userId"]}
    }


FAULTS: Final[dict[str, Fault]] = {
    "a supplier who is not at Exact": Fault(
        spoil=_owed_to(lambda spender: spender.company.stranger),
        checks=frozenset({"supplier_unmapped"}),
        says="none has its VAT number, IBAN or name",
    ),
    "a supplier of another VAT number": Fault(
        spoil=_owed_to(lambda spender: spender.company.double),
        checks=frozenset({"supplier_ambiguous"}),
        says="which has another VAT number at Exact",
    ),
    "a supplier who is blocked": Fault(
        spoil=_owed_to(lambda spender: spender.company.barred),
        of="physicalCard",
        checks=frozenset({"supplier_blocked"}),
        says="is blocked at Exact",
    ),
    "an employee whom nobody mapped": Fault(
        spoil=_owed_to(lambda spender: spender.company.unmapped),
        of="expenseClaim",
        checks=frozenset({"employee_unmapped"}),
        says="Employee Kim Nieuw has no supplier at Exact",
    ),
    "an account that does not exist": Fault(
        spoil=_account(lambda _: "999999"), checks=frozenset({"account_unmapped"}), says="999999 does not exist"
    ),
    "no account": Fault(
        spoil=_line(expenseAccount=None), checks=frozenset({"account_unmapped"}), says="Line 1 has no expense account"
    ),
    "a blocked account": Fault(
        spoil=_account(lambda spender: spender.company.blocked.code),
        checks=frozenset({"account_blocked"}),
        says="is blocked at Exact",
    ),
    "an unknown VAT account": Fault(
        spoil=_line(vatAccount={"id": "v", "code": "ZZZ", "description": None, "rate": 21}),
        checks=frozenset({"vat_code_unmapped"}),
        says="ZZZ",
    ),
    "no VAT where VAT is charged": Fault(
        spoil=_charge_nothing, checks=frozenset({"vat_does_not_fit"}), says="Line 1 has no VAT"
    ),
    "an unknown cost centre": Fault(
        spoil=_cost_center(lambda _: "Afdeling die niet bestaat"),
        checks=frozenset({"axis_value_unknown"}),
        says="Afdeling die niet bestaat does not exist",
    ),
    "a cost centre that has ended": Fault(
        spoil=_cost_center(lambda spender: spender.company.ended),
        of="subscriptionCard",
        checks=frozenset({"axis_value_inactive"}),
        says="is not active at Exact on",
    ),
    "a line that is a cent off": Fault(
        spoil=_move_a_cent, checks=frozenset({"line_does_not_add_up"}), says="Line 1 does not add up"
    ),
    "lines that are not the amount": Fault(
        spoil=_ask_for_a_cent_more,
        checks=frozenset({"lines_do_not_add_up", "conversion_does_not_add_up"}),
        says="The lines make",
    ),
    "a rate that is none": Fault(
        spoil=lambda record, _: record.update(currency="USD", functionalExchangeRate=7.5),
        checks=frozenset({"conversion_does_not_add_up"}),
        says="USD at 7.5 is not",
    ),
    "a closed period": Fault(
        spoil=lambda record, spender: record.update(accountingDate=spender.company.closed),
        of="singlePurchaseCard",
        checks=frozenset({"period_closed"}),
        says="is closed in journal",
    ),
    "a day without a period": Fault(
        spoil=lambda record, spender: record.update(accountingDate=spender.company.closed.replace(year=2039)),
        checks=frozenset({"period_unknown"}),
        says="There is no financial period",
    ),
    "a lost receipt": Fault(spoil=_lose_the_receipt, checks=frozenset({"receipt_missing"}), says="There is no receipt"),
    "an invoice without a number": Fault(
        spoil=_header(invoiceNumber=None), checks=frozenset({"number_missing"}), says="The invoice has no number"
    ),
    "a number that is too long": Fault(
        spoil=_header(creditNoteNumber="C" * 31),
        of="creditNote",
        checks=frozenset({"number_too_long"}),
        says="has 31 characters",
    ),
    "a credit note that asks for money": Fault(
        spoil=_ask_for_money,
        of="creditNote",
        checks=frozenset({"credit_note_not_negative", "journal_wrong_type"}),
        says="has a positive amount",
    ),
    "a receipt that is no picture": Fault(
        spoil=_receipt(b"this is neither a picture nor a PDF"), says="is no PDF, PNG or JPEG"
    ),
    "a receipt of 11 MB": Fault(
        spoil=_receipt(b"%PDF-1.7" + bytes(11 * 2**20)), of="physicalCard", says="has 11.0 MB; Exact takes 10"
    ),
    "an account that was blocked after the last sync": Fault(
        spoil=_account(lambda spender: spender.company.blocked_later.code), says="Geblokkeerd: Grootboekrekening"
    ),
}
