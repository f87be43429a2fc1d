"""What holds for every DAG of this project, and the shape of each."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from exactsync.entities import entities

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk import DAG

DAG_IDS = {
    "exact_online_sync",
    "exact_online_full_refresh",
    "exact_online_keepalive",
    "exact_online_export",
    "exactsync_maintenance",
    "spendesk_payables",
}
ROOT = Path(__file__).resolve().parents[2]
ALONE = [name for name, entity in entities().items() if entity.member_of is None]
BELONGING = ["supplier_bank_accounts"]


@pytest.fixture(params=sorted(DAG_IDS))
def dag(request: pytest.FixtureRequest, dagbag: DagBag) -> DAG:
    return dagbag.dags[request.param]


@pytest.fixture
def main_job(dagbag: DagBag) -> DAG:
    return dagbag.dags["exact_online_sync"]


def test_the_dags_are_those_that_are_promised(dagbag: DagBag) -> None:
    assert set(dagbag.dags) == DAG_IDS
    assert dagbag.import_errors == {}


def test_a_dag_is_in_the_file_of_its_name(dag: DAG) -> None:
    assert Path(dag.fileloc) == ROOT / "dags" / f"{dag.dag_id}.py"


def test_the_scheduler_can_read_what_the_dag_processor_writes(dag: DAG) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    written = json.loads(json.dumps(DagSerialization.to_dict(dag)))
    read = DagSerialization.from_dict(written)
    assert set(read.task_ids) == set(dag.task_ids)
    assert set(read.params) == set(dag.params)


def test_runs_never_pile_up(dag: DAG) -> None:
    assert (dag.catchup, dag.max_active_runs) == (False, 1)


def test_no_task_asks_which_day_its_run_is_for(dag: DAG) -> None:
    """A backfill of past days must read what is there now, and a cleared run must not repeat its day."""
    for task in dag.tasks:
        given = task.partial_kwargs if task.is_mapped else vars(task)
        templates = " ".join(str(given.get(name)) for name in task.template_fields)
        assert not re.search(r"\b(ds|ts|logical_date|data_interval\w*|execution_date|dag_run)\b", templates)


def test_everybody_finds_out_whose_it_is_and_what_it_does(dag: DAG) -> None:
    assert {"accounting", "exact-online", "exactsync"} <= set(dag.tags)
    assert dag.doc_md
    for task in dag.tasks:
        assert task.owner == "finance-data"
        assert task.doc_md, f"{task.task_id} has no documentation"


def test_retries_back_off_and_every_try_ends(dag: DAG) -> None:
    for task in dag.tasks:
        assert task.retries == 3
        assert task.retry_exponential_backoff == 2.0
        assert timedelta(0) < task.retry_delay < task.max_retry_delay <= timedelta(hours=1)
        assert timedelta(0) < task.execution_timeout <= timedelta(hours=1)


def test_the_main_job_has_a_task_for_each_entity(main_job: DAG) -> None:
    assert set(main_job.task_ids) == {"connect", "deletions", "publish", *entities()}


def test_the_main_job_runs_hourly(main_job: DAG) -> None:
    assert main_job.schedule == "@hourly"


def test_the_main_job_connects_loads_deletes_and_publishes_in_this_order(main_job: DAG) -> None:
    tasks = main_job.task_dict
    assert set(ALONE) | set(BELONGING) == set(entities())
    for name in ALONE:
        assert tasks[name].upstream_task_ids == {"connect"}
        assert tasks[name].downstream_task_ids == {"deletions"}
    assert tasks["deletions"].upstream_task_ids == {"connect", *ALONE}
    for name in BELONGING:  # once the suppliers are known, those that were deleted included
        assert tasks[name].upstream_task_ids == {"connect", "deletions"}
        assert tasks[name].downstream_task_ids == {"publish"}
    assert {task.task_id for task in main_job.leaves} == {"publish"}


@pytest.mark.parametrize("task_id", [*entities(), "deletions"])
def test_each_division_is_a_task_of_its_own_with_a_readable_label(main_job: DAG, task_id: str) -> None:
    task = main_job.task_dict[task_id]
    assert task.is_mapped
    assert task.partial_kwargs["map_index_template"] == "{{ task.label }}"


@pytest.mark.parametrize("task_id", ["deletions", *BELONGING, "publish"])
def test_what_succeeded_is_carried_to_the_end(main_job: DAG, task_id: str) -> None:
    assert main_job.task_dict[task_id].trigger_rule == "all_done"


@pytest.mark.parametrize("entity", entities().values(), ids=lambda entity: entity.name)
def test_each_table_is_an_asset_of_the_tasks_that_write_it(main_job: DAG, entity) -> None:
    asset = f"exact_online.{entity.name}"
    writers = {task.task_id for task in main_job.tasks if asset in {outlet.name for outlet in task.outlets}}
    assert writers == ({entity.name, "deletions"} if entity.deleted_type is not None else {entity.name})


def test_each_entitys_task_tells_where_its_data_comes_from_and_goes_to(main_job: DAG) -> None:
    for name, entity in entities().items():
        assert entity.endpoint in main_job.task_dict[name].doc_md
        assert f"exact_online.{name}" in main_job.task_dict[name].doc_md


@pytest.mark.parametrize(
    "choice",
    [
        {"entities": ["unicorns"]},
        {"mode": "sideways"},
        {"divisions": ["1000001"]},
        {"integrations": "nl"},
        {"confirm_deletions": "perhaps"},
    ],
)
def test_a_wrong_choice_is_refused_before_anything_runs(main_job: DAG, choice: dict[str, object]) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    params = deepcopy(main_job.params)
    with pytest.raises(ParamValidationError):
        params.update(choice)


def test_left_alone_the_parameters_mean_everything_incrementally(main_job: DAG) -> None:
    assert main_job.params.dump() == {
        "integrations": [],
        "divisions": [],
        "entities": [],
        "mode": "incremental",
        "confirm_deletions": False,
    }


def test_the_full_refresh_is_the_main_job_once_a_week_in_full_and_waits_for_other_readers(
    dagbag: DagBag, main_job: DAG
) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    refresh = dagbag.dags["exact_online_full_refresh"]
    assert refresh.schedule == "30 1 * * 0"
    shape = {task.task_id: (task.upstream_task_ids, task.trigger_rule, task.is_mapped) for task in main_job.tasks}
    assert {
        task.task_id: (task.upstream_task_ids, task.trigger_rule, task.is_mapped) for task in refresh.tasks
    } == shape
    assert refresh.params.dump() == main_job.params.dump() | {"mode": "full"}
    with pytest.raises(ParamValidationError):
        deepcopy(refresh.params).update({"mode": "incremental"})
    for task_id in ("deletions", *entities()):
        assert refresh.task_dict[task_id].partial_kwargs["patience"] >= timedelta(hours=1)
        assert not main_job.task_dict[task_id].partial_kwargs["patience"]


def test_the_keepalive_runs_daily_one_task_for_each_grant_and_warns_whatever_became_of_them(dagbag: DagBag) -> None:
    keepalive = dagbag.dags["exact_online_keepalive"]
    assert keepalive.schedule == "@daily"
    tasks = keepalive.task_dict
    assert tasks["keep_alive"].is_mapped
    assert tasks["keep_alive"].partial_kwargs["map_index_template"] == "{{ task.label }}"
    assert tasks["keep_alive"].upstream_task_ids == {"grants"}
    assert (tasks["warn"].upstream_task_ids, tasks["warn"].trigger_rule) == ({"keep_alive"}, "all_done")


@pytest.mark.parametrize("dag_id", sorted(DAG_IDS))
def test_parsing_reads_no_connection_no_variable_and_imports_nothing_heavy(dag_id: str) -> None:
    """The DAG processor does this every few seconds, and every task does it once more."""
    script = """
