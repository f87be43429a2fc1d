"""One company's installation: its databases, keys and apps, and what can be done with them.

The command line and Airflow both work through `Deployment`; it is where the library's parts are put together.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import OperationalError

from exactsync import sync
from exactsync.access import Access
from exactsync.entities import entities
from exactsync.errors import (
    ConfigurationError,
    DatabaseUnavailableError,
    DatasetBusyError,
    ExactSyncError,
    ReauthorisationRequiredError,
)
from exactsync.load import DeletionsResult, DivisionRef, LoadResult, Mode, Run
from exactsync.warehouse import integrations as directory
from exactsync.warehouse import load_log, migrate, state
from exactsync.warehouse.engine import clear_outages, create_engine
from exactsync.warehouse.integrations import ACTIVE, DivisionInfo, IntegrationInfo
from exactsync.warehouse.load_log import DELETIONS
from exactsync.warehouse.status import read_status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import httpx
    from sqlalchemy import Engine

    from exactsync.credentials import App

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """What can be pulled now, and what stands in the way of the rest."""

    divisions: list[DivisionRef] = field(default_factory=list)
    problems: list[ExactSyncError] = field(default_factory=list)


class Deployment:
    """Everything that can be done, on the databases, keys and apps of one installation.

    Args:
        warehouse_url: the PostgreSQL that analysts query.
        state_url: where grants and the call ledger live; the warehouse unless given.
        token_keys: Fernet keys; the first encrypts, all decrypt.
        find_app: connection id → app; raises ConfigurationError for an unknown one.
        transport: how to reach Exact, if not directly.
        patience_s: how long to wait for the next minute's calls before QuotaExhaustedError.
    """

    def __init__(
        self,
        *,
        warehouse_url: str,
        state_url: str | None,
        token_keys: Sequence[str],
        find_app: Callable[[str], App],
        transport: httpx.BaseTransport | None = None,
        patience_s: float = 0.0,
    ) -> None:
        self._warehouse = create_engine(warehouse_url)
        self._state = create_engine(state_url) if state_url else self._warehouse
        self._access = Access(
            self._state, token_keys=token_keys, find_app=find_app, transport=transport, patience_s=patience_s
        )

    # -- databases

    def migrate(self) -> list[str]:
        """Bring the databases to the current schema; return one line for each change."""
        return [change for engine in self._engines() for change in migrate.migrate(engine)]

    def check(self) -> None:
        """Raise DatabaseUnavailableError unless the databases answer, ConfigurationError unless they are migrated."""
        for engine in self._engines():
            try:
                migrate.require_current(engine)
            except OperationalError as error:
                raise DatabaseUnavailableError(
                    f"Database {engine.url.database} on {engine.url.host} cannot be reached: "
                    f"{' '.join(str(error.orig).split())}."
                ) from None

    def close(self) -> None:
        """Let go of the databases."""
        for engine in self._engines():
            engine.dispose()

    def _engines(self) -> list[Engine]:
        return list(dict.fromkeys([self._state, self._warehouse]))

    # -- setting up

    def authorise_url(self, connection_id: str, *, state: str) -> str:
        """Return the address at which a person consents; Exact redirects with `state` and a code."""
        return self._access.consent_url(connection_id, state=state)

    def authorise(self, connection_id: str, *, code: str, integration: str | None = None) -> IntegrationInfo:
        """Turn the code of a consent into a grant, and into the integration that uses it."""
        self.check()
        name = integration or connection_id
        directory.require_own_name(self._state, name, connection_id=connection_id)  # a code serves only once
        grant = self._access.accept(connection_id, code)
        directory.save_integration(self._state, name, connection_id=connection_id, grant_id=grant.id)
        return self._integration(name)

    def integrations(self, names: Sequence[str] = ()) -> list[IntegrationInfo]:
        """Return the integrations of these names, or all."""
        return directory.read_integrations(self._state, names)

    def divisions(self, integration: str) -> list[DivisionInfo]:
        """Ask Exact which companies an integration may see; return them with what was chosen."""
        known = {division.division: division for division in self._integration(integration).divisions}
        return [
            replace(division, is_chosen=division.division in known and known[division.division].is_chosen)
            for division in self._read_divisions(self._integration(integration))
        ]

    def choose(self, integration: str, codes: Sequence[int] | None) -> None:
        """Pull exactly these companies from now on; None: every active one that the integration may see now."""
        seen = self._read_divisions(self._integration(integration))
        active = [division.division for division in seen if division.status == ACTIVE]
        directory.choose_divisions(self._state, self._integration(integration), active if codes is None else codes)

    def _integration(self, name: str) -> IntegrationInfo:
        return self.integrations([name])[0]

    def _read_divisions(self, integration: IntegrationInfo) -> list[DivisionInfo]:
        seen = self._access.list_divisions(integration)
        directory.save_divisions(self._state, integration.name, seen)
        return seen

    # -- pulling

    def connect(self, *, integrations: Sequence[str] = (), divisions: Sequence[int] = ()) -> Connected:
        """Check databases, grants and what is reachable; one integration's trouble does not stop the others."""
        self.check()
        found = self.integrations(integrations)
        if not found:
            raise ConfigurationError(
                "No integration is set up yet.",
                remedy="Run `python -m exactsync authorise --connection exact_online_default`, then `divisions`.",
            )
        connected = Connected()
        is_needed = bool(integrations) or not any(integration.has_chosen for integration in found)
        for integration in found:
            if not integration.has_chosen and not is_needed:
                log.info("Integration %s is left out: no company is chosen in it yet.", integration.name)
                continue
            try:
                self._connect(integration, connected, divisions)
            except ExactSyncError as error:
                connected.problems.append(error.at(integration=integration.name))
        if missing := sorted(set(divisions) - {ref.division for ref in connected.divisions} - _named(connected)):
            connected.problems.append(
                ConfigurationError(
                    f"Company {', '.join(map(str, missing))} is not chosen in any of the integrations.",
                    remedy="Choose it with `python -m exactsync divisions --choose`.",
                )
            )
        return connected

    def _connect(self, integration: IntegrationInfo, connected: Connected, wanted: Sequence[int]) -> None:
        with self._access.client(integration) as client:
            client.me()  # proves the token, and costs nothing of the budget
        if integration.is_stale or any(known.is_chosen and not known.is_permitted for known in integration.divisions):
            self._read_divisions(integration)
            integration = self._integration(integration.name)
        if not integration.has_chosen:
            raise ConfigurationError(
                "No company is chosen.", remedy="Choose with `python -m exactsync divisions --choose CODE …`."
            )
        for division in integration.divisions:
            if not division.is_chosen or (wanted and division.division not in wanted):
                continue
            if division.is_permitted:
                connected.divisions.append(_ref(integration, division))
            else:
                connected.problems.append(_not_permitted(integration, division))

    def sync(
        self, ref: DivisionRef, entity: str, *, mode: Mode, run: Run, confirm_deletions: bool = False
    ) -> LoadResult:
        """Bring one entity of one division up to date.

        Raises:
            ExactSyncError: by its kind, what to do about it; it knows where it happened.
        """
        declared = entities()[entity]
        with self._attempt(ref, entity, run) as integration:
            if declared.axis in integration.inactive_axes:
                return LoadResult(
                    integration=ref.integration, division=ref.division, entity=entity, mode=mode, outcome="inactive"
                )
            with self._access.client(integration) as client:
                result = sync.sync_entity(
                    self._warehouse, client, declared, ref, mode=mode, run=run, confirm_deletions=confirm_deletions
                )
            state.note_attempt(self._warehouse, ref.division, entity, run=run, outcome=result.outcome)
        return result

    def apply_deletions(self, ref: DivisionRef, *, run: Run) -> DeletionsResult:
        """Read what Exact deleted in one division and soft-delete it; errors as `sync`."""
        with self._attempt(ref, DELETIONS, run) as integration, self._access.client(integration) as client:
            result = sync.sync_deletions(self._warehouse, client, entities().values(), ref, run=run)
            outcome = "published" if any(result.deleted.values()) else "unchanged"
            state.note_attempt(self._warehouse, ref.division, DELETIONS, run=run, outcome=outcome)
        return result

    @contextmanager
    def _attempt(self, ref: DivisionRef, entity: str, run: Run) -> Iterator[IntegrationInfo]:
        """Yield the integration; if the attempt fails, say where and remember why."""
        try:
            with clear_outages():
                yield self._integration(ref.integration)
        except ExactSyncError as error:
            error.at(integration=ref.integration, division=ref.division, entity=entity)
            with suppress(OperationalError):  # a database that is gone must not hide the error
                self._note_failure(error, ref, entity, run)
            raise

    def _note_failure(self, error: ExactSyncError, ref: DivisionRef, entity: str, run: Run) -> None:
        """Remember how an attempt failed, and let `connect` look again where access was refused."""
        if not isinstance(error, DatasetBusyError):  # the attempt that counts is the holder's
            kind, message = type(error).__name__, str(error)
            state.note_attempt(self._warehouse, ref.division, entity, run=run, outcome=kind, message=message)
        if isinstance(error, ConfigurationError | ReauthorisationRequiredError):
            directory.mark_stale(self._state, ref.integration)

    # -- looking

    def report(self, run_id: str) -> list[LoadResult]:
        """Return what one run has published."""
        with self._warehouse.connect() as connection:
            return load_log.read_run(connection, run_id)

    def status(self) -> list[dict[str, Any]]:
        """Return how every data set stands, see `warehouse.status.read_status`."""
        return read_status(self._warehouse, self.integrations(), entities().values())


def _ref(integration: IntegrationInfo, division: DivisionInfo) -> DivisionRef:
    return DivisionRef(
        integration=integration.name, division=division.division, name=division.name, country=division.country
    )


def _not_permitted(integration: IntegrationInfo, division: DivisionInfo) -> ConfigurationError:
    return ConfigurationError(
        f"Exact no longer lists company {division.name} for this app and user.",
        remedy="Permit it to the app in Exact Online (App Centre, Manage app, Permitted companies) and check the "
        "user's rights there; or take it out with `python -m exactsync divisions --choose`.",
    ).at(integration=integration.name, division=division.division)


def _named(connected: Connected) -> set[int | None]:
    return {problem.location.division for problem in connected.problems}
