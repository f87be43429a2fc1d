"""Everything that a running simulator holds, in one place and under one lock."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from threading import RLock
from typing import TYPE_CHECKING

from exactsync.simulator.catalogue import Catalogue, load_catalogue
from exactsync.simulator.database import Database
from exactsync.simulator.faults.planting import Faults
from exactsync.simulator.grants import Grants
from exactsync.simulator.limits import CallLimits, ErrorVelocity
from exactsync.simulator.readers import Readers
from exactsync.simulator.rules import Journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from exactsync.simulator.clock import Clock
    from exactsync.simulator.periods import ClosedPeriod
    from exactsync.simulator.settings import Refusal, Settings


@dataclass(slots=True)
class Access:
    """Whether a division may be read, and if it is refused for a reason of its own."""

    is_permitted: bool
    refusal: Refusal | None = None


@dataclass(slots=True)
class World:
    """The state of the simulator. Whoever touches it holds `lock`, and never sleeps meanwhile."""

    settings: Settings
    clock: Clock
    catalogue: Catalogue
    database: Database
    grants: Grants
    limits: CallLimits
    velocity: ErrorVelocity
    journal: Journal
    access: dict[int, Access]
    readers: Readers = field(default_factory=Readers)
    faults: Faults = field(default_factory=Faults)
    closed_periods: set[ClosedPeriod] = field(default_factory=set)
    foreign_hosts: set[str] = field(default_factory=set)
    """Hosts that links were given to and that are not Exact's."""
    agenda: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    """What happens by itself, and when by the steady clock."""
    lock: RLock = field(default_factory=RLock)

    def schedule(self, seconds: float, action: Callable[[], None]) -> None:
        """Let something happen when so much time has passed."""
        self.agenda.append((self.clock.steady() + seconds, action))

    def catch_up(self, *, now: float | None = None) -> int:
        """Do what is due by `now`, the clock's time unless told; return how much that was."""
        moment = self.clock.steady() if now is None else now
        due = sorted((entry for entry in self.agenda if entry[0] <= moment), key=lambda entry: entry[0])
        self.agenda = [entry for entry in self.agenda if entry[0] > moment]
        for _, action in due:
            action()
        return len(due)

    @classmethod
    def create(cls, settings: Settings, clock: Clock) -> World:
        """Return a world without records."""
        catalogue = load_catalogue()
        return cls(
            settings=settings,
            clock=clock,
            catalogue=catalogue,
            database=Database(
                catalogue=catalogue,
                clock=clock,
                random=Random(f"{settings.seed} ids"),  # noqa: S311 - reproducible, not secret
                first_rowversion=settings.first_rowversion,
            ),
            grants=Grants(clock),
            limits=CallLimits(clock),
            velocity=ErrorVelocity(clock),
            journal=Journal(clock),
            access={company.code: Access(company.is_permitted) for company in settings.companies},
        )

    def may_read(self, client_id: str, division: int) -> bool:
        """Tell whether the division is permitted to the app."""
        access = self.access.get(division)
        app = next((app for app in self.settings.apps if app.client_id == client_id), None)
        if access is None or app is None:
            return False
        return access.is_permitted and (app.divisions is None or division in app.divisions)
