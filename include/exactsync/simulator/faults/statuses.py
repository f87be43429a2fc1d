"""Answers with a status other than 200: from inside Exact, where they count, and from what stands in front of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from exactsync.simulator.faults.kinds import WayOut, fault
from exactsync.simulator.messages import Request, Response, json_response, refuse, text_response
from exactsync.simulator.settings import Refusal

if TYPE_CHECKING:
    from exactsync.simulator.faults.planting import Action, Call

_CHAIN_ERROR = "Token is not allowed, because of invalid or empty chainId"
_MAINTENANCE = (
    "<html><head><title>Server maintenance</title></head><body><h1>Server maintenance</h1>"
    "<p>Due to server maintenance the Exact Online server is unavailable.</p></body></html>"
)


def _from_inside(page: Response, token: Response) -> Action:
    """Refuse a page or a token as Exact itself does, so that the error counts as one (page of limits)."""

    def act(_request: Request, call: Call) -> Response:
        return call.refused(token if _is_token_call(call) else page)

    return act


def _from_outside(response: Response) -> Action:
    """Answer in front of Exact: nothing is counted and no limit header is sent."""
    return lambda _request, _call: response


def _is_token_call(call: Call) -> bool:
    return call.target.endpoint is None and call.target.name.startswith("/")


def _rest_error(status: int, text: str, reason: str | None = None) -> Response:
    return refuse(status, text, rule=None, reason=reason).response


def _token_error(status: int, error: str, description: str, reason: str | None = None) -> Response:
    content = {"error": error, "error_description": description}
    return json_response(content, status=status, headers={"Reason": reason} if reason else {})


def html_page(status: int, title: str) -> Response:
    """Return a page of whatever stands in front of Exact."""
    html = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return text_response(html, status=status, content_type="text/html")


@fault(source="error bodies; error-velocity limit", page=WayOut.PERSON, token=WayOut.PERSON, write=WayOut.PERSON)
def bad_request() -> Action:
    """400: a query that Exact does not understand; at the token endpoint, a broken refresh chain."""
    return _from_inside(
        _rest_error(400, "Error in query syntax"),
        _token_error(400, "invalid_grant", _CHAIN_ERROR, f"Unknown: {_CHAIN_ERROR}"),
    )


@fault(source="refresh rules", page=WayOut.RETRY_LATER, token=WayOut.PERSON, write=WayOut.RETRY_LATER)
def unauthorised() -> Action:
    """401: an access token that is said to have expired; at the token endpoint, a refresh token used before."""
    headers = {
        "Reason": "Authentication Required",
        "WWW-Authenticate": 'Bearer error="invalid_token", error_description="access%20token%20expired"',
    }
    return _from_inside(
        Response(status=401, headers=headers),
        _token_error(401, "unauthorized_client", "Old refresh token used."),
    )


@fault(
    source="403 Reason values (exact-php-client#451); Akamai in front",
    page=WayOut.PERSON,
    token=WayOut.RETRY_LATER,
    write=WayOut.PERSON,
)
def forbidden(*, reason: Refusal = "NoDivisionAccess") -> Action:
    """403 with its `Reason`; at the token endpoint, the page of the network in front of Exact.

    Raises:
        ValueError: Exact has no such reason.
    """
    if reason not in get_args(Refusal):
        raise ValueError(f"Exact does not refuse for {reason}")
    return _from_inside(_rest_error(403, "Forbidden", reason), html_page(403, "Access Denied"))


@fault(source="error-velocity limit", page=WayOut.PERSON, token=WayOut.PERSON, write=WayOut.PERSON)
def not_found() -> Action:
    """404: an endpoint that is not there any more."""

    def act(_request: Request, call: Call) -> Response:
        if _is_token_call(call):
            return call.refused(html_page(404, "Not Found"))
        segment = call.target.name.rpartition("/")[2]
        return call.refused(_rest_error(404, f"Resource not found for the segment '{segment}'."))

    return act


@fault(
    source="heavy calls (Invantive forum 1368)", page=WayOut.RETRY_LATER, token=WayOut.RETRY_LATER, write=WayOut.LOOK
)
def request_timeout() -> Action:
    """408: Exact gave up on a heavy call."""
    return _from_inside(Response(status=408), Response(status=408))


@fault(
    source="business validation is often 500 (exact-php-client#325)",
    page=WayOut.RETRY_LATER,
    token=WayOut.RETRY_LATER,
    write=WayOut.PERSON,
)
def server_error(*, text: str = "An error has occurred.") -> Action:
    """500 in the envelope of Exact's errors, with a text in whatever language the user has."""
    return _from_inside(_rest_error(500, text), _rest_error(500, text))


@fault(source="gateways in front of Exact", page=WayOut.RETRY_LATER, token=WayOut.RETRY_LATER, write=WayOut.LOOK)
def bad_gateway() -> Action:
    """502 with a page of HTML, uncounted."""
    return _from_outside(html_page(502, "Bad Gateway"))


@fault(
    source="nightly maintenance; Akamai in front", page=WayOut.RETRY_LATER, token=WayOut.RETRY_LATER, write=WayOut.LOOK
)
def unavailable() -> Action:
    """503 with a page of HTML that says nothing, uncounted."""
    return _from_outside(html_page(503, "Service Unavailable"))


@fault(source="nightly maintenance", page=WayOut.RETRY_LATER, token=WayOut.RETRY_LATER, write=WayOut.LOOK)
def gateway_timeout() -> Action:
    """504 with a page of HTML, uncounted."""
    return _from_outside(html_page(504, "Gateway Timeout"))


@fault(
    source="nightly maintenance 04:00-04:30 CET", page=WayOut.RETRY_LATER, token=WayOut.RETRY_LATER, write=WayOut.LOOK
)
def maintenance() -> Action:
    """503 with the page of Exact's nightly maintenance."""
    return _from_outside(text_response(_MAINTENANCE, status=503, content_type="text/html"))


@fault(source="guarded against by django-exact", page=WayOut.RETRY_LATER, token=WayOut.RETRY_LATER, write=WayOut.LOOK)
def maintenance_as_success() -> Action:
    """The page of Exact's nightly maintenance with status 200."""
    return _from_outside(text_response(_MAINTENANCE, content_type="text/html"))


def _limit(limit: Literal["minute", "day"]) -> Action:
    def act(_request: Request, call: Call) -> Response:
        with call.world.lock:
            return Response(status=429, headers=call.world.limits.refusal_headers(limit, call.world.settings))

    return act


@fault(
    source="a 429 holds the headers of its limit only (exact-php-client README)",
    page=WayOut.RETRY_LATER,
    write=WayOut.RETRY_LATER,
)
def minute_limit() -> Action:
    """429 with the headers of the minute, as if someone had used it up; the next call is free again."""
    return _limit("minute")


@fault(
    source="a 429 holds the headers of its limit only (exact-php-client README)",
    page=WayOut.RETRY_LATER,
    write=WayOut.RETRY_LATER,
)
def day_limit() -> Action:
    """429 with the headers of the day, as if someone had used it up; the next call is free again."""
    return _limit("day")


@fault(source="exact-php-client#255, #528", page=WayOut.RETRY_LATER, token=WayOut.RETRY_LATER, write=WayOut.RETRY_LATER)
def limit_without_headers() -> Action:
    """429 without a body and without a word on which limit, or until when."""
    return _from_outside(Response(status=429))
