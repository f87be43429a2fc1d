"""What is around the calls: other users of the budget, clocks that differ, tokens that end."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal, get_args

from exactsync.simulator.faults.connection import drop
from exactsync.simulator.faults.kinds import WayOut, fault
from exactsync.simulator.limits import AppDivision
from exactsync.simulator.messages import JSON_TYPE, Request, Response

if TYPE_CHECKING:
    from exactsync.simulator.faults.planting import Action, Call, Undo
    from exactsync.simulator.world import World


@fault(
    source="the count is shared by all who use the app (exact-php-client#646)", page=WayOut.RETRY_LATER, is_lasting=True
)
def foreign_consumer(*, calls: int = 20, at: float = 0.0, per_s: float | None = None) -> Action:
    """Someone else uses the app in the same division.

    Args:
        calls: how many calls they make in each minute …
        at: … as soon as this share of the minute has passed (0.5: in the middle).
        per_s: instead of that, so many calls in each second.

    Raises:
        ValueError: there is no such share or number.
    """
    if calls < 0 or not 0 <= at < 1 or (per_s is not None and per_s < 0):
        raise ValueError("a foreign consumer makes 0 or more calls, at a share of the minute from 0 to below 1")
    return _ForeignConsumer(calls, at, per_s)


class _ForeignConsumer:
    """Makes up, at each call, for what someone else did since the last one: nobody can tell the difference."""

    def __init__(self, calls: int, at: float, per_s: float | None) -> None:
        self._calls = calls
        self._at = at
        self._per_s = per_s
        self._minutes: dict[AppDivision, int] = {}
        self._taken_at: dict[AppDivision, float] = {}

    def __call__(self, _request: Request, call: Call) -> Response:
        client_id, division = call.client_id, call.target.division
        taken = 0
        if client_id is not None and division is not None:
            with call.world.lock:
                who = AppDivision(client_id, division)
                due = self._due_of_minute(who, call.world) if self._per_s is None else self._due(who, call.world)
                taken = call.world.limits.take(who, due, call.world.settings)
        if not taken:
            call.missed()
        return call()

    def _due_of_minute(self, who: AppDivision, world: World) -> int:
        minute, passed = divmod(world.clock.now(), world.settings.minute_s)
        if self._minutes.get(who) == int(minute) or passed < self._at * world.settings.minute_s:
            return 0
        self._minutes[who] = int(minute)
        return self._calls

    def _due(self, who: AppDivision, world: World) -> int:
        now = world.clock.now()
        rate = self._per_s or 0.0
        due = int((now - self._taken_at.setdefault(who, now)) * rate)
        if due:
            self._taken_at[who] += due / rate
        return due


@fault(
    source="client clock 245 s off (exact-php-client#521)",
    page=WayOut.RETRY_LATER,
    token=WayOut.TRANSPARENT,
    is_lasting=True,
)
def client_clock_off(*, seconds: float = 245.0) -> Action:
    """The client's clock is so many seconds ahead of Exact's (behind, if negative), for all calls until removed.

    Exact's `Date`, minutes and days are shifted against the client's; nothing grows older by it.
    """
    return _ClockOff(seconds)


class _ClockOff:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __call__(self, _request: Request, call: Call) -> Response:
        return call()

    def begin(self, world: World) -> Undo:
        """Shift Exact's clock."""
        world.clock.shift(-self._seconds)
        return lambda: world.clock.shift(self._seconds)


@fault(source="401 in mid-run near expiry (exact-php-client#487)", page=WayOut.RETRY_LATER, write=WayOut.TRANSPARENT)
def expired_access_token() -> Action:
    """The caller's access token is suddenly as old as it gets: this call is refused, and a refresh is due."""

    def act(request: Request, call: Call) -> Response:
        with call.world.lock:
            call.world.grants.age(request.bearer_token(), call.world.settings)
        return call()

    return act


@fault(source="empty token body (tap-exact)", token=WayOut.RETRY_LATER)
def empty_token_body() -> Action:
    """The token endpoint answers 200 without a body, and has done nothing."""
    return lambda _request, _call: Response(status=200, headers={"Content-Type": JSON_TYPE})


LostBy = Literal["closed", "reset", "empty", "limited"]


@fault(source="a refused refresh may have rotated the token (exact-php-client#559)", token=WayOut.PERSON)
def token_answer_lost(*, by: LostBy = "closed") -> Action:
    """The refresh token is replaced, and the client never gets the new one: no answer, no body, or a 429.

    Raises:
        ValueError: an answer is not lost that way.
    """
    if by not in get_args(LostBy):
        raise ValueError(f"an answer is lost by {', '.join(get_args(LostBy))}, not by {by}")

    def act(_request: Request, call: Call) -> Response:
        response = call()
        if response.status != HTTPStatus.OK:
            call.missed()
            return response
        if by == "empty":
            return replace(response, body=b"")
        return Response(status=429) if by == "limited" else drop(by)

    return act
