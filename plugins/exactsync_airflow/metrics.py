"""What exactsync tells Airflow's metrics: to StatsD or OpenTelemetry, whichever `[metrics]` says; else to nobody.

Counters are told by the task that did the work, gauges by the last task of a run. With StatsD, tags need a dialect that
knows them (`statsd_influxdb_enabled` or `statsd_datadog_enabled`). `docs/operations/metrics.md` lists them all.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from airflow.sdk.observability import stats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exactsync.load import LoadResult
    from exactsync.payables.outbox import Total
    from exactsync.warehouse.grants_in_use import GrantInUse
    from exactsync.warehouse.sync_health import SyncHealth
    from exactsync_airflow.recovery import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric, as Airflow's back ends name it below their prefix (`airflow.`)."""

    name: str
    kind: Literal["counter", "gauge"]
    tags: tuple[str, ...]
    meaning: str

    def tell(self, value: float, *labels: str) -> None:
        """Add to the counter, or set the gauge, that has these values of its tags."""
        tags = dict(zip(self.tags, map(_plain, labels), strict=True))
        if self.kind == "gauge":
            stats.gauge(self.name, value, tags=tags)
        elif value:
            stats.incr(self.name, round(value), tags=tags)


def _plain(label: str) -> str:
    """Return a label in characters that get through: for any other, Airflow drops the metric, or the tag.

    People name integrations as they like: "Büro Antwerpen, 2" becomes `Buro_Antwerpen__2`.
    """
    letters = (each for each in unicodedata.normalize("NFKD", label) if not unicodedata.combining(each))
    return re.sub(r"[^A-Za-z0-9_.-]", "_", "".join(letters))


ROWS: Final = Metric(
    name="exactsync.rows",
    kind="counter",
    tags=("entity", "change"),
    meaning="Rows that loads have `inserted`, `updated` or `deleted`, and records that went to quarantine.",
)
CALLS: Final = Metric(
    name="exactsync.calls",
    kind="counter",
    tags=("entity",),
    meaning="Calls to Exact Online, those tried again included.",
)
LOAD_MS: Final = Metric(
    name="exactsync.load_ms",
    kind="counter",
    tags=("entity",),
    meaning="Milliseconds that loads took, Exact's included.",
)
NOT_DONE: Final = Metric(
    name="exactsync.not_done",
    kind="counter",
    tags=("task", "recovery"),
    meaning="Companies that a try of a task could not finish: it will `reschedule` or `retry`, has to `fail` (a person "
    "is needed), or may `skip` them this time.",
)
DATA_SETS: Final = Metric(
    name="exactsync.data_sets",
    kind="gauge",
    tags=("integration", "standing"),
    meaning="Data sets by how they stand, as the page Sync health shows them.",
)
LAG_S: Final = Metric(
    name="exactsync.lag_s",
    kind="gauge",
    tags=("integration",),
    meaning="Seconds since the data set that is furthest behind was as Exact had it.",
)
CALLS_LEFT: Final = Metric(
    name="exactsync.calls_left",
    kind="gauge",
    tags=("integration",),
    meaning="Calls that the day still holds for the company that has the fewest left.",
)
QUARANTINED: Final = Metric(
    name="exactsync.quarantined", kind="gauge", tags=("integration",), meaning="Records that could not be read."
)
FAILING_CHECKS: Final = Metric(
    name="exactsync.failing_checks", kind="gauge", tags=("integration",), meaning="Checks of the tables that fail."
)
GRANT_DAYS: Final = Metric(
    name="exactsync.grant_days",
    kind="gauge",
    tags=("connection",),
    meaning="Days until an authorisation at Exact lapses, if nothing refreshes it.",
)
REFRESHES: Final = Metric(
    name="exactsync.refreshes",
    kind="gauge",
    tags=("connection",),
    meaning="How often the tokens of an authorisation were replaced since it was first given; it only rises.",
)
PAYABLES: Final = Metric(
    name="exactsync.payables",
    kind="gauge",
    tags=("state",),
    meaning="Payables by where they stand: those `in_doubt` and `failed` want a person's eye.",
)

METRICS: Final = (
    ROWS,
    CALLS,
    LOAD_MS,
    NOT_DONE,
    DATA_SETS,
    LAG_S,
    CALLS_LEFT,
    QUARANTINED,
    FAILING_CHECKS,
    GRANT_DAYS,
    REFRESHES,
    PAYABLES,
)


def tell_load(result: LoadResult) -> None:
    """Count what one data set took and changed."""
    for change in ("inserted", "updated", "deleted", "quarantined"):
        ROWS.tell(getattr(result, change), result.entity, change)
    CALLS.tell(result.calls, result.entity)
    LOAD_MS.tell(result.seconds * 1000, result.entity)


def tell_not_done(task_id: str, failures: Sequence[Failure]) -> None:
    """Count the companies that a task could not finish."""
    for recovery, companies in Counter(failure.recovery for failure in failures).items():
        NOT_DONE.tell(companies, task_id, recovery.name.lower())


def tell_health(health: SyncHealth) -> None:
    """Set how each integration stands."""
    from exactsync.warehouse.sync_health import Standing

    for integration in health.integrations:
        companies = [company for company in health.companies if company.integration == integration.name]
        data_sets = [data_set for company in companies for data_set in company.data_sets]
        standings = Counter(data_set.standing for data_set in data_sets)
        for standing in Standing:
            DATA_SETS.tell(standings[standing], integration.name, standing)
        idle = {Standing.RESTING, Standing.INACTIVE}
        read = [each.published_at for each in data_sets if each.published_at and each.standing not in idle]
        LAG_S.tell((health.now - min(read)).total_seconds() if read else 0, integration.name)
        left = [company.budget.day.limit - company.budget.day.used for company in companies if company.budget]
        if left:
            CALLS_LEFT.tell(min(left), integration.name)
        QUARANTINED.tell(sum(data_set.quarantined for data_set in data_sets), integration.name)
        FAILING_CHECKS.tell(sum(data_set.failing_checks for data_set in data_sets), integration.name)


def tell_grants(grants: Sequence[GrantInUse]) -> None:
    """Set how each authorisation stands."""
    for grant in grants:
        GRANT_DAYS.tell(grant.days_left if grant.is_active else 0, grant.connection_id)
        REFRESHES.tell(grant.generation, grant.connection_id)


def tell_payables(totals: Sequence[Total]) -> None:
    """Set how many payables stand where, in all currencies together."""
    from exactsync.payables.lifecycle import State

    for state in State:
        PAYABLES.tell(sum(total.payables for total in totals if total.state is state), state)
