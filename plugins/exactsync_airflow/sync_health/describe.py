"""The library's values, as the page Sync health gets them."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from exactsync.entities import entities
from exactsync.warehouse.load_log import DELETIONS
from exactsync.warehouse.sync_health import DAYS
from exactsync_airflow.accounting_setup.links import SETUP_URL, log_url
from exactsync_airflow.sync_health import payloads

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from exactsync.warehouse.budgets import BudgetHealth, LimitHealth
    from exactsync.warehouse.integrations import IntegrationInfo
    from exactsync.warehouse.sync_health import CompanyHealth, DataSetHealth, Finding, SyncHealth
    from exactsync_airflow.accounting_setup.payloads import Base, Dag


def describe_health(health: SyncHealth, *, base: Base, dag: Dag) -> payloads.SyncHealth:
    """Return all that the page shows; names and messages may be anybody's, and are text to the page."""
    labels = {name: entity.label for name, entity in entities().items()} | {DELETIONS: "Deletions"}
    return payloads.SyncHealth(
        now=health.now,
        base=base,
        dag=dag,
        setup_url=SETUP_URL,
        entities=[payloads.Entity(name=name, label=label) for name, label in labels.items()],
        connections=[_connection(info) for info in health.integrations],
        companies=[_company(company) for company in health.companies],
        days=_days(health.now.astimezone(UTC).date()),
        changes=[
            payloads.DayOfChanges(
                division=each.division,
                day=each.day,
                inserted=each.inserted,
                updated=each.updated,
                deleted=each.deleted,
            )
            for each in health.changes
        ],
    )


def _days(today: date) -> list[date]:
    return [today - timedelta(days=days) for days in reversed(range(DAYS))]


def _connection(info: IntegrationInfo) -> payloads.Connection:
    return payloads.Connection(
        name=info.name,
        state=info.state,
        state_label=info.state.label,
        reason_text=info.reason_text,
        remedy=info.remedy,
    )


def _company(company: CompanyHealth) -> payloads.Company:
    return payloads.Company(
        connection=company.integration,
        division=company.division,
        name=company.name,
        findings=_findings(company.findings),
        budget=_budget(company.budget) if company.budget else None,
        data_sets=[_data_set(data_set) for data_set in company.data_sets],
    )


def _data_set(data_set: DataSetHealth) -> payloads.DataSet:
    return payloads.DataSet(
        entity=data_set.entity,
        standing=data_set.standing,
        findings=_findings(data_set.findings),
        rows=data_set.rows,
        published_at=data_set.published_at,
        attempted_at=data_set.attempted_at,
        outcome=data_set.outcome,
        quarantined=data_set.quarantined,
        drift=data_set.drift,
        failing_checks=data_set.failing_checks,
        novelties=data_set.novelties,
        task_url=log_url(data_set.holder),
    )


def _findings(findings: Sequence[Finding]) -> list[payloads.Finding]:
    return [payloads.Finding(text=finding.text, runbook=finding.runbook) for finding in findings]


def _budget(budget: BudgetHealth) -> payloads.Budget:
    return payloads.Budget(
        day=_limit(budget.day),
        minute=_limit(budget.minute),
        reserved=budget.reserved,
        is_shared=budget.is_shared,
    )


def _limit(limit: LimitHealth) -> payloads.Limit:
    return payloads.Limit(used=limit.used, limit=limit.limit, resets_at=limit.resets_at)
