"""The simulator as an ASGI application."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import Response as StarletteResponse
from starlette.routing import Route

from exactsync.simulator.messages import Delivery, Request, Response

if TYPE_CHECKING:
    from asyncio import Transport

    from starlette.requests import Request as StarletteRequest
    from starlette.types import Receive, Scope, Send

    from exactsync.simulator.messages import StandIn

_THREADS = 64
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
FindLine = Callable[[tuple[str, int]], "Transport | None"]
"""Returns the connection from this address and port."""


def create_app(simulator: StandIn, find_line: FindLine) -> Starlette:
    """Return the application; requests are answered in threads, since answers may sleep."""
    limiter = CapacityLimiter(_THREADS)

    async def answer(request: StarletteRequest) -> StarletteResponse:
        try:
            body = await request.body()
        except ClientDisconnect:  # killed while it asked: nobody reads the answer
            return StarletteResponse(status_code=400)
        received = Request(
            method=request.method,
            base_url=f"{request.url.scheme}://{request.headers.get('host', 'localhost')}",
            path=unquote(request.scope["raw_path"].decode("ascii")),
            query=request.scope["query_string"].decode("latin-1"),
            headers=dict(request.headers),
            body=body,
        )
        response = await run_sync(simulator.handle, received, limiter=limiter)
        if response.delay_s:
            await run_sync(simulator.clock.sleep, response.delay_s, limiter=limiter)
        if response.delivery is Delivery.WHOLE:
            return StarletteResponse(response.body, response.status, headers=dict(response.headers))
        return _BrokenResponse(response, find_line)

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
    return Starlette(routes=[Route("/{path:path}", answer, methods=methods)])


class _BrokenResponse(StarletteResponse):
    """Ends the connection instead of answering, or in the middle of the answer."""

    def __init__(self, response: Response, find_line: FindLine) -> None:
        super().__init__(response.body, response.status, headers=dict(response.headers))
        self._delivery = response.delivery
        self._find_line = find_line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._delivery is Delivery.TRUNCATED:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            half = bytes(self.body[: len(self.body) // 2])
            await send({"type": "http.response.body", "body": half, "more_body": True})
        line = self._find_line(scope["client"])
        if line is None:
            return
        if self._delivery is Delivery.RESET:
            line.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            line.abort()
        else:
            line.close()
        while (await receive())["type"] != "http.disconnect":
            pass
