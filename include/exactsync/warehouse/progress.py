"""How far each data set of an integration is: queued, running with rows so far, done, or failed with the reason."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import text

from exactsync.entities import entities
from exactsync.warehouse import schema

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Engine, RowMapping

    from exactsync.warehouse.integrations import IntegrationInfo

ProgressState = Literal["queued", "running", "done", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one data set is."""

    division: int
    division_name: str
    entity: str
    label: str
    """What a person calls the entity."""
    state: ProgressState
    rows: int
    """Running: read so far; done: live ones in the warehouse."""
    message: str | None
    """Why it failed."""
    holder: str | None
    """Who runs it or ran it last, as leases name it: `dag/run/task/map_index` in Airflow."""
    published_at: datetime | None


def read_progress(engine: Engine, integration: IntegrationInfo) -> list[Progress]:
    """Return how far each data set of the chosen companies is, by company and entity."""
    divisions = [company.division for company in integration.companies]
    names = {company.division: company.name for company in integration.companies}
    with engine.connect() as connection:
        rows = connection.execute(_READ, {"divisions": divisions}).mappings()
        known = {(row["division"], row["entity"]): row for row in rows}
        states = {key: _state(known.get(key), integration) for key in integration.data_sets}
        live = _count_live(connection, [key for key, state in states.items() if state == "done"])
    return [
        Progress(
            division=division,
            division_name=names[division],
            entity=entity,
            label=entities()[entity].label,
            state=state,
            **_details(known.get((division, entity)), state, live.get((division, entity), 0)),
        )
        for (division, entity), state in states.items()
    ]


def _state(row: RowMapping | None, integration: IntegrationInfo) -> ProgressState:
    if row is None:
        return "queued"
    if row["is_running"]:
        return "running"
    if row["message"] is None:
        return "done" if row["published_at"] else "queued"
    return "queued" if integration.will_retry(row["attempted_at"]) else "failed"


def _details(row: RowMapping | None, state: ProgressState, live: int) -> dict[str, Any]:
    rows = {"done": live, "running": row["rows_read"] or 0 if row else 0}.get(state, 0)
    return {
        "rows": rows,
        "message": row["message"] if row and state == "failed" else None,
        "holder": row["holder"] if row and state != "queued" else None,
        "published_at": row["published_at"] if row else None,
    }


_READ = text("""
SELECT division, entity, state.published_at, state.attempted_at, state.message, loads.rows_read,
       lease.expires_at > clock_timestamp() AS is_running,
       CASE WHEN lease.expires_at > clock_timestamp() THEN lease.holder
            ELSE coalesce(state.holder, lease.holder) END AS holder
FROM (SELECT * FROM exactsync.sync_state WHERE division = ANY(CAST(:divisions AS integer[]))) AS state
FULL JOIN (SELECT * FROM exactsync.leases WHERE division = ANY(CAST(:divisions AS integer[]))) AS lease
USING (division, entity)
LEFT JOIN exactsync.loads USING (division, entity)
""")


def _count_live(connection: Connection, data_sets: list[tuple[int, str]]) -> dict[tuple[int, str], int]:
    divisions = defaultdict(list)
    for division, entity in data_sets:
        divisions[entity].append(division)
    counted: dict[tuple[int, str], int] = {}
    for entity, wanted in divisions.items():
        rows = connection.execute(
            text(
                f"SELECT division, count(*) AS live FROM {schema.published_table(entities()[entity])} "
                "WHERE division = ANY(CAST(:divisions AS integer[])) AND _deleted_at IS NULL GROUP BY division"
            ),
            {"divisions": wanted},
        )
        counted |= {(row.division, entity): row.live for row in rows}
    return counted
