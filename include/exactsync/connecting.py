"""What a run may pull: every integration that is at work, each chosen company that Exact lets us see, and the rest."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from exactsync import health
from exactsync.errors import ConfigurationError, ExactSyncError, StoppedError
from exactsync.lifecycle import State
from exactsync.load import DivisionRef
from exactsync.warehouse.integrations import read_integrations, read_standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Engine

    from exactsync.access import Access
    from exactsync.setup import Setup
    from exactsync.warehouse.companies import DivisionInfo
    from exactsync.warehouse.integrations import IntegrationInfo

log = logging.getLogger(__name__)

_WAYS_OUT: Final = {
    State.AWAITING_CONSENT: "Authorise it on the page Accounting setup or with `python -m exactsync authorise`.",
    State.PAUSED: "Resume it on the page Accounting setup or with `python -m exactsync connections --resume NAME`.",
    State.DISCONNECTED: "Reconnect it on the page Accounting setup or with `python -m exactsync authorise`.",
    State.RECONNECT_NEEDED: "Reconnect it, then resume it, both on the page Accounting setup.",
}
"""States in which nothing is pulled (the last one: if it was paused before), and what a person does about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """What can be pulled now, and what stands in the way of the rest."""

    divisions: list[DivisionRef] = field(default_factory=list)
    problems: list[ExactSyncError] = field(default_factory=list)


def connect(
    engine: Engine, setup: Setup, access: Access, *, integrations: Sequence[str], divisions: Sequence[int]
) -> Connected:
    """Check grants and what is reachable; one integration's trouble does not stop the others.

    Args:
        engine: where integrations live.
        setup: what they were set up with.
        access: the way to Exact.
        integrations: names of those to take; none: all that are at work.
        divisions: companies to take; none: every chosen one.

    Raises:
        ConfigurationError: there is no integration at all, or none of these names.
    """
    try:
        setup.require_exact_online()
    except ConfigurationError as error:
        log.warning("Nothing is done. %s", error)
        return Connected()
    found = read_integrations(engine, integrations)
    if not found:
        raise ConfigurationError(
            "No integration is set up yet.",
            remedy="Run `python -m exactsync authorise --connection exact_online_default`, then `divisions`.",
        )
    connected = Connected()
    for integration in _at_work(found, connected, is_named=bool(integrations), divisions=divisions):
        try:
            _connect(integration, connected, setup, access, divisions)
        except ExactSyncError as error:
            connected.problems.append(error.at(integration=integration.name))
            health.note_problem(engine, integration, error)
    _require_found(connected, divisions)
    return connected


def require_at_work(engine: Engine, name: str) -> None:
    """Raise StoppedError once a person has stopped an integration: asked before each call of a sync."""
    state, base = read_standing(engine, name)
    if base == "files":
        raise StoppedError("The accounting base is Files now: nothing more is read from Exact.").at(integration=name)
    if state in {State.PAUSED, State.DISCONNECTED}:
        raise StoppedError(f"It is {state.label.lower()} now: nothing more is read from Exact.").at(integration=name)


def _at_work(
    found: Sequence[IntegrationInfo], connected: Connected, *, is_named: bool, divisions: Sequence[int]
) -> list[IntegrationInfo]:
    """Leave out what rests or is not set up to its end; where it is asked for by name, that is a problem."""
    is_needed = is_named or not any(integration.has_chosen for integration in found)
    at_work = []
    for integration in found:
        if _rests(integration):
            connected.problems.extend(_resting(integration, is_named=is_named, divisions=divisions))
            log.info("Integration %s is left out: it is %s.", integration.name, integration.state.label.lower())
        elif not integration.has_chosen and not is_needed:
            log.info("Integration %s is left out: no company is chosen in it yet.", integration.name)
        else:
            at_work.append(integration)
    return at_work


def _rests(integration: IntegrationInfo) -> bool:
    if integration.state is State.RECONNECT_NEEDED:
        return integration.is_paused
    return integration.state in _WAYS_OUT


def _resting(integration: IntegrationInfo, *, is_named: bool, divisions: Sequence[int]) -> Iterator[ConfigurationError]:
    """Say of an integration that was asked for, or of those of its companies that were, why nothing is pulled."""
    wanted: list[int | None] = [each.division for each in integration.companies if each.division in divisions]
    for division in wanted or ([None] if is_named else []):
        error = ConfigurationError(f"It is {integration.state.label.lower()}.", remedy=_WAYS_OUT[integration.state])
        yield error.at(integration=integration.name, division=division)


def _connect(
    integration: IntegrationInfo, connected: Connected, setup: Setup, access: Access, wanted: Sequence[int]
) -> None:
    with access.client(integration) as client:
        client.me()  # proves the token, and costs nothing of the budget
    if integration.is_stale or any(company.refusal for company in integration.companies):
        integration = setup.reload_companies(integration)
    if not integration.has_chosen:
        raise ConfigurationError(
            "No company is chosen.", remedy="Choose with `python -m exactsync divisions --choose CODE …`."
        )
    for company in integration.companies:
        if wanted and company.division not in wanted:
            continue
        if company.refusal:
            connected.problems.append(company.refusal.at(integration=integration.name, division=company.division))
        else:
            connected.divisions.append(_ref(integration, company))


def _ref(integration: IntegrationInfo, company: DivisionInfo) -> DivisionRef:
    return DivisionRef(
        integration=integration.name, division=company.division, name=company.name, country=company.country
    )


def _require_found(connected: Connected, divisions: Sequence[int]) -> None:
    """Name what was asked for and neither found nor explained."""
    explained = {problem.location.division for problem in connected.problems}
    if missing := sorted(set(divisions) - {ref.division for ref in connected.divisions} - explained):
        connected.problems.append(
            ConfigurationError(
                f"Company {', '.join(map(str, missing))} is not chosen in any of the integrations.",
                remedy="Choose it with `python -m exactsync divisions --choose`.",
            )
        )
