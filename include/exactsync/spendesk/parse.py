"""A payable as Spendesk writes it, in either shape → `exactsync.payable.Payable`.

v0 (the published OpenAPI) has analytical values beside the lines; v1 (as clients of it report) has them on the line,
and may split a line over several values of one field. Amounts are integers in minor units of their currency. What
cannot be read is a SkippableRecordError that says why; the raw record is kept by whoever asked.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

from exactsync.errors import SkippableRecordError
from exactsync.money import apportion, from_minor
from exactsync.payable import Counterparty, Kind, Line, Payable, Receipt, Share

if TYPE_CHECKING:
    from collections.abc import Iterator

_KINDS: Final[dict[str, Kind]] = {
    "invoicePurchase": Kind.INVOICE,
    "creditNote": Kind.CREDIT_NOTE,
    "reverseBill": Kind.CREDIT_NOTE,
    "singlePurchaseCard": Kind.CARD,
    "subscriptionCard": Kind.CARD,
    "physicalCard": Kind.CARD,
    "expenseClaim": Kind.EXPENSE_CLAIM,
    "mileageAllowance": Kind.EXPENSE_CLAIM,
    "perDiemAllowance": Kind.EXPENSE_CLAIM,
}
"""What each type is to a bookkeeper; a reverse bill is a refund or a late return of cash, which the sister integrations
book as a credit note."""

_OWN_EVIDENCE: Final = frozenset({"mileageEntry", "perDiemEntry"})
"""What proves an allowance: Spendesk's own entry, of which there is no document."""
_MEDIA_TYPES: Final = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg"}


def parse_payable(source: str, record: dict[str, Any]) -> Payable:
    """Return the payable that a record of Spendesk describes; its receipts are told elsewhere.

    Args:
        source: the connection it comes from.
        record: as Spendesk wrote it, in either shape.

    Raises:
        SkippableRecordError: something that a payable needs is missing or of another type; says what.
    """
    with _telling("payable"):
        return _parse(source, record)


def parse_allocations(record: dict[str, Any]) -> tuple[tuple[str, Decimal], ...]:
    """Return which settlement paid how much of a payable, in either shape; errors as `parse_payable`."""
    with _telling("payable"):
        currency = str(record["currency"])
        return tuple(
            (str(one.get("settlementId") or one["settlement"]["id"]), _money(one["allocatedAmount"], currency))
            for one in record.get("allocations") or []
        )


def receipt(url: str, row: dict[str, Any]) -> Receipt:
    """Return a receipt that was stored as `attachment_row` describes it."""
    return Receipt(url=url, media_type=row["media_type"], checksum=row["checksum"])


