"""Exact's limits: calls per clock minute and per day for each app and division, and errors per hour."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exactsync.simulator.clock import Clock
    from exactsync.simulator.settings import Settings


LimitName = Literal["minute", "day"]


class AppDivision(NamedTuple):
    """Whose calls are counted together, whoever makes them (exact-php-client#646)."""

    client_id: str
    division: int


@dataclass(slots=True)
class _Window:
    """The calls in one window of time; windows start at multiples of their length, as clock minutes do."""

    number: int = -1
    calls: int = 0
    foreign_calls: int = 0
    """Those of `calls` that someone else made."""
    refusals: int = 0

    def enter(self, now: float, length_s: float) -> None:
        current = int(now // length_s)
        if current != self.number:
            self.number, self.calls, self.foreign_calls, self.refusals = current, 0, 0, 0

    def refuse(self) -> bool:
        """Count a refused call; return True if the client could not know: the first one where others take part."""
        self.refusals += 1
        return self.refusals == 1 and self.foreign_calls > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallVerdict:
    """Whether a call is taken, and the headers that go with the answer.

    A refused call carries the headers of the breached limit only (exact-php-client README), with `breached` naming it.
    """

    breached: LimitName | None
    headers: Mapping[str, str]
    is_excused: bool = False
    """Other users of the app had a part in it, and the client had not been told yet."""


class CallLimits:
    """Counts the calls of each app in each division."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._minutes: defaultdict[AppDivision, _Window] = defaultdict(_Window)
        self._days: defaultdict[AppDivision, _Window] = defaultdict(_Window)

    def admit(self, who: AppDivision, settings: Settings) -> CallVerdict:
        """Count a call unless a limit is used up."""
        now = self._clock.now()
        minute, day = self._minutes[who], self._days[who]
        minute.enter(now, settings.minute_s)
        day.enter(now, settings.day_s)
        day_full = day.calls >= settings.calls_per_day
        minute_full = minute.calls >= settings.calls_per_minute
        if not day_full and not minute_full:
            minute.calls += 1
            day.calls += 1
        day_headers = _headers("X-RateLimit-", settings.calls_per_day, day, settings.day_s)
        minute_headers = _headers("X-RateLimit-Minutely-", settings.calls_per_minute, minute, settings.minute_s)
        if day_full:
            wait_s = (day.number + 1) * settings.day_s - now
            headers = {**day_headers, **_retry_after(wait_s, settings)}
            return CallVerdict(breached="day", headers=headers, is_excused=day.refuse())
        if minute_full:
            wait_s = (minute.number + 1) * settings.minute_s - now
            headers = {**minute_headers, **_retry_after(wait_s, settings)}
            return CallVerdict(breached="minute", headers=headers, is_excused=minute.refuse())
        return CallVerdict(breached=None, headers={**day_headers, **minute_headers})

    def take(self, who: AppDivision, calls: int, settings: Settings) -> int:
        """Count calls of another user of the app, as far as the limits allow; return how many that were."""
        now = self._clock.now()
        minute, day = self._minutes[who], self._days[who]
        minute.enter(now, settings.minute_s)
        day.enter(now, settings.day_s)
        taken = max(0, min(calls, settings.calls_per_minute - minute.calls, settings.calls_per_day - day.calls))
        for window in (minute, day):
            window.calls += taken
            window.foreign_calls += taken
        return taken

    def refusal_headers(self, limit: LimitName, settings: Settings) -> dict[str, str]:
        """Return the headers that a call would be refused with now if this limit were used up."""
        if limit == "day":
            prefix, number, length_s = "X-RateLimit-", settings.calls_per_day, settings.day_s
        else:
            prefix, number, length_s = "X-RateLimit-Minutely-", settings.calls_per_minute, settings.minute_s
        now = self._clock.now()
        full = _Window(number=int(now // length_s), calls=number)
        wait_s = (full.number + 1) * length_s - now
        return {**_headers(prefix, number, full, length_s), **_retry_after(wait_s, settings)}


def _headers(prefix: str, limit: int, window: _Window, length_s: float) -> dict[str, str]:
    return {
        f"{prefix}Limit": str(limit),
        f"{prefix}Remaining": str(max(0, limit - window.calls)),
        f"{prefix}Reset": str(round((window.number + 1) * length_s * 1000)),
    }


def _retry_after(wait_s: float, settings: Settings) -> dict[str, str]:
    return {"Retry-After": str(int(wait_s) + 1)} if settings.retry_after else {}


class ErrorSource(NamedTuple):
    """What errors are counted by: key, user, company and endpoint (Exact's page of limits)."""

    client_id: str
    user: str
    division: int | None
    endpoint: str


@dataclass(slots=True)
class _ErrorRecord:
    errors: deque[float] = field(default_factory=deque)
    blocked_until: float = 0.0
    blocks: int = 0


class ErrorVelocity:
    """Blocks a combination that makes too many errors in an hour: for an hour, and longer each time."""

    STATUSES = frozenset({400, 401, 403, 404})

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._records: defaultdict[ErrorSource, _ErrorRecord] = defaultdict(_ErrorRecord)

    def is_blocked(self, source: ErrorSource) -> bool:
        """Tell whether the combination is blocked now."""
        record = self._records.get(source)
        return record is not None and self._clock.steady() < record.blocked_until

    def count(self, source: ErrorSource, status: int, settings: Settings) -> bool:
        """Count an answer; return True if it was the error that blocks."""
        if status not in self.STATUSES:
            return False
        now = self._clock.steady()
        record = self._records[source]
        record.errors.append(now)
        while record.errors[0] <= now - settings.hour_s:
            record.errors.popleft()
        if len(record.errors) <= settings.errors_per_hour:
            return False
        record.blocks += 1
        record.blocked_until = now + settings.hour_s * record.blocks
        record.errors.clear()
        return True
