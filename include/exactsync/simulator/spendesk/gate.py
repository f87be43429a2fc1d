"""Who may come in, how often, and how many at a time."""

from __future__ import annotations

from collections import deque
from secrets import token_urlsafe
from typing import TYPE_CHECKING

import orjson

from exactsync.simulator.messages import Response, json_response
from exactsync.simulator.spendesk.rules import SpendeskRule, refuse

if TYPE_CHECKING:
    from exactsync.simulator.clock import Clock
    from exactsync.simulator.messages import Request
    from exactsync.simulator.spendesk.settings import SpendeskSettings


class Gate:
    """Tokens and limits of one company. Not thread-safe: the simulator holds its lock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens: dict[str, tuple[float, frozenset[str]]] = {}
        self._calls: deque[float] = deque()
        self._in_flight = 0

    def give_token(self, request: Request, settings: SpendeskSettings) -> Response:
        """Answer a call for a token: client credentials, in Basic, and a JSON body (Spendesk's guide).

        Raises:
            SpendeskRefusedError: the credentials are wrong or a year old, or the scopes are not the client's.
        """
        if request.method != "POST":
            raise refuse(405, "method", "POST only.", rule=SpendeskRule.BAD_REQUEST)
        if settings.are_credentials_expired:
            raise refuse(401, "unauthorized", "Invalid client credentials.", rule=None)
        if request.basic_credentials() != (settings.client_id, settings.client_secret):
            raise refuse(401, "unauthorized", "Invalid client credentials.", rule=SpendeskRule.WRONG_CREDENTIALS)
        body = _json(request)
        if body.get("grant_type") != "client_credentials":
            raise refuse(400, "grant_type", "Unsupported grant type.", rule=SpendeskRule.BAD_REQUEST)
        scopes = frozenset(str(body.get("scope", "")).split())
        if not scopes or scopes - settings.scopes:
            raise refuse(403, "scope", "Scopes exceed those of the client.", rule=SpendeskRule.MISSING_SCOPE)
        token = token_urlsafe(32)
        self._tokens[token] = (self._clock.now() + settings.token_lifetime_s, scopes)
        return json_response(
            {"access_token": token, "token_type": "Bearer", "expires_in": round(settings.token_lifetime_s)}
        )

    def admit(self, request: Request, settings: SpendeskSettings) -> dict[str, str]:
        """Count a call; return the headers that go with its answer.

        Raises:
            SpendeskRefusedError: no good token, or too many calls within a minute.
        """
        token = self._tokens.get(request.bearer_token())
        if token is None:
            raise refuse(401, "unauthorized", "No such token.", rule=SpendeskRule.UNAUTHENTICATED)
        now = self._clock.now()
        if token[0] <= now:
            raise refuse(401, "unauthorized", "The token has expired.", rule=SpendeskRule.EXPIRED_TOKEN)
        while self._calls and self._calls[0] <= now - settings.minute_s:
            self._calls.popleft()
        if len(self._calls) >= settings.calls_per_minute:
            wait_s = self._calls[0] + settings.minute_s - now
            headers = _limits(settings, 0, wait_s)
            raise refuse(429, "rate_limit", "Too many requests.", rule=SpendeskRule.MINUTE_LIMIT, headers=headers)
        self._calls.append(now)
        return _limits(settings, settings.calls_per_minute - len(self._calls), settings.minute_s)

    def scopes(self, request: Request) -> frozenset[str]:
        """Return the scopes of the caller's token."""
        return self._tokens[request.bearer_token()][1]

    def enter(self, settings: SpendeskSettings) -> None:
        """Begin a call.

        Raises:
            SpendeskRefusedError: five are under way.
        """
        if self._in_flight >= settings.calls_in_flight:
            raise refuse(429, "in_flight", "Too many requests in flight.", rule=SpendeskRule.IN_FLIGHT_LIMIT)
        self._in_flight += 1

    def leave(self) -> None:
        """End a call."""
        self._in_flight -= 1

    def issued(self) -> list[str]:
        """Return every token there has been."""
        return list(self._tokens)


def _limits(settings: SpendeskSettings, left: int, reset_s: float) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(settings.calls_per_minute),
        "x-ratelimit-remaining": str(left),
        "x-ratelimit-reset": str(max(1, round(reset_s))),
    }


def _json(request: Request) -> dict[str, object]:
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise refuse(400, "body", "The body is no JSON object.", rule=SpendeskRule.BAD_REQUEST)
    return body
