"""Payables come in: which sources there are, what a Spendesk account tells, and what the outbox takes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from exactsync_airflow.deployment import WAREHOUSE_CONN_ID, airflow_deployment
from exactsync_airflow.recovery import airflow_errors
from exactsync_airflow.run import airflow_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from exactsync.payables.intake import Taken
    from exactsync.payables.spending import Spending, Told

Part = Literal["suppliers", "settlements", "payables", "receipts"]


class PayableSourcesOperator(BaseOperator):
    """Return the sources of payables that are set up, to map tasks over.

    :param kind: only sources of this kind, ``spendesk`` or ``files``; None: all.
    :param sources: only these, by name; empty: all.
    :param warehouse_conn_id: the ``postgres`` connection of the warehouse.
    """

    template_fields: Sequence[str] = ("sources",)

    def __init__(
        self,
        *,
        kind: Literal["spendesk", "files"] | None = None,
        sources: Sequence[str] = (),
        warehouse_conn_id: str = WAREHOUSE_CONN_ID,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.kind = kind
        self.sources = sources
        self.warehouse_conn_id = warehouse_conn_id

    def execute(self, context: Context) -> list[str]:
        """Return their names."""
        with airflow_errors():
            deployment = airflow_deployment(self.warehouse_conn_id)
            deployment.check()
            known = deployment.intake.sources()
        if unknown := set(self.sources) - known.keys():
            raise AirflowFailException(f"Nothing is set up for payables of {', '.join(sorted(unknown))}.")
        found = [name for name, info in known.items() if self.kind in (None, info.kind)]
        chosen = [name for name in found if not self.sources or name in self.sources]
        self.log.info("Sources of payables (%d): %s.", len(chosen), ", ".join(chosen) or "none is set up")
        return chosen


class _SourceOperator(BaseOperator):
    """A task about one source.

    :param source: its name.
    :param warehouse_conn_id: the ``postgres`` connection of the warehouse.
    """

    template_fields: Sequence[str] = ("source",)

    def __init__(self, *, source: str, warehouse_conn_id: str = WAREHOUSE_CONN_ID, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.warehouse_conn_id = warehouse_conn_id

    @property
    def label(self) -> str:
        """What Airflow shows in place of the map index."""
        return self.source


class SpendeskOperator(_SourceOperator):
    """Store one part of what a Spendesk account tells in schema ``spendesk``.

    Clearing it is always safe: what is stored is not asked for again within a run, and what has not changed is not
    written. While Spendesk is making a snapshot the task is rescheduled, and holds no worker slot.

    :param part: ``suppliers``, ``settlements``, ``payables`` (by snapshots) or ``receipts`` (of payables to be booked).
    :param lookback_days: how many days back payables are read again.
    """

    template_fields: Sequence[str] = ("source", "lookback_days")

    def __init__(self, *, part: Part, lookback_days: int | str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.part: Part = part
        self.lookback_days = lookback_days

    def execute(self, context: Context) -> dict[str, int]:
        """Return how many records were read, had changed, and could not be read."""
        with airflow_errors():
            intake = airflow_deployment(self.warehouse_conn_id).intake
            with intake.spending(self.source) as spending:
                chosen = {"lookback_days": int(self.lookback_days)} if self.lookback_days else {}
                first, last = intake.days(self.source, **chosen)
                told = self._listen(spending, lambda: spending.receive_payables(first, last, run_id=_run_id(context)))
        self.log.info(
            "%s: %s. Read %d: %d new or changed, %d could not be read.",
            self.source,
            self.part,
            told.read,
            told.changed,
            told.unreadable,
        )
        return asdict(told)

    def _listen(self, spending: Spending, receive_payables: Any) -> Told:
        told: Told = {
            "suppliers": spending.receive_suppliers,
            "settlements": spending.receive_settlements,
            "payables": receive_payables,
            "receipts": spending.receive_attachments,
        }[self.part]()
        return told


class PayablesIntakeOperator(_SourceOperator):
    """Take what a source has to book into the outbox; emit an event of its asset if there is news.

    The same payable taken again is the same one. A file that holds what cannot be read fails the task after the rest
    was taken.
    """

    def execute(self, context: Context) -> dict[str, int]:
        """Return how many payables are new, known, replaced, edited too late, and from before the cut-over."""
        from exactsync.payables.rows import Actor

        with airflow_errors():
            intake = airflow_deployment(self.warehouse_conn_id).intake
            taken = intake.take(self.source, actor=Actor(name=context["ti"].dag_id, run_id=context["ti"].run_id))
        counts = asdict(taken.received)
        self.log.info("%s: %s.", self.source, ", ".join(f"{number} {name}" for name, number in counts.items()))
        if taken.withdrawn:
            self.log.info("%s: %d were booked by somebody else, and are withdrawn.", self.source, taken.withdrawn)
        if not (taken.received.new or taken.received.replaced):
            self.outlets = []  # Airflow emits an event for whatever is an outlet when the task ends
        self._fail_for_what_is_wrong(taken)
        return counts

    def _fail_for_what_is_wrong(self, taken: Taken) -> None:
        if taken.refused:
            raise AirflowFailException(
                f"{self.source}: {len(taken.refused)} places in its files cannot be read; the rest was taken. "
                f"The first: {taken.refused[0]}. What to do: correct the file, and clear this task. "
                "More: docs/files.md"
            )


def _run_id(context: Context) -> str:
    return airflow_run(context).run_id
