"""The DAG behind the page: when it runs next, which run concerns an integration, and how to start one."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from airflow.api.common.trigger_dag import trigger_dag
from airflow.exceptions import DagNotFound
from airflow.jobs.job import most_recent_job
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType
from sqlalchemy import select

from exactsync.errors import ConfigurationError
from exactsync.lifecycle import Action, actions
from exactsync_airflow.accounting_setup.links import SYNC_DAG_ID

if TYPE_CHECKING:
    from datetime import datetime

    from exactsync.setup import Setup
    from exactsync.warehouse.integrations import IntegrationInfo

log = logging.getLogger(__name__)

_RECENT: Final = 50
"""How many of the latest runs are looked through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How the DAG stands."""

    is_paused: bool
    next_run_at: datetime | None
    """None while it is paused, or not known to Airflow (yet)."""
    is_scheduler_alive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRun:
    """One run of the DAG."""

    id: str
    state: str


def read_schedule(dag_id: str = SYNC_DAG_ID) -> Schedule:
    """Return how a DAG stands now."""
    with create_session() as session:
        dag = session.get(DagModel, dag_id)
        scheduler = most_recent_job("SchedulerJob", session=session)
        is_running = dag is not None and not (dag.is_paused or dag.is_stale)
        return Schedule(
            is_paused=not is_running,
            next_run_at=dag.next_dagrun_create_after if dag and is_running else None,
            is_scheduler_alive=scheduler is not None and scheduler.is_alive(),
        )


def start_run(integration: str, *, user_name: str) -> None:
    """Start a run for one integration; one that is still waiting to start is as good as a new one.

    Raises:
        ConfigurationError: Airflow does not know the DAG.
    """
    conf = {"integrations": [integration]}
    if any(run.state == DagRunState.QUEUED and given == conf for run, given in _recent_runs()):
        return
    try:
        trigger_dag(SYNC_DAG_ID, triggered_by=DagRunTriggeredByType.UI, triggering_user_name=user_name, conf=conf)
    except DagNotFound:
        raise ConfigurationError(
            f"Airflow does not know the DAG {SYNC_DAG_ID}, so no sync can be started.",
            remedy="Look for import errors on Airflow's page of DAGs; a new installation takes a few minutes.",
        ) from None


def start_run_if_due(setup: Setup, info: IntegrationInfo, *, user_name: str) -> None:
    """Start a run if there is something to pull by now; the change that led here holds, whether or not that works."""
    if Action.SYNC in actions(info.state):
        try:
            setup.require_exact_online()
            start_run(info.name, user_name=user_name)
        except ConfigurationError as error:
            log.warning("%s: %s", info.name, error)


def find_run(integration: str) -> SyncRun | None:
    """Return the run that is at work on an integration, or will be, or was last."""
    concerned = [run for run, conf in _recent_runs() if integration in (conf.get("integrations") or [integration])]
    urgency = {str(DagRunState.RUNNING): 0, str(DagRunState.QUEUED): 1}
    return min(concerned, key=lambda run: urgency.get(run.state, 2), default=None)


def _recent_runs() -> list[tuple[SyncRun, dict[str, Any]]]:
    """Return the latest runs, the newest first, with what was asked of them."""
    with create_session() as session:
        rows = session.execute(
            select(DagRun.run_id, DagRun.state, DagRun.conf)
            .where(DagRun.dag_id == SYNC_DAG_ID)
            .order_by(DagRun.id.desc())
            .limit(_RECENT)
        )
        return [(SyncRun(id=run_id, state=str(state)), conf or {}) for run_id, state, conf in rows]
