"""The first task of a run: who can be reached, and what is to be done."""

from __future__ import annotations

from contextlib import closing
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from exactsync.errors import ExactSyncError
from exactsync_airflow.deployment import WAREHOUSE_CONN_ID, airflow_deployment
from exactsync_airflow.problems import leave_problems
from exactsync_airflow.recovery import Recovery, airflow_exception, diagnose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from exactsync.connecting import Connected

MOST_BATCHES = 8
"""A dozen entities then fill every place that Airflow has for tasks. A task costs as much as fifteen companies without
news: with more batches, tasks would cost more than the work."""


class ExactOnlineConnectOperator(BaseOperator):
    """Check credentials, grants and reachable divisions, and return the divisions in batches to map tasks over.

    An integration or division with a problem does not stop the others: it is left out, logged, and named again by
    the run's last task. The task fails only if nothing is left to do.

    :param integrations: names of the integrations to take; empty means all.
    :param divisions: division codes to take; empty means every chosen division.
    :param most_batches: mapped tasks of each entity at most. Up to this many divisions have a task each; more of them
        share.
    :param warehouse_conn_id: the ``postgres`` connection of the warehouse.
    """

    template_fields: Sequence[str] = ("integrations", "divisions")

    def __init__(
        self,
        *,
        integrations: Sequence[str] = (),
        divisions: Sequence[int] = (),
        most_batches: int = MOST_BATCHES,
        warehouse_conn_id: str = WAREHOUSE_CONN_ID,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.integrations = integrations
        self.divisions = divisions
        self.most_batches = most_batches
        self.warehouse_conn_id = warehouse_conn_id

    def execute(self, context: Context) -> list[list[dict[str, Any]]]:
        """Return batches of divisions."""
        connected = self._connect()
        failures = [diagnose(problem) for problem in connected.problems]
        for failure in failures:
            self.log.warning("Left out: %s", failure)
        must_wait = any(failure.recovery is Recovery.RESCHEDULE for failure in failures)
        if not must_wait:
            leave_problems(context, failures)
        if failures and (must_wait or not connected.divisions):
            raise airflow_exception(failures)
        return self._batches(connected)

    def _connect(self) -> Connected:
        from exactsync.connecting import Connected

        try:
            with closing(airflow_deployment(self.warehouse_conn_id)) as deployment:
                return deployment.connect(integrations=self.integrations, divisions=self.divisions)
        except ExactSyncError as error:
            return Connected(problems=[error])

    def _batches(self, connected: Connected) -> list[list[dict[str, Any]]]:
        divisions = connected.divisions
        self.log.info("Divisions to do (%d): %s.", len(divisions), ", ".join(each.label for each in divisions))
        batches = min(len(divisions), self.most_batches)
        ends = [len(divisions) * number // batches for number in range(batches + 1)] if batches else []
        return [[division.to_json() for division in divisions[start:end]] for start, end in pairwise(ends)]
