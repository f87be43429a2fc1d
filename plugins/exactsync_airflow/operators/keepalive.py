"""Keeping the grants at Exact alive: who has one, one task for each, and a last look at what is about to lapse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from airflow.sdk import BaseOperator, TaskInstanceState
from airflow.sdk.exceptions import AirflowFailException

from exactsync_airflow.deployment import WAREHOUSE_CONN_ID, airflow_deployment
from exactsync_airflow.notifications import notify
from exactsync_airflow.recovery import airflow_errors, airflow_exception, diagnose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

_FAILED = {TaskInstanceState.FAILED, TaskInstanceState.UPSTREAM_FAILED}
_LABEL_LENGTH = 250  # of Airflow's column rendered_map_index


class ExactOnlineGrantsOperator(BaseOperator):
    """Return every grant that an integration works with, paused ones too, to map tasks over.

    :param warehouse_conn_id: the ``postgres`` connection of the warehouse.
    """

    def __init__(self, *, warehouse_conn_id: str = WAREHOUSE_CONN_ID, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.warehouse_conn_id = warehouse_conn_id

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Return id and label of each grant."""
        with airflow_errors():
            deployment = airflow_deployment(self.warehouse_conn_id)
            deployment.check()
            grants = deployment.keeper.grants()
        self.log.info("Grants in use (%d): %s.", len(grants), "; ".join(grant.label for grant in grants) or "none")
        return [{"id": grant.id, "label": grant.label} for grant in grants]


class ExactOnlineKeepAliveOperator(BaseOperator):
    """Refresh one grant, unless that was done within the last day.

    :param grant: one of those that :class:`ExactOnlineGrantsOperator` returns.
    :param warehouse_conn_id: the ``postgres`` connection of the warehouse.
    """

    template_fields: Sequence[str] = ("grant",)

    def __init__(self, *, grant: dict[str, Any], warehouse_conn_id: str = WAREHOUSE_CONN_ID, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.grant = grant
        self.warehouse_conn_id = warehouse_conn_id

    @property
    def label(self) -> str:
        """What Airflow shows in place of the map index, e.g. `Dana Demo · exact_online_default (nl, be)`."""
        return str(self.grant["label"])[:_LABEL_LENGTH]

    def execute(self, context: Context) -> str | None:
        """Return `refreshed` or `fresh`, or None if nothing works with the grant any more."""
        with airflow_errors():
            keeper = airflow_deployment(self.warehouse_conn_id).keeper
            found = next((grant for grant in keeper.grants() if grant.id == self.grant["id"]), None)
            kept = keeper.keep(found) if found else None
        if kept is None:
            self.log.info("%s: disconnected meanwhile.", self.label)
            return None
        if kept.error:
            raise airflow_exception([diagnose(kept.error)])
        self.log.info("%s", kept.message)
        return kept.outcome


class ExactOnlineLapseOperator(BaseOperator):
    """Warn of every living grant that lapses soon, in the log, in the state of its integrations, and by the notifier.

    As the DAG's only leaf it decides the state of the run: it fails if any other task failed.

    :param warehouse_conn_id: the ``postgres`` connection of the warehouse.
    """

    def __init__(self, *, warehouse_conn_id: str = WAREHOUSE_CONN_ID, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.warehouse_conn_id = warehouse_conn_id

    def execute(self, context: Context) -> dict[str, int]:
        """Return for each grant that lapses soon how many days are left."""
        with airflow_errors():
            deployment = airflow_deployment(self.warehouse_conn_id)
            lapsing = deployment.keeper.warn()
        notify(deployment, context)
        if not lapsing:
            self.log.info("No grant lapses soon.")
        ti = cast("RuntimeTaskInstance", context["ti"])
        if any(task["state"] in _FAILED for task in ti.get_task_breadcrumbs(ti.dag_id, ti.run_id)):
            raise AirflowFailException(
                "Not every authorisation at Exact could be kept alive. What to do: see the logs of the failed tasks."
            )
        return {grant.label: grant.days_left for grant in lapsing}
