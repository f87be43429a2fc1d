"""What a person set up about sources of payables, and the matches of suppliers that exports keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqlalchemy import text

from exactsync.payables.mapping import Mapping, MappingKind, Relation, Source, parse_mapping

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Connection

    from exactsync.payables.rows import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceInfo:
    """A source of payables as it was set up."""

    source: Source
    kind: Literal["spendesk", "files"]
    integration: str | None


def read_sources(connection: Connection) -> dict[str, SourceInfo]:
    """Return every source by its name."""
    rows = connection.execute(
        text("""
        SELECT source, kind, integration, division, creates_suppliers, requires_receipt, start_date, entry_currency
        FROM exactsync.payable_sources ORDER BY source
        """)
    ).mappings()
    return {
        row["source"]: SourceInfo(
            source=Source(
                name=row["source"],
                division=row["division"],
                creates_suppliers=row["creates_suppliers"],
                requires_receipt=row["requires_receipt"],
                start_date=row["start_date"],
                entry_currency=row["entry_currency"],
            ),
            kind=row["kind"],
            integration=row["integration"],
        )
        for row in rows
    }


def read_mapping(connection: Connection, source: Source) -> Mapping:
    """Return how what a source's payables name is called at Exact."""
    rows = connection.execute(
        text("SELECT kind, key, target, note FROM exactsync.payable_mappings WHERE source = :source"),
        {"source": source.name},
    ).mappings()
    return parse_mapping(source, [dict(row) for row in rows])


def keep_match(connection: Connection, source: str, counterparty: str, relation: Relation, actor: Actor) -> UUID:
    """Keep whom a supplier was found to be, unless that is known; return whom it is kept to be."""
    kept = connection.execute(
        text("""
        INSERT INTO exactsync.payable_mappings AS known (source, kind, key, target, set_by, note)
        VALUES (:source, :kind, :key, :target, :actor, :how)
        ON CONFLICT (source, kind, key) DO UPDATE SET target = known.target
        RETURNING CAST(target AS uuid)
        """),
        {
            "source": source,
            "kind": MappingKind.SUPPLIER,
            "key": counterparty,
            "target": str(relation.id),
            "actor": actor.name,
            "how": relation.how,
        },
    )
    found: UUID = kept.scalar_one()
    return found
