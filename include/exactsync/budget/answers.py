"""What the rules are told: what an answer said, what is known of its call, and which calls have no answer yet."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowReading:
    """What the headers of one answer say about one limit."""

    limit: int
    remaining: int
    resets_at: float
    """By Exact's clock."""

    @property
    def counted(self) -> int:
        """How many calls Exact had counted in the window, the answered one included."""
        return self.limit - self.remaining


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an answer told about the budget; `status` is None if no answer came."""

    status: int | None = None
    exact_time: float | None = None
    minute: WindowReading | None = None
    day: WindowReading | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredCall:
    """What the ledger knows of a call whose answer has come."""

    sent_at: float = -inf
    """Not before then; by the database's clock."""
    is_current: bool = False
    """Whether it was reserved in the current minute: then Exact cannot have counted it in one before."""
    is_counted: bool = False
    """Whether it is one of the calls that `used` counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InFlight:
    """Our own calls without an answer yet."""

    on_their_way: int
    """Of these, those that may not have reached Exact yet: a dead worker's calls have, or never will."""
    in_minute: int
    """Of those on their way, the ones reserved in the current minute."""
    may_land: int
    """Those that Exact may count in a later window than the one that `landing_cutoff` was asked about."""
    unanswered: int
    """All of them, however old: for when a clock was set, and ages mean nothing."""
    left_over: int
    """Those reserved in an earlier minute and counted in this one because they may land in it."""
    left_over_until: float = -inf
    """When the last of those left over has reached Exact, or never will."""