def attachment_row(record: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of an attachment: not its address, which opens it for whoever has it."""
    kind = str(record.get("mimeType") or "")
    return {
        "id": str(record["id"]),
        "media_type": _MEDIA_TYPES.get(kind.lower(), kind),
        "checksum": record.get("checksum"),
        "attached_at": record.get("attachedAt"),
    }


def supplier_row(record: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of a supplier."""
    address = record.get("address")
    country = address.get("country") if isinstance(address, dict) else None
    return {
        "id": str(record["id"]),
        "raw": record,
        "name": record.get("name"),
        "legal_name": record.get("legalName"),
        "registration_no": record.get("registrationNo"),
        "vat_number": record.get("vatNo"),
        "iban": record.get("iban"),
        "bic": record.get("bic"),
        "country": country,
        "is_archived": record.get("isArchived"),
    }


def settlement_row(record: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of a settlement; one that cannot be read is kept as it is, with the reason."""
    row = {"id": str(record.get("id")), "raw": record, "problem": None}
    try:
        with _telling("settlement"):
            return row | _settlement(record)
    except SkippableRecordError as error:
        return row | {"problem": error.message}


def _settlement(record: dict[str, Any]) -> dict[str, Any]:
    currency, billed = str(record["currency"]), str(record["billingCurrency"])
    return {
        "type": record["type"],
        "medium": record["medium"],
        "paid_from": record["paidFrom"],
        "description": record.get("transactionDescription"),
        "created_at": record["createdAt"],
        "cleared_at": record.get("clearedAt"),
        "amount": str(_money(record["amount"], currency)),
        "currency": currency,
        "billing_amount": str(_money(record["billingAmount"], billed)),
        "billing_currency": billed,
        "billing_exchange_rate": record.get("billingExchangeRate"),
        "state": record.get("state"),
        "exported_at": record.get("exportedAt"),
    }


@contextmanager
def _telling(what: str) -> Iterator[None]:
    """Turn whatever reading a record runs into, into one error that says so."""
    try:
        yield
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise SkippableRecordError(f"This {what} cannot be read: {type(error).__name__} {error}.") from error


def _parse(source: str, record: dict[str, Any]) -> Payable:
    kind = str(record["type"])
    if kind not in _KINDS:
        raise SkippableRecordError(f"Spendesk has a type of payable that is not known here: '{kind}'.")
    currency, functional = str(record["currency"]), str(record["functionalCurrency"])
    rate = record.get("functionalExchangeRate")
    return Payable(
        source=source,
        id=str(record["id"]),
        kind=_KINDS[kind],
        source_kind=kind,
        number=_text(record.get("creditNoteNumber") or record.get("invoiceNumber")),
        description=str(record.get("description") or ""),
        counterparty=_counterparty(record["counterparty"]),
        payable_date=_day(record["payableDate"]),
        accounting_date=_day_or_none(record.get("accountingDate")),
        due_date=_day_or_none(record.get("invoiceDueDate")),
        currency=currency,
        amount=_money(record["amount"], currency),
        functional_currency=functional,
        functional_amount=_money(record["functionalAmount"], functional),
        exchange_rate=None if rate is None or currency == functional else _rate(rate),
        lines=tuple(_line(line, number, record, currency) for number, line in enumerate(record["lineItems"], start=1)),
        receipt_excuse=_excuse(record.get("documentaryEvidence") or {}),
        updated_at=_moment_or_none(record.get("updatedAt")),
    )


def _counterparty(record: dict[str, Any]) -> Counterparty:
    kind: Literal["supplier", "employee"] = "employee" if record["type"] == "employee" else "supplier"
    account = record.get("accountPayable") or {}
    return Counterparty(
        kind=kind,
        id=str(record["id"]),
        name=str(record["name"]),
        account_code=_text(account.get("generalAccountCode")),
        auxiliary_code=_text(account.get("auxiliaryAccountCode")),
    )


def _line(line: dict[str, Any], ordinal: int, record: dict[str, Any], currency: str) -> Line:
    money = line["financial"]
    account, vat_account = line.get("expenseAccount") or {}, line.get("vatAccount") or {}
    rate = vat_account.get("rate")
    net = _money(money["netAmount"], currency)
    return Line(
        ordinal=ordinal,
        description=str(line.get("description") or record.get("description") or ""),
        account_code=_text(account.get("code")),
        vat_account_code=_text(vat_account.get("code")),
        vat_rate=None if rate is None else _rate(rate) / 100,
        net=net,
        vat=_money(money["vatAmount"], currency),
        gross=_money(money["grossAmount"], currency),
        shares=_shares(line, record, net, currency),
    )


def _shares(line: dict[str, Any], record: dict[str, Any], net: Decimal, currency: str) -> tuple[Share, ...]:
    """Return the analytical values of a line: its own (v1), or those of the payable (v0).

    A field with several values splits the line by their functional amounts; fields that split it apart from each other
    are taken to do so evenly.
    """
    fields: dict[str, list[tuple[str, Decimal]]] = {}
    for one in line.get("analyticalProperties") or record.get("analyticalProperties") or []:
        name, value = one.get("fieldName"), one.get("valueName")
        if name and value:
            fields.setdefault(str(name), []).append((str(value), abs(Decimal(one.get("functionalAmount") or 0))))
    if not fields:
        return ()
    combined = [(Decimal(1), dict[str, str]())]
    for name, values in fields.items():
        combined = [
            (weight * (share or Decimal(len(values) == 1)), {**chosen, name: value})
            for weight, chosen in combined
            for value, share in values
        ]
    if len(combined) == 1:
        return (Share(amount=None, values=combined[0][1]),)
    amounts = apportion(net, [weight for weight, _ in combined], currency)
    return tuple(Share(amount=amount, values=chosen) for amount, (_, chosen) in zip(amounts, combined, strict=True))


def _excuse(evidence: dict[str, Any]) -> str | None:
    """Return what stands in for a receipt: a declaration, or an allowance's own entry; a report of loss does not."""
    provided = str((evidence.get("provided") or {}).get("type", ""))
    return provided if provided.startswith("declarationOfMissing") or provided in _OWN_EVIDENCE else None


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise SkippableRecordError(f"'{value!r:.40}' is no text.")
    return value or None


def _money(amount: Any, currency: str) -> Decimal:
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise SkippableRecordError(f"'{amount}' is no amount in minor units.")
    return from_minor(amount, currency)


def _rate(value: Any) -> Decimal:
    rate = Decimal(str(value))
    if not rate.is_finite():
        raise SkippableRecordError(f"'{value}' is no rate.")
    return rate


def _day(value: Any) -> date:
    return date.fromisoformat(str(value)[:10])


def _day_or_none(value: Any) -> date | None:
    return _day(value) if value else None


def _moment_or_none(value: Any) -> datetime | None:
    return datetime.fromisoformat(str(value)) if value else None
