"""The main job on real parts: Airflow runs the DAG in this process, against a strict Exact and a real PostgreSQL."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import psycopg2
import pytest
from cryptography.fernet import Fernet

from exactsync.entities import entities
from exactsync.simulator.server import SimulatorServer
from exactsync.simulator.settings import DEMO_APP, Settings
from exactsync.simulator.simulator import Simulator
from exactsync_airflow import recovery

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airflow.dag_processing.dagbag import DagBag
    from airflow.models.dagrun import DagRun
    from airflow.sdk import DAG

    from exactsync.simulator.settings import RegisteredApp

CONNECTION_ID = "exact_online_default"
NL, BE, FR = 1000001, 1000002, 1000003


@dataclass
class MainJob:
    """The DAG, the Exact it reads and the warehouse it fills."""

    dag: DAG
    exact: Simulator
    warehouse_url: str

    def run(self, **choice: Any) -> DagRun:
        self.exact.clear_journal()
        return self.dag.test(run_conf=choice)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.warehouse_url)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall()
        finally:
            connection.close()

    def live(self, entity: str) -> dict[int, int]:
        return dict(
            self.rows(f"SELECT division, count(*) FROM exact_online.{entity} WHERE _deleted_at IS NULL GROUP BY 1")
        )


@pytest.fixture(params=[Settings()], ids=[""])
def job(
    request: pytest.FixtureRequest,
    dagbag: DagBag,
    airflow_database: None,
    migrated_database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[MainJob]:
    exact = Simulator(request.param)
    dag = dagbag.dags["exact_online_sync"]
    retry_at_once(dag, monkeypatch)
    with SimulatorServer(exact) as server:
        tell_airflow(monkeypatch, database=migrated_database, exact_url=server.url, apps={CONNECTION_ID: DEMO_APP})
        authorise(server.url)
        yield MainJob(dag=dag, exact=exact, warehouse_url=migrated_database)


def tell_airflow(
    monkeypatch: pytest.MonkeyPatch, *, database: str, exact_url: str, apps: Mapping[str, RegisteredApp]
) -> None:
    """Describe the warehouse and the apps, by connection id, to Airflow."""
    monkeypatch.setenv("EXACTSYNC_TOKEN_KEYS", Fernet.generate_key().decode())
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE_DEFAULT", database)
    for connection_id, app in apps.items():
        connection = {
            "conn_type": "exact_online",
            "host": exact_url,
            "login": app.client_id,
            "password": app.client_secret,
            "extra": {"redirect_uri": app.redirect_uris[0], "region": "nl"},
        }
        monkeypatch.setenv(f"AIRFLOW_CONN_{connection_id.upper()}", json.dumps(connection))


def retry_at_once(dag: DAG, monkeypatch: pytest.MonkeyPatch) -> None:
    for task in dag.tasks:
        settings = task.partial_kwargs if task.is_mapped else vars(task)
        monkeypatch.setitem(settings, "retry_delay", timedelta(0))
    monkeypatch.setattr(recovery, "RESCHEDULE_JITTER_S", 0.1)
    monkeypatch.setattr(recovery, "SHORTEST_WAIT_S", 0.0)


def authorise(exact_url: str) -> None:
    """Do what a person does once: consent, and choose three companies."""
    from exactsync_airflow.deployment import airflow_deployment

    question = {
        "client_id": DEMO_APP.client_id,
        "redirect_uri": DEMO_APP.redirect_uris[0],
        "response_type": "code",
    }
    consent = httpx.get(f"{exact_url}/api/oauth2/auth?{urlencode(question)}")
    (code,) = parse_qs(urlsplit(consent.headers["location"]).query)["code"]
    deployment = airflow_deployment()
    deployment.authorise(CONNECTION_ID, code=code)
    deployment.choose(CONNECTION_ID, [NL, BE, FR])


def states(finished: DagRun) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for ti in finished.get_task_instances():
        found.setdefault(ti.task_id, Counter())[str(ti.state)] += 1
    return found


def test_the_first_run_loads_everything_and_the_second_only_what_changed(job: MainJob) -> None:
    assert job.run().state == "success"
    for entity_set, entity in {"GLAccounts": "gl_accounts", "VATCodes": "vat_codes"}.items():
        assert job.live(entity) == {code: len(job.exact.truth(code, entity_set)) for code in (NL, BE, FR)}
    suppliers = {
        code: sum(1 for record in job.exact.truth(code, "Accounts") if record["IsSupplier"]) for code in (NL, BE, FR)
    }
    assert job.live("suppliers") == suppliers

    changed, deleted = (record["ID"] for record in job.exact.truth(NL, "GLAccounts")[:2])
    job.exact.update(NL, "GLAccounts", changed, {"Description": "Renamed [bold] 'quoted' \\N"})
    job.exact.delete(NL, "GLAccounts", deleted)
    assert job.run(divisions=[NL]).state == "success"
    assert job.rows("SELECT description FROM exact_online.gl_accounts WHERE id = %s", str(changed)) == [
        ("Renamed [bold] 'quoted' \\N",)
    ]
    assert job.rows("SELECT _deleted_at IS NULL FROM exact_online.gl_accounts WHERE id = %s", str(deleted)) == [
        (False,)
    ]
    assert job.exact.violations() == []


def test_a_refused_company_fails_alone_and_the_next_run_catches_up(job: MainJob) -> None:
    job.exact.refuse_division(BE, "NoDivisionAccess")
    broken = job.run(entities=["gl_accounts"])
    assert broken.state == "failed"
    assert set(job.live("gl_accounts")) == {NL, FR}
    assert states(broken)["gl_accounts"] == {"success": 2, "failed": 1}

    job.exact.refuse_division(BE, None)
    mended = job.run(entities=["gl_accounts"])
    assert mended.state == "success"
    assert set(job.live("gl_accounts")) == {NL, BE, FR}


@pytest.mark.parametrize("job", [Settings(token_lifetime_s=3)], indirect=True, ids=["short-lived tokens"])
def test_a_lost_grant_fails_the_run_without_a_retry(job: MainJob) -> None:
    job.exact.revoke_grants()
    time.sleep(job.exact.settings.token_lifetime_s)  # only a refresh shows that it is gone for good
    finished = job.run()
    assert finished.state == "failed"
    (connect,) = (ti for ti in finished.get_task_instances() if ti.task_id == "connect")
    assert (str(connect.state), connect.try_number) == ("failed", 1)
    assert set(states(finished)) == {"connect", "deletions", "publish", *entities()}


def test_a_run_of_one_entity_of_one_company_touches_nothing_else(job: MainJob) -> None:
    # A list that a person empties in the form comes as null.
    assert job.run(divisions=[FR], entities=["vat_codes"], integrations=None).state == "success"
    assert set(job.live("vat_codes")) == {FR}
    assert job.live("gl_accounts") == {}


def test_a_used_up_minute_is_waited_out(job: MainJob) -> None:
    job.exact.configure(minute_s=2.0, calls_per_minute=2)
    finished = job.run(divisions=[NL], entities=["gl_accounts", "suppliers"])
    assert finished.state == "success"
    assert max(ti.try_number for ti in finished.get_task_instances()) == 1
    assert job.live("gl_accounts") == {NL: len(job.exact.truth(NL, "GLAccounts"))}
    assert job.exact.violations() == []
