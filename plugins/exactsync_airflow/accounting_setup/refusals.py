"""What cannot be done, as JSON: `{"error": {"message", "remedy", "reason"}}` with the status that says what helps.

| status   | what it means                                              |
| -------- | ---------------------------------------------------------- |
| 400      | refused: a setting, a right or an argument is wrong        |
| 401, 403 | log in; ask for the right, or use the page                 |
| 404      | no such connection                                         |
| 409      | not possible as things stand                               |
| 405, 415 | not a request of our page                                  |
| 413      | longer than any request of our page                        |
| 500      | a defect; the server's log says more                       |
| 503      | try again later                                            |
"""

from __future__ import annotations

import logging
import re
import traceback
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from exactsync.errors import (
    ConfigurationError,
    ExactSyncError,
    ReauthorisationRequiredError,
    RetryLaterError,
)
from exactsync.exact.redact import redact
from exactsync.warehouse.engine import name_refusal

if TYPE_CHECKING:
    from fastapi import FastAPI, Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

_REMEDIES = {
    HTTPStatus.UNAUTHORIZED: "Log in to Airflow, then try again.",
    HTTPStatus.FORBIDDEN: "Ask whoever administers Airflow for the right.",
}


class NotPossibleError(ConfigurationError):
    """What was asked for does not go with how things stand."""


class UnknownConnectionError(ConfigurationError):
    """There is no connection of this name."""


class ForeignPageError(ConfigurationError):
    """The request does not come from our own page."""

    usual_remedy = (
        "Open the page Accounting setup in Airflow, at the address that [api] base_url names, and do it there. Scripts "
        "use the command line."
    )


def install_refusals(app: FastAPI) -> None:
    """Have the app answer every error in the one shape."""
    app.add_exception_handler(ExactSyncError, _refuse)
    app.add_exception_handler(DBAPIError, _refuse_database)
    app.add_exception_handler(HTTPException, _refuse_http)
    app.add_exception_handler(RequestValidationError, _refuse_invalid)
    app.add_middleware(DefectsAreLogged)


class DefectsAreLogged:
    """Log what nobody foresaw, free of secrets, and answer without it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does, or else with 500."""
        has_begun = False

        async def note_and_send(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, note_and_send)
        except Exception as error:
            log_defect(error)
            if not has_begun:
                answer = refusal(500, "Something went wrong.", "The api-server's log says what.", "defect")
                await answer(scope, receive, send)


def log_defect(error: Exception) -> None:
    """Log an error that nobody foresaw, with its traceback, free of secrets."""
    log.error("Accounting setup failed: %s", redact("".join(traceback.format_exception(error))))


def refusal(status: int, message: str, remedy: str, reason: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Say what cannot be done; whatever the texts hold, no secret leaves."""
    error = {"message": redact(message), "remedy": redact(remedy) or None, "reason": reason or None}
    return JSONResponse({"error": error}, status_code=int(status), headers=headers)


def reason_of(error: ExactSyncError) -> str:
    """Name an error for machines: by its own reason, or else by its kind (`quota_exhausted`, `configuration` …)."""
    kind = type(error).__name__.removesuffix("Error")
    return str(getattr(error, "reason", "")) or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower()


def _refuse(_: Request, error: Any) -> JSONResponse:
    where = str(replace(error.location, integration=None))  # the page knows which one it asked about
    headers = {}
    if isinstance(error, RetryLaterError):
        wait_s = (error.retry_at - datetime.now(UTC)).total_seconds()
        headers["Retry-After"] = str(max(1, round(wait_s)))
    message = f"{where}: {error.message}" if where else error.message
    return refusal(_status(error), message, error.remedy, reason_of(error), headers)


def _status(error: ExactSyncError) -> int:
    match error:
        case RetryLaterError():
            return HTTPStatus.SERVICE_UNAVAILABLE
        case UnknownConnectionError():
            return HTTPStatus.NOT_FOUND
        case ForeignPageError():
            return HTTPStatus.FORBIDDEN
        case NotPossibleError() | ReauthorisationRequiredError():
            return HTTPStatus.CONFLICT
        case _:
            return HTTPStatus.BAD_REQUEST


def _refuse_database(request: Request, error: Any) -> JSONResponse:
    if named := name_refusal(error):
        return _refuse(request, named)
    raise error


def _refuse_http(_: Request, error: Any) -> JSONResponse:
    status = HTTPStatus(error.status_code)
    reason = status.phrase.lower().replace(" ", "_")
    return refusal(status, str(error.detail), _REMEDIES.get(status, ""), reason, error.headers)


def _refuse_invalid(_: Request, error: Any) -> JSONResponse:
    wrong = "; ".join(f"{'.'.join(map(str, each['loc'][1:])) or 'body'}: {each['msg']}" for each in error.errors())
    return refusal(HTTPStatus.BAD_REQUEST, f"The request cannot be read: {wrong}.", "Reload the page.", "invalid")
