"""An end to every answer, head and body: httpx bounds each silence within one, and not their sum.

Whoever sends a byte now and then could hold a process for hours. So each read waits no longer than the call has left.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any

import httpcore

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    import httpx

_ends_at: ContextVar[float] = ContextVar("ends_at", default=inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let what is read on bounded clients meanwhile, by this thread, end after so long: as `httpx.ReadTimeout`."""
    reset = _ends_at.set(monotonic() + seconds)
    try:
        yield
    finally:
        _ends_at.reset(reset)


def bound(client: httpx.Client) -> httpx.Client:
    """Let `within` hold for a client, and return it.

    httpx has no way to pass on what httpcore takes, its `network_backend`.
    """
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001
        if transport is not None:
            pool = transport._pool  # type: ignore[attr-defined] # noqa: SLF001
            pool._network_backend = _Network(pool._network_backend)  # noqa: SLF001
    return client


class _Network(httpcore.NetworkBackend):
    """Opens connections whose reads end in time."""

    def __init__(self, network: httpcore.NetworkBackend) -> None:
        self._network = network

    def connect_tcp(self, *args: Any, **settings: Any) -> httpcore.NetworkStream:
        return _Stream(self._network.connect_tcp(*args, **settings))

    def connect_unix_socket(self, *args: Any, **settings: Any) -> httpcore.NetworkStream:
        return _Stream(self._network.connect_unix_socket(*args, **settings))

    def sleep(self, seconds: float) -> None:
        self._network.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = _ends_at.get() - monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("there is no time left")
        return self._stream.read(max_bytes, timeout if left == inf else min(left, timeout or inf))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
