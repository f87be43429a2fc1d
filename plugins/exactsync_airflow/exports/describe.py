"""The library's values, as the page Exports gets them; whatever they hold is text to the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exactsync.exact.screens import is_screen
from exactsync.payable import Kind
from exactsync.payables.lifecycle import Action, actions
from exactsync.payables.overview import PAGE_SIZE, Selection
from exactsync.payables.wanted import Wanted
from exactsync_airflow.accounting_setup.links import EXPORT_DAG_ID, EXPORT_DAG_URL, SETUP_URL, log_url
from exactsync_airflow.accounting_setup.payloads import Dag
from exactsync_airflow.exports import payloads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exactsync.payables.outbox import Step
    from exactsync.payables.overview import Overview
    from exactsync.payables.rows import Row
    from exactsync_airflow.accounting_setup.schedule import Schedule


def selection(question: payloads.Question) -> Selection:
    """Return what a question selects."""
    wanted = Wanted(states=question.state, first=question.first, last=question.last, search=question.text)
    return Selection(wanted=wanted, division=question.company, kind=question.kind, only_edited=question.edited)


def describe_exports(overview: Overview, *, user: payloads.Person, schedule: Schedule, offset: int) -> payloads.Exports:
    """Return all that the page shows."""
    return payloads.Exports(
        user=user,
        now=overview.now,
        dag=_dag(schedule),
        setup_url=SETUP_URL,
        has_sources=overview.has_sources,
        edited=overview.edited,
        companies=[payloads.Company(division=each.division, name=each.name) for each in overview.companies],
        totals=[
            payloads.Total(state=each.state, currency=each.currency, payables=each.payables, amount=each.amount)
            for each in overview.totals
        ],
        found=overview.found,
        offset=offset,
        page_size=PAGE_SIZE,
        payables=[_payable(row) for row in overview.rows],
    )


def describe_history(steps: Sequence[Step]) -> payloads.History:
    """Return what has become of a payable, the newest first."""
    return payloads.History(steps=[_step(step) for step in reversed(steps)])


def _dag(schedule: Schedule) -> Dag:
    return Dag(
        id=EXPORT_DAG_ID,
        url=EXPORT_DAG_URL,
        is_paused=schedule.is_paused,
        next_run_at=schedule.next_run_at,
        is_scheduler_alive=schedule.is_scheduler_alive,
    )


def _payable(row: Row) -> payloads.Payable:
    possible = actions(row.state, has_twin=row.has_twin)
    return payloads.Payable(
        source=row.source,
        id=row.payable_id,
        division=row.division,
        state=row.state,
        kind=Kind(row.kind),
        number=row.payable["number"],
        description=row.payable["description"],
        counterparty=row.counterparty,
        entry_date=row.entry_date,
        currency=row.currency,
        amount=row.amount,
        reference=row.reference,
        reasons=[payloads.Reason(message=each["message"], remedy=each["remedy"]) for each in row.reasons],
        message=row.message,
        is_edited=row.is_edited,
        attempts=row.attempts,
        look_at=row.look_at,
        entry_id=str(row.entry_id) if row.entry_id else None,
        entry_number=row.entry_number,
        link=row.link if is_screen(row.link) else None,
        updated_at=row.updated_at,
        exported_at=row.exported_at,
        task_url=log_url(row.owner),
        actions=[action for action in Action if action in possible],
    )


def _step(step: Step) -> payloads.Step:
    task = log_url(step.actor)
    return payloads.Step(
        at=step.at,
        from_state=step.from_state,
        to_state=step.to_state,
        why=step.why,
        by=None if task else step.actor,
        task_url=task,
    )
