"""Requests and responses without a framework, and the envelope of Exact's errors."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import parse_qsl, urlencode

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exactsync.simulator.clock import Clock
    from exactsync.simulator.database import Key
    from exactsync.simulator.rules import Rule

JSON_TYPE = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as the simulator sees it.

    `base_url` is scheme and host without a trailing slash, `path` is percent-decoded, `query` is raw, header names
    are lower case.
    """

    method: str
    base_url: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def url_length(self) -> int:
        """The characters of the URL, as Exact counts them against its 6,000."""
        return len(self.base_url) + len(self.path) + len(self.query) + 1

    def query_pairs(self) -> list[tuple[str, str]]:
        """Return the decoded query parameters in order."""
        return parse_qsl(self.query, keep_blank_values=True)

    def parameters(self) -> dict[str, str]:
        """Return the query parameters; a repeated one has its last value."""
        return dict(self.query_pairs())

    def without_option(self, name: str) -> Request:
        """Return the request without a query parameter."""
        return replace(self, query=urlencode([pair for pair in self.query_pairs() if pair[0] != name]))

    def bearer_token(self) -> str:
        """Return the access token; "" if there is none."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else ""

    def form(self) -> dict[str, str]:
        """Return the fields of a form-encoded body; {} if it is something else."""
        if not self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return {}
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def basic_credentials(self) -> tuple[str, str] | None:
        """Return user and password of HTTP Basic, if they are there."""
        scheme, _, encoded = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, separator, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return (user, password) if separator else None


class Delivery(Enum):
    """How much of an answer reaches the client."""

    WHOLE = auto()
    TRUNCATED = auto()
    """The headers and half of the body; then the connection closes."""
    CLOSED = auto()
    """Nothing: the connection closes."""
    RESET = auto()
    """Nothing: the connection is reset."""


class Created(NamedTuple):
    """The records that a POST has stored."""

    division: int
    keys: tuple[tuple[str, Key], ...]
    """Entity set and key of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What the simulator answers. `status` is 0 if it answers nothing; `delay_s` is how late it comes."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delivery: Delivery = Delivery.WHOLE
    delay_s: float = 0.0
    created: Created | None = None
    """What was stored for it; no client sees that."""

    def about(self, division: int, keys: tuple[tuple[str, Key], ...]) -> Response:
        """Return the same response, knowing what was stored: entity sets and keys."""
        return replace(self, created=Created(division, keys))

    def with_headers(self, headers: Mapping[str, str]) -> Response:
        """Return the same response with more headers."""
        return replace(self, headers={**self.headers, **headers})


class StandIn(Protocol):
    """Whatever answers requests in the place of a service."""

    @property
    def clock(self) -> Clock:
        """Its time."""

    def handle(self, request: Request) -> Response:
        """Answer one request."""


class RefusedError(Exception):
    """A request is refused: the answer, and the rule that it broke (None where a good client may meet it)."""

    def __init__(self, response: Response, rule: Rule | None, detail: str) -> None:
        super().__init__(detail)
        self.response = response
        self.rule = rule
        self.detail = detail


def json_response(content: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return `content` as JSON."""
    merged = {"Content-Type": JSON_TYPE, **(headers or {})}
    return Response(status=status, headers=merged, body=orjson.dumps(content))


def text_response(text: str, *, status: int = 200, content_type: str = "text/plain") -> Response:
    """Return text."""
    return Response(status=status, headers={"Content-Type": f"{content_type}; charset=utf-8"}, body=text.encode())


def refuse(status: int, text: str, *, rule: Rule | None, reason: str | None = None) -> RefusedError:
    """Return a refusal in the envelope of Exact's REST errors, with the `Reason` header if there is one."""
    content = {"error": {"code": "", "message": {"lang": "", "value": text}}}
    headers = {"Reason": reason} if reason else {}
    return RefusedError(json_response(content, status=status, headers=headers), rule, text)


def refuse_empty(
    status: int, *, rule: Rule | None, detail: str, headers: Mapping[str, str] | None = None
) -> RefusedError:
    """Return a refusal without a body."""
    return RefusedError(Response(status=status, headers=headers or {}), rule, detail)
