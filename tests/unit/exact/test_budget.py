"""The rules of the call budget, played against a model of Exact in simulated time."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from math import ceil, inf
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exactsync.budget import (
    DAY_S,
    Answer,
    AnsweredCall,
    Budget,
    CallWindow,
    ClockEstimate,
    InFlight,
    Refusal,
    WindowReading,
    forget_unanswered,
    is_told_full,
    landing_cutoff,
    learn,
    must_roll,
    plan_call,
    plan_errors,
    refund,
    roll,
)

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 60
MINUTE_S = 60.0
LANDING_S = 30.0
START = 1_800_000_000.0


def new_budget(**changes: object) -> Budget:
    minute = CallWindow(limit=LIMIT, length_s=MINUTE_S)
    return replace(Budget(minute=minute, day=CallWindow(limit=5000, length_s=DAY_S)), **changes)


def reading(used: int, resets_at: float, limit: int = LIMIT) -> WindowReading:
    return WindowReading(limit=limit, remaining=limit - used, resets_at=resets_at)


def flight(on_their_way: int = 0, in_minute: int = 0, may_land: int = 0, **others: float) -> InFlight:
    known = {"unanswered": on_their_way, "left_over": 0} | others
    return InFlight(on_their_way=on_their_way, in_minute=in_minute, may_land=may_land, **known)


@dataclass
class Call:
    reserved_at: float
    number: int
    has_landed: bool = False


@dataclass
class Bookkeeper:
    """The ledger without its database."""

    budget: Budget = field(default_factory=new_budget)
    open: list[Call] = field(default_factory=list)

    def flight(self, now: float) -> InFlight:
        number = self.budget.minute.number
        left_over = [call.reserved_at for call in self.open if call.number != number and not call.has_landed]
        return InFlight(
            on_their_way=sum(call.reserved_at > now - LANDING_S for call in self.open),
            in_minute=sum(call.number == number and call.reserved_at > now - LANDING_S for call in self.open),
            may_land=sum(call.reserved_at > self.cutoff(now) and not call.has_landed for call in self.open),
            unanswered=len(self.open),
            left_over=len(left_over),
            left_over_until=max(left_over, default=-inf) + LANDING_S,
        )

    def cutoff(self, now: float) -> float:
        return landing_cutoff(self.budget, now=now, landing_s=LANDING_S)

    def keep(self, budget: Budget, now: float) -> None:
        if budget.minute.number != self.budget.minute.number:
            for call in self.open:
                call.has_landed |= call.reserved_at <= self.cutoff(now)
        self.budget = budget

    def mark_landed(self) -> None:
        for call in self.open:
            call.has_landed |= call.number != self.budget.minute.number

    def reserve(self, now: float) -> Call | Refusal:
        if must_roll(self.budget, now):
            self.keep(roll(self.budget, now=now, in_flight=self.flight(now)), now)
        without = forget_unanswered(self.budget, now=now, in_flight=self.flight(now))
        if without != self.budget:
            self.budget = without
            self.mark_landed()
        plan = plan_call(self.budget, now=now, in_flight=self.flight(now), purpose="sync", day_reserve=0.05)
        if isinstance(plan, Refusal):
            return plan
        self.budget = plan
        self.open.append(Call(now, plan.minute.number))
        return self.open[-1]

    def settle(self, call: Call, answer: Answer, now: float) -> None:
        self.open.remove(call)
        answered = AnsweredCall(
            sent_at=call.reserved_at,
            is_current=call.number == self.budget.minute.number,
            is_counted=not call.has_landed,
        )
        learnt = learn(self.budget, answer, answered, now=now, in_flight=self.flight(now))
        self.keep(learnt, now)
        if is_told_full(self.budget, answer):
            self.mark_landed()


@dataclass
class Exact:
    """Counts calls by its own clock."""

    offset_s: float
    used: dict[int, int] = field(default_factory=dict)
    throttled: list[int] = field(default_factory=list)

    def set_clock(self, by_s: float) -> None:
        """Show another time; minutes that are entered anew have no calls yet."""
        self.offset_s += by_s
        self.used.clear()
        self.throttled.clear()

    def count(self, now: float, *, is_ours: bool = True) -> Answer:
        moment = now + self.offset_s
        window = int(moment // MINUTE_S)
        is_refused = self.used.get(window, 0) >= LIMIT
        if is_refused and is_ours:
            self.throttled.append(window)
        if not is_refused:
            self.used[window] = self.used.get(window, 0) + 1
        return Answer(
            status=429 if is_refused else 200,
            exact_time=float(int(moment)),
            minute=reading(self.used[window], (window + 1) * MINUTE_S),
            day=None if is_refused else reading(sum(self.used.values()), (moment // DAY_S + 1) * DAY_S, 5000),
        )


class Play:
    """Workers who make calls until all are answered, in simulated time."""

    def __init__(self, *, seed: int, offset_s: float, slowest_s: float, calls: int) -> None:
        self.random = Random(seed)
        self.exact = Exact(offset_s)
        self.books = Bookkeeper()
        self.slowest_s = slowest_s
        self.calls = calls
        self.done = 0
        self.start = START + self.random.uniform(0, MINUTE_S)
        self.end = self.start
        self.ours_s = 0.0
        self.dead = 0
        self.surprises: list[tuple[int, int]] = []
        """The 429s: Exact's window, and our minute in which the call was reserved."""
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._serial = count()

    def set_our_clock(self, by_s: float) -> None:
        self.ours_s += by_s
        self.exact.throttled.clear()

    def run(
        self,
        *,
        foreign_every_s: float | None = None,
        later: Callable[[], None] | None = None,
        dead: int = 0,
        burst: int = 0,
        at: float = 0.0,
    ) -> None:
        self._at(at, partial(self._die, dead))
        self._at(at, partial(self._burst, burst))
        for _ in range(8):
            self._at(self.start + self.random.uniform(0, 0.5), self._work)
        if foreign_every_s:
            self._at(self.start, partial(self._intrude, foreign_every_s))
        if later:
            self._at(self.start + self.random.uniform(0, 150), lambda _: later())
        while self._events and self.done < self.calls:
            self.end, _, step = heapq.heappop(self._events)
            step(self.end)
        assert self.done == self.calls

    def _at(self, moment: float, step: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._serial), step))

    def _soon(self, now: float) -> float:
        return now + self.random.uniform(0.001, self.slowest_s / 2)

    def _work(self, now: float) -> None:
        if self.done + len(self.books.open) - self.dead >= self.calls:
            return
        call = self.books.reserve(now + self.ours_s)
        if isinstance(call, Refusal):
            self._at(now + min(call.wait_s, 1.0) * self.random.uniform(1.0, 1.5), self._work)
        else:
            self._at(self._soon(now), partial(self._land, call))

    def _land(self, call: Call, now: float) -> None:
        answer = self.exact.count(now)
        if answer.status == 429:
            self.surprises.append((self.exact.throttled[-1], call.number))
        self._at(self._soon(now), partial(self._settle, call, answer))

    def _settle(self, call: Call, answer: Answer, now: float) -> None:
        self.books.settle(call, answer, now + self.ours_s)
        self.done += answer.status == 200
        self._work(now)

    def _die(self, calls: int, now: float) -> None:
        """Reserve calls that are never made."""
        for _ in range(calls):
            self.dead += isinstance(self.books.reserve(now), Call)

    def _burst(self, calls: int, now: float) -> None:
        for _ in range(calls):
            self.exact.count(now, is_ours=False)

    def _intrude(self, every_s: float, now: float) -> None:
        self.exact.count(now, is_ours=False)
        self._at(now + every_s * self.random.uniform(0.5, 1.5), partial(self._intrude, every_s))


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    offset_s=st.sampled_from([0.0, 0.4, -0.7, 245.0, -245.0, 3601.5]),
    slowest_s=st.sampled_from([0.02, 0.3, 2.0]),
)
def test_alone_we_use_every_window_in_full_and_never_meet_a_429(seed, offset_s, slowest_s):
    play = Play(seed=seed, offset_s=offset_s, slowest_s=slowest_s, calls=400)
    play.run()
    assert play.exact.throttled == []
    assert max(play.exact.used) - min(play.exact.used) + 1 <= ceil(400 / LIMIT) + 1
    assert play.books.budget.foreign_until < 0


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), slowest_s=st.sampled_from([20.0, 40.0, 60.0]))
def test_slow_calls_that_cross_windows_are_counted_where_they_landed(seed, slowest_s):
    play = Play(seed=seed, offset_s=3.2, slowest_s=slowest_s, calls=100)
    play.run()
    assert play.exact.throttled == []
    assert play.books.budget.foreign_until < 0


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), foreign_every_s=st.sampled_from([0.1, 0.5, 1.5, 10.0]))
def test_with_a_foreign_consumer_at_most_one_429_a_window(seed, foreign_every_s):
    play = Play(seed=seed, offset_s=Random(seed).uniform(-300, 300), slowest_s=0.3, calls=150)
    play.run(foreign_every_s=foreign_every_s)
    assert len(play.exact.throttled) == len(set(play.exact.throttled))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), burst_s=st.floats(0.5, 60.0), slowest_s=st.sampled_from([0.3, 2.0, 6.0]))
