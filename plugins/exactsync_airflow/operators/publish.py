"""The last task of a run: where each integration stands now, one table of what was done, and whether to trust it."""

from __future__ import annotations

from collections import Counter
from io import StringIO
from logging import ERROR, WARNING
from typing import TYPE_CHECKING, Any, cast

from airflow.sdk import BaseOperator, TaskInstanceState
from airflow.sdk.exceptions import AirflowFailException

from exactsync_airflow.deployment import WAREHOUSE_CONN_ID, airflow_deployment
from exactsync_airflow.metrics import tell_grants, tell_health
from exactsync_airflow.notifications import notify
from exactsync_airflow.problems import gather_problems
from exactsync_airflow.recovery import airflow_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    from exactsync.deployment import Deployment
    from exactsync.errors import QualityError
    from exactsync.load import LoadResult

_FAILED = {TaskInstanceState.FAILED, TaskInstanceState.UPSTREAM_FAILED}
_COUNTS = ("rows_read", "inserted", "updated", "deleted", "unchanged", "quarantined", "calls")
_TABLE_WIDTH = 200


class ExactOnlinePublishOperator(BaseOperator):
    """Conclude the whole run: note where integrations stand, log the results, check the published tables.

    It fails if any task of the run failed, or a check that must hold. As the DAG's only leaf it decides the state of
    the run: without it, a run whose last tasks went well would be green although a division was not loaded.

    :param warehouse_conn_id: the ``postgres`` connection of the warehouse.
    """

    def __init__(self, *, warehouse_conn_id: str = WAREHOUSE_CONN_ID, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.warehouse_conn_id = warehouse_conn_id

    def execute(self, context: Context) -> None:
        """Report on the run; AirflowFailException if a part of it was not done, or a check failed that must hold."""
        ti = cast("RuntimeTaskInstance", context["ti"])
        deployment = self._conclude(ti.run_id)
        notify(deployment, context)
        distrusted = self._check(deployment, ti.run_id)
        tasks = list(ti.get_task_breadcrumbs(ti.dag_id, ti.run_id))
        problems = gather_problems(context, tasks)
        for problem in problems:
            self.log.warning("Not done: %s", problem["message"])
        failed = Counter(task["task_id"] for task in tasks if task["state"] in _FAILED)
        if failed or not all(problem["skipped"] for problem in problems):
            raise AirflowFailException(_verdict(failed))
        if distrusted:
            raise AirflowFailException(str(distrusted))

    def _conclude(self, run_id: str) -> Deployment:
        with airflow_errors():
            deployment = airflow_deployment(self.warehouse_conn_id)
            deployment.conclude()
            results = deployment.report(run_id)
            tell_health(deployment.sync_health())
            tell_grants(deployment.keeper.grants())
        if results:
            self.log.info("What this run loaded:\n%s", results_table(results))
        else:
            self.log.info("This run loaded nothing.")
        for drifted in deployment.drift(run_id):
            if drifted.found.missed:
                self.log.warning(
                    "Drift found, and repaired: division %d, %s: %s. More: docs/full-refresh.md#drift",
                    drifted.division,
                    drifted.entity,
                    drifted.found,
                )
        return deployment

    def _check(self, deployment: Deployment, run_id: str) -> QualityError | None:
        """Check the published tables and say what was found; return the error that it amounts to."""
        from exactsync.warehouse.quality import Severity, trouble

        with airflow_errors():
            failing = deployment.check_quality(run_id)
        for result in failing:
            self.log.log(ERROR if result.severity is Severity.ERROR else WARNING, "Check failed: %s", result)
        self.log.info("The checks of the published tables: %d failed.", len(failing))
        return trouble(failing)


def results_table(results: Sequence[LoadResult]) -> str:
    """Lay the results out as text, one line per division and entity."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD)
    for heading in ("integration", "division", "entity", "outcome"):
        table.add_column(heading)
    for heading in (*_COUNTS, "seconds"):
        table.add_column(heading.replace("_", " "), justify="right")
    for result in results:
        counts = (str(getattr(result, name)) for name in _COUNTS)
        table.add_row(
            result.integration,
            str(result.division),
            result.entity,
            result.outcome,
            *counts,
            f"{result.seconds:.1f}",
        )
    console = Console(file=StringIO(), width=_TABLE_WIDTH, color_system=None, markup=False)
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().splitlines() if line.strip())


def _verdict(failed: Counter[str]) -> str:
    named = ", ".join(f"{task_id} ({count})" if count > 1 else task_id for task_id, count in sorted(failed.items()))
    return (
        f"A part of this run was not done{f'; failed tasks: {named}' if named else ''}. What was done is published. "
        "What to do: mend what the lines `Not done` above (or the failed tasks' logs) name, then clear the failed "
        "tasks together with their downstream tasks. If `connect` left something out, clear `connect`."
    )
