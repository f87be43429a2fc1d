"""The rules of Exact's call budget, as pure functions over what is known of it.

Exact allows each app 60 calls a clock minute and 5,000 a day per division (KB-limits), counts them by its own clock and
tells the count in the headers of each answer. A `Budget` is what we know of that count. `plan_call` decides whether a
call may be made now, `learn` corrects the budget by what an answer told. Both are given the time and the calls in
flight by the ledger that stores the budget, so that all workers decide by one clock.

Times are epoch seconds. `exact_time - database_time` is known as an interval that only ever narrows, until it
contradicts itself because a clock was set.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor, inf
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Purpose = Literal["sync", "export", "page"]
"""Who calls: a sync leaves the day's reserve to the others."""

RefusalReason = Literal["minute", "day", "errors", "busy"]

DAY_S: Final = 86_400.0
MARGIN_S: Final = 0.05
"""Added to the end of a window, for the clock's own jitter."""
FOREIGN_CAUTION_S: Final = 3_600.0
"""How long we go one call at a time after the app was seen to be used by others."""
DATE_STALENESS_S: Final = 2.0
"""`Date` has whole seconds, and servers may cache it for about another one: it is late, never early."""
CLOCK_DRIFT: Final = 1e-4
"""By how much two clocks may part, in seconds a second."""
BUSY_PAUSE_S: Final = 0.05
ERROR_LIMIT: Final = 10
"""Errors an hour per app, division and endpoint, above which Exact blocks the app there (KB-limits)."""
ERROR_WINDOW_S: Final = 3_600.0
ERROR_STATUSES: Final = frozenset({400, 401, 403, 404})


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowReading:
    """What the headers of one answer say about one limit."""

    limit: int
    remaining: int
    resets_at: float
    """By Exact's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an answer told about the budget; `status` is None if no answer came."""

    status: int | None = None
    exact_time: float | None = None
    minute: WindowReading | None = None
    day: WindowReading | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """The right to make one call, until its lease ends."""

    id: int
    app_key: str
    division: int
    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """No call now; ask again in `wait_s`. `busy` passes by itself, the others are a limit that is used up."""

    reason: RefusalReason
    wait_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWindow:
    """One limit's current window."""

    limit: int
    length_s: float
    number: int = 0
    """Rises with every window."""
    used: int = 0
    """An upper bound of the calls that Exact has counted or will yet count in this window."""
    resets_at: float = -inf
    """By Exact's clock."""
    is_known: bool = False
    """Whether an answer has told how this window stands."""

    def rolled(self, now: float, clock: ClockEstimate, in_flight: int) -> CallWindow:
        """Return the window at `now`: this one, or a new one in which the calls in flight may still land."""
        if now < self.ends_at(clock):
            return self
        return replace(
            self,
            number=self.number + 1,
            used=in_flight,
            # Until an answer tells: Exact's windows are aligned to its clock (KB-limits, "clock minute").
            resets_at=(floor((now + clock.offset_s) / self.length_s) + 1) * self.length_s,
            is_known=False,
        )

    def ends_at(self, clock: ClockEstimate) -> float:
        """Return when this window is surely over, by the database's clock."""
        return self.resets_at - clock.offset_s + MARGIN_S

    def read(
        self, reading: WindowReading, in_flight: int, *, now: float, clock: ClockEstimate, is_counted: bool
    ) -> CallWindow:
        """Return the window as corrected by the answer to a call that is, or is not, counted in `used`."""
        counted = reading.limit - reading.remaining
        same = replace(self, limit=reading.limit, resets_at=reading.resets_at, is_known=True)
        is_past = reading.resets_at < self.resets_at if self.is_known else now >= same.ends_at(clock)
        if is_past:
            return replace(self, used=max(0, self.used - is_counted))
        if self.is_known and reading.resets_at > self.resets_at:
            return replace(same, number=self.number + 1, used=max(counted, in_flight + 1))
        return replace(same, used=max(counted, self.used))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockEstimate:
    """Between which bounds `Exact's clock - the database's clock` lies, in seconds."""

    low_s: float = -inf
    high_s: float = inf

    @property
    def offset_s(self) -> float:
        """The smallest possible difference: windows end late by it, never early."""
        return self.low_s if self.low_s > -inf else 0.0

    def narrowed(self, low_s: float, high_s: float) -> ClockEstimate:
        """Return the estimate with one more observation, or the observation alone if they contradict each other."""
        low, high = max(self.low_s, low_s), min(self.high_s, high_s)
        return ClockEstimate(low_s=low, high_s=high) if low <= high else ClockEstimate(low_s=low_s, high_s=high_s)

    def after(self, elapsed_s: float) -> ClockEstimate:
        """Return the estimate widened by what the clocks may have drifted apart since."""
        drift_s = CLOCK_DRIFT * elapsed_s
        return ClockEstimate(low_s=self.low_s - drift_s, high_s=self.high_s + drift_s)

    def observed(self, answer: Answer, sent_at: float, received_at: float) -> ClockEstimate:
        """Return the estimate after an answer that Exact made between `sent_at` and `received_at`."""
        low, high = -inf, inf
        if answer.exact_time is not None:
            low, high = answer.exact_time - received_at, answer.exact_time + 1 + DATE_STALENESS_S - sent_at
        for reading in (answer.minute, answer.day):
            if reading is not None:
                high = min(high, reading.resets_at - sent_at)  # the window was not over when we sent
        return self if (low, high) == (-inf, inf) else self.narrowed(low, max(low, high))


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What is known of one app's budget in one division."""

    minute: CallWindow
    day: CallWindow
    clock: ClockEstimate = ClockEstimate()
    foreign_until: float = -inf
    """Until when we go one call at a time, because others use the app too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InFlight:
    """Our own calls without an answer yet."""

    on_their_way: int
    """Of these, those that may not have reached Exact yet: a dead worker's calls have, or never will."""
    in_minute: int
    """Of these, those reserved in the current minute window."""
    may_land: int
    """Those that Exact may count in a later window than the one that `landing_cutoff` was asked about."""