def test_others_who_begin_with_many_calls_at_once_cost_one_429(seed, burst_s, slowest_s):
    play = Play(seed=seed, offset_s=0.3, slowest_s=slowest_s, calls=150)
    play.run(burst=LIMIT // 3, at=play.start + burst_s)
    assert len(play.exact.throttled) <= 1


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    whose=st.sampled_from(["Exact's", "ours"]),
    by_s=st.sampled_from([245.0, -245.0, 37.0, -37.0, 4.5, -4.5, 4000.0, -4000.0]),
    slowest_s=st.sampled_from([0.02, 0.3, 2.0]),
)
@example(seed=1225, whose="ours", by_s=245.0, slowest_s=2.0)  # our minute turns over before the first answer is here
def test_a_clock_that_is_set_meanwhile_costs_at_most_one_429_a_window_and_minute_of_ours(seed, whose, by_s, slowest_s):
    play = Play(seed=seed, offset_s=Random(seed).uniform(-300, 300), slowest_s=slowest_s, calls=400)
    set_clock = play.exact.set_clock if whose == "Exact's" else play.set_our_clock
    play.run(later=partial(set_clock, by_s))
    assert len(play.surprises) == len(set(play.surprises))
    assert len(play.exact.throttled) <= len(set(play.exact.throttled)) + 1
    assert play.end - play.start < (ceil(400 / LIMIT) + 2) * MINUTE_S


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), hoarded_s=st.floats(31.0, 59.0))
def test_what_the_dead_had_reserved_at_the_end_of_a_minute_is_usable_again_in_the_next(seed, hoarded_s):
    play = Play(seed=seed, offset_s=0.3, slowest_s=0.3, calls=200)
    play.start = START + hoarded_s - 0.5
    play.run(dead=20, at=START + hoarded_s)
    assert play.exact.throttled == []
    minute = int(START // MINUTE_S) + 1
    assert play.exact.used[minute] == LIMIT


def known(used: int, *, resets_at: float = START + 30, **changes: object) -> Budget:
    """A budget in the middle of a minute that Exact has told about."""
    window = CallWindow(limit=LIMIT, length_s=MINUTE_S, number=5, used=used, resets_at=resets_at, is_known=True)
    day = CallWindow(limit=5000, length_s=DAY_S, number=1, used=used, resets_at=START + 3600, is_known=True)
    clock = ClockEstimate(low_s=0.0, high_s=0.5)
    return replace(Budget(minute=window, day=day, clock=clock), **changes)


def plan(budget: Budget, in_flight: InFlight | None = None, *, now: float = START, purpose: str = "sync") -> object:
    return plan_call(budget, now=now, in_flight=in_flight or flight(), purpose=purpose, day_reserve=0.05)


CURRENT = AnsweredCall(sent_at=START - 0.1, is_current=True, is_counted=True)
OLDER = AnsweredCall(sent_at=START - 40, is_current=False, is_counted=True)


def told(budget: Budget, answer: Answer, in_flight: InFlight | None = None, *, call: AnsweredCall = CURRENT) -> Budget:
    return learn(budget, answer, call, now=START, in_flight=in_flight or flight())


def test_a_used_up_minute_waits_for_the_reset_by_exacts_clock():
    late = ClockEstimate(low_s=-245.0, high_s=-244.0)
    assert plan(known(59)).minute.used == 60
    assert plan(known(60)) == Refusal(reason="minute", wait_s=pytest.approx(30.05))
    assert plan(known(60, clock=late)).wait_s == pytest.approx(275.05)


def test_the_first_call_of_a_minute_goes_alone_until_its_answer():
    fresh = known(0, minute=replace(known(0).minute, is_known=False))
    assert plan(fresh, flight(3, 0, 3)).minute.used == 1
    assert plan(fresh, flight(3, 1, 3)).reason == "busy"
    assert plan(told(fresh, Answer(status=200)), flight(3, 1, 3)).minute.used == 1


def test_calls_in_flight_are_counted_in_a_new_minute_from_its_start():
    rolled = roll(known(60), now=START + 31, in_flight=flight(5, 0, 4))
    assert (rolled.minute.used, rolled.minute.number, rolled.minute.is_known) == (4, 6, False)
    assert rolled.minute.resets_at == (START // 60 + 1) * 60
    assert rolled.day == known(60).day


def test_an_answer_from_the_minute_before_frees_a_call_only_if_it_was_counted():
    late = Answer(status=200, minute=reading(60, START - 30))
    assert told(known(7), late, call=OLDER).minute.used == 6
    assert told(known(7), late, call=replace(OLDER, is_counted=False)).minute.used == 7


def test_an_answer_from_the_minute_after_opens_it():
    early = told(known(60), Answer(status=200, minute=reading(1, START + 90)), flight(3, 3, 3))
    assert (early.minute.used, early.minute.resets_at, early.minute.is_known) == (4, START + 90, True)


def test_more_calls_than_ours_mean_caution_for_an_hour():
    alone = told(known(7), Answer(status=200, minute=reading(7, START + 30)))
    shared = told(known(7), Answer(status=200, minute=reading(9, START + 30)))
    assert plan(alone, flight(1, 1, 1)).minute.used == 8
    assert shared.minute.used == 9
    assert plan(shared, flight(1, 1, 1)).reason == "busy"
    assert plan(shared, flight(0, 0, 0)).minute.used == 10
    assert shared.foreign_until == START + 3600


def test_a_day_that_others_used_before_we_began_is_no_reason_for_caution():
    fresh = known(1, day=replace(known(1).day, is_known=False))
    later = told(fresh, Answer(status=200, day=reading(300, START + 3600, 5000)))
    assert later.day.used == 300
    assert plan(later, flight(1, 1, 1)).day.used == 301


def test_a_sync_leaves_the_days_reserve_to_others():
    late = known(3, day=replace(known(3).day, used=4750))
    assert plan(late).reason == "day"
    assert plan(late).wait_s == pytest.approx(3600.05)
    assert plan(late, purpose="export").day.used == 4751
    assert plan(replace(late, day=replace(late.day, used=5000)), purpose="page").reason == "day"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(status=429, minute=reading(60, START + 30)), "minute"),
        (Answer(status=429, minute=reading(55, START + 30)), "minute"),
        (Answer(status=429, day=reading(5000, START + 3600, 5000)), "day"),
        (Answer(status=429), "minute"),
    ],
)
def test_a_429_closes_the_window_that_its_headers_name(answer, reason):
    assert plan(told(known(7), answer)).reason == reason


