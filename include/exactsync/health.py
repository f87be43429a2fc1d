"""How an integration is doing: judged by its companies and the last attempts, and noted as its state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from exactsync.errors import (
    CompanyRefusedError,
    DatabaseUnavailableError,
    ExactSyncError,
    QuotaExhaustedError,
    ReauthorisationRequiredError,
    RetryLaterError,
    TokenPendingError,
)
from exactsync.lifecycle import Event, Reason, State
from exactsync.warehouse import grants, journal
from exactsync.warehouse.integrations import read_integrations
from exactsync.warehouse.load_log import DELETIONS
from exactsync.warehouse.state import read_states

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Engine

    from exactsync.warehouse.integrations import IntegrationInfo
    from exactsync.warehouse.state import SyncState

NAMED_AT_MOST: Final = 10
"""How many of the companies that something is wrong with a message names."""

SYNC: Final = "sync"
"""The actor of what no person does."""

_WORST_FIRST: Final = (
    Reason.SYNC_FAILING,
    Reason.COMPANY_REFUSED,
    Reason.MAINTENANCE,
    Reason.BUDGET,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the last attempts say of an integration."""

    reason: Reason | None
    """Why it is not all fine; None: it is."""
    message: str
    is_loaded: bool
    """Whether every chosen data set was published once."""
    attempted_at: datetime | None
    """The youngest attempt."""
    succeeded_at: datetime | None
    """The youngest attempt that went well."""


def reason_of(error: ExactSyncError) -> Reason:
    """Return the reason that an error is, for the integration that it befell."""
    match error:
        case QuotaExhaustedError():
            return Reason.BUDGET
        case ReauthorisationRequiredError() if error.reason in set(Reason):
            return Reason(error.reason)
        case CompanyRefusedError():
            return Reason.COMPANY_REFUSED
        case TokenPendingError(is_refused=True):
            return Reason.ACCESS_REFUSED
        case RetryLaterError() if not isinstance(error, DatabaseUnavailableError):
            return Reason.MAINTENANCE
        case _:
            return Reason.SYNC_FAILING


def judge(integration: IntegrationInfo, states: Mapping[tuple[int, str], SyncState]) -> Verdict:
    """Judge an integration by its chosen companies and the last attempt at each of their data sets.

    What failed before a person mended something does not count: it is tried again. A company that Exact refuses is just
    that, whatever else the attempts at it met.
    """
    failed = _failed(integration, states)
    refused = _refused(integration, failed)
    reasons = {_reason(state) for state in failed if state.division not in refused}
    reasons |= {Reason.COMPANY_REFUSED} if refused else set()
    known = _known(integration, states)
    return Verdict(
        reason=next((reason for reason in _WORST_FIRST if reason in reasons), None),
        message=_told(integration, failed),
        is_loaded=is_loaded(integration, states),
        attempted_at=_latest(state.attempted_at for state in known),
        succeeded_at=_latest(
            state.attempted_at for state in known if not state.message and state.division not in refused
        ),
    )


def with_failures(integration: IntegrationInfo, states: Mapping[tuple[int, str], SyncState]) -> IntegrationInfo:
    """Return the integration with how the last attempt failed at each company that it did not get done."""
    failures = {state.division: state.message for state in reversed(_failed(integration, states))}
    companies = tuple(replace(company, failure=failures.get(company.division)) for company in integration.divisions)
    return replace(integration, divisions=companies)


def is_loaded(integration: IntegrationInfo, states: Mapping[tuple[int, str], SyncState]) -> bool:
    """Tell whether every chosen data set of an integration was published once."""
    return all(key in states and states[key].published_at for key in integration.data_sets)


def conclude(engine: Engine, warehouse: Engine, names: Sequence[str]) -> list[IntegrationInfo]:
    """Move each integration to the state that its last attempts ask for; return how they stand then.

    Args:
        engine: where integrations live.
        warehouse: where the data sets are.
        names: the integrations; none: all.
    """
    with warehouse.connect() as connection:
        states = {(state.division, state.entity): state for state in read_states(connection)}
    for integration in read_integrations(engine, names):
        _conclude(engine, integration, judge(integration, states))
    return read_integrations(engine, names)


def _conclude(engine: Engine, integration: IntegrationInfo, verdict: Verdict) -> None:
    with engine.begin() as connection:
        if _is_news(integration, verdict):
            journal.move(
                connection,
                integration.name,
                Event.SYNC_DEGRADED if verdict.reason else Event.SYNC_SUCCEEDED,
                actor=SYNC,
                is_loaded=verdict.is_loaded,
                reason=verdict.reason,
                message=verdict.message,
                judged=integration.since,
            )
        moments = {"attempted_at": verdict.attempted_at, "succeeded_at": verdict.succeeded_at}
        connection.execute(_COUNT, {"name": integration.name, **moments})


