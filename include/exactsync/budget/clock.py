"""The difference between Exact's clock and the database's, as far as the answers tell it."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from exactsync.budget.answers import Answer

DATE_STALENESS_S: Final = 2.0
"""`Date` has whole seconds, and servers may cache it for about another one: it is late, never early."""
CLOCK_DRIFT: Final = 1e-4
"""By how much two clocks may part, in seconds a second."""
SET_BY_S: Final = 1.0
"""Bounds that miss each other by more were not parted by drift: one of the clocks was set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockEstimate:
    """Between which bounds `Exact's clock - the database's clock` lies, in seconds.

    The bounds only ever narrow, but for drift, until an answer contradicts them because a clock was set.
    """

    low_s: float = -inf
    high_s: float = inf

    @classmethod
    def seen(cls, answer: Answer, sent_at: float, received_at: float) -> ClockEstimate:
        """Return the bounds set by an answer that Exact made between `sent_at` and `received_at`."""
        low, high = -inf, inf
        if answer.exact_time is not None:
            low, high = answer.exact_time - received_at, answer.exact_time + 1 + DATE_STALENESS_S - sent_at
        for reading in (answer.minute, answer.day):
            if reading is not None:
                high = min(high, reading.resets_at - sent_at)  # the window was not over when we sent
        return cls(low_s=low, high_s=max(low, high))

    @property
    def offset_s(self) -> float:
        """The smallest possible difference: windows end late by it, never early."""
        return self.low_s if self.low_s > -inf else 0.0

    def contradicts(self, other: ClockEstimate) -> bool:
        """Whether a clock was set between the two."""
        return max(self.low_s, other.low_s) > min(self.high_s, other.high_s) + SET_BY_S

    def narrowed(self, seen: ClockEstimate) -> ClockEstimate:
        """Return the estimate with one more observation, or the observation alone if they miss each other."""
        low, high = max(self.low_s, seen.low_s), min(self.high_s, seen.high_s)
        return ClockEstimate(low_s=low, high_s=high) if low <= high else seen

    def after(self, elapsed_s: float) -> ClockEstimate:
        """Return the estimate widened by what the clocks may have drifted apart since."""
        drift_s = CLOCK_DRIFT * elapsed_s
        return ClockEstimate(low_s=self.low_s - drift_s, high_s=self.high_s + drift_s)
