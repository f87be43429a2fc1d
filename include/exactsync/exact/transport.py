"""How a request to Exact goes out, with an end to every answer's time."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
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

_OF_THE_WIRE: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})


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


def send(client: httpx.Client, request: httpx.Request, *, read_s: float) -> httpx.Response:
    """Return the answer with its whole body.

    httpx bounds each silence, not the sum: an answer that is not complete after `read_s` is given up.

    Raises:
        httpx.TransportError: no answer, or not all of it.
    """
    started = monotonic()
    response = client.send(request, stream=True)
    try:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if monotonic() - started > read_s:
                raise httpx.ReadTimeout("The answer takes too long.", request=request)
    finally:
        response.close()
    headers = [(name, value) for name, value in response.headers.items() if name not in _OF_THE_WIRE]
    return httpx.Response(response.status_code, headers=headers, content=bytes(body), request=request)
