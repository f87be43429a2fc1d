"""The keep-alive on real parts: Airflow runs the DAG in this process, against a strict Exact and a real PostgreSQL."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from exactsync.simulator import DEMO_APP, Settings, Simulator, SimulatorServer
from exactsync.warehouse.engine import create_engine
from tests.dags.test_main_job import CONNECTION_ID, authorise, retry_at_once, states, tell_airflow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.dag_processing.dagbag import DagBag
    from airflow.models.dagrun import DagRun
    from airflow.sdk import DAG


@dataclass
class KeepAlive:
    """The DAG, Exact, and the grants."""

    dag: DAG
    exact: Simulator
    warehouse_url: str

    def run(self) -> DagRun:
        return self.dag.test()

    def pass_days(self, days: int) -> None:
        self.exact.clock.advance(days * 86_400)
        columns = ("obtained_at", "refreshable_at", "expires_at")
        moved = ", ".join(f"{column} = {column} - make_interval(days => :days)" for column in columns)
        self.rows(f"UPDATE exactsync.grants SET {moved} RETURNING id", days=days)

    def rows(self, statement: str, **values: Any) -> list[Any]:
        engine = create_engine(self.warehouse_url)
        with engine.begin() as connection:
            found = connection.execute(text(statement), values).all()
        engine.dispose()
        return list(found)


@pytest.fixture
def keepalive(
    dagbag: DagBag, airflow_database: None, migrated_database: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[KeepAlive]:
    exact = Simulator(Settings())
    dag = dagbag.dags["exact_online_keepalive"]
    retry_at_once(dag, monkeypatch)
    with SimulatorServer(exact) as server:
        tell_airflow(monkeypatch, database=migrated_database, exact_url=server.url, apps={CONNECTION_ID: DEMO_APP})
        authorise(server.url)
        yield KeepAlive(dag=dag, exact=exact, warehouse_url=migrated_database)


def test_a_grant_that_rests_is_refreshed_and_one_that_ended_turns_the_run_red(keepalive: KeepAlive) -> None:
    keepalive.pass_days(29)
    finished = keepalive.run()
    assert finished.state == "success"
    assert states(finished) == {"grants": {"success": 1}, "keep_alive": {"success": 1}, "warn": {"success": 1}}
    (mapped,) = (ti for ti in finished.get_task_instances() if ti.task_id == "keep_alive")
    assert mapped.rendered_map_index == f"Dana Demo · {CONNECTION_ID} ({CONNECTION_ID})"
    assert keepalive.rows("SELECT refreshes FROM exactsync.grants") == [(1,)]

    keepalive.exact.revoke_grants()
    keepalive.pass_days(2)
    finished = keepalive.run()
    assert Counter({"failed": 1}) == states(finished)["keep_alive"]
    assert finished.state == "failed"
    assert keepalive.rows("SELECT state, reason FROM exactsync.integrations") == [("reconnect_needed", "revoked")]
