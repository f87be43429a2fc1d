"""Novelties: what Exact sent that no declaration knows, each kept, and told, once."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from exactsync.load import Novelty

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from exactsync.entity import Entity

KEPT_AT_MOST: Final = 500
"""Novelties of one data set: whatever Exact sends, the table stays small."""


def note(connection: Connection, entity: Entity, division: int, found: Sequence[Novelty]) -> list[Novelty]:
    """Keep what was found in a data set; return what was not known before."""
    values = {
        "division": division,
        "entity": entity.name,
        "found": json.dumps([asdict(novelty) for novelty in found]),
        "most": KEPT_AT_MOST,
    }
    return [Novelty(property=row.property, value=row.value) for row in connection.execute(_NOTE, values)]


def read(connection: Connection, entities: Mapping[str, Entity]) -> dict[tuple[int, str], list[Novelty]]:
    """Return the novelties of each data set that are still unknown: a declaration may have caught up with them."""
    found: dict[tuple[int, str], list[Novelty]] = defaultdict(list)
    for row in connection.execute(_READ):
        novelty = Novelty(property=row.property, value=row.value)
        if row.entity in entities and not _is_declared(entities[row.entity], novelty):
            found[row.division, row.entity].append(novelty)
    return dict(found)


def _is_declared(entity: Entity, novelty: Novelty) -> bool:
    if not novelty.value:
        return novelty.property in entity.known_properties
    lists = (column.values or {} for column in entity.columns if column.source == novelty.property)
    return any(novelty.value in map(str, values) for values in lists)


_NOTE: Final = text("""
INSERT INTO exactsync.novelties (division, entity, property, value)
SELECT :division, :entity, found.property, found.value
FROM jsonb_to_recordset(CAST(:found AS jsonb)) AS found (property text, value text)
WHERE (SELECT count(*) FROM exactsync.novelties WHERE division = :division AND entity = :entity) < :most
ON CONFLICT DO NOTHING RETURNING property, value
""")
_READ: Final = text(
    "SELECT division, entity, property, value FROM exactsync.novelties ORDER BY division, entity, property, value"
)
