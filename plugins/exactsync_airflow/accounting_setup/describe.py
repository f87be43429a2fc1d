"""The library's values, as the page gets them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from exactsync.credentials import whole_days
from exactsync.lifecycle import Action, State, actions
from exactsync_airflow.accounting_setup import payloads
from exactsync_airflow.accounting_setup.links import DAG_URL, SYNC_DAG_ID, log_url, run_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exactsync.warehouse.accounting_base import BaseChoice
    from exactsync.warehouse.companies import DivisionInfo
    from exactsync.warehouse.integrations import IntegrationInfo
    from exactsync.warehouse.journal import JournalEntry
    from exactsync.warehouse.progress import Progress
    from exactsync_airflow.accounting_setup.apps import AppInfo
    from exactsync_airflow.accounting_setup.schedule import Schedule, SyncRun


def describe_base(choices: Sequence[BaseChoice]) -> payloads.Base:
    """Return the accounting base and how it came about; the first of the choices is the one that counts."""
    history = [payloads.BaseSwitch(base=choice.base, at=choice.at, by=choice.actor) for choice in choices]
    latest = history[0] if history else None
    return payloads.Base(
        current=latest.base if latest else None,
        since=latest.at if latest else None,
        by=latest.by if latest else None,
        history=history,
    )


def describe_app(app: AppInfo, *, callback_uri: str) -> payloads.App:
    """Return an app, with the redirect URI that it should have."""
    return payloads.App(
        connection_id=app.connection_id,
        region=app.region,
        is_configured=app.is_configured,
        problem=app.problem,
        remedy=app.remedy,
        redirect_uri=app.redirect_uri,
        callback_uri=callback_uri,
    )


def describe_schedule(schedule: Schedule) -> payloads.Dag:
    """Return how the DAG stands."""
    return payloads.Dag(
        id=SYNC_DAG_ID,
        url=DAG_URL,
        is_paused=schedule.is_paused,
        next_run_at=schedule.next_run_at,
        is_scheduler_alive=schedule.is_scheduler_alive,
    )


def describe_connection(info: IntegrationInfo, *, region: str, next_run_at: datetime | None) -> payloads.Connection:
    """Return a connection: where it stands, since when and why, and what may be done about it."""
    possible = actions(info.state)
    return payloads.Connection(
        name=info.name,
        connection_id=info.connection_id,
        region=region,
        state=info.state,
        state_label=info.state.label,
        reason=info.reason,
        reason_text=_reason_text(info),
        remedy=info.remedy,
        since=info.since,
        is_paused=info.is_paused,
        authorised_by=info.user_name or None,
        authorised_at=info.authorised_at,
        lapses_in_days=_days_left(info),
        shares_grant_with=list(info.shares_grant_with),
        companies=[describe_company(company) for company in info.companies],
        axes=list(info.axes),
        last_sync_at=info.last_sync_at,
        next_run_at=next_run_at if Action.SYNC in possible else None,
        actions=list(possible),
    )


def describe_company(company: DivisionInfo) -> payloads.Company:
    """Return a company; its names are Exact's, and text to the page."""
    return payloads.Company(
        division=company.division,
        name=company.name,
        country=company.country,
        customer=company.customer,
        status=company.status,
        is_permitted=company.is_permitted,
        is_chosen=company.is_chosen,
        taken_by=company.taken_by,
        problem=company.problem,
    )


def describe_journal(entries: Sequence[JournalEntry]) -> list[payloads.JournalEntry]:
    """Return what happened to a connection."""
    return [
        payloads.JournalEntry(
            at=entry.at,
            event=entry.event,
            from_state=entry.from_state,
            to_state=entry.to_state,
            reason=entry.reason,
            message=entry.message,
            by=entry.actor,
        )
        for entry in entries
    ]


def describe_progress(state: State, run: SyncRun | None, data_sets: Sequence[Progress]) -> payloads.Progress:
    """Return how far a sync has come, each data set with the log of the task that works on it."""
    return payloads.Progress(
        state=state,
        run=payloads.Run(id=run.id, state=run.state, url=run_url(run.id)) if run else None,
        entities=[
            payloads.DataSet(
                division=data_set.division,
                division_name=data_set.division_name,
                entity=data_set.entity,
                label=data_set.label,
                state=data_set.state,
                rows=data_set.rows,
                message=data_set.message,
                log_url=log_url(data_set.holder),
            )
            for data_set in data_sets
        ],
    )


def _reason_text(info: IntegrationInfo) -> str | None:
    """Say why a connection stands where it does; a degraded one also what failed, which the remedy refers to."""
    if info.state is State.DEGRADED and info.message:
        return f"{info.reason_text or ''} {info.message}".strip()
    return info.reason_text


def _days_left(info: IntegrationInfo) -> int | None:
    """Return how long the authorisation would live on if nothing used it; None once it has ended."""
    if info.lapses_at is None or info.state is State.RECONNECT_NEEDED:
        return None
    return whole_days(info.lapses_at - datetime.now(UTC))
