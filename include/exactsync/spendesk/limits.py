"""Spendesk's limits, kept on our side: 50 calls within any minute, 5 at a time."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from exactsync.errors import QuotaExhaustedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CALLS_PER_MINUTE: Final = 50
CALLS_IN_FLIGHT: Final = 5
MINUTE_S: Final = 60.0


class CallLimits:
    """Lets the calls of one process through as Spendesk allows; may be used by several threads at once.

    What other processes of the same company use up is known from Spendesk's answers, see `pause`.

    Args:
        calls_per_minute: 50 for the API credentials of a company.
        patience_s: how long a call may wait here for its turn, unless it says otherwise itself.
        now: seconds that only ever rise.
        sleep: how to wait.
    """

    def __init__(
        self,
        *,
        calls_per_minute: int = CALLS_PER_MINUTE,
        patience_s: float = MINUTE_S,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._calls_per_minute = calls_per_minute
        self._patience_s = patience_s
        self._now = now
        self._sleep = sleep
        self._ended: deque[float] = deque()  # a call counts until a minute after its end: it may have arrived late
        self._under_way = 0
        self._paused_until = 0.0
        self._lock = threading.Lock()
        self._lines = threading.BoundedSemaphore(CALLS_IN_FLIGHT)

    @contextmanager
    def call(self, *, patience_s: float | None = None) -> Iterator[None]:
        """Hold one of the five lines for the time of one call, once it is its turn.

        Raises:
            QuotaExhaustedError: its turn comes later than one has patience for. At `retry_at` all calls made here are a
                minute old: whoever comes back then, in another process perhaps, has a whole minute's.
        """
        with self._lines:
            self._wait_for_turn(self._patience_s if patience_s is None else patience_s)
            try:
                yield
            finally:
                with self._lock:
                    self._under_way -= 1
                    self._ended.append(self._now())

    def pause(self, seconds: float) -> None:
        """Make no call for a while: Spendesk has said that none is left."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._now() + seconds)

    def _wait_for_turn(self, patience_s: float) -> None:
        while (wait_s := self._take_turn()) > 0:
            if wait_s > patience_s:
                raise QuotaExhaustedError(
                    "Spendesk's calls of this minute are used up.",
                    retry_at=datetime.now(UTC) + timedelta(seconds=max(wait_s, self._until_forgotten())),
                    window="minute",
                )
            patience_s -= wait_s
            self._sleep(wait_s)

    def _take_turn(self) -> float:
        """Count a call and return 0, or return how long to wait."""
        with self._lock:
            now = self._now()
            while self._ended and self._ended[0] <= now - MINUTE_S:
                self._ended.popleft()
            if now < self._paused_until:
                return self._paused_until - now
            if len(self._ended) + self._under_way >= self._calls_per_minute:
                return self._ended[0] + MINUTE_S - now if self._ended else MINUTE_S
            self._under_way += 1
            return 0.0

    def _until_forgotten(self) -> float:
        """Return in how many seconds none of the calls made here counts any more."""
        with self._lock:
            return self._ended[-1] + MINUTE_S - self._now() if self._ended else 0.0
