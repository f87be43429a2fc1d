"""Schema `spendesk`: what Spendesk tells, as it was told last.

Every write takes a whole list and is one statement for each table: what has not changed is not written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import text

from exactsync.payable import ERASED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from sqlalchemy import Connection, TextClause

    from exactsync.payable import Payable


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A payable as it came: what could be read of it, or why it could not be."""

    id: str
    raw: dict[str, Any]
    payable: Payable | None
    allocations: tuple[tuple[str, Decimal], ...] = ()
    """Settlement and how much of the payable it paid."""
    problem: str | None = None


def store_payables(connection: Connection, source: str, received: Sequence[Received]) -> int:
    """Store payables with their lines and allocations; return how many are new or have changed."""
    changed = {row.id for row in connection.execute(_PAYABLES, _bound(source, map(_payable_row, received)))}
    told = [one for one in received if one.id in changed]
    ids = {"source": source, "ids": [one.id for one in told]}
    connection.execute(_FORGET_LINES, ids)
    connection.execute(_FORGET_ALLOCATIONS, ids)
    connection.execute(_LINES, _bound(source, (row for one in told for row in _line_rows(one))))
    connection.execute(_ALLOCATIONS, _bound(source, (row for one in told for row in _allocation_rows(one))))
    return len(changed)


def store_settlements(connection: Connection, source: str, rows: Iterable[dict[str, Any]]) -> int:
    """Store settlements, amounts in units of their currency; return how many are new or have changed."""
    return len(connection.execute(_SETTLEMENTS, _bound(source, rows)).all())


def store_suppliers(connection: Connection, source: str, rows: Iterable[dict[str, Any]]) -> int:
    """Store suppliers; return how many are new or have changed."""
    return len(connection.execute(_SUPPLIERS, _bound(source, rows)).all())


def store_attachments(
    connection: Connection, source: str, payable_id: str, rows: Iterable[dict[str, Any]], *, digest: str
) -> None:
    """Store which receipts a payable has, in place of those it had, and what record they were listed for."""
    owner = {"source": source, "payable_id": payable_id}
    connection.execute(_FORGET_ATTACHMENTS, owner)
    connection.execute(_ATTACHMENTS, _bound(source, rows) | owner)
    connection.execute(_LISTED, owner | {"digest": digest})


def payables_without_receipts(connection: Connection, source: str, statuses: Sequence[str]) -> list[tuple[str, str]]:
    """Return id and digest of each readable payable whose receipts were not listed since it changed, oldest first.

    Payables of persons who were erased are left out, here as in `read_payables`.
    """
    rows = connection.execute(_UNLISTED, {"source": source, "statuses": list(statuses), "erased": ERASED})
    return [(row.id, row.digest) for row in rows]


