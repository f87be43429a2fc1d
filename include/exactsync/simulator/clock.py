"""The simulator's own clocks: real time, plus whatever a test has added."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


class Clock:
    """Tells the time to everything in the simulator.

    Args:
        source: seconds since the epoch; a test may give a function of its own.
        sleep: waits for so many seconds.
    """

    def __init__(self, source: Callable[[], float] = time.time, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._source = source
        self._sleep = sleep
        self._offset_s = 0.0
        self._shift_s = 0.0

    def now(self) -> float:
        """Return seconds since the epoch, as Exact's clock shows them."""
        return self.steady() + self._shift_s

    def steady(self) -> float:
        """Return seconds that a shift of the clock leaves alone: how old something is, is measured with them."""
        return self._source() + self._offset_s

    def sleep(self, seconds: float) -> None:
        """Take the time that an answer takes; never called while anything is locked."""
        if seconds:
            self._sleep(seconds)

    def utc(self) -> datetime:
        """Return the time as an aware datetime, cut to whole milliseconds as Exact's is."""
        return datetime.fromtimestamp(int(self.now() * 1000) / 1000, UTC)

    def advance(self, seconds: float) -> None:
        """Let time pass (or come back, with a negative number)."""
        self._offset_s += seconds

    def shift(self, seconds: float) -> None:
        """Set the clock forward (or back): it shows another time, and nothing grows older by it."""
        self._shift_s += seconds

    def http_date(self) -> str:
        """Return the time as the `Date` header has it."""
        return format_datetime(datetime.fromtimestamp(int(self.now()), UTC), usegmt=True)
