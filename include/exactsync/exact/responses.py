"""What an answer of Exact means: nothing, or the error that says what to do about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import orjson

from exactsync.errors import (
    CompanyRefusedError,
    ConfigurationError,
    DefectError,
    ExactSyncError,
    ExactUnavailableError,
    ForbiddenError,
)
from exactsync.exact.redact import redact

if TYPE_CHECKING:
    import httpx

LONGEST_QUOTE: Final = 300
MAINTENANCE_PAUSE_S: Final = 600.0
UNAVAILABLE_PAUSE_S: Final = 120.0

_FORBIDDEN: Final = {
    "scope violated": "Give the app this scope in Exact's App Centre, then authorise it again.",
    "division scope": "Permit the company under Exact's App permissions, or drop the division here.",
    "nodivisionaccess": "Give the Exact user access to this company, or drop the division here.",
    "blockeduser": "Unblock the Exact user who authorised the app, or authorise with another user.",
    "inactiveuser": "Activate the Exact user who authorised the app, or authorise with another user.",
    "blockedcustomer": "Exact has blocked this customer: contact Exact.",
    "licenseexpired": "Renew the company's Exact licence, or drop the division here.",
    "divisionblocked": "Exact has blocked this company: contact Exact, or drop the division here.",
}
"""Remedies by what a 403 says, in its text or its `Reason` header."""

_OF_ONE_COMPANY: Final = {"division scope", "nodivisionaccess", "blockedcustomer", "licenseexpired", "divisionblocked"}
"""Those that concern one company; the others concern the user or the app."""


def check_answer(response: httpx.Response, what: str) -> None:
    """Raise what a failed answer means; return if it holds data.

    Args:
        response: the answer, read.
        what: what was asked for, for the message.

    Raises:
        ExactUnavailableError: maintenance or trouble at Exact (5xx, 408, an HTML page): try again.
        CompanyRefusedError: Exact refuses this company, and perhaps not the others.
        ForbiddenError: a right or a scope is missing.
        ConfigurationError: an address is wrong.
        DefectError: Exact did not understand the question.
    """
    if response.is_success and not is_html(response):
        return
    raise _error_of(response, what)


def is_html(response: httpx.Response) -> bool:
    """Whether the answer is a web page, as Exact's maintenance is, instead of data."""
    return "html" in response.headers.get("content-type", "") or response.content[:64].lstrip()[:1] == b"<"


def exact_text(response: httpx.Response) -> str:
    """Return what Exact said, on one line, shortened and without secrets."""
    try:
        message = orjson.loads(response.content)["error"]["message"]["value"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        message = "" if is_html(response) else response.text
    text = redact(" ".join(str(message).split()))
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 1]}…"


def unavailable(message: str, *, pause_s: float = UNAVAILABLE_PAUSE_S) -> ExactUnavailableError:
    """Return the error for trouble at Exact that should have passed in `pause_s`."""
    retry_at = datetime.now(UTC) + timedelta(seconds=pause_s)
    return ExactUnavailableError(message, retry_at=retry_at, remedy="Nothing: it is tried again later.")


def _error_of(response: httpx.Response, what: str) -> ExactSyncError:
    status = response.status_code
    said = exact_text(response)
    told = f"Exact answered {status} to {what}" + (f': "{said}".' if said else ".")
    if is_html(response) and (response.is_success or status >= 500 or status == 403):
        page = "its maintenance page" if status != 403 else "a web page"
        return unavailable(f"Exact answered {status} to {what} with {page}.", pause_s=MAINTENANCE_PAUSE_S)
    if status >= 500 or status == 408:
        return unavailable(told)
    if status == 403:
        return _refused(told, f"{said} {response.headers.get('reason', '')}".lower())
    if status == 404 or response.is_redirect:
        return ConfigurationError(told, remedy="Check the connection's host and that the division still exists.")
    return DefectError(told, remedy="Report this: the question was not one that Exact allows.")


def _refused(told: str, said: str) -> ConfigurationError:
    mark = next((mark for mark in _FORBIDDEN if mark in said), None)
    if mark in _OF_ONE_COMPANY:
        return CompanyRefusedError(told, remedy=_FORBIDDEN[mark])
    usual = "Check the rights of the Exact user who authorised the app, and the app's scopes."
    return ForbiddenError(told, remedy=_FORBIDDEN[mark] if mark else usual)
