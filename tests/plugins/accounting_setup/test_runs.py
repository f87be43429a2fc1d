"""The DAG behind the page: what starts it, which run is shown, and how it stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from exactsync_airflow.accounting_setup.links import log_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.models.dagrun import DagRun

    from tests.plugins.accounting_setup.browser import Browser


@pytest.fixture
def ready(connected: Browser) -> Browser:
    """A person whose connection `Demo` has its company."""
    connected.put("/api/connections/Demo/companies", {"divisions": [1000001]}).raise_for_status()
    return connected


@pytest.fixture
def dag_model() -> Iterator[Any]:
    """The DAG as Airflow keeps it, to change for the length of a test."""
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session

    def change(**values: Any) -> None:
        with create_session() as session:
            session.query(DagModel).where(DagModel.dag_id == "exact_online_sync").update(values)

    yield change
    change(is_paused=True, is_stale=False)


def runs() -> list[DagRun]:
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        found = list(session.scalars(select(DagRun).order_by(DagRun.id)))
        session.expunge_all()
        return found


def shown_run(browser: Browser, name: str = "Demo") -> Any:
    return browser.get(f"/api/connections/{name}/progress").raise_for_status().json()["run"]


def test_choosing_companies_starts_a_sync_of_this_connection_in_the_persons_name(ready) -> None:
    (run,) = runs()
    assert (run.conf, run.state, run.triggering_user_name) == ({"integrations": ["Demo"]}, "queued", "user")
    assert shown_run(ready) == {
        "id": run.run_id,
        "state": "queued",
        "url": f"dags/exact_online_sync/runs/{run.run_id.replace(':', '%3A').replace('+', '%2B')}",
    }


def test_an_impatient_person_queues_one_sync(ready) -> None:
    for _ in range(3):
        ready.post("/api/connections/Demo/sync").raise_for_status()
    assert len(runs()) == 1


def test_a_sync_that_has_begun_does_not_stand_in_for_the_next(ready) -> None:
    set_state(runs()[0].run_id, "running")
    ready.post("/api/connections/Demo/sync").raise_for_status()
    assert [run.state for run in runs()] == ["running", "queued"]
    assert shown_run(ready)["state"] == "running"


def test_a_paused_connection_starts_nothing_until_it_is_resumed(ready) -> None:
    set_state(runs()[0].run_id, "success")
    ready.post("/api/connections/Demo/pause").raise_for_status()
    ready.put("/api/connections/Demo/companies", {"divisions": [1000001, 1000002]}).raise_for_status()
    assert len(runs()) == 1
    assert ready.post("/api/connections/Demo/resume").json()["state"] == "initial_sync"
    assert len(runs()) == 2


def test_nothing_starts_while_the_books_are_kept_in_files(ready) -> None:
    set_state(runs()[0].run_id, "success")
    ready.post("/api/base", {"base": "files"}).raise_for_status()
    answer = ready.post("/api/connections/Demo/sync")
    assert answer.status_code == 400
    assert "exact_online" in answer.json()["error"]["remedy"]
    ready.post("/api/connections/Demo/pause").raise_for_status()
    ready.post("/api/connections/Demo/resume").raise_for_status()
    assert len(runs()) == 1


def test_only_runs_that_concern_a_connection_are_shown_with_it(ready) -> None:
    run = runs()[0]
    set_conf(run.run_id, {"integrations": ["Another"]})
    assert shown_run(ready) is None
    set_conf(run.run_id, {"integrations": None, "mode": "full"})
    assert shown_run(ready)["id"] == run.run_id
    set_conf(run.run_id, {})
    assert shown_run(ready)["id"] == run.run_id


def test_companies_stay_chosen_where_airflow_does_not_know_the_dag(connected, monkeypatch) -> None:
    from airflow.exceptions import DagNotFound

    from exactsync_airflow.accounting_setup import schedule

    def trigger(*_: Any, **__: Any) -> None:
        raise DagNotFound

    monkeypatch.setattr(schedule, "trigger_dag", trigger)
    answer = connected.put("/api/connections/Demo/companies", {"divisions": [1000001]})
    assert answer.json()["state"] == "initial_sync"
    refused = connected.post("/api/connections/Demo/sync")
    assert refused.status_code == 400
    assert "import errors" in refused.json()["error"]["remedy"]


def test_the_overview_says_when_the_next_run_is_and_whether_anything_would_start_it(ready, dag_model) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=30)
    dag_model(is_paused=False, next_dagrun_create_after=soon)
    overview = ready.get("/api/overview").json()
    assert overview["dag"]["is_paused"] is False
    assert overview["dag"]["is_scheduler_alive"] is False
    assert datetime.fromisoformat(overview["dag"]["next_run_at"]) == soon
    assert datetime.fromisoformat(overview["connections"][0]["next_run_at"]) == soon
    ready.post("/api/connections/Demo/pause")
    assert ready.get("/api/overview").json()["connections"][0]["next_run_at"] is None


def test_there_is_no_next_run_of_a_dag_that_does_not_run(ready, dag_model) -> None:
    for obstacle in ({"is_paused": True}, {"is_stale": True}):
        dag_model(**{"is_paused": False, "next_dagrun_create_after": datetime.now(UTC)} | obstacle)
        dag = ready.get("/api/overview").json()["dag"]
        assert (dag["is_paused"], dag["next_run_at"]) == (True, None), obstacle


def test_the_scheduler_is_alive_while_its_heart_beats(ready) -> None:
    from airflow.jobs.job import Job
    from airflow.utils.session import create_session

    with create_session() as session:
        scheduler = Job(job_type="SchedulerJob", state="running", latest_heartbeat=datetime.now(UTC))
        session.add(scheduler)
        session.flush()
        job_id = scheduler.id
    try:
        assert ready.get("/api/overview").json()["dag"]["is_scheduler_alive"] is True
    finally:
        with create_session() as session:
            session.query(Job).where(Job.id == job_id).delete()


@pytest.mark.parametrize(
    ("holder", "address"),
    [
        (
            "exact_online_sync/manual__1/gl_accounts/3",
            "dags/exact_online_sync/runs/manual__1/tasks/gl_accounts/mapped/3",
        ),
        ("exact_online_sync/manual__1/publish/-1", "dags/exact_online_sync/runs/manual__1/tasks/publish"),
        (
            "exact_online_sync/a/b c+d/gl_accounts/0",
            "dags/exact_online_sync/runs/a%2Fb%20c%2Bd/tasks/gl_accounts/mapped/0",
        ),
        ("cli 2026-11-22T10:00:00 (process 7)/gl_accounts", None),
        ("javascript:alert(1)//x/y/z/0", None),
        ("//evil.example/x/y/0", None),
        ("", None),
        (None, None),
    ],
)
def test_the_log_of_whoever_works_on_a_data_set_is_one_click_away(holder: str | None, address: str | None) -> None:
    assert log_url(holder) == address


def set_state(run_id: str, state: str) -> None:
    _update(run_id, state=state)


def set_conf(run_id: str, conf: Any) -> None:
    _update(run_id, conf=conf)


def _update(run_id: str, **values: Any) -> None:
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        run = session.scalars(select(DagRun).where(DagRun.run_id == run_id)).one()
        for name, value in values.items():
            setattr(run, name, value)