def read_payables(connection: Connection, source: str, statuses: Sequence[str]) -> list[StoredPayable]:
    """Return the readable payables of these bookkeeping statuses whose receipts are known, oldest first."""
    rows = connection.execute(_READ, {"source": source, "statuses": list(statuses), "erased": ERASED}).mappings()
    return [StoredPayable(**row) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPayable:
    """A payable as it is stored, to be read again."""

    raw: dict[str, Any]
    attachments: list[dict[str, Any]]
    """`id`, `media_type` and `checksum` of each receipt."""
    vat_number: str | None
    iban: str | None
    country: str | None


def _payable_row(one: Received) -> dict[str, Any]:
    row: dict[str, Any] = {"id": one.id, "raw": one.raw, "problem": one.problem}
    if one.payable is None:
        return row
    written = one.payable.to_json()
    party = written.pop("counterparty")
    row |= {name: written[name] for name in _PLAIN}
    row |= {f"counterparty_{name}": party[name] for name in ("kind", "id", "name")}
    return row | {"bookkeeping_status": one.raw.get("bookkeepingStatus")}


_PLAIN: Final = (
    "kind",
    "source_kind",
    "number",
    "description",
    "payable_date",
    "accounting_date",
    "due_date",
    "currency",
    "amount",
    "functional_currency",
    "functional_amount",
    "exchange_rate",
    "receipt_excuse",
    "updated_at",
)


def _line_rows(one: Received) -> Iterable[dict[str, Any]]:
    lines = one.payable.to_json()["lines"] if one.payable else []
    return [line | {"payable_id": one.id} for line in lines]


def _allocation_rows(one: Received) -> Iterable[dict[str, Any]]:
    return [
        {"payable_id": one.id, "ordinal": ordinal, "settlement_id": settlement, "amount": str(amount)}
        for ordinal, (settlement, amount) in enumerate(one.allocations, start=1)
    ]


def _bound(source: str, rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    # U+0000 is what JSON can hold and PostgreSQL cannot
    return {"source": source, "rows": orjson.dumps(list(rows)).decode().replace("\\u0000", "")}


def _upsert(table: str, columns: dict[str, str]) -> TextClause:
    """Write what is new or has changed, and return its key; a record told twice counts as told last."""
    names = ", ".join(columns)
    typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    values = [name for name in columns if name != "id"]
    news = ", ".join(f"{name} = excluded.{name}" for name in values)
    known, told = (", ".join(f"{side}.{name}" for name in values) for side in ("old", "excluded"))
    return text(f"""
        INSERT INTO spendesk.{table} AS old (source, {names})
        SELECT DISTINCT ON (id) CAST(:source AS text), {names}
        FROM ROWS FROM (jsonb_to_recordset(CAST(:rows AS jsonb)) AS ({typed})) WITH ORDINALITY AS told ({names}, place)
        ORDER BY id, place DESC
        ON CONFLICT (source, id) DO UPDATE SET {news}, received_at = clock_timestamp()
        WHERE ({known}) IS DISTINCT FROM ({told})
        RETURNING id
    """)


_PAYABLES = _upsert(
    "payables",
    {
        "id": "text",
        "raw": "jsonb",
        "problem": "text",
        "bookkeeping_status": "text",
        "kind": "text",
        "source_kind": "text",
        "number": "text",
        "description": "text",
        "counterparty_kind": "text",
        "counterparty_id": "text",
        "counterparty_name": "text",
        "payable_date": "date",
        "accounting_date": "date",
        "due_date": "date",
        "currency": "text",
        "amount": "numeric",
        "functional_currency": "text",
        "functional_amount": "numeric",
        "exchange_rate": "numeric",
        "receipt_excuse": "text",
        "updated_at": "timestamptz",
    },
)
_SETTLEMENTS = _upsert(
    "settlements",
    {
        "id": "text",
        "raw": "jsonb",
        "problem": "text",
        "type": "text",
        "medium": "text",
        "paid_from": "text",
        "description": "text",
        "created_at": "timestamptz",
        "cleared_at": "timestamptz",
        "amount": "numeric",
        "currency": "text",
        "billing_amount": "numeric",
        "billing_currency": "text",
        "billing_exchange_rate": "numeric",
        "state": "text",
        "exported_at": "timestamptz",
    },
)
_SUPPLIERS = _upsert(
    "suppliers",
    {
        "id": "text",
        "raw": "jsonb",
        "name": "text",
        "legal_name": "text",
        "registration_no": "text",
        "vat_number": "text",
        "iban": "text",
        "bic": "text",
        "country": "text",
        "is_archived": "boolean",
    },
)
_FORGET_LINES = text("DELETE FROM spendesk.payable_lines WHERE source = :source AND payable_id = ANY(:ids)")
_FORGET_ALLOCATIONS = text("DELETE FROM spendesk.payable_allocations WHERE source = :source AND payable_id = ANY(:ids)")
_FORGET_ATTACHMENTS = text("DELETE FROM spendesk.attachments WHERE source = :source AND payable_id = :payable_id")
_LINES = text("""
INSERT INTO spendesk.payable_lines
    (source, payable_id, ordinal, description, account_code, vat_account_code, vat_rate, net, vat, gross, shares)
SELECT :source, told.* FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS told (
    payable_id text, ordinal integer, description text, account_code text, vat_account_code text, vat_rate numeric,
    net numeric, vat numeric, gross numeric, shares jsonb)
""")
_ALLOCATIONS = text("""
INSERT INTO spendesk.payable_allocations (source, payable_id, ordinal, settlement_id, amount)
SELECT :source, told.* FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS told (
    payable_id text, ordinal integer, settlement_id text, amount numeric)
""")
_ATTACHMENTS = text("""
INSERT INTO spendesk.attachments (source, payable_id, id, media_type, checksum, attached_at)
SELECT :source, :payable_id, told.* FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS told (
    id text, media_type text, checksum text, attached_at timestamptz)
""")
_LISTED = text("""
UPDATE spendesk.payables SET attachments_read_for = :digest WHERE source = :source AND id = :payable_id
""")
_UNLISTED = text("""
SELECT id, md5(raw::text) AS digest FROM spendesk.payables
WHERE source = :source AND bookkeeping_status = ANY(:statuses) AND problem IS NULL
AND attachments_read_for IS DISTINCT FROM md5(raw::text) AND counterparty_name <> :erased
ORDER BY payable_date, id
""")
_READ = text("""
SELECT payable.raw, supplier.vat_number, supplier.iban, supplier.country, coalesce(receipts.found, '[]') AS attachments
FROM spendesk.payables AS payable
LEFT JOIN spendesk.suppliers AS supplier
    ON supplier.source = payable.source AND supplier.id = payable.counterparty_id
    AND payable.counterparty_kind = 'supplier'
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('id', id, 'media_type', media_type, 'checksum', checksum) ORDER BY id) AS found
    FROM spendesk.attachments AS receipt WHERE receipt.source = payable.source AND receipt.payable_id = payable.id
) AS receipts ON true
WHERE payable.source = :source AND payable.problem IS NULL AND payable.bookkeeping_status = ANY(:statuses)
AND payable.attachments_read_for = md5(payable.raw::text) AND payable.counterparty_name <> :erased
ORDER BY payable.payable_date, payable.id
""")
