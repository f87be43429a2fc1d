"""How every data set stands, for people and for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from exactsync.warehouse import novelties, schema
from exactsync.warehouse.drift import DriftOfDataSet, read_latest
from exactsync.warehouse.load_log import DELETIONS
from exactsync.warehouse.state import SyncState, read_states

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import Connection, Engine

    from exactsync.entity import Entity
    from exactsync.load import Novelty
    from exactsync.warehouse.integrations import IntegrationInfo


def read_status(
    engine: Engine, integrations: Sequence[IntegrationInfo], entities: Collection[Entity]
) -> list[dict[str, Any]]:
    """Return one row for each integration, chosen division and entity, deletions included.

    Keys: integration, connection, state, reason, grant, division, division_name, entity, rows (live ones; null for
    deletions), watermark, published_at, compared_at, drift (rows that the last comparison had to repair; null where
    there was none), novelties (what Exact sent that no declaration knows), attempted_at, outcome, message.
    """
    with engine.connect() as connection:
        states = {(state.division, state.entity): state for state in read_states(connection)}
        drifted = read_latest(connection)
        new = novelties.read(connection, {entity.name: entity for entity in entities})
        live = {entity.name: _count_live(connection, entity) for entity in entities}
    return [row for integration in integrations for row in _rows(integration, states, live, drifted, new)]


def _count_live(connection: Connection, entity: Entity) -> dict[int, int]:
    rows = connection.execute(
        text(
            f"SELECT division, count(*) FROM {schema.published_table(entity)} "
            "WHERE _deleted_at IS NULL GROUP BY division"
        )
    )
    return dict(rows.all())


def _rows(
    integration: IntegrationInfo,
    states: dict[tuple[int, str], SyncState],
    live: dict[str, dict[int, int]],
    drifted: dict[tuple[int, str], DriftOfDataSet],
    new: dict[tuple[int, str], list[Novelty]],
) -> Iterator[dict[str, Any]]:
    for division in integration.divisions:
        if not division.is_chosen:
            continue
        for entity in (*live, DELETIONS):
            known = states.get((division.division, entity), SyncState(division=division.division, entity=entity))
            compared = drifted.get((division.division, entity))
            yield {
                "integration": integration.name,
                "connection": integration.connection_id,
                "state": integration.state,
                "reason": integration.reason,
                "grant": integration.grant_status,
                "division": division.division,
                "division_name": division.name,
                "entity": entity,
                "rows": live[entity].get(division.division, 0) if entity in live else None,
                "watermark": known.watermark,
                "published_at": known.published_at,
                "compared_at": compared.compared_at if compared else None,
                "drift": compared.found.missed if compared else None,
                "novelties": [str(novelty) for novelty in new.get((division.division, entity), ())],
                "attempted_at": known.attempted_at,
                "outcome": known.outcome,
                "message": known.message,
            }
