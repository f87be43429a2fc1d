"""What tasks could not do, left in XCom for `publish` to gather: on-call reads one log, not fifty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from airflow.sdk import TaskInstanceState

from exactsync_airflow.recovery import Recovery

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from airflow.sdk import Context

    from exactsync_airflow.recovery import Failure

XCOM_KEY = "problems"


class Problem(TypedDict):
    """One thing that was not done. `skipped` problems mend themselves with the next run; others fail this one."""

    message: str
    skipped: bool
    task_id: str
    map_index: int


def leave_problems(context: Context, failures: Sequence[Failure]) -> None:
    """Leave the messages of a task that is about to end."""
    ti = context["ti"]
    problems = [
        Problem(
            message=failure.message,
            skipped=failure.recovery is Recovery.SKIP,
            task_id=ti.task_id,
            map_index=-1 if ti.map_index is None else ti.map_index,
        )
        for failure in failures
    ]
    if problems:
        ti.xcom_push(XCOM_KEY, problems)


def gather_problems(context: Context, tasks: Iterable[Mapping[str, Any]]) -> list[Problem]:
    """Collect what these task instances, given as breadcrumbs, have left in this run.

    An instance is removed when a cleared `connect` returns fewer batches than before: what it had left stays in XCom,
    but is nobody's problem any more.
    """
    present = {(task["task_id"], task["map_index"]) for task in tasks if task["state"] != TaskInstanceState.REMOVED}
    task_ids = sorted({task_id for task_id, _ in present})
    left: list[Any] = context["ti"].xcom_pull(task_ids=task_ids, key=XCOM_KEY)
    found: list[Problem] = [problem for problems in left if problems for problem in problems]
    return [problem for problem in found if (problem["task_id"], problem["map_index"]) in present]
