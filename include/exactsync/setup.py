"""Connecting: everything that the page and the command line do to set an integration up and look after it.

Obtained as `Deployment.setup`. Every error says what to do about it; what is not possible in an integration's state is
a ConfigurationError that names what is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, get_args

from exactsync.errors import ConfigurationError, ConsentError, ReauthorisationRequiredError
from exactsync.health import is_loaded, note_end, with_failures
from exactsync.lifecycle import Event, Facts, State, next_state
from exactsync.warehouse import accounting_base, consents, grants, journal
from exactsync.warehouse import companies as divisions
from exactsync.warehouse import integrations as directory
from exactsync.warehouse.accounting_base import Base
from exactsync.warehouse.companies import ACTIVE
from exactsync.warehouse.integrations import with_choice
from exactsync.warehouse.progress import read_progress
from exactsync.warehouse.state import read_states

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Engine

    from exactsync.access import Access
    from exactsync.credentials import Grant
    from exactsync.warehouse.accounting_base import BaseChoice
    from exactsync.warehouse.companies import DivisionInfo
    from exactsync.warehouse.integrations import IntegrationInfo
    from exactsync.warehouse.journal import JournalEntry
    from exactsync.warehouse.progress import Progress
    from exactsync.warehouse.state import SyncState

COMMAND_LINE: Final = "command line"
"""The actor of what is done there."""


class Setup:
    """What people do to connect: choose the base, create, authorise, choose companies and axes, pause, disconnect.

    Args:
        engine: where integrations and grants live.
        warehouse: where the data sets are.
        access: the way to Exact.
    """

    def __init__(self, *, engine: Engine, warehouse: Engine, access: Access) -> None:
        self._engine = engine
        self._warehouse = warehouse
        self._access = access

    # -- the accounting base

    def base(self) -> BaseChoice | None:
        """Return where accounting goes; None while nobody has chosen."""
        return accounting_base.read_base(self._engine)

    def bases(self) -> list[BaseChoice]:
        """Return every choice of the base, newest first."""
        return accounting_base.read_bases(self._engine)

    def switch_base(self, base: Base, *, actor: str) -> BaseChoice:
        """Have accounting go to files or to Exact Online; settings, tables and grants are kept, syncs rest."""
        if base not in get_args(Base):
            raise ConfigurationError(f"'{base}' is no accounting base.", remedy="Give `files` or `exact_online`.")
        return accounting_base.switch_base(self._engine, base, actor=actor)

    def require_exact_online(self) -> None:
        """Raise ConfigurationError while accounting goes to files: nothing is read from or sent to Exact then."""
        base = self.base()
        if base and base.base == "files":
            raise ConfigurationError(
                f"The accounting base is {base.label} since {base.at:%Y-%m-%d %H:%M} UTC ({base.actor}): "
                "nothing is read from or sent to Exact Online.",
                remedy="Switch it first, on the page Accounting setup or with `python -m exactsync base exact_online`.",
            )

    # -- looking

    def integrations(self) -> list[IntegrationInfo]:
        """Return every integration, by name; one whose app is not configured says so."""
        states = self._states()
        return [self._seen(integration, states) for integration in directory.read_integrations(self._engine)]

    def integration(self, name: str) -> IntegrationInfo:
        """Return one integration; ConfigurationError if there is none of this name."""
        return self._seen(self._known(name), self._states())

    def journal(self, name: str, *, limit: int = 100) -> list[JournalEntry]:
        """Return the history of an integration, newest first; also of one that was removed."""
        entries = journal.read_journal(self._engine, name, limit=limit) if directory.is_storable(name) else []
        if not entries:
            self._known(name)
        return entries

    def progress(self, name: str) -> list[Progress]:
        """Return how far each data set of an integration is."""
        return read_progress(self._warehouse, self._known(name))

    def _seen(self, integration: IntegrationInfo, states: Mapping[tuple[int, str], SyncState]) -> IntegrationInfo:
        """The integration with what its data sets and its app say of it."""
        integration = with_failures(integration, states)
        try:
            self._access.app(integration.connection_id)
        except ConfigurationError as error:
            is_off = integration.state is State.DISCONNECTED
            derived = integration.state if is_off else State.NOT_CONFIGURED
            return replace(integration, state=derived, app_problem=error)
        return integration

    def _known(self, name: str) -> IntegrationInfo:
        return directory.read_integrations(self._engine, [name])[0]

    # -- setting up

    def create(
        self, name: str, *, connection_id: str, axes: Sequence[str] | None = None, actor: str
    ) -> IntegrationInfo:
        """Create an integration that awaits its consent.

        Args:
            name: what people call it: 1 to 60 visible characters, like no other.
            connection_id: its app.
            axes: the analytical axes to load; None: all.
            actor: who creates it.

        Raises:
            ConfigurationError: the name, the app or an axis cannot be used, or accounting goes to files.
        """
        self.require_exact_online()
        self._access.app(connection_id)
        inactive = directory.inactive_axes(axes)
        with self._engine.begin() as connection:
            if not directory.create_integration(connection, name, connection_id=connection_id, inactive_axes=inactive):
                raise ConfigurationError(f"There is an integration {name} already.", remedy="Choose another name.")
            journal.move(connection, name, Event.CREATED, actor=actor)
        return self.integration(name)

    def consent_url(self, name: str, *, actor: str) -> str:
        """Return the address at Exact where this person consents, within ten minutes and once."""
        self.require_exact_online()
        integration = self._known(name)
        next_state(integration.state, Event.AUTHORISED, _NOTHING_KNOWN)
        self._access.app(integration.connection_id)
        state = consents.ask(self._engine, name, actor=actor)
        return self._access.consent_url(integration.connection_id, state=state)

    def complete_consent(
        self, *, state: str, code: str | None, error: str | None = None, actor: str
    ) -> IntegrationInfo:
        """Turn what Exact's redirect carried into a grant, and the integration it was for into a working one.

        Raises:
            ConsentError: nothing came of it; `reason` says why.
            ConfigurationError, ExactUnavailableError: Exact does not take the app, or does not answer.
        """
        self.require_exact_online()
        name = consents.take(self._engine, state, actor=actor)
        if not code:
            said = f" Exact said '{' '.join(error.split())[:100]}'." if error and error.isprintable() else ""
            raise ConsentError(f"The consent was not given.{said}", reason="denied").at(integration=name)
        integration = self._known(name)
        try:
            grant = self._access.accept(integration.connection_id, code)
        except ReauthorisationRequiredError as refused:
            raise ConsentError(refused.message, reason="code_refused").at(integration=name) from None
        self._bind(name, grant, actor=actor)
        return self.integration(name)

    def authorise(self, name: str, *, connection_id: str, code: str, actor: str) -> IntegrationInfo:
        """Do all of it at once with a code that is at hand, for scripts; the integration is created if needed."""
        self.require_exact_online()
        directory.require_own_name(self._engine, name, connection_id=connection_id)  # a code serves only once
        grant = self._access.accept(connection_id, code)
        self._bind(name, grant, actor=actor, connection_id=connection_id)
        return self._known(name)

    def _bind(self, name: str, grant: Grant, *, actor: str, connection_id: str | None = None) -> None:
        loaded = self._loaded()
        with self._engine.begin() as connection:
            if connection_id and directory.create_integration(connection, name, connection_id=connection_id):
                journal.move(connection, name, Event.CREATED, actor=actor)
            grants.bind(
                connection, name, grant.id, actor=actor, loaded=loaded, message=f"By {grant.user.name} at Exact."
            )

    # -- companies and axes

    def companies(self, name: str, *, reload: bool = False) -> list[DivisionInfo]:
        """Return the companies that Exact lists for an integration, and the chosen ones that it no longer lists.

        Args:
            name: the integration.
            reload: ask Exact, even if the list is not old.
        """
        integration = self._known(name)
        if reload or integration.is_stale:
            integration = self.reload_companies(integration)
        return [company for company in integration.divisions if company.is_permitted or company.is_chosen]

    def reload_companies(self, integration: IntegrationInfo) -> IntegrationInfo:
        """Ask Exact which companies an integration may see now; errors as `exact.client.ExactClient.get`."""
        self.require_exact_online()
        try:
            listed = self._access.list_divisions(integration)
        except ReauthorisationRequiredError as error:
            note_end(self._engine, integration, error)
            raise error.at(integration=integration.name) from None
        divisions.save_companies(self._engine, integration.name, listed)
        return self._known(integration.name)

    def choose_companies(self, name: str, codes: Sequence[int] | None, *, actor: str) -> IntegrationInfo:
        """Pull exactly these companies from now on; all of them or, if one is refused, none.

        Args:
            name: the integration.
            codes: the companies; None: every active one that Exact lists now.
            actor: who chooses.

        Raises:
            CompanyRefusedError: a company is archived.
            ConfigurationError: a company is not permitted, or is pulled by another integration.
        """
        integration = self._known(name)
        next_state(integration.state, Event.COMPANIES_CHOSEN, _NOTHING_KNOWN)
        integration = self.reload_companies(integration)
        if codes is None:
            codes = [each.division for each in integration.divisions if each.is_permitted and each.status == ACTIVE]
        divisions.require_permitted(name, integration.divisions, codes)
        chosen = with_choice(integration, codes)
        told = ", ".join(f"{company.division} {company.name}" for company in chosen.companies) or "none"
        is_ready = is_loaded(chosen, self._states())
        with self._engine.begin() as connection:
            taken = divisions.choose_companies(connection, name, codes)
            messages = {loser: f"Taken over by {name}: {lost}." for loser, lost in taken.items()}
            for each, message in sorted((messages | {name: f"Companies: {told}."}).items()):
                journal.move(connection, each, Event.COMPANIES_CHOSEN, actor=actor, is_loaded=is_ready, message=message)
        return self.integration(name)

    def choose_axes(self, name: str, axes: Sequence[str], *, actor: str) -> IntegrationInfo:
        """Load exactly these analytical axes from now on; what was loaded of the others stays as it is."""
        inactive = directory.inactive_axes(axes)
        chosen = replace(self._known(name), inactive_axes=tuple(inactive))
        is_ready = is_loaded(chosen, self._states())
        told = f"Axes: {', '.join(chosen.axes) or 'none'}."
        with self._engine.begin() as connection:
            journal.move(connection, name, Event.AXES_CHOSEN, actor=actor, is_loaded=is_ready, message=told)
            directory.save_axes(connection, name, inactive)
        return self.integration(name)

    # -- looking after it

    def pause(self, name: str, *, actor: str) -> IntegrationInfo:
        """Let an integration rest: nothing is read for it, its grant is kept alive."""
        return self._move(name, Event.PAUSED, actor=actor)

    def resume(self, name: str, *, actor: str) -> IntegrationInfo:
        """Let a paused integration go on where it stopped."""
        return self._move(name, Event.RESUMED, actor=actor)

    def disconnect(self, name: str, *, actor: str) -> IntegrationInfo:
        """Destroy an integration's tokens, unless another one shares them; data and settings are kept."""
        self._known(name)
        with self._engine.begin() as connection:
            grants.release(connection, name, actor=actor)
        return self.integration(name)

    def remove(self, name: str, *, actor: str) -> None:
        """Take an integration that is not connected off the list.

        What it has loaded and its history are kept, its companies are free for another one. One that is set up under
        this name later goes on with the history.
        """
        self._known(name)
        with self._engine.begin() as connection:
            journal.move(connection, name, Event.REMOVED, actor=actor)

    def _move(self, name: str, event: Event, *, actor: str) -> IntegrationInfo:
        is_ready = is_loaded(self._known(name), self._states())
        with self._engine.begin() as connection:
            journal.move(connection, name, event, actor=actor, is_loaded=is_ready)
        return self.integration(name)

    def _loaded(self) -> set[str]:
        states = self._states()
        return {each.name for each in directory.read_integrations(self._engine) if is_loaded(each, states)}

    def _states(self) -> dict[tuple[int, str], SyncState]:
        with self._warehouse.connect() as connection:
            return {(state.division, state.entity): state for state in read_states(connection)}


_NOTHING_KNOWN = Facts(has_companies=False, is_loaded=False)