def test_a_429_of_the_minute_before_does_not_close_this_one():
    late = Answer(status=429, minute=reading(60, START - 30))
    assert plan(told(known(7), late, call=replace(OLDER, is_counted=False))).minute.used == 8


WEST = ClockEstimate(low_s=-245.5, high_s=-244.0)
"""By how much Exact's clock is behind after it, or ours, was set."""


@pytest.mark.parametrize("status", [200, 429])
def test_an_answer_of_an_impossible_past_tells_that_a_clock_was_set_and_speaks_of_the_present(status):
    answer = Answer(status=status, exact_time=START - 245, minute=reading(50, START - 220))
    anew = told(known(7), answer, flight(5, 5, 5, unanswered=6))
    assert anew.clock.low_s == -245.0
    assert (anew.minute.resets_at, anew.minute.number, anew.minute.is_known) == (START - 220, 6, True)
    assert anew.minute.used == (56 if status == 200 else 60)


def test_even_without_a_date_a_reset_that_lies_back_closes_the_present_minute():
    closed = told(known(7), Answer(status=429, minute=reading(60, START - 30)))
    assert plan(closed).reason == "minute"
    assert closed.minute.resets_at == START - 30


def test_what_was_sent_before_a_clock_was_set_teaches_nothing_after_it():
    anew = known(30, clock=WEST, minute=replace(known(30).minute, resets_at=START - 220))
    for status, resets_at in ((200, START + 30), (429, START - 30)):
        late = Answer(status=status, exact_time=START, minute=reading(60, resets_at))
        assert told(anew, late, call=replace(CURRENT, is_current=False)) == anew


