"""How long a call to Exact may take, and which failures come before Exact has seen it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import httpx

NOT_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
"""Failures before the first byte of a request: Exact cannot have seen it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long each step of a call may take, in seconds."""

    connect_s: float = 10.0
    read_s: float = 120.0
    """Longest silence within an answer: Exact is slow on heavy lists."""
    write_s: float = 10.0

    @property
    def deadline_s(self) -> float:
        """Longest time from the decision to send until the answer is read or given up."""
        return 2 * self.connect_s + self.write_s + 2 * self.read_s

    @property
    def httpx(self) -> httpx.Timeout:
        """The same, as httpx takes it."""
        return httpx.Timeout(connect=self.connect_s, read=self.read_s, write=self.write_s, pool=self.connect_s)