import importlib
import sys
import airflow.sdk
from airflow.sdk import BaseHook, Variable
from airflow.sdk.execution_time import context

def refuse(*_, **__):
    raise AssertionError("parsing a DAG must not look anything up")

context._get_connection = context._get_variable = BaseHook.get_connection = Variable.get = refuse
before = set(sys.modules)
importlib.import_module(sys.argv[1])
loaded = set(sys.modules) - before
heavy = ("pandas", "numpy", "sqlalchemy", "psycopg", "httpx", "requests", "rich", "exactsync.deployment",
         "exactsync.sync", "exactsync.warehouse", "airflow.providers.http", "airflow.providers.postgres")
assert "exactsync_airflow.tasks" in loaded
assert not [name for name in loaded if name.startswith(heavy)], sorted(loaded)
"""
    subprocess.run([sys.executable, "-c", script, dag_id], check=True, cwd=ROOT / "dags")


def test_each_account_goes_its_own_way_from_spendesk_to_the_outbox(dagbag: DagBag) -> None:
    tasks = dagbag.dags["spendesk_payables"].task_dict
    told = {"suppliers", "settlements", "payables"}
    assert tasks["receipts"].upstream_task_ids >= told
    assert "receipts" in tasks["outbox"].upstream_task_ids
    for name in (*told, "receipts", "outbox"):
        assert tasks[name].trigger_rule == "all_success"
        assert tasks[name].get_closest_mapped_task_group().group_id == "account"


def test_news_in_the_outbox_is_an_asset_event_of_whoever_took_it_in(dagbag: DagBag) -> None:
    tasks = dagbag.dags["spendesk_payables"].tasks
    writers = {task.task_id for task in tasks if "exactsync.payables" in {outlet.name for outlet in task.outlets}}
    assert writers == {"outbox", "files"}
