"""What the metrics tell, and that the dashboard asks for nothing that nobody tells."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from exactsync.errors import ConfigurationError
from exactsync.lifecycle import State
from exactsync.payables.lifecycle import State as PayableState
from exactsync.payables.outbox import Total
from exactsync.warehouse.budgets import BudgetHealth, LimitHealth
from exactsync.warehouse.integrations import IntegrationInfo
from exactsync.warehouse.sync_health import CompanyHealth, DataSetHealth, Standing, SyncHealth
from exactsync_airflow import metrics
from exactsync_airflow.assets import entity_asset
from exactsync_airflow.operators.export import ExportReportOperator
from exactsync_airflow.operators.publish import ExactOnlinePublishOperator
from exactsync_airflow.operators.sync import ExactOnlineSyncOperator
from tests.plugins.test_keepalive import grant

if TYPE_CHECKING:
    from exactsync.load import DivisionRef

OPERATIONS = Path(__file__).resolve().parents[2] / "docs/operations"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, ...], float]:
    """What was told: name and values of the tags → the sum of a counter, the last value of a gauge."""
    found: dict[tuple[str, ...], float] = {}

    def incr(name: str, count: int, *, tags: dict[str, str]) -> None:
        key = (name, *tags.values())
        found[key] = found.get(key, 0) + count

    def gauge(name: str, value: float, *, tags: dict[str, str]) -> None:
        found[name, *tags.values()] = value

    monkeypatch.setattr(metrics.stats, "incr", incr)
    monkeypatch.setattr(metrics.stats, "gauge", gauge)
    return found


def sync(*divisions: DivisionRef) -> ExactOnlineSyncOperator:
    return ExactOnlineSyncOperator(
        task_id="gl_accounts",
        entity="gl_accounts",
        batch=[division.to_json() for division in divisions],
        outlets=[entity_asset("gl_accounts")],
    )


def data_set(entity: str, standing: Standing, *, hours: float, **counts: int) -> DataSetHealth:
    return DataSetHealth(entity=entity, standing=standing, published_at=NOW - timedelta(hours=hours), **counts)


def company(division: int, *data_sets: DataSetHealth, used: int) -> CompanyHealth:
    day, minute = LimitHealth(used=used, limit=5000, resets_at=None), LimitHealth(used=0, limit=60, resets_at=None)
    budget = BudgetHealth(day=day, minute=minute, reserved=250, is_shared=False)
    return CompanyHealth(integration="nl", division=division, name="Demo", data_sets=data_sets, budget=budget)


HEALTH = SyncHealth(
    now=NOW,
    integrations=(
        IntegrationInfo(
            name="nl", connection_id="exact_nl", grant_id=7, state=State.HEALTHY, since=NOW, created_at=NOW
        ),
    ),
    companies=(
        company(
            1,
            data_set("gl_accounts", Standing.HEALTHY, hours=1),
            data_set("projects", Standing.INACTIVE, hours=900),
            used=40,
        ),
        company(2, data_set("suppliers", Standing.DEGRADED, hours=7, quarantined=3, failing_checks=2), used=4900),
    ),
    changes=(),
)


def test_a_task_counts_what_it_did_for_each_company(deployment, context, told, demo, shop, belge) -> None:
    deployment.changes = {demo.division: 5, shop.division: 2}
    deployment.errors = {belge.division: [ConfigurationError("Forbidden.")]}
    with pytest.raises(AirflowFailException):
        sync(demo, shop, belge).execute(context)
    assert told == {
        ("exactsync.rows", "gl_accounts", "inserted"): 7,
        ("exactsync.calls", "gl_accounts"): 6,
        ("exactsync.load_ms", "gl_accounts"): 400,
        ("exactsync.not_done", "gl_accounts", "fail"): 1,
    }


def test_the_end_of_a_run_tells_how_everything_stands(deployment, context, told) -> None:
    deployment.health = HEALTH
    deployment.grants = [grant(idle_days=12)]
    ExactOnlinePublishOperator(task_id="publish").execute(context)
    assert {key: value for key, value in told.items() if value or key[0] != "exactsync.data_sets"} == {
        ("exactsync.data_sets", "nl", "healthy"): 1,
        ("exactsync.data_sets", "nl", "inactive"): 1,
        ("exactsync.data_sets", "nl", "degraded"): 1,
        ("exactsync.lag_s", "nl"): 7 * 3600,
        ("exactsync.calls_left", "nl"): 100,
        ("exactsync.quarantined", "nl"): 3,
        ("exactsync.failing_checks", "nl"): 2,
        ("exactsync.grant_days", "exact_nl"): 18,
        ("exactsync.refreshes", "exact_nl"): 1,
    }
    assert told["exactsync.data_sets", "nl", "failed"] == 0, "a gauge that is not set again shows what was"


def report(deployment: Any, context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment.exporting = type("Exporting", (), {"of_run": lambda *_: [], "report": lambda *_: {}})()
    monkeypatch.setattr("exactsync_airflow.operators.export.airflow_deployment", lambda _conn_id: deployment)
    context["dag_run"] = type("DagRun", (), {"run_id": "manual__1"})()
    ExportReportOperator(task_id="report").execute(context)


def test_the_end_of_an_export_tells_where_payables_stand(deployment, context, told, monkeypatch) -> None:
    deployment.totals = [
        Total(state=PayableState.IN_DOUBT, currency="EUR", payables=1, amount=Decimal(10)),
        Total(state=PayableState.IN_DOUBT, currency="SEK", payables=2, amount=Decimal(10)),
    ]
    report(deployment, context, monkeypatch)
    assert told["exactsync.payables", "in_doubt"] == 3
    assert told["exactsync.payables", "failed"] == 0


def test_every_metric_is_told_and_no_other(deployment, context, told, demo, belge, monkeypatch) -> None:
    deployment.changes = {demo.division: 5}
    deployment.health, deployment.grants = HEALTH, [grant()]
    deployment.errors = {belge.division: [ConfigurationError("Forbidden.")]}
    with pytest.raises(AirflowFailException):
        sync(demo, belge).execute(context)
    ExactOnlinePublishOperator(task_id="publish").execute(context)
    report(deployment, context, monkeypatch)
    assert {name for name, *_ in told} == {metric.name for metric in metrics.METRICS}


def test_the_dashboard_asks_for_metrics_that_are_told_and_for_all_of_them() -> None:
    dashboard = json.loads((OPERATIONS / "grafana/exactsync.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    asked = {name for query in queries for name in re.findall(r"airflow_(exactsync_[a-z_]+?)(?=[^a-z_]|_total)", query)}
    assert asked == {metric.name.replace(".", "_") for metric in metrics.METRICS}
    tags = {tag for metric in metrics.METRICS for tag in metric.tags}
    grouped = {
        tag for query in queries for group in re.findall(r"by \(([a-z, ]+)\)", query) for tag in group.split(", ")
    }
    assert grouped <= tags


def test_the_page_lists_every_metric() -> None:
    page = (OPERATIONS / "metrics.md").read_text()
    rows = [
        f"| `{metric.name}` | {metric.kind} | {', '.join(f'`{tag}`' for tag in metric.tags)} | {metric.meaning} |"
        for metric in metrics.METRICS
    ]
    assert [line for line in page.splitlines() if line.startswith("| `exactsync.")] == rows
