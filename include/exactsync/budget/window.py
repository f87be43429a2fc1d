"""One limit's window: how much of it is used, and when it ends by Exact's clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor, inf
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from exactsync.budget.answers import AnsweredCall, InFlight, WindowReading
    from exactsync.budget.clock import ClockEstimate

MARGIN_S: Final = 0.05
"""Added to the end of a window, for the clock's own jitter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWindow:
    """One limit's current window."""

    limit: int
    length_s: float
    number: int = 0
    """Rises with every window, and when what was known of one holds no longer."""
    used: int = 0
    """An upper bound of the calls that Exact has counted or will yet count in this window."""
    resets_at: float = -inf
    """By Exact's clock."""
    is_known: bool = False
    """Whether an answer has told how this window stands."""

    def holds_at(self, now: float, clock: ClockEstimate) -> bool:
        """Whether this is the window at `now`; one that ends far too late was read before a clock was set."""
        return now < self.ends_at(clock) and self.resets_at - clock.high_s <= now + 2 * self.length_s

    def ends_at(self, clock: ClockEstimate) -> float:
        """Return when this window is surely over, by the database's clock."""
        return self.resets_at - clock.offset_s + MARGIN_S

    def rolled(self, now: float, clock: ClockEstimate, in_flight: InFlight) -> CallWindow:
        """Return the window at `now`: this one, or a new one in which the calls in flight may still land."""
        if self.holds_at(now, clock):
            return self
        guessed = self.guessed(now, clock)
        return replace(guessed, used=in_flight.may_land) if now >= self.ends_at(clock) else guessed

    def guessed(self, now: float, clock: ClockEstimate) -> CallWindow:
        """Return a window that ends where one must, with as much used as in this one, until an answer tells.

        Exact's windows are aligned to its clock (KB-limits, "clock minute").
        """
        resets_at = (floor((now + clock.offset_s) / self.length_s) + 1) * self.length_s
        return replace(self, number=self.number + 1, resets_at=resets_at, is_known=False)

    def read(
        self,
        reading: WindowReading,
        call: AnsweredCall,
        in_flight: InFlight,
        *,
        now: float,
        clock: ClockEstimate,
        was_set: bool,
    ) -> CallWindow:
        """Return the window as corrected by an answer.

        If a clock `was_set`, Exact's count is all that holds, and every call in flight may not be in it yet.
        """
        told = replace(self, limit=reading.limit, resets_at=reading.resets_at, is_known=True)
        if not call.is_current:
            is_past = reading.resets_at < self.resets_at if self.is_known else now >= told.ends_at(clock)
            if is_past:
                return replace(self, used=max(0, self.used - call.is_counted))
        is_next = self.is_known and reading.resets_at != self.resets_at
        return replace(
            told,
            number=self.number + (is_next or was_set),
            used=max(
                reading.counted + in_flight.unanswered * was_set,
                in_flight.may_land + 1 if is_next else self.used,
            ),
        )
