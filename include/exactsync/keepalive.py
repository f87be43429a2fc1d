"""Keeping grants alive for years: refreshed before they lapse, kept from copies of the database, their keys rotated.

Obtained as `Deployment.keeper`. A grant belongs to every integration that is not disconnected, paused ones too, and
whatever the accounting base is: who comes back after a month finds it alive.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal, get_args

from exactsync.credentials import EndReason
from exactsync.errors import ExactSyncError, ReauthorisationRequiredError
from exactsync.health import is_loaded
from exactsync.lifecycle import Event, Reason
from exactsync.warehouse import grants, journal
from exactsync.warehouse.grants_in_use import GrantInUse, read_grants_in_use
from exactsync.warehouse.integrations import read_integrations
from exactsync.warehouse.state import read_states

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Engine

    from exactsync.access import Access
    from exactsync.warehouse.rotation import Rotation

log = logging.getLogger(__name__)

KEEP_ALIVE: Final = "keep-alive"
"""The actor of what is noticed here."""
REFRESH_AFTER: Final = timedelta(hours=24)
WARN_BELOW: Final = timedelta(days=10)
"""A grant with less than this left was not refreshed for 20 days, although someone tried every day."""

_MENDED_BY_A_REFRESH: Final = {Reason.GRANT_LAPSING, *map(Reason, get_args(EndReason))}

Outcome = Literal["refreshed", "fresh", "ended", "unavailable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of an attempt to keep a grant alive."""

    grant: GrantInUse
    """As it stands afterwards."""
    outcome: Outcome
    """`fresh`: it was refreshed within the last day, Exact was not asked. `unavailable`: see `error`."""
    error: ExactSyncError | None = None
    """Why it ended, or why it could not be refreshed now."""

    @property
    def message(self) -> str:
        """What to tell a person about it."""
        if self.error:
            return f"{self.grant.label}: {self.outcome}. {self.error}"
        return f"{self.grant.label}: {self.outcome}, lapses in {self.grant.days_left} days unless it is refreshed."


class Keeper:
    """What grants need over the years.

    Args:
        engine: where integrations and grants live.
        warehouse: where the data sets are.
        access: the way to Exact.
    """

    def __init__(self, *, engine: Engine, warehouse: Engine, access: Access) -> None:
        self._engine = engine
        self._warehouse = warehouse
        self._access = access

    def grants(self) -> list[GrantInUse]:
        """Return every grant that an integration works with, oldest first."""
        return read_grants_in_use(self._engine)

    def keep(self, grant: GrantInUse) -> Kept:
        """Refresh a grant, unless that was done within the last day; its integrations learn what came of it."""
        if grant.idle < REFRESH_AFTER and grant.is_active:
            return Kept(grant=grant, outcome="fresh")
        try:
            self._access.tokens(grant.connection_id, grant.id).access_token()
        except ReauthorisationRequiredError as error:
            grants.end(self._engine, grant.id, Reason(error.reason), actor=KEEP_ALIVE, message=str(error))
            return Kept(grant=self._now(grant), outcome="ended", error=error)
        except ExactSyncError as error:
            return Kept(grant=self._now(grant), outcome="unavailable", error=error)
        self._recover(grant, _MENDED_BY_A_REFRESH, "The authorisation was refreshed.")
        return Kept(grant=self._now(grant), outcome="refreshed")

    def keep_all(self) -> list[Kept]:
        """Keep every grant in use alive, each on its own."""
        return [self.keep(grant) for grant in self.grants()]

    def warn(self) -> list[GrantInUse]:
        """Return the living grants that lapse soon, and have their integrations say so; each is logged, too."""
        lapsing = [grant for grant in self.grants() if grant.is_active and grant.left < WARN_BELOW]
        for grant in lapsing:
            message = (
                f"The grant of {grant.label} lapses in {grant.days_left} days: nothing has refreshed it since "
                f"{grant.obtained_at:%Y-%m-%d %H:%M} UTC."
            )
            log.warning("%s %s", message, Reason.GRANT_LAPSING.remedy)
            with self._engine.begin() as connection:
                for name in grant.integrations:
                    journal.move(
                        connection,
                        name,
                        Event.SYNC_DEGRADED,
                        actor=KEEP_ALIVE,
                        reason=Reason.GRANT_LAPSING,
                        message=message,
                    )
        return lapsing

    def adopt(self, *, actor: str) -> list[GrantInUse]:
        """Make this installation the one that refreshes every grant; return those that were another one's."""
        adopted = set(self._access.grants.adopt())
        taken_over = [grant for grant in self.grants() if grant.id in adopted]
        for grant in taken_over:
            self._recover(grant, {Reason.OTHER_INSTANCE}, "Adopted by this installation.", actor=actor)
        return taken_over

    def rotate_keys(self) -> Rotation:
        """Encrypt every token with the first key, while syncs go on; see `warehouse.rotation`."""
        return self._access.grants.rotate_keys()

    def _recover(
        self, grant: GrantInUse, reasons: Collection[Reason], message: str, *, actor: str = KEEP_ALIVE
    ) -> None:
        """Let integrations go on that nothing but one of these reasons has held up."""
        with self._warehouse.connect() as connection:
            states = {(state.division, state.entity): state for state in read_states(connection)}
        held_up = [
            integration
            for integration in read_integrations(self._engine, grant.integrations)
            if integration.reason in reasons
        ]
        with self._engine.begin() as connection:
            for integration in held_up:
                journal.move(
                    connection,
                    integration.name,
                    Event.SYNC_SUCCEEDED,
                    actor=actor,
                    is_loaded=is_loaded(integration, states),
                    message=message,
                )

    def _now(self, grant: GrantInUse) -> GrantInUse:
        return next((each for each in self.grants() if each.id == grant.id), grant)
