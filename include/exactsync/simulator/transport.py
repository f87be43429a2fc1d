"""The simulator as a transport of httpx: a client talks to it without a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

import httpx

from exactsync.simulator.messages import Request

if TYPE_CHECKING:
    from exactsync.simulator.simulator import Simulator


class SimulatorTransport(httpx.BaseTransport):
    """Hands requests to a simulator in the caller's thread; any host will do."""

    def __init__(self, simulator: Simulator) -> None:
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
        return httpx.Response(response.status, headers=dict(response.headers), content=response.body, request=request)
