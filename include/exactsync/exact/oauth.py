"""Exact's OAuth2: the address a person consents at, and the token endpoint with every answer it is known to give.

Refresh tokens are single use, so what matters about a failed refresh is whether it may have used the token up. Each
failure is one of these (texts as reported in picqer#300, #471, websmurf#23, #31):

EndedError            final: the token is used, lapsed or no longer accepted; a person must authorise again
WrongClientError      refused because of the app's credentials; the token is untouched
ConfigurationError    there is no token endpoint at the app's address; the token is untouched
TooEarlyError         refused before 95 % of the access token's life; the token is untouched
NotSentError          the request never left; the token is untouched
UnansweredError       nobody knows: 5xx, a web page, an empty body, 429, a time-out, a lost connection
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote, urlencode, urlsplit

import httpx
import orjson

from exactsync.credentials import EndReason, TokenPair
from exactsync.errors import ConfigurationError, DefectError, ReauthorisationRequiredError
from exactsync.exact.redact import redact
from exactsync.exact.transport import NOT_SENT, Timeouts
from exactsync.outbound import open_client, receive
from exactsync.secret import Secret

if TYPE_CHECKING:
    from exactsync.credentials import App

TIMEOUTS: Final = Timeouts(read_s=20.0)
USUAL_LIFETIME_S: Final = 600.0
"""Of an access token (KB-oauth)."""
LONGEST_LIFETIME_S: Final = 86_400.0


class EndedError(Exception):
    """Exact will never take this refresh token again."""

    def __init__(self, reason: EndReason, said: str) -> None:
        super().__init__(said)
        self.reason: EndReason = reason


class WrongClientError(ConfigurationError):
    """Exact does not take the app's client id and secret, or does not let the app in; the token is untouched."""

    usual_remedy = "Check host, client id and client secret of the connection against Exact's App Centre."


class TooEarlyError(Exception):
    """Exact gives no new token yet; the refresh token is untouched."""


class NotSentError(Exception):
    """The request never left; the refresh token is untouched."""


class UnansweredError(Exception):
    """Exact may or may not have used the refresh token up."""


def authorise_url(app: App, state: str) -> str:
    """Return the address at which a person lets the app in; Exact then redirects to the app's `redirect_uri`."""
    params = {
        "client_id": app.client_id,
        "redirect_uri": app.redirect_uri,
        "response_type": "code",
        "state": state,
    }
    return f"{app.base_url}/api/oauth2/auth?{urlencode(params, quote_via=quote)}"


def code_of(redirected: str) -> str:
    """Return the code in the address that Exact redirected to, decoded once.

    Raises:
        ConfigurationError: there is none; if Exact said why, the message has it.
    """
    pairs = (part.partition("=") for part in urlsplit(redirected.strip()).query.split("&"))
    query = {name: unquote(value) for name, _, value in pairs}  # a plus sign is no blank here
    if query.get("code"):
        return query["code"]
    said = redact(" ".join(query[name] for name in ("error", "error_description") if name in query))
    raise ConfigurationError(
        "The redirected address holds no code" + (f": Exact said '{said}'." if said else "."),
        remedy="Open the authorisation address again, consent, and copy the whole address you are sent to.",
    )


def exchange_code(
    app: App, code: str, transport: httpx.BaseTransport | None = None, *, timeouts: Timeouts = TIMEOUTS
) -> TokenPair:
    """Return the first token pair of a new grant.

    Args:
        app: the app that the person consented to.
        code: as it stood in the redirect, or already decoded: its decoded form never holds a percent sign (it is
            JWT-like). Serves once, within three minutes.
        transport: how to reach Exact, if not directly.
        timeouts: how long to wait for Exact.

    Raises:
        ReauthorisationRequiredError: Exact does not take the code, or did not answer: consent again.
        ConfigurationError: Exact does not take the app's credentials.
    """
    decoded = Secret(unquote(code.strip()))
    form = {
        "grant_type": "authorization_code",
        "code": decoded.reveal(),
        "redirect_uri": app.redirect_uri,
    }
    try:
        return _ask(app, form, transport, timeouts)
    except (EndedError, TooEarlyError, NotSentError, UnansweredError) as error:
        raise ReauthorisationRequiredError(
            f"Exact gave no tokens for the code: {error}",
            reason="revoked",
            remedy="Authorise again; a code serves once, and for three minutes.",
        ) from None


