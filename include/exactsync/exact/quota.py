"""Spend the call budget: reserve each call, learn from each answer, wait or give up when nothing is left.

The budget itself is kept by a `Ledger` that all workers share; its rules stand in `exactsync.budget`.
"""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, Literal, Protocol

from exactsync.budget import Answer, Purpose, Refusal, Reservation, WindowReading
from exactsync.errors import QuotaExhaustedError

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

BUSY_PATIENCE_S: Final = 5.0
"""How long even an impatient call waits for the one that must go alone before it: an answer seldom takes longer."""
LONGEST_NAP_S: Final = 1.0
SEND_WITHIN_S: Final = 5.0
"""A reservation that took longer is not used: the ledger may soon take its call for one that has landed."""
RETRY_JITTER_S: Final = 3.0
_LATEST_MS: Final = 10**13
"""Spreads the workers that come back when a window opens."""


class Ledger(Protocol):
    """Where the workers of all processes share one budget per app and division."""

    def reserve(
        self, app_key: str, division: int, endpoint: str, *, purpose: Purpose, lease_s: float
    ) -> Reservation | Refusal:
        """Reserve one call, which is over in `lease_s` at the latest, or tell why there is none now."""

    def settle(self, reservation: Reservation, answer: Answer) -> None:
        """Correct the budget by what the answer told, and end the reservation."""

    def release(self, reservation: Reservation) -> None:
        """Give back a reservation whose call was certainly not sent."""


class CallBudget:
    """One worker's view of the shared budget: waits up to `patience_s`, then gives up."""

    def __init__(
        self,
        ledger: Ledger,
        app_key: str,
        *,
        purpose: Purpose,
        lease_s: float,
        patience_s: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ledger = ledger
        self._app_key = app_key
        self._purpose = purpose
        self._lease_s = lease_s
        self._patience_s = patience_s
        self._sleep = sleep

    def reserve(self, endpoint: str, division: int, *, may_wait: bool = True) -> Reservation:
        """Reserve one call, waiting for it if that is allowed and not too long.

        Raises:
            QuotaExhaustedError: the limit opens again only later; `retry_at` is by this worker's clock.
        """
        patience_s = self._patience_s if may_wait else 0.0
        busy_until = time.monotonic() + max(BUSY_PATIENCE_S, patience_s)
        while True:
            asked_at = time.monotonic()
            plan = self._ledger.reserve(self._app_key, division, endpoint, purpose=self._purpose, lease_s=self._lease_s)
            if isinstance(plan, Reservation):
                if time.monotonic() - asked_at < SEND_WITHIN_S:
                    return plan
                self._ledger.release(plan)
                continue
            is_over = time.monotonic() > busy_until if plan.reason == "busy" else plan.wait_s > patience_s
            if is_over:
                raise _exhausted(plan, endpoint)
            self._sleep(min(plan.wait_s, LONGEST_NAP_S) * random.uniform(1.0, 1.5))  # noqa: S311 - jitter

    def settle(self, reservation: Reservation, response: httpx.Response | None) -> None:
        """Tell the ledger what came back; None if the connection was lost after sending."""
        self._ledger.settle(reservation, Answer() if response is None else parse_answer(response))

    def release(self, reservation: Reservation) -> None:
        """Give back a call that was certainly not sent."""
        self._ledger.release(reservation)


def parse_answer(response: httpx.Response) -> Answer:
    """Return what an answer's status and headers tell about the budget.

    A 429 carries only the headers of the limit it is about, and the others may be zero (picqer README, #646): a limit
    of zero is no reading.
    """
    return Answer(
        status=response.status_code,
        exact_time=_parse_date(response.headers.get("date", "")),
        minute=_parse_window(response, "X-RateLimit-Minutely"),
        day=_parse_window(response, "X-RateLimit"),
    )


def _parse_window(response: httpx.Response, prefix: str) -> WindowReading | None:
    try:
        limit, remaining, resets_at_ms = (
            int(response.headers[f"{prefix}-{name}"]) for name in ("Limit", "Remaining", "Reset")
        )
    except (KeyError, ValueError):
        return None
    if limit <= 0 or not 0 < resets_at_ms < _LATEST_MS:
        return None
    return WindowReading(limit=limit, remaining=max(0, remaining), resets_at=resets_at_ms / 1000)


def _parse_date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None


def _exhausted(plan: Refusal, endpoint: str) -> QuotaExhaustedError:
    wait_s = max(plan.wait_s, 1.0) + random.uniform(0, RETRY_JITTER_S)  # noqa: S311 - jitter
    retry_at = datetime.now(UTC) + timedelta(seconds=wait_s)
    window: Literal["minute", "day", "errors"] = "minute" if plan.reason == "busy" else plan.reason
    told = {
        "minute": "Exact's calls of this minute are used up",
        "day": "Exact's calls of this day are used up",
        "errors": f"Exact answered nearly 10 errors in an hour on {endpoint}; one more may block the app there",
        "busy": "Another worker's call must be answered first",
    }[plan.reason]
    remedy = {
        "errors": "Mend the cause of the errors first: they stand in this hour's logs.",
        "day": "Nothing, or spread the runs: the next run goes on where this one stopped.",
    }.get(plan.reason, "Nothing: it goes on by itself.")
    return QuotaExhaustedError(
        f"{told}, until {retry_at:%Y-%m-%d %H:%M:%S} UTC.", retry_at=retry_at, window=window, remedy=remedy
    )