def plan_call(
    budget: Budget, *, now: float, in_flight: InFlight, purpose: Purpose, day_reserve: float
) -> Budget | Refusal:
    """Return the budget with one more call reserved, or why there is none.

    `budget` must have been rolled to `now`. The first call of a minute goes alone, until its answer tells how the
    window stands, and so does every call while others use the app. Towards the end of a window fewer and fewer go
    together, so that others who begin to use the app surprise one call rather than many.
    """
    minute, day = budget.minute, budget.day
    if minute.used >= minute.limit:
        return Refusal(reason="minute", wait_s=minute.ends_at(budget.clock) - now)
    day_limit = day.limit if purpose != "sync" else floor(day.limit * (1 - day_reserve))
    if day.used >= day_limit:
        return Refusal(reason="day", wait_s=day.ends_at(budget.clock) - now)
    may_go_together = minute.limit - minute.used if minute.is_known else 1
    if in_flight.in_minute >= may_go_together or (now < budget.foreign_until and in_flight.on_their_way > 0):
        return Refusal(reason="busy", wait_s=BUSY_PAUSE_S)
    return replace(
        budget,
        minute=replace(minute, used=minute.used + 1),
        day=replace(day, used=day.used + 1),
    )


def landing_cutoff(budget: Budget, *, now: float, landing_s: float) -> float:
    """Return when a call must have been reserved to be counted by Exact after the budget's current minute.

    A call reaches Exact within `landing_s` of its reservation.
    """
    return min(now, budget.minute.resets_at - budget.clock.high_s) - landing_s


def is_over(budget: Budget, now: float) -> bool:
    """Whether a window of the budget has ended by `now`."""
    return now >= min(window.ends_at(budget.clock) for window in (budget.minute, budget.day))


def roll(budget: Budget, *, now: float, in_flight: InFlight) -> Budget:
    """Return the budget at `now`, in new windows where the old ones are over."""
    minute, clock = budget.minute, budget.clock
    if minute.ends_at(clock) <= now and minute.number:
        clock = clock.after(now - minute.ends_at(clock) + minute.length_s)
    return replace(
        budget,
        minute=minute.rolled(now, budget.clock, in_flight.may_land),
        day=budget.day.rolled(now, budget.clock, in_flight.may_land),
        clock=clock,
    )


def learn(
    budget: Budget, answer: Answer, *, sent_at: float, now: float, in_flight: InFlight, is_counted: bool = True
) -> Budget:
    """Return the budget as corrected by an answer.

    `in_flight` are the other calls; `is_counted` tells whether the answered one is counted in the current minute.
    """
    clock = budget.clock.observed(answer, sent_at, now)
    minute, day = budget.minute, budget.day
    is_foreign = False
    if answer.minute is not None:
        minute = minute.read(answer.minute, in_flight.may_land, now=now, clock=clock, is_counted=is_counted)
        is_foreign = _exceeds(answer.minute, budget.minute, minute, in_flight)
    if answer.day is not None:
        day = day.read(answer.day, in_flight.may_land, now=now, clock=clock, is_counted=False)
        is_foreign |= budget.day.is_known and _exceeds(answer.day, budget.day, day, in_flight)
    if answer.status == 429:
        minute, day = _closed(answer, minute, day)
        is_foreign = True  # alone, we never meet one
    elif answer.status is not None and 200 <= answer.status < 300:
        minute = replace(minute, is_known=True)
    return Budget(
        minute=minute,
        day=day,
        clock=clock,
        foreign_until=now + FOREIGN_CAUTION_S if is_foreign else budget.foreign_until,
    )


def plan_errors(error_times: Sequence[float], *, now: float, in_flight: int) -> Refusal | None:
    """Return why an endpoint must be left alone, if its errors of the last hour come near Exact's limit.

    Each call in flight there may become an error too, so the last steps are taken one at a time.
    """
    recent = sorted(error_times)[-(ERROR_LIMIT - 1) :]
    if len(recent) == ERROR_LIMIT - 1:
        return Refusal(reason="errors", wait_s=recent[0] + ERROR_WINDOW_S - now)
    if recent and len(recent) + in_flight >= ERROR_LIMIT - 1:
        return Refusal(reason="busy", wait_s=BUSY_PAUSE_S)
    return None


def refund(budget: Budget) -> Budget:
    """Return the budget without one reserved call that was never sent."""
    return replace(
        budget,
        minute=replace(budget.minute, used=max(0, budget.minute.used - 1)),
        day=replace(budget.day, used=max(0, budget.day.used - 1)),
    )


def _exceeds(reading: WindowReading, before: CallWindow, after: CallWindow, in_flight: InFlight) -> bool:
    """Whether Exact has counted more calls in the current window than all of ours."""
    if reading.resets_at != after.resets_at:
        return False
    ours = before.used if after.number == before.number else in_flight.may_land + 1
    return reading.limit - reading.remaining > ours


def _closed(answer: Answer, minute: CallWindow, day: CallWindow) -> tuple[CallWindow, CallWindow]:
    """Close the window whose limit was breached: the 429 carries its headers only (picqer README), or none (#255)."""
    if answer.day is not None and answer.minute is None:
        return minute, replace(day, used=max(day.used, day.limit))
    if answer.minute is not None and answer.minute.resets_at < minute.resets_at:
        return minute, day  # a window that is over by now
    return replace(minute, used=max(minute.used, minute.limit), is_known=True), day