def refresh(
    app: App,
    token: Secret,
    transport: httpx.BaseTransport | None = None,
    *,
    timeouts: Timeouts = TIMEOUTS,
) -> TokenPair:
    """Return the next token pair; `token` is used up by it.

    Raises:
        EndedError, TooEarlyError, NotSentError, UnansweredError, ConfigurationError: see the module's table.
        DefectError: Exact refused the request for a reason not known to us; the token is untouched.
    """
    form = {"grant_type": "refresh_token", "refresh_token": token.reveal()}
    return _ask(app, form, transport, timeouts)


def _ask(app: App, form: dict[str, str], transport: httpx.BaseTransport | None, timeouts: Timeouts) -> TokenPair:
    form = {**form, "client_id": app.client_id, "client_secret": app.client_secret.reveal()}
    with open_client(app, timeouts.httpx, transport) as client:
        request = client.build_request(
            "POST", f"{app.base_url}/api/oauth2/token", data=form, headers={"Accept": "application/json"}
        )
        try:
            response = receive(client, request, within_s=timeouts.read_s)
        except NOT_SENT as error:
            raise NotSentError(f"Exact cannot be reached: {redact(str(error))}.") from None
        except httpx.HTTPError as error:
            raise UnansweredError(f"the connection to Exact was lost ({type(error).__name__}).") from None
    if response.is_success:
        return _parse_pair(response)
    raise _refusal(response)


def _parse_pair(response: httpx.Response) -> TokenPair:
    """Read the pair. The new refresh token exists nowhere else: nothing but its absence is a reason to refuse it."""
    try:
        body = orjson.loads(response.content)
        pair = TokenPair(
            access=Secret(body["access_token"]),
            refresh=Secret(body["refresh_token"]),
            lifetime_s=_lifetime_s(body.get("expires_in")),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        kind = "an empty body" if not response.content.strip() else "something that holds no tokens"
        raise UnansweredError(f"Exact answered {response.status_code} with {kind}.") from None
    if not (pair.access and pair.refresh):
        raise UnansweredError(f"Exact answered {response.status_code} with an empty token.")
    return pair


def _lifetime_s(given: Any) -> float:
    """Read `expires_in`: a JSON string at Exact (ossobv, airbyte#20301), a number in some doubles; else the usual."""
    try:
        lifetime_s = float(given)
    except (TypeError, ValueError, OverflowError):
        return USUAL_LIFETIME_S
    return lifetime_s if 0 < lifetime_s <= LONGEST_LIFETIME_S else USUAL_LIFETIME_S


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refused:
    """What a refusal of the token endpoint says."""

    status: int
    error: str
    description: str
    header: str

    @property
    def text(self) -> str:
        return redact(f'Exact answered {self.status} "{self.error}: {self.description}"')

    @property
    def is_too_early(self) -> bool:
        return self.header.startswith("tooearly") or "not expired" in f"{self.description} {self.header}".lower()

    @property
    def end_reason(self) -> EndReason | None:
        described = self.description.lower()
        if self.error == "invalid_request" and "expired" in described:
            return "lapsed"
        if self.error == "unauthorized_client" and "refresh token" in described:
            return "used"
        return "revoked" if self.error == "invalid_grant" else None


def _refusal(response: httpx.Response) -> Exception:
    status = response.status_code
    if status == 404 or response.is_redirect:
        return ConfigurationError(
            f"Exact's token endpoint is not at the connection's host (answer {status}).",
            remedy=WrongClientError.usual_remedy,
        )
    refused = _parse_refusal(response)
    if refused is None or status >= 500 or status in {408, 429}:
        return UnansweredError(f"Exact answered {status}.")
    if refused.is_too_early:
        return TooEarlyError(refused.text)
    if refused.end_reason:
        return EndedError(refused.end_reason, refused.text)
    if refused.error in {"invalid_client", "unauthorized_client", "access_denied"}:
        return WrongClientError(f"{refused.text}.")
    return DefectError(f"{refused.text}.", remedy="Report this.")


def _parse_refusal(response: httpx.Response) -> _Refused | None:
    try:
        body: Any = orjson.loads(response.content)
        error = str(body["error"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return _Refused(
        status=response.status_code,
        error=error,
        description=redact(" ".join(str(body.get("error_description", "")).split()))[:300],
        header=response.headers.get("reason", "").lower(),
    )
