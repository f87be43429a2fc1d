"""Whether a call may be made now, and what its answer changes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import floor, inf
from typing import TYPE_CHECKING, Final, Literal

from exactsync.budget.clock import ClockEstimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exactsync.budget.answers import Answer, AnsweredCall, InFlight, WindowReading
    from exactsync.budget.window import CallWindow

Purpose = Literal["sync", "export", "page"]
"""Who calls: a sync leaves the day's reserve to the others."""

RefusalReason = Literal["minute", "day", "errors", "busy"]

DAY_S: Final = 86_400.0
FOREIGN_CAUTION_S: Final = 3_600.0
"""How long we go one call at a time after the app was seen to be used by others."""
FOREIGN_BURST: Final = 1 / 3
"""The share of a minute's calls that others may use up at once without costing us more than one 429."""
BUSY_PAUSE_S: Final = 0.1
ERROR_LIMIT: Final = 10
"""Errors an hour per app, division and endpoint, above which Exact blocks the app there (KB-limits)."""
ERROR_WINDOW_S: Final = 3_600.0
ERROR_STATUSES: Final = frozenset({400, 401, 403, 404})


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
class Budget:
    """What is known of one app's budget in one division."""

    minute: CallWindow
    day: CallWindow
    clock: ClockEstimate = field(default_factory=ClockEstimate)
    foreign_until: float = -inf
    """Until when we go one call at a time, because others use the app too."""


def plan_call(
    budget: Budget, *, now: float, in_flight: InFlight, purpose: Purpose, day_reserve: float
) -> Budget | Refusal:
    """Return the budget with one more call reserved, or why there is none.

    `budget` must have been rolled to `now`. The first call of a minute goes alone, until its answer tells how the
    window stands, and so does every call while others use the app. Of those that go together there are never more than
    would be left if others used up `FOREIGN_BURST` meanwhile: so they surprise one call rather than many.
    """
    minute, day = budget.minute, budget.day
    if minute.used >= minute.limit:
        return Refusal(reason="minute", wait_s=_end_of_minute(budget, now, in_flight) - now)
    day_limit = day.limit if purpose != "sync" else floor(day.limit * (1 - day_reserve))
    if day.used >= day_limit:
        return Refusal(reason="day", wait_s=day.ends_at(budget.clock) - now)
    left_by_others = minute.limit - minute.used - floor(minute.limit * FOREIGN_BURST)
    may_go_together = max(1, left_by_others) if minute.is_known else 1
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


def must_roll(budget: Budget, now: float) -> bool:
    """Whether a window of the budget is not the current one at `now`."""
    return not all(window.holds_at(now, budget.clock) for window in (budget.minute, budget.day))


def roll(budget: Budget, *, now: float, in_flight: InFlight) -> Budget:
    """Return the budget at `now`, in new windows where the old ones are over."""
    minute, clock = budget.minute, budget.clock
    if minute.ends_at(clock) <= now and minute.number:
        clock = clock.after(now - minute.ends_at(clock) + minute.length_s)
    return replace(
        budget,
        minute=minute.rolled(now, budget.clock, in_flight),
        day=budget.day.rolled(now, budget.clock, in_flight),
        clock=clock,
    )


def forget_unanswered(budget: Budget, *, now: float, in_flight: InFlight) -> Budget:
    """Return the budget of a full minute without the calls left over from an earlier one, or the budget as it is.

    They are mostly those of the dead: nobody will tell where they landed, and most never did. Once the last of them
    must have, Exact's own count is better than our bound: the next call goes alone and its answer tells. So what a dead
    worker had reserved is usable again in the next minute, on whatever host it died.
    """
    minute = budget.minute
    if minute.used < minute.limit or not in_flight.left_over or now < in_flight.left_over_until:
        return budget
    return replace(budget, minute=replace(minute, used=max(0, minute.used - in_flight.left_over), is_known=False))


def is_told_full(budget: Budget, answer: Answer) -> bool:
    """Whether an answer has told that nothing is left of the current minute: then no bound of ours matters."""
    reading = answer.minute
    if reading is None:
        return answer.status == 429 and answer.day is None
    return reading.resets_at == budget.minute.resets_at and (reading.remaining == 0 or answer.status == 429)


def learn(budget: Budget, answer: Answer, call: AnsweredCall, *, now: float, in_flight: InFlight) -> Budget:
    """Return the budget as corrected by the answer to `call`; `in_flight` are the other calls.

    An answer that cannot be if the clocks go on as they did tells that one was set: Exact's or the database's. If its
    call was reserved in the current minute, it speaks of the present, and what was known holds no longer. If the call
    is older, what has been learnt since is more than it knows.
    """
    seen = ClockEstimate.seen(answer, call.sent_at, now)
    was_set = seen.contradicts(budget.clock) or (call.is_current and _is_behind(answer.minute, budget.minute))
    if was_set and not call.is_current:
        return budget
    clock = seen if was_set else budget.clock.narrowed(seen)
    minute, day = budget.minute, budget.day
    if answer.minute is not None:
        minute = minute.read(answer.minute, call, in_flight, now=now, clock=clock, was_set=was_set)
    elif was_set:
        minute = minute.guessed(now, clock)
    if answer.day is not None:
        day = day.read(answer.day, call, in_flight, now=now, clock=clock, was_set=was_set)
    is_foreign = not was_set and (
        _exceeds(answer.minute, budget.minute, minute, in_flight)
        or (budget.day.is_known and _exceeds(answer.day, budget.day, day, in_flight))
    )
    if answer.status == 429:
        minute, day = _closed(answer, minute, day)
        is_foreign = True  # alone, we never meet one
    elif call.is_current and answer.minute is None and answer.status is not None and 200 <= answer.status < 300:
        minute = replace(minute, is_known=True)  # there is room, and more is not told
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


def _end_of_minute(budget: Budget, now: float, in_flight: InFlight) -> float:
    """Return when a full minute may have calls again: when it is over, or when those left over can be forgotten."""
    ends_at = budget.minute.ends_at(budget.clock)
    if in_flight.left_over and in_flight.left_over_until > now:
        return min(ends_at, in_flight.left_over_until)
    return ends_at


def _is_behind(reading: WindowReading | None, window: CallWindow) -> bool:
    """Whether a reading is of a window before the known one."""
    return reading is not None and window.is_known and reading.resets_at < window.resets_at


def _exceeds(reading: WindowReading | None, before: CallWindow, after: CallWindow, in_flight: InFlight) -> bool:
    """Whether Exact has counted more calls in the current window than all of ours."""
    if reading is None or reading.resets_at != after.resets_at:
        return False
    ours = before.used if after.number == before.number else in_flight.may_land + 1
    return reading.counted > ours


def _closed(answer: Answer, minute: CallWindow, day: CallWindow) -> tuple[CallWindow, CallWindow]:
    """Close the window whose limit was breached: the 429 carries its headers only (picqer README), or none (#255)."""
    if answer.day is not None and answer.minute is None:
        return minute, day if _is_behind(answer.day, day) else replace(day, used=max(day.used, day.limit))
    if _is_behind(answer.minute, minute):
        return minute, day  # a window that is over by now
    return replace(minute, used=max(minute.used, minute.limit), is_known=True), day
