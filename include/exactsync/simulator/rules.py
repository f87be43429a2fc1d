"""What a good client never does, the list of what a client did all the same, and counters of its calls."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from exactsync.simulator.clock import Clock


class Rule(StrEnum):
    """A rule of Exact that a client can break."""

    EARLY_REFRESH = "early_refresh"  # before 95 % of the access token's lifetime
    OLD_REFRESH_TOKEN = "old_refresh_token"  # noqa: S105 - used a second time
    WRONG_TOKEN_REQUEST = "wrong_token_request"  # noqa: S105 - unknown token, used code, wrong secret, …
    PARALLEL_REFRESH = "parallel_refresh"  # two token calls of one app in flight
    WRONG_AUTHORISATION = "wrong_authorisation"  # unknown client or redirect URI
    UNAUTHENTICATED = "unauthenticated"  # no access token, or one that never was or is revoked
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - a call begun after the access token's end
    MINUTE_LIMIT = "minute_limit"  # a 429
    DAY_LIMIT = "day_limit"  # a 429
    ERROR_VELOCITY = "error_velocity"  # more than 10 errors an hour, or a call while blocked for them
    MISSING_SELECT = "missing_select"
    MISSING_FILTER = "missing_filter"
    FORBIDDEN_FILTER = "forbidden_filter"
    BAD_QUERY = "bad_query"
    FORGED_SKIPTOKEN = "forged_skiptoken"
    PARALLEL_READ = "parallel_read"  # two readers of one division and endpoint
    FORBIDDEN_DIVISION = "forbidden_division"
    FORBIDDEN_SCOPE = "forbidden_scope"
    FOREIGN_HOST = "foreign_host"  # a link to another host was followed, access token and all
    UNKNOWN_PATH = "unknown_path"
    UNKNOWN_METHOD = "unknown_method"
    NOT_JSON = "not_json"  # no Accept: application/json
    LONG_URL = "long_url"
    BATCH = "batch"
    BAD_BODY = "bad_body"  # a POST of what Exact's data service does not take
    BOOKED_TWICE = "booked_twice"  # two entries with one reference of the client's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A rule broken, what was done, and when by the simulator's clock. Never holds a secret."""

    rule: Rule
    detail: str
    at: datetime


class CallKey(NamedTuple):
    """What calls are counted by; `division` is None where the path has none; `status` is 0 where no answer was sent."""

    endpoint: str
    division: int | None
    status: int


class Journal:
    """Remembers broken rules and counts answers."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._violations: list[Violation] = []
        self._calls: Counter[CallKey] = Counter()
        self._writes: Counter[CallKey] = Counter()

    def record(self, rule: Rule, detail: str) -> None:
        """Note that a rule was broken."""
        self._violations.append(Violation(rule=rule, detail=detail, at=self._clock.utc()))

    def count(self, endpoint: str, division: int | None, status: int, *, is_write: bool) -> None:
        """Count one answer."""
        self._calls[CallKey(endpoint, division, status)] += 1
        if is_write:
            self._writes[CallKey(endpoint, division, status)] += 1

    def violations(self) -> list[Violation]:
        """Return the broken rules, oldest first."""
        return list(self._violations)

    def calls(self) -> Counter[CallKey]:
        """Return the number of answers by endpoint, division and status."""
        return Counter(self._calls)

    def writes(self) -> Counter[CallKey]:
        """Return the same of calls that were to create something."""
        return Counter(self._writes)

    def clear(self) -> None:
        """Forget everything."""
        self._writes.clear()
        self._violations.clear()
        self._calls.clear()
