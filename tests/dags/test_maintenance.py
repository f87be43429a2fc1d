"""The nightly clean-up on real parts: Airflow runs the DAG in this process, on a real PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from exactsync.warehouse.engine import create_engine
from tests.dags.test_main_job import retry_at_once, states

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk import DAG

    from tests.conftest import DatabaseServer

OLD_CONSENT = """
INSERT INTO exactsync.integrations (name, connection_id) VALUES ('nl', 'exact_online_default');
INSERT INTO exactsync.consents (state_hash, integration, actor, expires_at)
VALUES ('old', 'nl', 'dana', now() - interval '31 days'), ('young', 'nl', 'dana', now() - interval '29 days');
"""

# of all its tables, the command cleans those that it finds
AIRFLOWS_LOG = """
CREATE TABLE log (id serial PRIMARY KEY, dttm timestamptz, dag_id text, event text);
INSERT INTO log (dttm, event) VALUES (now() - interval '91 days', 'old'), (now() - interval '89 days', 'young');
"""


@pytest.fixture
def maintenance(dagbag: DagBag, airflow_database: None, migrated_database: str, monkeypatch: pytest.MonkeyPatch) -> DAG:
    monkeypatch.setenv("EXACTSYNC_TOKEN_KEYS", Fernet.generate_key().decode())
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE_DEFAULT", migrated_database)
    dag = dagbag.dags["exactsync_maintenance"]
    retry_at_once(dag, monkeypatch)
    return dag


def execute(url: str, statement: str) -> list[object]:
    engine = create_engine(url)
    with engine.begin() as connection:
        result = connection.execute(text(statement))
        found = list(result.scalars()) if result.returns_rows else []
    engine.dispose()
    return found


def test_old_log_rows_go_and_airflows_metadata_is_left_alone_where_nobody_gave_it(
    maintenance: DAG, migrated_database: str
) -> None:
    execute(migrated_database, OLD_CONSENT)
    finished = maintenance.test()
    assert finished.state == "success"
    assert states(finished) == {"retention": {"success": 1}, "airflow_metadata": {"skipped": 1}}
    assert execute(migrated_database, "SELECT state_hash FROM exactsync.consents") == ["young"]


def test_a_time_that_is_too_short_fails_the_task_before_anything_is_deleted(
    maintenance: DAG, migrated_database: str
) -> None:
    execute(migrated_database, OLD_CONSENT)
    finished = maintenance.test(run_conf={"keep": {"tombstones": 1}})
    assert states(finished)["retention"] == {"failed": 1}
    assert len(execute(migrated_database, "SELECT 1 FROM exactsync.consents")) == 2


def test_airflows_metadata_is_trimmed_by_its_own_command_where_a_connection_leads_to_it(
    maintenance: DAG, postgres_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres_server.fresh_database() as name:
        url = postgres_server.url(name)
        execute(url, AIRFLOWS_LOG)
        monkeypatch.setenv("AIRFLOW_CONN_AIRFLOW_METADATA", url)
        monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "airflow-db-not-allowed:///")  # as a worker has it
        finished = maintenance.test()
        assert states(finished)["airflow_metadata"] == {"success": 1}
        events = execute(url, "SELECT event FROM log WHERE event IN ('old', 'young')")
        assert events == ["young"]
        assert execute(url, "SELECT tablename FROM pg_tables WHERE tablename LIKE '_airflow_deleted%'") == []