def test_an_answer_without_headers_can_tell_that_a_clock_was_set():
    anew = told(known(7), Answer(status=500, exact_time=START - 245))
    assert (anew.minute.used, anew.minute.number, anew.minute.is_known) == (7, 6, False)
    assert anew.minute.resets_at == ((START - 245) // 60 + 1) * 60
    assert plan(told(known(7), Answer(status=429, exact_time=START - 245))).reason == "minute"


def test_a_clock_that_was_set_neither_reopens_a_day_nor_makes_it_longer():
    used_up = known(7, day=replace(known(7).day, used=5000))
    for answer in (
        Answer(status=200, exact_time=START - 245, minute=reading(1, START - 220)),
        Answer(status=200, exact_time=START + 245, minute=reading(1, START + 250)),
        Answer(status=500, exact_time=START - 245),
        Answer(status=200, exact_time=START - 245, day=reading(4990, START + 3600, 5000)),
    ):
        anew = told(used_up, answer)
        assert (anew.day.used >= 5000, anew.day.resets_at) == (True, START + 3600)


def test_a_day_that_began_too_early_ends_when_exact_says():
    early = known(7, day=replace(known(7).day, used=3, resets_at=START + 90_000))
    closed = told(early, Answer(status=429, exact_time=START - 245, day=reading(5000, START + 3600, 5000)))
    assert closed.day.resets_at == START + 3600
    assert plan(replace(closed, minute=replace(closed.minute, used=0)), purpose="page").reason == "day"


def test_a_minute_that_ends_far_too_late_was_read_before_our_clock_was_set_back():
    full = known(60)
    assert not must_roll(full, START)
    assert must_roll(full, START - 245)
    rolled = roll(full, now=START - 245, in_flight=flight())
    assert (rolled.minute.used, rolled.minute.is_known) == (60, False)
    assert plan(rolled, now=START - 245).wait_s <= 60.05
    assert rolled.day == full.day


def test_a_late_answer_of_the_minute_before_does_not_tell_how_this_one_stands():
    fresh = known(0, minute=replace(known(0).minute, is_known=False))
    late = Answer(status=200, minute=reading(60, START - 30))
    assert not told(fresh, late, call=OLDER).minute.is_known


def test_a_full_minute_waits_for_the_calls_left_over_and_forgets_them_when_they_must_have_landed():
    left = flight(20, 0, 20, left_over=20, left_over_until=START + 12)
    assert plan(known(60), left).wait_s == pytest.approx(12)
    assert forget_unanswered(known(60), now=START + 11, in_flight=left) == known(60)
    assert forget_unanswered(known(59), now=START + 12, in_flight=left) == known(59)
    forgotten = forget_unanswered(known(60), now=START + 12, in_flight=left).minute
    assert (forgotten.used, forgotten.is_known) == (40, False)


@pytest.mark.parametrize(
    ("answer", "is_full"),
    [
        (Answer(status=200, minute=reading(60, START + 30)), True),
        (Answer(status=429, minute=reading(55, START + 30)), True),
        (Answer(status=429), True),
        (Answer(status=200, minute=reading(59, START + 30)), False),
        (Answer(status=200, minute=reading(60, START - 30)), False),
        (Answer(status=429, day=reading(5000, START + 3600, 5000)), False),
        (Answer(), False),
    ],
)
def test_only_exact_tells_that_a_minute_is_full(answer, is_full):
    assert is_told_full(known(60), answer) == is_full


def test_exact_may_change_the_limits():
    raised = told(known(7), Answer(status=200, minute=reading(7, START + 30, 300)))
    assert plan(replace(raised, minute=replace(raised.minute, used=299))).minute.used == 300


def test_a_call_that_was_never_sent_is_given_back():
    assert refund(known(7)) == known(6)
    assert refund(known(0)) == known(0)


def test_the_clock_estimate_narrows_and_starts_anew_when_a_clock_is_set():
    estimate = ClockEstimate.seen(Answer(exact_time=START + 245), START - 0.2, START)
    assert (estimate.low_s, estimate.high_s) == (245.0, pytest.approx(248.2))
    estimate = estimate.narrowed(ClockEstimate.seen(Answer(exact_time=START + 246), START + 0.3, START + 0.4))
    assert (estimate.low_s, estimate.high_s) == (pytest.approx(245.6), pytest.approx(248.2))
    anew = ClockEstimate.seen(Answer(exact_time=START), START, START + 0.1)
    assert anew.contradicts(estimate)
    estimate = estimate.narrowed(anew)
    assert (estimate.low_s, estimate.high_s) == (pytest.approx(-0.1), pytest.approx(3.0))


def test_a_reset_yet_to_come_bounds_the_clock_too():
    answer = Answer(minute=reading(1, START + 2), day=reading(1, START + 900, 5000))
    estimate = ClockEstimate(low_s=-1.0, high_s=9.0).narrowed(ClockEstimate.seen(answer, START, START + 0.1))
    assert estimate == ClockEstimate(low_s=-1.0, high_s=2.0)


def test_an_idle_budget_trusts_its_clock_estimate_less():
    after_a_day = roll(known(7), now=START + 86_400, in_flight=flight())
    assert after_a_day.clock.low_s < -8
    assert after_a_day.clock.high_s > 9


def test_the_tenth_error_of_an_hour_at_an_endpoint_is_never_made():
    errors = [START - 600 + number for number in range(9)]
    assert plan_errors([], now=START, in_flight=20) is None
    assert plan_errors(errors[:8], now=START, in_flight=0) is None
    assert plan_errors(errors[:8], now=START, in_flight=1).reason == "busy"
    assert plan_errors(errors, now=START, in_flight=0) == Refusal(reason="errors", wait_s=3000.0)
