"""What was changed about the mapping of a source, and by whom: on the page, by an export or with SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

LATEST: Final = 30
"""How many changes are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of one row of `payable_mappings`; of a supplier, its targets by their name at Exact if that is known."""

    at: datetime
    kind: str
    key: str
    former: str | None
    """None: it was mapped to nothing."""
    target: str | None
    """None: it was forgotten."""
    actor: str


def read_changes(connection: Connection, source: str) -> list[Change]:
    """Return the latest changes of a source's mapping, newest first."""
    rows = connection.execute(_CHANGES, {"source": source, "latest": LATEST}).mappings()
    return [Change(**row) for row in rows]


_CHANGES: Final = text("""
SELECT change.at, change.kind, change.key, coalesce(before.name, change.former) AS former,
       coalesce(since.name, change.target) AS target, change.actor
FROM exactsync.payable_mappings_history AS change
LEFT JOIN exactsync.payable_sources AS source ON source.source = change.source
LEFT JOIN exact_online.suppliers AS before
       ON before.division = source.division AND CAST(before.id AS text) = lower(change.former)
LEFT JOIN exact_online.suppliers AS since
       ON since.division = source.division AND CAST(since.id AS text) = lower(change.target)
WHERE change.source = :source ORDER BY change.id DESC LIMIT :latest
""")
