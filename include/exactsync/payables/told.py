"""What Spendesk told about a person, erased from schema `spendesk`: each record is stored as of nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from exactsync.errors import SkippableRecordError
from exactsync.payable import ERASED
from exactsync.spendesk import parse
from exactsync.spendesk.masking import mask_payable, mask_settlement, mask_supplier, mask_unreadable
from exactsync.warehouse import spend

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from exactsync.payables.counterparties import Party


def mask_told(connection: Connection, party: Party) -> dict[str, int]:
    """Mask the payables of a counterparty, what paid them, and the supplier; return how many rows, by table.

    Receipts are forgotten altogether: Spendesk has them, and they are of no use without the payable.
    """
    owner: dict[str, Any] = {"source": party.source, "kind": party.kind, "id": party.id}
    told = connection.execute(_PAYABLES, owner).mappings().all()
    received = [_masked(party.source, row["raw"], row["problem"]) for row in told]
    ids = {"source": party.source, "ids": [row["id"] for row in told]}
    lines = connection.execute(_LINES, ids | {"erased": ERASED}).scalar_one()
    settled = [parse.settlement_row(mask_settlement(raw)) for raw in connection.scalars(_SETTLEMENTS, ids)]
    forgotten = connection.execute(_FORGET_ATTACHMENTS, ids).rowcount
    suppliers = connection.scalars(_SUPPLIERS, owner).all() if party.kind == "supplier" else []
    rows = [parse.supplier_row(mask_supplier(raw)) for raw in suppliers]
    return {
        "spendesk.payable_lines": lines,
        "spendesk.payables": spend.store_payables(connection, party.source, received),
        "spendesk.settlements": spend.store_settlements(connection, party.source, settled),
        "spendesk.attachments": forgotten,
        "spendesk.suppliers": spend.store_suppliers(connection, party.source, rows),
    }


def _masked(source: str, raw: dict[str, Any], problem: str | None) -> spend.Received:
    payable_id = str(raw.get("id"))
    if problem is None:
        try:
            masked = mask_payable(raw)
            payable, allocations = parse.parse_payable(source, masked), parse.parse_allocations(masked)
            return spend.Received(id=payable_id, raw=masked, payable=payable, allocations=allocations)
        except SkippableRecordError:  # an older version of this library could read it
            pass
    return spend.Received(id=payable_id, raw=mask_unreadable(raw), payable=None, problem=ERASED)


_PAYABLES: Final = text("""
SELECT id, raw, problem FROM spendesk.payables
WHERE source = :source AND raw #>> '{counterparty,id}' = :id
  AND :kind = CASE raw #>> '{counterparty,type}' WHEN 'employee' THEN 'employee' ELSE 'supplier' END
ORDER BY id FOR UPDATE
""")
_LINES: Final = text("""
SELECT count(*) FROM spendesk.payable_lines
WHERE source = :source AND payable_id = ANY(:ids) AND description <> :erased
""")
_SETTLEMENTS: Final = text("""
SELECT raw FROM spendesk.settlements AS settlement
WHERE source = :source AND EXISTS (
    SELECT FROM spendesk.payable_allocations AS part WHERE part.source = settlement.source
    AND part.settlement_id = settlement.id AND part.payable_id = ANY(:ids))
ORDER BY id FOR UPDATE
""")
_FORGET_ATTACHMENTS: Final = text("DELETE FROM spendesk.attachments WHERE source = :source AND payable_id = ANY(:ids)")
_SUPPLIERS: Final = text("SELECT raw FROM spendesk.suppliers WHERE source = :source AND id = :id FOR UPDATE")
