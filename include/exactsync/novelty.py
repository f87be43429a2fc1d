"""What Exact sends that no declaration knows: a property it has added, a value that a code list does not name.

Found for a whole page at once, column by column, so that a page in which nothing is new costs next to nothing.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from exactsync.load import Novelty
from exactsync.warehouse import novelties

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Engine

    from exactsync.entity import Entity
    from exactsync.normalise import NormalisedPage

log = logging.getLogger(__name__)

LONGEST: Final = 100
"""Characters of a name or value that are told."""
MOST: Final = 50
"""Novelties of one page that are told: what is sent by the hundred is no code, and no property."""


def tell_novelties(
    engine: Engine, entity: Entity, division: int, records: Iterable[Mapping[str, Any]], page: NormalisedPage
) -> None:
    """Say what is new in a page, and was not told before; the page is stored as ever."""
    found = find_novelties(entity, records, page)
    if not found:
        return
    with engine.begin() as connection:
        new = novelties.note(connection, entity, division, found)
    for novelty in new:
        log.warning(
            "New at Exact, and told once: %s. %s More: docs/runbook/quarantine.md#changed",
            novelty,
            "The code value is stored as sent." if novelty.value else "The property is ignored.",
        )


def find_novelties(entity: Entity, records: Iterable[Mapping[str, Any]], page: NormalisedPage) -> list[Novelty]:
    """Return what is new to `entity` in the records of a page, and in what became of them; each once, in order."""
    unknown = set[str]().union(*records) - entity.known_properties
    found = [Novelty(property=_told(name)) for name in unknown]
    for column in entity.columns:
        if column.values:
            values = set(page.columns[column.name].dropna().unique()) - column.values.keys() - {""}
            found += [Novelty(property=column.source, value=_told(str(value))) for value in values]
    return sorted(set(found), key=lambda novelty: (novelty.property, novelty.value))[:MOST]


def _told(text: str) -> str:
    """Return a text in one line of printable characters: what Exact sends may hold any, and PostgreSQL not all."""
    printable = repr(text)[1:-1]
    return printable if len(printable) <= LONGEST else printable[:LONGEST] + "…"
