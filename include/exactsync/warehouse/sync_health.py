"""How everything stands at a glance: every data set, the call budgets, what changed day by day. For the people on call.

A handful of queries, however many companies there are: each reads its table once for all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from exactsync.entities import entities
from exactsync.errors import runbook
from exactsync.lifecycle import Reason, State
from exactsync.warehouse import novelties, schema
from exactsync.warehouse.budgets import BudgetHealth, read_budgets
from exactsync.warehouse.drift import read_latest
from exactsync.warehouse.integrations import read_integrations
from exactsync.warehouse.load_log import DELETIONS
from exactsync.warehouse.quality import FAILING, late_after

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from sqlalchemy import Connection, Engine

    from exactsync.warehouse.integrations import IntegrationInfo

DAYS: Final = 14
"""Of how many days the changes are told, today included."""

_PASSING: Final = frozenset({Reason.BUDGET, Reason.MAINTENANCE, Reason.ACCESS_REFUSED})
_RESTING: Final = frozenset({State.PAUSED, State.DISCONNECTED})
_DATA_SET: Final = re.compile(r"integration .*?, division \d+(, entity \w+)?(, (?=page)|: )")
_ADVICE: Final = re.compile(r"(?P<text>.*\S)\s+More: (?P<runbook>docs/runbook/\S+)", re.DOTALL)


class Standing(StrEnum):
    """How one data set stands."""

    HEALTHY = "healthy"
    RUNNING = "running"
    WAITING = "waiting"
    """Not read yet, or to be tried again since a person has mended something."""
    DEGRADED = "degraded"
    """There is less or older data than there should be; it mends itself, or can wait for office hours."""
    FAILED = "failed"
    """The last attempt failed, and so will the next until a person has acted."""
    RESTING = "resting"
    """A person has paused or disconnected it."""
    INACTIVE = "inactive"
    """Its analytical axis is not active: nothing is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is not as it should be, and the page of the runbook that treats it."""

    text: str
    runbook: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSetHealth:
    """One entity of one company, or the reading of its deletions."""

    entity: str
    standing: Standing
    findings: tuple[Finding, ...] = ()
    rows: int | None = None
    """Live ones in the warehouse; None for deletions."""
    published_at: datetime | None = None
    """When it was last as Exact had it."""
    attempted_at: datetime | None = None
    outcome: str | None = None
    """How the last attempt ended: `published`, `unchanged`, or the kind of error."""
    quarantined: int = 0
    """Records that could not be used."""
    drift: int = 0
    """Rows that the last comparison found not to be as they should have been; it has repaired them."""
    failing_checks: int = 0
    """Checks of its rows that fail, whether or not they must hold."""
    novelties: int = 0
    """Properties and code values that Exact sent and no declaration knows: told, no shortcoming."""
    holder: str | None = None
    """Who reads it or read it last, as leases name it: `dag/run/task/map_index` in Airflow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyHealth:
    """One chosen company."""

    integration: str
    division: int
    name: str
    data_sets: tuple[DataSetHealth, ...]
    """By entity, in the order of `entities`; the deletions come last."""
    findings: tuple[Finding, ...] = ()
    """What concerns the company as a whole."""
    budget: BudgetHealth | None = None
    """None: no call was made yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfChanges:
    """What a day (UTC) changed in one company's tables, all entities together."""

    division: int
    day: date
    inserted: int
    updated: int
    deleted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncHealth:
    """How everything stands."""

    now: datetime
    """By the warehouse's clock, as all other moments."""
    integrations: tuple[IntegrationInfo, ...]
    companies: tuple[CompanyHealth, ...]
    changes: tuple[DayOfChanges, ...]
    """Of the last `DAYS` days; days without a change are left out."""


def read_sync_health(engine: Engine, warehouse: Engine) -> SyncHealth:
    """Return how everything stands.

    Args:
        engine: where integrations and the call ledger live.
        warehouse: where the data sets are.
    """
    integrations = read_integrations(engine)
    with engine.connect() as connection:
        budgets = read_budgets(connection)
    divisions = [company.division for integration in integrations for company in integration.companies]
    with warehouse.connect() as connection:
        known = _read_data_sets(connection, divisions)
        changes = _read_changes(connection, divisions)
        now = connection.scalar(text("SELECT clock_timestamp()")) or datetime.now(UTC)
    companies = [_describe(integration, known, budgets, now) for integration in integrations]
    return SyncHealth(
        now=now,
        integrations=tuple(integrations),
        companies=tuple(company for described in companies for company in described),
        changes=changes,
    )


# -- data sets


_DATA_SETS = text(f"""
SELECT division, entity, state.published_at, state.attempted_at, state.outcome, state.message, state.reason,
       coalesce(lease.expires_at > clock_timestamp(), false) AS is_running,
       CASE WHEN lease.expires_at > clock_timestamp() THEN lease.holder
            ELSE coalesce(state.holder, lease.holder) END AS holder,
       coalesce(quarantine.records, 0) AS quarantined,
       coalesce(checks.failing, 0) AS failing_checks, coalesce(checks.errors, 0) AS failing_errors
FROM (SELECT * FROM exactsync.sync_state WHERE division = ANY(CAST(:divisions AS integer[]))) AS state
FULL JOIN (SELECT * FROM exactsync.leases WHERE division = ANY(CAST(:divisions AS integer[]))) AS lease
USING (division, entity)
LEFT JOIN (SELECT division, entity, count(*) AS records FROM exactsync.quarantine GROUP BY division, entity)
     AS quarantine USING (division, entity)
LEFT JOIN ({FAILING}) AS checks USING (division, entity)
""")


