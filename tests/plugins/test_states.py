"""What a whole run looks like in Airflow: states, tries and events, with a library that fails on demand."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from exactsync.entities import entities
from exactsync.errors import (
    ConfigurationError,
    DatasetBusyError,
    ExactUnavailableError,
    QuotaExhaustedError,
    ReauthorisationRequiredError,
)
from exactsync_airflow import recovery

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.models.dagrun import DagRun

DAGS_FOLDER = Path(__file__).resolve().parents[2] / "dags"
DEAD = ReauthorisationRequiredError("The grant is gone.", reason="revoked", remedy="Authorise again.")


@pytest.fixture(scope="module")
def main_job() -> Any:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.utils.db import initdb

    initdb()
    return DagBag(str(DAGS_FOLDER)).dags["exact_online_sync"]


@pytest.fixture
def run(main_job: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., DagRun]:
    """Run the main job in this process, without waiting between tries."""
    monkeypatch.setattr(recovery, "RESCHEDULE_JITTER_S", 0.0)
    monkeypatch.setattr(recovery, "SHORTEST_WAIT_S", 0.0)
    for task in main_job.tasks:
        settings = task.partial_kwargs if task.is_mapped else vars(task)
        monkeypatch.setitem(settings, "retry_delay", timedelta(0))

    def start(**choice: Any) -> DagRun:
        return main_job.test(run_conf={"entities": ["gl_accounts", "suppliers"], **choice})

    return start


def states(finished: DagRun) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for ti in finished.get_task_instances():
        found.setdefault(ti.task_id, Counter())[str(ti.state)] += 1
    return found


def events(finished: DagRun) -> list[tuple[str, int]]:
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        rows = session.execute(
            select(AssetModel.name, AssetEvent.source_map_index)
            .join(AssetEvent, AssetEvent.asset_id == AssetModel.id)
            .where(AssetEvent.source_run_id == finished.run_id)
        )
        return sorted((name, map_index) for name, map_index in rows)


def test_when_all_goes_well_every_division_is_a_labelled_task_instance(deployment, run) -> None:
    finished = run()
    assert finished.state == "success"
    labels = {ti.rendered_map_index for ti in finished.get_task_instances() if ti.map_index >= 0}
    assert labels == {"NL · 1000001 Demo Holding", "NL · 1000002 Demo Shop"}
    found = Counter(name for name, _ in deployment.calls)
    assert found == {"connect": 1, "sync": 4, "deletions": 2, "conclude": 1, "report": 1, "check_quality": 1}


def test_entities_that_were_not_chosen_are_skipped_and_stop_nothing(deployment, run) -> None:
    finished = run(entities=["suppliers"])
    skipped = {task_id for task_id, found in states(finished).items() if found == {"skipped": 2}}
    assert skipped == set(entities()) - {"suppliers"}
    assert finished.state == "success"


def test_an_event_is_emitted_only_for_a_table_that_changed(deployment, run, demo) -> None:
    deployment.changes = {demo.division: 5}
    finished = run(entities=["gl_accounts"])
    assert events(finished) == [("exact_online.gl_accounts", 0), ("exact_online.suppliers", 0)]
    deployment.changes = {}
    assert events(run(entities=["gl_accounts"])) == []


def test_a_failed_division_fails_alone_and_turns_the_run_red(deployment, run, shop) -> None:
    deployment.errors = {shop.division: [ConfigurationError("Forbidden.", remedy="Give the right.")]}
    finished = run(entities=["gl_accounts"])
    found = states(finished)
    assert found["gl_accounts"] == {"success": 1, "failed": 1}
    assert found["deletions"] == {"success": 2}
    assert found["publish"] == {"failed": 1}
    assert finished.state == "failed"


def test_what_a_retry_cannot_mend_is_not_tried_again(deployment, run, demo) -> None:
    deployment.found = [demo]
    deployment.errors = {demo.division: [ConfigurationError("Forbidden.")]}
    run(entities=["gl_accounts"])
    assert deployment.synced == [demo.division]


def test_exact_being_away_for_a_moment_is_retried(deployment, run, demo) -> None:
    deployment.found = [demo]
    deployment.errors = {demo.division: [ExactUnavailableError("503.", retry_at=datetime.now(UTC))] * 2}
    finished = run(entities=["gl_accounts"])
    assert finished.state == "success"
    assert [attempt.try_number for attempt in deployment.runs[:3]] == [1, 2, 3]


def test_a_used_up_minute_is_waited_out_without_spending_a_try(deployment, run, demo) -> None:
    deployment.found = [demo]
    minute = QuotaExhaustedError("60 of 60.", retry_at=datetime.now(UTC), window="minute")
    deployment.errors = {demo.division: [minute] * 5}
    finished = run(entities=["gl_accounts"])
    assert finished.state == "success"
    assert [attempt.try_number for attempt in deployment.runs[:6]] == [1] * 6


@pytest.mark.parametrize(
    "obstacle",
    [
        QuotaExhaustedError("5,000 of 5,000.", retry_at=datetime.now(UTC), window="day"),
        DatasetBusyError("Somebody reads it.", retry_at=datetime.now(UTC), holder="somebody"),
    ],
    ids=["day", "busy"],
)
def test_what_mends_itself_is_skipped_and_the_run_goes_on(deployment, run, demo, obstacle) -> None:
    deployment.errors = {demo.division: [obstacle]}
    finished = run(entities=["gl_accounts"])
    assert states(finished)["gl_accounts"] == {"skipped": 1, "success": 1}
    assert states(finished)["deletions"] == {"success": 2}
    assert finished.state == "success"


def test_nothing_runs_when_nobody_can_be_reached(deployment, run) -> None:
    deployment.found, deployment.problems = [], [DEAD]
    finished = run()
    found = states(finished)
    assert {task_id: found[task_id] for task_id in ("connect", "publish")} == {
        "connect": {"failed": 1},
        "publish": {"failed": 1},
    }
    assert all(found[task_id] == {"upstream_failed": 1} for task_id in (*entities(), "deletions"))
    assert finished.state == "failed"
    assert deployment.synced == []


def test_the_others_are_loaded_when_one_grant_is_dead_but_the_run_is_red(deployment, run, demo) -> None:
    deployment.found, deployment.problems = [demo], [DEAD]
    finished = run()
    assert states(finished)["gl_accounts"] == {"success": 1}
    assert states(finished)["publish"] == {"failed": 1}
    assert finished.state == "failed"


def test_a_day_used_up_before_anything_is_known_leaves_the_run_to_the_next(deployment, run) -> None:
    deployment.errors = {"connect": [QuotaExhaustedError("5,000.", retry_at=datetime.now(UTC), window="day")]}
    finished = run()
    found = states(finished)
    assert found.pop("publish") == {"success": 1}
    assert all(state == {"skipped": 1} for state in found.values())
    assert finished.state == "success"
