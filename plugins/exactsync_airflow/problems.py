"""What tasks could not do, left in XCom for `publish` to gather: on-call reads one log, not fifty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from exactsync_airflow.recovery import Recovery

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airflow.sdk import Context

    from exactsync_airflow.recovery import Failure

XCOM_KEY = "problems"


class Problem(TypedDict):
    """One thing that was not done. `skipped` problems mend themselves with the next run; others fail this one."""

    message: str
    skipped: bool


def leave_problems(context: Context, failures: Sequence[Failure]) -> None:
    """Leave the messages of a task that is about to end."""
    problems = [Problem(message=failure.message, skipped=failure.recovery is Recovery.SKIP) for failure in failures]
    if problems:
        context["ti"].xcom_push(XCOM_KEY, problems)


def gather_problems(context: Context, task_ids: Iterable[str]) -> list[Problem]:
    """Collect what these tasks, and all their mapped instances, have left in this run."""
    left: list[Any] = context["ti"].xcom_pull(task_ids=sorted(task_ids), key=XCOM_KEY)
    return [problem for problems in left if problems for problem in problems]
