"""The simulator as a transport of httpx: a client talks to it without a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

import httpx

from exactsync.simulator.messages import Delivery, Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exactsync.simulator.messages import StandIn


class SimulatorTransport(httpx.BaseTransport):
    """Hands requests to a simulator in the caller's thread; any host will do."""

    def __init__(self, simulator: StandIn) -> None:
        self._simulator = simulator

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        raw_path, _, query = request.url.raw_path.decode("ascii").partition("?")
        received = Request(
            method=request.method,
            base_url=f"{request.url.scheme}://{request.url.netloc.decode('ascii')}",
            path=unquote(raw_path),
            query=query,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=request.read(),
        )
        response = self._simulator.handle(received)
        self._wait(response, request)
        if response.delivery is Delivery.CLOSED:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
        if response.delivery is Delivery.RESET:
            raise httpx.ReadError("[Errno 104] Connection reset by peer", request=request)
        headers = dict(response.headers)
        if response.delivery is Delivery.TRUNCATED:
            headers["Content-Length"] = str(len(response.body))
            return httpx.Response(
                response.status, headers=headers, stream=_Half(response.body, request), request=request
            )
        return httpx.Response(response.status, headers=headers, content=response.body, request=request)

    def _wait(self, response: Response, request: httpx.Request) -> None:
        """Take the time that the answer takes, or that the client has patience for."""
        patience_s = request.extensions.get("timeout", {}).get("read")
        if patience_s is not None and response.delay_s > patience_s:
            self._simulator.clock.sleep(patience_s)
            raise httpx.ReadTimeout("The read operation timed out", request=request)
        self._simulator.clock.sleep(response.delay_s)


class _Half(httpx.SyncByteStream):
    """The first half of a body, and then the end of the connection."""

    def __init__(self, body: bytes, request: httpx.Request) -> None:
        self._body = body
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        half = self._body[: len(self._body) // 2]
        yield half
        text = (
            "peer closed connection without sending complete message body "
            f"(received {len(half)} bytes, expected {len(self._body)})"
        )
        raise httpx.RemoteProtocolError(text, request=self._request)
