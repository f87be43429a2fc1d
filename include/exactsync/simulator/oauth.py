"""`/api/oauth2/auth` and `/api/oauth2/token`, with the refusals of Exact word for word."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from exactsync.simulator.consent import consent_page, refusal_page
from exactsync.simulator.messages import (
    RefusedError,
    Request,
    Response,
    json_response,
    refuse_empty,
    text_response,
)
from exactsync.simulator.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exactsync.simulator.clock import Clock
    from exactsync.simulator.grants import Chain, Grants
    from exactsync.simulator.settings import RegisteredApp, Settings

AUTH_PATH = "/api/oauth2/auth"
TOKEN_PATH = "/api/oauth2/token"  # noqa: S105 - a path
REFRESH_GATE = 0.95
"""The share of the access token's lifetime before which a refresh is refused: 570 of 600 s."""
_CHAIN_ERROR = "Token is not allowed, because of invalid or empty chainId"


class Authority:
    """Exact's login: gives codes to people and tokens to apps. Not thread-safe."""

    def __init__(self, clock: Clock, grants: Grants) -> None:
        self._clock = clock
        self._grants = grants
        self._token_calls: dict[tuple[str, int], int] = {}

    def authorise(self, request: Request, settings: Settings) -> Response:
        """Answer the authorise page: a form for browsers, the redirect for everything else.

        Raises:
            RefusedError: unknown client, or a redirect URI that is not registered and https.
        """
        parameters = request.form() if request.method == "POST" else request.parameters()
        app = _find_app(parameters.get("client_id", ""), settings)
        redirect_uri = parameters.get("redirect_uri", "")
        if app is None:
            raise _refuse_page("The client_id is not known.")
        if redirect_uri not in app.redirect_uris or not _is_safe(redirect_uri):
            raise _refuse_page("The redirect_uri is not registered for this app.")
        if parameters.get("response_type") != "code":
            raise _refuse_page("The response_type must be code.")
        is_browser = "text/html" in request.headers.get("accept", "")
        asks = is_browser and settings.consent_page and parameters.get("auto") != "1"
        if request.method != "POST" and asks:
            return text_response(consent_page(app, settings.user, parameters), content_type="text/html")
        if parameters.get("decision") == "deny":
            answer = {"error": "access_denied", "error_description": "The user denied the request."}
        else:
            user = str(settings.user.id)
            code = self._grants.issue_code(
                client_id=app.client_id, user=user, redirect_uri=redirect_uri, settings=settings
            )
            answer = {"code": code}
        if "state" in parameters:
            answer["state"] = parameters["state"]
        return Response(status=302, headers={"Location": _with_query(redirect_uri, answer)})

    def token(self, request: Request, settings: Settings) -> Response:
        """Exchange a code or a refresh token for a new pair.

        Raises:
            RefusedError: with the body that Exact gives for each reason.
        """
        fields = request.form()
        app = _authenticate_app(request, fields, settings)
        self._check_daily_calls(app, settings)
        grant_type = fields.get("grant_type")
        if grant_type == "authorization_code":
            chain = self._redeem_code(app, fields)
        elif grant_type == "refresh_token":
            chain = self._find_refreshable(app, fields, settings)
            if chain.refresh_token != fields["refresh_token"]:
                return _pair(chain, settings)
        else:
            raise _refuse_token(400, "unsupported_grant_type", "The grant type is not supported.")
        self._grants.rotate(chain, settings)
        return _pair(chain, settings)

    def _redeem_code(self, app: RegisteredApp, fields: Mapping[str, str]) -> Chain:
        chain = self._grants.redeem_code(
            fields.get("code", ""), client_id=app.client_id, redirect_uri=fields.get("redirect_uri", "")
        )
        if chain is None:
            raise _refuse_token(400, "invalid_grant", _CHAIN_ERROR, reason=f"Unknown: {_CHAIN_ERROR}")
        return chain

    def _find_refreshable(self, app: RegisteredApp, fields: Mapping[str, str], settings: Settings) -> Chain:
        """Return the chain that may be refreshed with the given token, now.

        Within the grace of `Settings.old_refresh_token_grace_s` that may be an old token of the chain.
        """
        token = fields.get("refresh_token", "")
        chain = self._grants.find_chain(token, client_id=app.client_id)
        if chain is None:
            raise _refuse_token(400, "invalid_grant", _CHAIN_ERROR, reason=f"Unknown: {_CHAIN_ERROR}")
        now = self._clock.steady()
        if token in chain.old_tokens:
            if now - chain.old_tokens[token] < settings.old_refresh_token_grace_s:
                return chain
            raise _refuse_token(401, "unauthorized_client", "Old refresh token used.", rule=Rule.OLD_REFRESH_TOKEN)
        expires_at = chain.issued_at + timedelta(days=settings.refresh_token_days).total_seconds()
        if now >= expires_at:
            text = _expiry_text(self._clock.now() - (now - expires_at), self._clock.now())
            raise _refuse_token(400, "invalid_request", text, rule=None)
        if now - chain.issued_at < REFRESH_GATE * settings.token_lifetime_s:
            raise _refuse_early(settings)
        return chain

    def _check_daily_calls(self, app: RegisteredApp, settings: Settings) -> None:
        day = int(self._clock.now() // settings.day_s)
        calls = self._token_calls.get((app.client_id, day), 0)
        if settings.token_calls_per_day is not None and calls >= settings.token_calls_per_day:
            raise refuse_empty(429, rule=Rule.DAY_LIMIT, detail="too many token calls in a day")
        self._token_calls[app.client_id, day] = calls + 1


def find_client_id(request: Request, settings: Settings) -> str | None:
    """Return the registered client id that a token request names, whether or not its secret is right."""
    basic = request.basic_credentials() if settings.basic_auth else None
    client_id = basic[0] if basic else request.form().get("client_id", "")
    app = _find_app(client_id, settings)
    return app.client_id if app else None


def _find_app(client_id: str, settings: Settings) -> RegisteredApp | None:
    return next((app for app in settings.apps if app.client_id == client_id), None)


def _authenticate_app(request: Request, fields: Mapping[str, str], settings: Settings) -> RegisteredApp:
    client_id, client_secret = fields.get("client_id", ""), fields.get("client_secret", "")
    basic = request.basic_credentials() if settings.basic_auth else None
    if basic is not None:
        client_id, client_secret = basic
    app = _find_app(client_id, settings)
    if app is None or not hmac.compare_digest(app.client_secret.encode(), client_secret.encode()):
        raise _refuse_token(400, "invalid_client", "The client id or the client secret is wrong.")
    return app


def _is_safe(redirect_uri: str) -> bool:
    """Exact asks for https; the loopback may do without."""
    parts = urlsplit(redirect_uri)
    return parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1", "::1")


def _with_query(uri: str, parameters: Mapping[str, str]) -> str:
    separator = "&" if urlsplit(uri).query else "?"
    return f"{uri}{separator}{urlencode(parameters, quote_via=quote, safe='')}"


def _pair(chain: Chain, settings: Settings) -> Response:
    return json_response(
        {
            "access_token": chain.access_token,
            "token_type": "bearer",
            "expires_in": str(max(1, round(settings.token_lifetime_s))),
            "refresh_token": chain.refresh_token,
        }
    )


def _refuse_token(
    status: int,
    error: str,
    description: str,
    *,
    reason: str | None = None,
    rule: Rule | None = Rule.WRONG_TOKEN_REQUEST,
) -> RefusedError:
    content = {"error": error, "error_description": description}
    headers = {"Reason": reason} if reason else {}
    return RefusedError(json_response(content, status=status, headers=headers), rule, description)


def _refuse_early(settings: Settings) -> RefusedError:
    text = "Rate limit exceeded: access_token not expired"
    is_old_answer = settings.early_refresh_status == 401
    reason = "Access Token not expired" if is_old_answer else f"TooEarlyToRefreshTokens: {text}"
    return _refuse_token(settings.early_refresh_status, "access_denied", text, reason=reason, rule=Rule.EARLY_REFRESH)


def _refuse_page(text: str) -> RefusedError:
    page = text_response(refusal_page(text), status=401, content_type="text/html")
    return RefusedError(page, Rule.WRONG_AUTHORISATION, text)


def _expiry_text(expires_at: float, now: float) -> str:
    def american(seconds: float) -> str:
        at = datetime.fromtimestamp(seconds, UTC)
        return f"{at.month}/{at.day}/{at.year} {at.hour % 12 or 12}:{at:%M:%S %p}"

    return f"The refresh token expired at {american(expires_at)} and it is now {american(now)}"
