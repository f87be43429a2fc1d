from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from exactsync.errors import ConfigurationError
from exactsync.load import LoadResult
from exactsync.warehouse.drift import Drift, DriftOfDataSet
from exactsync.warehouse.quality import CheckResult, Severity
from exactsync_airflow.operators.publish import ExactOnlinePublishOperator, results_table

if TYPE_CHECKING:
    from exactsync.load import DivisionRef


def publish() -> ExactOnlinePublishOperator:
    return ExactOnlinePublishOperator(task_id="publish")


def loaded(division: DivisionRef, entity: str, **counts: Any) -> LoadResult:
    return LoadResult(
        integration=division.integration,
        division=division.division,
        entity=entity,
        mode="incremental",
        outcome="published",
        **counts,
    )


def crumb(task_id: str, state: str, map_index: int = 0) -> dict[str, Any]:
    return {"task_id": task_id, "map_index": map_index, "state": state}


def problem(task_id: str, message: str, *, skipped: bool = False, map_index: int = 0) -> dict[str, Any]:
    return {"message": message, "skipped": skipped, "task_id": task_id, "map_index": map_index}


def test_a_run_in_which_all_went_well_ends_well(deployment, context, ti) -> None:
    ti.breadcrumbs = [crumb("connect", "success"), crumb("gl_accounts", "success"), crumb("suppliers", "skipped")]
    publish().execute(context)
    assert deployment.calls == [("conclude", None), ("report", "manual__1"), ("check_quality", "manual__1")]


def test_where_integrations_stand_is_noted_even_if_the_run_failed(deployment, context, ti) -> None:
    ti.breadcrumbs = [crumb("connect", "failed"), crumb("gl_accounts", "upstream_failed")]
    with pytest.raises(AirflowFailException):
        publish().execute(context)
    assert ("conclude", None) in deployment.calls


def test_a_run_with_a_failed_task_ends_failed_and_names_it(deployment, context, ti) -> None:
    ti.breadcrumbs = [
        crumb("gl_accounts", "failed"),
        crumb("gl_accounts", "failed"),
        crumb("suppliers", "success"),
        crumb("vat_codes", "upstream_failed"),
    ]
    with pytest.raises(AirflowFailException, match=r"gl_accounts \(2\), vat_codes") as raised:
        publish().execute(context)
    assert "suppliers" not in str(raised.value)
    assert "What to do" in str(raised.value)


def test_a_run_that_left_an_integration_out_ends_failed(deployment, context, ti) -> None:
    ti.breadcrumbs = [crumb("connect", "success")]
    ti.left = {"connect": [problem("connect", "The grant is gone.")]}
    with pytest.raises(AirflowFailException, match="clear `connect`"):
        publish().execute(context)


def test_what_mends_itself_does_not_fail_the_run(deployment, context, ti) -> None:
    ti.breadcrumbs = [crumb("gl_accounts", "skipped")]
    ti.left = {"gl_accounts": [problem("gl_accounts", "degraded: budget.", skipped=True)]}
    publish().execute(context)


def test_what_a_removed_instance_had_left_is_no_problem_any_more(deployment, context, ti) -> None:
    ti.breadcrumbs = [crumb("gl_accounts", "success"), crumb("gl_accounts", "removed", map_index=1)]
    ti.left = {"gl_accounts": [problem("gl_accounts", "The company is closed.", map_index=1)]}
    publish().execute(context)
    ti.breadcrumbs[1]["state"] = "success"
    with pytest.raises(AirflowFailException):
        publish().execute(context)


def failed_check(severity: Severity) -> CheckResult:
    return CheckResult(
        division=1000001,
        entity="gl_accounts",
        rule="unique",
        subject="id",
        severity=severity,
        checked=1200,
        failing=2,
        sample=("7c", "8d"),
        told="rows share it with another one",
    )


def test_a_check_that_must_hold_fails_the_task_and_names_the_rows(deployment, context) -> None:
    deployment.failing = [failed_check(Severity.ERROR)]
    with pytest.raises(AirflowFailException, match=r"1000001, entity gl_accounts: id .* 2 of 1,200: .* e\.g\. 7c, 8d"):
        publish().execute(context)


def test_a_warning_of_a_check_is_a_line_in_the_log_and_fails_nothing(deployment, context, capsys) -> None:
    deployment.failing = [failed_check(Severity.WARN)]
    publish().execute(context)
    assert (
        "Check failed: division 1000001, entity gl_accounts: id (unique, warn): 2 of 1,200" in capsys.readouterr().out
    )


def test_it_fails_with_the_reason_when_the_warehouse_cannot_be_asked(deployment, context) -> None:
    deployment.errors = {"report": [ConfigurationError("No schema.", remedy="Run `exactsync migrate`.")]}
    with pytest.raises(AirflowFailException, match="exactsync migrate"):
        publish().execute(context)


def test_the_table_has_a_line_for_each_division_and_entity(demo, belge) -> None:
    table = results_table(
        [
            loaded(demo, "gl_accounts", rows_read=1200, inserted=1000, unchanged=200, calls=2, seconds=3.14),
            loaded(belge, "supplier_bank_accounts", rows_read=5_000_000, quarantined=17),
        ]
    )
    lines = [line.split() for line in table.splitlines() if line.strip()]
    assert ["nl", "1000001", "gl_accounts", "published", "1200", "1000", "0", "0", "200", "0", "2", "3.1"] in lines
    assert ["be", "2000001", "supplier_bank_accounts", "published", "5000000"] in [line[:5] for line in lines]


def test_the_table_shows_names_as_they_are_even_if_they_look_like_markup(demo) -> None:
    assert "[red]nl[/red]" in results_table(
        [
            LoadResult(
                integration="[red]nl[/red]", division=1, entity="gl_accounts", mode="full", outcome="published", calls=1
            )
        ]
    )


def test_drift_is_told_at_the_end_and_no_reason_to_fail(deployment, context, ti, demo, capsys) -> None:
    ti.breadcrumbs = [crumb("gl_accounts", "success")]
    at = datetime(2026, 11, 22, tzinfo=UTC)
    deployment.drifted = [
        DriftOfDataSet(division=demo.division, entity=entity, compared_at=at, found=found)
        for entity, found in {"vat_codes": Drift(changed_since=3), "gl_accounts": Drift(missed_deletes=2)}.items()
    ]
    publish().execute(context)
    logged = capsys.readouterr().out
    told = "0 missed inserts, 0 missed updates, 2 missed deletes; 0 changed since. More: docs/full-refresh.md#drift"
    assert f"Drift found, and repaired: division {demo.division}, gl_accounts: {told}" in logged
    assert "vat_codes" not in logged
