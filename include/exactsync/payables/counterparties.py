"""Who a person is where payables come from: the counterparties that are mapped to a supplier, or one by its key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import text

from exactsync.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A counterparty of payables, by the key that its source gives it."""

    source: str
    kind: str
    """`supplier` or `employee`."""
    id: str

    def __str__(self) -> str:
        return f"{self.kind} {self.id} of {self.source}"

    def is_owed(self, payable: dict[str, Any] | None) -> bool:
        """Whether a payable, as `Payable.to_json` writes it, is owed to it."""
        party = payable["counterparty"] if payable else {}
        return (party.get("kind"), party.get("id")) == (self.kind, self.id)


def mapped_to(connection: Connection, division: int, supplier: UUID) -> list[Party]:
    """Return the counterparties that are mapped to a supplier of a company; what counts for all others names nobody."""
    rows = connection.execute(_MAPPED, {"division": division})
    return [
        Party(source=row.source, kind=row.kind, id=row.key) for row in rows if _key(row.target) == supplier and row.key
    ]


def find_party(connection: Connection, source: str, counterparty: str, kind: str | None = None) -> Party:
    """Return a counterparty by its source and the source's key of it.

    Raises:
        ConfigurationError: nothing is stored of it, or an employee and a supplier have the same key.
    """
    found = connection.scalars(_KNOWN, {"source": source, "id": counterparty, "kind": kind}).all()
    if not found:
        raise ConfigurationError(
            f"Nothing is stored of a counterparty {counterparty} of {source}.",
            remedy="Give the source's own key of it (counterparty_id in spendesk.payables, or in the file).",
        )
    if len(found) > 1:
        raise ConfigurationError(
            f"{source} has a supplier and an employee {counterparty}.", remedy="Say which, with --kind."
        )
    return Party(source=source, kind=found[0], id=counterparty)


def _key(target: str) -> UUID | None:
    try:
        return UUID(target.strip())
    except ValueError:
        return None


_MAPPED: Final = text("""
SELECT mapping.source, mapping.kind, trim(mapping.key) AS key, mapping.target
FROM exactsync.payable_mappings AS mapping JOIN exactsync.payable_sources USING (source)
WHERE division = :division AND mapping.kind IN ('supplier', 'employee')
ORDER BY mapping.source, mapping.kind, mapping.key
""")

_KNOWN: Final = text("""
SELECT DISTINCT kind FROM (
    SELECT payable #>> '{counterparty,kind}', payable #>> '{counterparty,id}' FROM exactsync.payables_outbox
    WHERE source = :source
    UNION ALL
    SELECT edited #>> '{counterparty,kind}', edited #>> '{counterparty,id}' FROM exactsync.payables_outbox
    WHERE source = :source AND is_edited
    UNION ALL
    SELECT CASE raw #>> '{counterparty,type}' WHEN 'employee' THEN 'employee' ELSE 'supplier' END,
           raw #>> '{counterparty,id}'
    FROM spendesk.payables WHERE source = :source
    UNION ALL
    SELECT 'supplier', id FROM spendesk.suppliers WHERE source = :source
    UNION ALL
    SELECT kind, trim(key) FROM exactsync.payable_mappings
    WHERE source = :source AND kind IN ('supplier', 'employee')
) AS known (kind, id)
WHERE id = :id AND (CAST(:kind AS text) IS NULL OR kind = :kind)
""")