def _read_data_sets(connection: Connection, divisions: list[int]) -> dict[tuple[int, str], dict[str, Any]]:
    """Return what the books say of each data set that was ever worked on, with its live rows."""
    rows = connection.execute(_DATA_SETS, {"divisions": divisions}).mappings()
    live = {(row.division, row.entity): row.live for row in connection.execute(_live_rows(), {"divisions": divisions})}
    missed = {key: drifted.found.missed for key, drifted in read_latest(connection).items()}
    new = novelties.read(connection, entities())
    return {
        key: {**row, "live": live.get(key, 0), "drift": missed.get(key, 0), "novelties": len(new.get(key, ()))}
        for row in rows
        for key in [(row["division"], row["entity"])]
    }


def _live_rows() -> Any:
    counts = (
        f"SELECT '{name}' AS entity, division, count(*) AS live FROM {schema.published_table(entity)} "
        "WHERE division = ANY(CAST(:divisions AS integer[])) AND _deleted_at IS NULL GROUP BY division"
        for name, entity in entities().items()
    )
    return text(" UNION ALL ".join(counts))


def _describe(
    integration: IntegrationInfo,
    known: Mapping[tuple[int, str], Mapping[str, Any]],
    budgets: Mapping[int, BudgetHealth],
    now: datetime,
) -> Iterator[CompanyHealth]:
    names = [*entities(), DELETIONS]
    for company in integration.companies:
        yield CompanyHealth(
            integration=integration.name,
            division=company.division,
            name=company.name,
            data_sets=tuple(
                _judge(integration, name, known.get((company.division, name)) or {}, now) for name in names
            ),
            findings=(_finding(str(company.refusal)),) if company.refusal else (),
            budget=budgets.get(company.division),
        )


def _judge(integration: IntegrationInfo, name: str, row: Mapping[str, Any], now: datetime) -> DataSetHealth:
    entity = entities().get(name)
    if entity is not None and entity.axis in integration.inactive_axes:
        return DataSetHealth(entity=name, standing=Standing.INACTIVE)
    health = DataSetHealth(
        entity=name,
        standing=Standing.WAITING,
        rows=row.get("live", 0) if entity else None,
        published_at=row.get("published_at"),
        attempted_at=row.get("attempted_at"),
        outcome=row.get("outcome"),
        quarantined=row.get("quarantined", 0),
        drift=row.get("drift", 0),
        failing_checks=row.get("failing_checks", 0),
        novelties=row.get("novelties", 0),
        holder=row.get("holder"),
    )
    if row.get("is_running"):
        return replace(health, standing=Standing.RUNNING)
    if integration.is_paused or integration.state in _RESTING:
        return replace(health, standing=Standing.RESTING)
    message = row.get("message")
    is_yet_to_come = integration.will_retry(health.attempted_at) if message else health.published_at is None
    if is_yet_to_come:
        return health
    findings = tuple(_shortcomings(health, now, row.get("failing_errors", 0)))
    if message:
        standing = Standing.DEGRADED if row["reason"] in _PASSING else Standing.FAILED
        return replace(health, standing=standing, findings=(_finding(message), *findings))
    return replace(health, standing=Standing.DEGRADED if findings else Standing.HEALTHY, findings=findings)


def _shortcomings(health: DataSetHealth, now: datetime, errors: int) -> Iterator[Finding]:
    """What is wrong with the data, however the last attempt ended; `errors` checks fail that must hold."""
    if errors:
        checks = "1 check that must hold fails" if errors == 1 else f"{errors} checks that must hold fail"
        yield Finding(text=f"{checks}; see exactsync.quality_results.", runbook=runbook("quality"))
    if health.quarantined:
        records = "1 record is" if health.quarantined == 1 else f"{health.quarantined:,} records are"
        yield Finding(text=f"{records} in quarantine; the others are loaded.", runbook=runbook("quarantine"))
    allowed = late_after(entities().get(health.entity))
    if health.published_at and now - health.published_at > allowed:
        hours = int(allowed.total_seconds() // 3600)
        yield Finding(text=f"It was not brought up to date for more than {hours} hours.")


def _finding(message: str) -> Finding:
    """Part a message of ours from the data set that it begins with, and the page of the runbook that it ends with."""
    where = _DATA_SET.match(message)
    told = message[where.end() :] if where else message
    found = _ADVICE.fullmatch(told)
    return Finding(text=found["text"], runbook=found["runbook"]) if found else Finding(text=told)


# -- changes


_CHANGES = text("""
SELECT division, (published_at AT TIME ZONE 'UTC')::date AS day,
       sum(inserted)::bigint AS inserted, sum(updated)::bigint AS updated, sum(deleted)::bigint AS deleted
FROM exactsync.load_log
WHERE division = ANY(CAST(:divisions AS integer[])) AND entity = ANY(CAST(:entities AS text[]))
  AND published_at >= (date_trunc('day', now() AT TIME ZONE 'UTC') - make_interval(days => :days - 1))
                      AT TIME ZONE 'UTC'
GROUP BY 1, 2 HAVING sum(inserted + updated + deleted) > 0 ORDER BY 2, 1
""")


def _read_changes(connection: Connection, divisions: list[int]) -> tuple[DayOfChanges, ...]:
    names = {"divisions": divisions, "entities": [*entities(), DELETIONS], "days": DAYS}
    return tuple(DayOfChanges(**row) for row in connection.execute(_CHANGES, names).mappings())