def _is_news(integration: IntegrationInfo, verdict: Verdict) -> bool:
    """Tell whether the attempts may change the state: where it was not fine, only what is younger counts."""
    match integration.state:
        case _ if integration.is_paused:  # nothing was attempted on its behalf
            return False
        case State.DEGRADED:
            attempted = verdict.attempted_at if verdict.reason else verdict.succeeded_at
            is_refused = any(company.refusal for company in integration.companies)
            return is_refused or (attempted is not None and attempted > integration.since)
        case State.RECONNECT_NEEDED:  # an access token may outlive its grant: only new tokens prove that it is alive
            refreshed = integration.refreshed_at if integration.grant_status == "active" else None
            return refreshed is not None and refreshed > integration.since
        case _:
            return True


_COUNT = text("""
UPDATE exactsync.integrations SET
    failing_runs = CASE WHEN reason IS NULL THEN 0
        WHEN concluded_at >= GREATEST(:attempted_at, failed_at) THEN failing_runs
        ELSE failing_runs + 1 END,
    concluded_at = GREATEST(:attempted_at, failed_at, concluded_at),
    last_sync_at = GREATEST(:succeeded_at, last_sync_at)
WHERE name = :name
""")


def note_problem(engine: Engine, integration: IntegrationInfo, error: ExactSyncError) -> None:
    """Note what keeps a whole integration from being synced at all."""
    if isinstance(error, ReauthorisationRequiredError):
        note_end(engine, integration, error)
    elif integration.state is not State.RECONNECT_NEEDED and not is_passing(error):
        with engine.begin() as connection:
            connection.execute(_FAILED, {"name": integration.name})
            journal.move(
                connection,
                integration.name,
                Event.SYNC_DEGRADED,
                actor=SYNC,
                reason=reason_of(error),
                message=str(error),
                judged=integration.since,
            )


_FAILED = text("UPDATE exactsync.integrations SET failed_at = clock_timestamp() WHERE name = :name")


def note_end(engine: Engine, integration: IntegrationInfo, error: ReauthorisationRequiredError) -> None:
    """Note that the grant of an integration has ended, for all that share it."""
    if integration.grant_id is not None:
        grants.end(engine, integration.grant_id, reason_of(error), actor=SYNC, message=str(error))


def is_passing(error: ExactSyncError) -> bool:
    """Tell whether an error is over by itself soon: the minute's calls are used up, a token is being fetched."""
    match error:
        case QuotaExhaustedError():
            return error.window == "minute"
        case TokenPendingError():
            return not error.is_refused
        case _:
            return False


def _known(integration: IntegrationInfo, states: Mapping[tuple[int, str], SyncState]) -> list[SyncState]:
    """What is known of the data sets and the deletions of the chosen companies."""
    attempted = [*integration.data_sets, *((company.division, DELETIONS) for company in integration.companies)]
    return [states[key] for key in attempted if key in states]


def _refused(integration: IntegrationInfo, failed: Sequence[SyncState]) -> set[int]:
    """The chosen companies that Exact does not let us pull, by its list or by its answers."""
    answered = {state.division for state in failed if _reason(state) is Reason.COMPANY_REFUSED}
    return answered | {company.division for company in integration.companies if company.refusal}


def _failed(integration: IntegrationInfo, states: Mapping[tuple[int, str], SyncState]) -> list[SyncState]:
    """Those whose last attempt failed, unless that was before a person mended something."""
    known = _known(integration, states)
    return [state for state in known if state.message and not integration.will_retry(state.attempted_at)]


def _reason(state: SyncState) -> Reason:
    """The reason of a failed attempt; an ended grant is told by the integration's state, here it is a failure."""
    return Reason(state.reason) if state.reason in set(_WORST_FIRST) else Reason.SYNC_FAILING


def _told(integration: IntegrationInfo, failed: Sequence[SyncState]) -> str:
    """Say what is wrong, company by company: each data set of a company mostly fails for the same reason."""
    by_company: dict[int, list[str]] = {}
    for state in sorted(failed, key=lambda state: _reason(state) is not Reason.COMPANY_REFUSED):
        by_company.setdefault(state.division, []).append(state.message or "")
    lines = [str(company.refusal.at(division=company.division)) for company in integration.companies if company.refusal]
    lines += [
        first + (f" ({len(others)} more of its data sets failed.)" if others else "")
        for first, *others in by_company.values()
    ]
    more = len(lines) - NAMED_AT_MOST
    return "\n".join(lines[:NAMED_AT_MOST] + ([f"… and {more} more companies."] if more > 0 else []))


def _latest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((moment for moment in moments if moment), default=None)
