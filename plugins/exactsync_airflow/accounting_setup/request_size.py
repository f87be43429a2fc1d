"""No request of the page is long: whoever sends more is not heard out, logged in or not."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from fastapi import HTTPException

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST: Final = 2**20
"""Bytes of a body. The longest that a page sends, the choice of 500 companies, has less than 10,000."""


class ShortRequests:
    """Stop reading a request whose body is too long; a body is read before anybody asks who sends it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does, which is told of a body that is too long when it has read that much of it."""
        read = 0

        async def receive_no_more() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > LONGEST:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too long.")
            return message

        await self._app(scope, receive_no_more, send)
