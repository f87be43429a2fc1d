"""A payable as Spendesk writes it, in either shape → `exactsync.payable.Payable`.

v0 (the published OpenAPI) has analytical values beside the lines; v1 (as clients of it report) has them on the line,
and may split a line over several values of one field. Amounts are integers in minor units of their currency. What
cannot be read is a SkippableRecordError that says why; the raw record is kept by whoever asked.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal

from exactsync.errors import SkippableRecordError
from exactsync.money import apportion, from_minor
from exactsync.payable import Counterparty, Kind, Line, Payable, Receipt, Share

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

_MEDIA_TYPES: Final = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg"}


def parse_payable(source: str, record: dict[str, Any], attachments: list[dict[str, Any]] | None = None) -> Payable:
    """Return the payable that a record of Spendesk describes.

    Args:
        source: the connection it comes from.
        record: as Spendesk wrote it, in either shape.
        attachments: what `/v1/payables/{id}/attachments` says of it.

    Raises:
        SkippableRecordError: something that a payable needs is missing or of another type; says what.
    """
    try:
        return _parse(source, record, attachments or [])
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise SkippableRecordError(f"This payable cannot be read: {type(error).__name__} {error}.") from error


def _parse(source: str, record: dict[str, Any], attachments: list[dict[str, Any]]) -> Payable:
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
        number=record.get("creditNoteNumber") or record.get("invoiceNumber") or None,
        description=str(record.get("description") or ""),
        counterparty=_counterparty(record["counterparty"]),
        payable_date=_day(record["payableDate"]),
        accounting_date=_day_or_none(record.get("accountingDate")),
        due_date=_day_or_none(record.get("invoiceDueDate")),
        currency=currency,
        amount=_money(record["amount"], currency),
        functional_currency=functional,
        functional_amount=_money(record["functionalAmount"], functional),
        exchange_rate=None if rate is None or currency == functional else Decimal(str(rate)),
        lines=tuple(_line(line, number, record, currency) for number, line in enumerate(record["lineItems"], start=1)),
        receipts=tuple(_receipt(one) for one in attachments),
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
        account_code=account.get("generalAccountCode"),
        auxiliary_code=account.get("auxiliaryAccountCode"),
    )


def _line(line: dict[str, Any], ordinal: int, record: dict[str, Any], currency: str) -> Line:
    money = line["financial"]
    account, vat_account = line.get("expenseAccount") or {}, line.get("vatAccount") or {}
    rate = vat_account.get("rate")
    net = _money(money["netAmount"], currency)
    return Line(
        ordinal=ordinal,
        description=str(line.get("description") or record.get("description") or ""),
        account_code=account.get("code"),
        vat_account_code=vat_account.get("code"),
        vat_rate=None if rate is None else Decimal(str(rate)) / 100,
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


def _receipt(attachment: dict[str, Any]) -> Receipt:
    kind = str(attachment.get("mimeType") or "")
    return Receipt(
        url=str(attachment["url"]),
        media_type=_MEDIA_TYPES.get(kind.lower(), kind),
        checksum=attachment.get("checksum"),
    )


def _excuse(evidence: dict[str, Any]) -> str | None:
    """Return the declaration that stands in for a receipt; that somebody reported it lost is none."""
    provided = str((evidence.get("provided") or {}).get("type", ""))
    return provided if provided.startswith("declarationOfMissing") else None


def _money(amount: Any, currency: str) -> Decimal:
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise SkippableRecordError(f"'{amount}' is no amount in minor units.")
    return from_minor(amount, currency)


def _day(value: Any) -> date:
    return date.fromisoformat(str(value)[:10])


def _day_or_none(value: Any) -> date | None:
    return _day(value) if value else None


def _moment_or_none(value: Any) -> datetime | None:
    return datetime.fromisoformat(str(value)) if value else None
