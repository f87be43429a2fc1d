"""Faults of Exact Online, and of the way there."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from tests.chaos.fault import HOLD_S
from tests.chaos.machine import struck_names

if TYPE_CHECKING:
    from tests.chaos.load import Work
    from tests.chaos.relay import Way
    from tests.chaos.site import Site

HOUR_S: Final = 25.0
"""An hour, scaled as the retries of tasks are."""
SHIFT_S: Final = 245.0


class _Relayed:
    """Faults of the way to Exact."""

    way: ClassVar[Way]
    """What it is while the fault lasts."""

    def __init__(self, site: Site, repeat: int) -> None:
        self._relay = site.relay
        self._before = self._relay.struck

    def strike(self, work: Work) -> None:
        """Let nothing through as it should be."""
        self._relay.turn(self.way)

    def struck(self) -> int:
        """Return how many connections were reset, or answers held back."""
        return self._relay.struck - self._before

    def lift(self) -> None:
        """Open the way."""
        self._relay.turn("open")


class ExactDown(_Relayed):
    """Resets every connection to Exact, those that exist and those to come."""

    name: ClassVar[str] = "Exact down for an hour"
    hold_s: ClassVar[float] = HOUR_S
    way: ClassVar[Way] = "cut"


class SlowLoris(_Relayed):
    """Lets answers come byte by byte, head and body."""

    name: ClassVar[str] = "slow-loris answers"
    hold_s: ClassVar[float] = HOLD_S
    way: ClassVar[Way] = "dripping"


class NamesUnresolved:
    """Lets Exact's name resolve in no task."""

    name: ClassVar[str] = "DNS failure"
    hold_s: ClassVar[float] = HOLD_S

    def __init__(self, site: Site, repeat: int) -> None:
        self._site = site
        self._struck = struck_names(site.unresolved)
        self._struck.write_text("")

    def strike(self, work: Work) -> None:
        """Say which service's name does not resolve."""
        self._site.unresolved.write_text(str(self._site.relay.port))
        self._site.relay.turn("cut")  # connections that are open have their address already
        self._site.relay.turn("open")

    def struck(self) -> int:
        """Return how often the name did not resolve."""
        return self._struck.stat().st_size

    def lift(self) -> None:
        """Let it resolve."""
        self._site.unresolved.unlink()


class _Planted:
    """Faults that the simulator plays itself."""

    names: ClassVar[tuple[str, ...]]
    """In the simulator's library; one for each repeat, in turn."""

    def __init__(self, site: Site, repeat: int) -> None:
        self._exact = site.exact
        self._fault = self.names[repeat % len(self.names)]
        self._parameters: dict[str, object] = {}
        self._id = 0

    def strike(self, work: Work) -> None:
        """Plant it."""
        self._id = self._exact.plant(self._fault, **self._parameters)

    def struck(self) -> int:
        """Return how many calls it has struck."""
        return self._exact.struck(self._id)

    def lift(self) -> None:
        """Take it away."""
        self._exact.remove(self._id)


class Storm(_Planted):
    """Answers 429 to every call."""

    name: ClassVar[str] = "429 storm"
    hold_s: ClassVar[float] = HOLD_S
    names: ClassVar[tuple[str, ...]] = ("minute_limit", "limit_without_headers")


class Maintenance(_Planted):
    """Answers every call with a web page."""

    name: ClassVar[str] = "maintenance HTML"
    hold_s: ClassVar[float] = HOLD_S
    names: ClassVar[tuple[str, ...]] = ("maintenance", "maintenance_as_success")


class ClockShifted(_Planted):
    """Sets one of the two clocks, and sets it right again."""

    name: ClassVar[str] = "clock shifted by 245 s"
    hold_s: ClassVar[float] = HOLD_S
    names: ClassVar[tuple[str, ...]] = ("client_clock_off",)

    def __init__(self, site: Site, repeat: int) -> None:
        super().__init__(site, repeat)
        self._parameters = {"seconds": SHIFT_S if repeat % 2 else -SHIFT_S}
