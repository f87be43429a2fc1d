"""The simulator as an ASGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.responses import Response as StarletteResponse
from starlette.routing import Route

from exactsync.simulator.messages import Request

if TYPE_CHECKING:
    from starlette.requests import Request as StarletteRequest

    from exactsync.simulator.simulator import Simulator

_THREADS = 64


def create_app(simulator: Simulator) -> Starlette:
    """Return the application; requests are answered in threads, since answers may sleep."""
    limiter = CapacityLimiter(_THREADS)

    async def answer(request: StarletteRequest) -> StarletteResponse:
        received = Request(
            method=request.method,
            base_url=f"{request.url.scheme}://{request.headers.get('host', 'localhost')}",
            path=unquote(request.scope["raw_path"].decode("ascii")),
            query=request.scope["query_string"].decode("latin-1"),
            headers=dict(request.headers),
            body=await request.body(),
        )
        response = await run_sync(simulator.handle, received, limiter=limiter)
        return StarletteResponse(response.body, response.status, headers=dict(response.headers))

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
    return Starlette(routes=[Route("/{path:path}", answer, methods=methods)])
