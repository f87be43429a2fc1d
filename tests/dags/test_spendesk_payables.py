"""The DAG of payables on real parts: Airflow runs it in this process, against a strict Spendesk over HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import text

from exactsync.simulator import Simulator, SimulatorServer
from exactsync.simulator.spendesk import SpendeskSettings, SpendeskSimulator, company_of
from exactsync.warehouse.engine import create_engine
from exactsync_airflow import recovery
from tests.unit.payables.files.test_reading import TWO_LINES

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from airflow.dag_processing.dagbag import DagBag

ONE_SOURCE = text("""
INSERT INTO exactsync.payable_sources (source, kind, address, actor) VALUES (:source, :kind, :address, 'test')
""")
STATES = text("SELECT source, count(*) FROM exactsync.payables_outbox GROUP BY source ORDER BY source")


def test_an_hour_of_payables_arrives_although_one_account_is_locked_out(
    dagbag: DagBag,
    airflow_database: None,
    migrated_database: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    settings = SpendeskSettings(payables=30, snapshot_ready_s=0.1, shortest_poll_s=0.2, calls_per_minute=1000)
    spendesk = SpendeskSimulator(company_of(Simulator(), 1000001), settings)
    (tmp_path / "march.csv").write_text(TWO_LINES)
    engine = create_engine(migrated_database)
    with engine.begin() as connection:
        for source, kind, address in (
            ("spendesk_good", "spendesk", None),
            ("spendesk_locked", "spendesk", None),
            ("files", "files", str(tmp_path)),
        ):
            connection.execute(ONE_SOURCE, {"source": source, "kind": kind, "address": address})
    dag = dagbag.dags["spendesk_payables"]
    monkeypatch.setattr(recovery, "SHORTEST_WAIT_S", 0.3)
    monkeypatch.setattr(recovery, "RESCHEDULE_JITTER_S", 0.0)
    with SimulatorServer(spendesk) as server:
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE_DEFAULT", migrated_database)
        for source, secret in (("good", settings.client_secret), ("locked", "expired-after-a-year")):
            connection_ = {
                "conn_type": "spendesk",
                "host": server.url,
                "login": settings.client_id,
                "password": secret,
                "extra": {"poll_s": 0.3, "calls_per_minute": 1000},
            }
            monkeypatch.setenv(f"AIRFLOW_CONN_SPENDESK_{source.upper()}", json.dumps(connection_))
        run = dag.test(run_conf={"lookback_days": 100})
    assert run.state == "failed"
    states = {(one.task_id, one.map_index): one.state for one in run.get_task_instances()}
    assert [states[task, 0] for task in ("payables", "receipts", "outbox")] == ["success"] * 3
    assert [states[task, 1] for task in ("payables", "receipts", "outbox")] == [
        "failed",
        "upstream_failed",
        "upstream_failed",
    ]
    with engine.connect() as connection:
        assert list(connection.execute(STATES)) == [("files", 2), ("spendesk_good", 30)]
    broken = {violation.rule for violation in spendesk.violations()}
    assert broken == {"wrong_credentials"}
    engine.dispose()
