"""The shape of every task that works through a batch of divisions: finish what can be finished, then name the rest."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from structlog.contextvars import bound_contextvars

from exactsync.errors import ExactSyncError
from exactsync.load import DivisionRef
from exactsync_airflow.deployment import WAREHOUSE_CONN_ID, airflow_deployment, find_app
from exactsync_airflow.metrics import tell_not_done
from exactsync_airflow.problems import leave_problems
from exactsync_airflow.progress import Progress
from exactsync_airflow.recovery import Failure, Recovery, airflow_exception, diagnose
from exactsync_airflow.run import airflow_run
from exactsync_airflow.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from exactsync.deployment import Deployment
    from exactsync.load import Run

READERS = 4
"""Divisions of a batch that are worked on at once. Exact's minute is each division's own, and so is each data set's
lease; what bounds them is the warehouse: each may hold two of its connections."""

_NAMED = 3
_LABEL_LENGTH = 250  # of Airflow's column rendered_map_index


class ExactOnlineBatchOperator(BaseOperator):
    """Work through a batch of divisions, each on its own, a few of them at once.

    A division that cannot be finished does not stop the others; at the end the task fails (or waits, or is skipped:
    :mod:`exactsync_airflow.recovery` decides) naming those that were not finished, and its retry takes only those.

    :param batch: the divisions, one of the batches that :class:`ExactOnlineConnectOperator` returns.
    :param patience: how long after the start of the run to wait for another reader of a data set; then, as without
        patience, the task is skipped.
    :param readers: how many divisions are worked on at once.
    :param warehouse_conn_id: the ``postgres`` connection of the warehouse.
    """

    template_fields: Sequence[str] = ("batch",)

    def __init__(
        self,
        *,
        batch: list[dict[str, Any]],
        patience: timedelta = timedelta(0),
        readers: int = READERS,
        warehouse_conn_id: str = WAREHOUSE_CONN_ID,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.batch = batch
        self.patience = patience
        self.readers = readers
        self.warehouse_conn_id = warehouse_conn_id

    @abstractmethod
    def work(self, deployment: Deployment, division: DivisionRef, run: Run) -> dict[str, Any]:
        """Do one division and return a JSON-ready result; an ExactSyncError says why it cannot be done."""

    @abstractmethod
    def announce(self, results: list[dict[str, Any]], context: Context) -> None:
        """Tell Airflow what changed; called with every division's result when the task is about to succeed."""

    @property
    def divisions(self) -> list[DivisionRef]:
        """The batch as the library's values."""
        return [DivisionRef.from_json(division) for division in self.batch]

    @property
    def label(self) -> str:
        """What Airflow shows in place of the map index, e.g. `NL · 1000001 Demo Holding`."""
        labels = [division.label for division in self.divisions]
        if len(labels) <= _NAMED:
            return ", ".join(labels)[:_LABEL_LENGTH]
        return f"{labels[0]} … {labels[-1]} ({len(labels)} companies)"[:_LABEL_LENGTH]

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Return the result of each division."""
        progress = Progress.resume(context, {_key(division) for division in self.divisions})
        failures = self._work_through(progress, context)
        if failures and not (progress.done and all(failure.recovery is Recovery.SKIP for failure in failures)):
            self._give_up(failures, context)
        leave_problems(context, failures)
        results = [progress.done[key] for key in map(_key, self.divisions) if key in progress.done]
        self.announce(results, context)
        progress.forget()
        return results

    def _work_through(self, progress: Progress, context: Context) -> list[Failure]:
        """Work on what is not settled yet; return what could not be done, in the batch's order."""
        failures = {key: Failure(recovery=Recovery.FAIL, message=message) for key, message in progress.failed.items()}
        left = []
        for division in self.divisions:
            if (key := _key(division)) in progress.done:
                self.log.info("%s: done by an earlier try, not done again.", division.label)
            elif key not in failures:
                left.append(division)
        with progress, closing(airflow_deployment(self.warehouse_conn_id, find_app=cache(find_app))) as deployment:
            attempt = partial(self._attempt, deployment, airflow_run(context), self._is_patient(context))
            for division, outcome in side_by_side(attempt, left, threads=self.readers):
                key = _key(division)
                if isinstance(outcome, Failure):
                    failures[key] = outcome
                    if outcome.recovery is Recovery.FAIL:
                        progress.refuse(key, outcome.message)
                else:
                    progress.finish(key, outcome)
        in_order = [failures[key] for key in map(_key, self.divisions) if key in failures]
        tell_not_done(self.task_id, in_order)
        return in_order

    def _is_patient(self, context: Context) -> bool:
        if not self.patience:
            return False
        now = datetime.now(UTC)
        return now < (context["dag_run"].start_date or now) + self.patience

    def _attempt(
        self, deployment: Deployment, run: Run, is_patient: bool, division: DivisionRef
    ) -> dict[str, Any] | Failure:
        with bound_contextvars(integration=division.integration, division=division.division):
            try:
                return self.work(deployment, division, run)
            except Exception as error:  # whatever befalls one division must not stop the others
                if isinstance(error, ExactSyncError):
                    error.at(integration=division.integration, division=division.division)
                failure = diagnose(error, is_patient=is_patient)
                self.log.warning("%s: %s", division.label, failure)
                return failure

    def _give_up(self, failures: list[Failure], context: Context) -> None:
        exception = airflow_exception(failures)
        if all(failure.recovery is not Recovery.RESCHEDULE for failure in failures):
            leave_problems(context, failures)
        raise exception


def _key(division: DivisionRef) -> str:
    return f"{division.integration}/{division.division}"
