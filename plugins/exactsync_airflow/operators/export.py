"""Payables → Exact: check what waits, book it company by company, tell the sources."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from airflow.sdk import BaseOperator, TaskInstanceState
from airflow.sdk.exceptions import AirflowFailException

from exactsync.errors import ExactSyncError
from exactsync_airflow.deployment import WAREHOUSE_CONN_ID, airflow_deployment
from exactsync_airflow.metrics import tell_payables
from exactsync_airflow.operators.batch import ExactOnlineBatchOperator
from exactsync_airflow.problems import gather_problems
from exactsync_airflow.recovery import Recovery, airflow_errors, airflow_exception, diagnose
from exactsync_airflow.run import airflow_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from airflow.sdk import Context
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    from exactsync.deployment import Deployment
    from exactsync.load import DivisionRef, Run
    from exactsync.payables.rows import Row
    from exactsync.payables.wanted import Wanted
    from exactsync_airflow.recovery import Failure

_FAILED = {TaskInstanceState.FAILED, TaskInstanceState.UPSTREAM_FAILED}
_MOST_ROWS = 500
"""Of the table in the log; the page Exports shows them all."""
_WIDTH = 200


class ExportPrepareOperator(BaseOperator):
    """Check the payables of every company that payables are booked in, and return the companies to map tasks over.

    A company whose check comes to nothing (Exact is away, a grant has ended) does not stop the others: it is handed on
    all the same, and its own task says what is the matter.

    :param integrations: names of the integrations to take; empty means all.
    :param divisions: division codes to take; empty means every one that payables are booked in.
    :param warehouse_conn_id: the ``postgres`` connection of the warehouse.
    """

    template_fields: Sequence[str] = ("integrations", "divisions")

    def __init__(
        self,
        *,
        integrations: Sequence[str] = (),
        divisions: Sequence[int] = (),
        warehouse_conn_id: str = WAREHOUSE_CONN_ID,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.integrations = integrations
        self.divisions = divisions
        self.warehouse_conn_id = warehouse_conn_id

    def execute(self, context: Context) -> list[list[dict[str, Any]]]:
        """Return batches of one company each."""
        with airflow_errors():
            deployment = airflow_deployment(self.warehouse_conn_id)
            deployment.check()
            companies = deployment.exporting.companies(integrations=self.integrations, divisions=self.divisions)
        if not companies:
            self.log.info("No source of payables is booked in any of these companies: there is nothing to export.")
        failures = [failure for company in companies if (failure := self._prepare(deployment, company, context))]
        if any(failure.recovery is Recovery.RESCHEDULE for failure in failures):
            raise airflow_exception(failures)
        return [[company.to_json()] for company in companies]

    def _prepare(self, deployment: Deployment, company: DivisionRef, context: Context) -> Failure | None:
        try:
            prepared = deployment.exporting.prepare(company, run=airflow_run(context))
        except ExactSyncError as error:
            failure = diagnose(error)
            self.log.warning("%s: not checked. %s", company.label, failure)
            return failure
        self.log.info("%s: %d prepared, %d blocked.", company.label, prepared.prepared, prepared.blocked)
        return None


class ExactOnlineExportOperator(ExactOnlineBatchOperator):
    """Book the prepared payables of a batch of companies, each payable once and on its own.

    A payable that fails, or is in doubt, fails nothing else. While payables wait (for the next minute's calls, for the
    next look at Exact) the task is rescheduled, and holds no slot. Clearing it is always safe.

    :param payables: only these, by the source's keys; empty: all.
    :param first_day: only those that are booked on this day or later, ISO 8601; empty: from the beginning.
    :param last_day: only those that are booked on this day or earlier.

    Takes the parameters of :class:`ExactOnlineBatchOperator` besides.
    """

    template_fields: Sequence[str] = ("batch", "payables", "first_day", "last_day")

    def __init__(
        self, *, payables: Sequence[str] = (), first_day: str | None = None, last_day: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.payables = payables
        self.first_day = first_day
        self.last_day = last_day

    def work(self, deployment: Deployment, division: DivisionRef, run: Run) -> dict[str, Any]:
        """Export the payables of one company."""
        exported = deployment.exporting.export(division, run=run, wanted=self._wanted())
        states = ", ".join(f"{number} {state}" for state, number in sorted(exported.states.items()))
        self.log.info("%s: %s.", division.label, states or "nothing to do")
        return asdict(exported)

    def announce(self, results: list[dict[str, Any]], context: Context) -> None:
        """Nothing is to be announced: what is booked stands in the outbox."""

    def _wanted(self) -> Wanted:
        from exactsync.payables.wanted import Wanted

        return Wanted(payables=list(self.payables or ()), first=_day(self.first_day), last=_day(self.last_day))


class ExportReportOperator(BaseOperator):
    """Log what became of each payable of this run, and tell the sources; what cannot be told is told by the next run.

    Fails if a company could not be exported, or a source could not be told; never for a payable that was refused.

    :param warehouse_conn_id: the ``postgres`` connection of the warehouse.
    """

    def __init__(self, *, warehouse_conn_id: str = WAREHOUSE_CONN_ID, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.warehouse_conn_id = warehouse_conn_id

    def execute(self, context: Context) -> dict[str, int]:
        """Return how many payables this run left in which state."""
        from exactsync.payables.overview import Selection

        with airflow_errors():
            deployment = airflow_deployment(self.warehouse_conn_id)
            rows = deployment.exporting.of_run(airflow_run(context).run_id)
            told = deployment.exporting.report()
            tell_payables(deployment.exports.overview(Selection()).totals)
        self.log.info(
            "What became of the payables of this run:\n%s", payables_table(rows) if rows else "none was touched"
        )
        for source, reported in told.items():
            self.log.info("%s: told of %d payables, %d could not be told.", source, reported.told, reported.failed)
        self._require_all_done(context, sum(reported.failed for reported in told.values()))
        return dict(Counter(row.state.value for row in rows))

    def _require_all_done(self, context: Context, untold: int) -> None:
        """Fail if a task of the run did, as the only leaf of the DAG decides the state of the run."""
        ti = cast("RuntimeTaskInstance", context["ti"])
        tasks = list(ti.get_task_breadcrumbs(ti.dag_id, ti.run_id))
        problems = gather_problems(context, tasks)
        for problem in problems:
            self.log.warning("Not done: %s", problem["message"])
        failed = sorted({task["task_id"] for task in tasks if task["state"] in _FAILED})
        if failed:
            raise AirflowFailException(f"Not all was exported: {', '.join(failed)}. What to do stands in their logs.")
        if untold:
            raise AirflowFailException(
                f"Of {untold} payables it could not be told what became of them. What to do: nothing, once: the next "
                "run tells again. If it stays so, look after the connection of their source."
            )


def payables_table(rows: Sequence[Row]) -> str:
    """Lay payables out as text, one line each, and one for the totals of each state and currency."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table("payable", "counterparty", "amount", "state", "entry", "why", box=SIMPLE_HEAD)
    for row in rows[:_MOST_ROWS]:
        entry = str(row.entry_number or row.journal_file or "")
        reason = " ".join(row.reason.split())
        table.add_row(row.payable_id, row.counterparty, f"{row.amount} {row.currency}", row.state.label, entry, reason)
    totals: defaultdict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for row in rows:
        totals[row.state.label, row.currency].append(row.amount)
    for (state, currency), amounts in sorted(totals.items()):
        table.add_row(f"{len(amounts)} in all", "", f"{sum(amounts)} {currency}", state, "", "")
    console = Console(width=_WIDTH, no_color=True, markup=False, emoji=False, highlight=False)
    with console.capture() as captured:
        console.print(table)
    return captured.get().rstrip()


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
