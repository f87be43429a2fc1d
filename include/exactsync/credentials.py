"""Who we are at Exact, and what we were given: apps, token pairs and grants.

Value types only, shared by `exact` (which uses them) and `warehouse` (which stores them). Nothing here does I/O, and no
secret shows in a repr, a message or a log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

from exactsync.connection import is_address, read_connection
from exactsync.errors import ConfigurationError
from exactsync.secret import Secret

if TYPE_CHECKING:
    from datetime import datetime

EndReason = Literal["used", "lapsed", "revoked", "replaced", "used_elsewhere", "other_instance", "wrong_client"]
"""Why a person is needed: `lifecycle.Reason` explains each. The last two are no end of the grant itself."""

GRANT_LIFE: Final = timedelta(days=30)
"""A grant that is not refreshed for so long has lapsed (announced for July 2021)."""

GrantStatus = Literal["active", "reconnect_needed"]

NOBODY: Final = "nobody, after "
"""What the name of an intent's owner begins with once it is known that no answer will come to it."""

_REGIONS: Final = {"co.uk": "uk", "com": "us"}
_SUFFIXES: Final = {name: name for name in ("nl", "be", "fr", "de", "es")} | {"uk": "co.uk", "us": "com"}


def whole_days(left: timedelta) -> int:
    """Return how many days a grant has left as people count them, never below 0: right after a consent, 30."""
    return max(0, round(left / timedelta(days=1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An app registered at Exact, as an Airflow Connection describes it."""

    connection_id: str
    base_url: str
    """Scheme and host, without a slash at the end: authorisation, tokens and data share one host."""
    client_id: str
    client_secret: Secret
    redirect_uri: str
    verify: bool | str = True
    """Whether the server's certificate is checked, or the path of the certificates to check it with."""
    proxy: str | None = None
    given_region: str | None = None

    @property
    def key(self) -> str:
        """What the app is at Exact, whatever connection names it: host and client id."""
        parts = urlsplit(self.base_url)
        return f"{parts.netloc.lower()}{parts.path}/{self.client_id}"

    @property
    def fingerprint(self) -> str:
        """What tells these credentials from others, and gives none of them away."""
        return sha256(f"{self.key}\0{self.client_secret.reveal()}".encode()).hexdigest()[:16]

    @property
    def region(self) -> str:
        """The data region (`nl`, `be`, `fr` …): as given, or from Exact's host, or else the host's name."""
        host = urlsplit(self.base_url).hostname or ""
        _, found, suffix = host.partition("start.exactonline.")
        return self.given_region or (_REGIONS.get(suffix, suffix) if found else host)

    @property
    def screens_host(self) -> str | None:
        """Exact's own host in this region, where people log in, whatever host is called; None: the region is none."""
        suffix = _SUFFIXES.get(self.region)
        return f"start.exactonline.{suffix}" if suffix else None


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """The person at Exact who gave a grant."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPair:
    """What Exact's token endpoint gives: both tokens, and how long the access token lives."""

    access: Secret
    refresh: Secret
    lifetime_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one Exact user gave one app, as its row stood at `read_at`; all times by the database's clock."""

    id: int
    connection_id: str
    app_key: str
    user: User
    generation: int
    """Rises with every new token pair."""
    access: Secret
    status: GrantStatus
    reason: EndReason | None
    obtained_at: datetime
    refreshable_at: datetime
    """Exact refuses a refresh before this; once one is announced, when that was."""
    expires_at: datetime
    """The access token must not be used from here on."""
    intent_owner: str | None
    intent_expires_at: datetime | None
    """Someone announced a refresh and may be waiting for Exact's answer until then."""
    refreshes: int
    probes: int
    is_ours: bool
    """Whether it belongs to this installation; False in a copy of the database it was given to."""
    is_replaced: bool
    """Whether a newer consent of the same user and app is known, that came through another address of Exact."""
    refused_client: str | None
    """The fingerprint of an app's credentials that Exact has refused within the last hour."""
    read_at: datetime

    @property
    def idle(self) -> timedelta:
        """How long ago Exact last gave tokens."""
        return self.read_at - self.obtained_at

    @property
    def is_refreshable(self) -> bool:
        """Whether Exact accepts a refresh by now."""
        return self.read_at >= self.refreshable_at

    @property
    def is_usable(self) -> bool:
        """Whether the access token may be used without refreshing first."""
        return not self.is_refreshable and self.read_at < self.expires_at

    @property
    def is_being_refreshed(self) -> bool:
        """Whether a live intent holds the grant."""
        return self.intent_expires_at is not None and self.intent_expires_at > self.read_at

    @property
    def is_unanswered(self) -> bool:
        """Whether the last refresh or probe got no clear answer; a probe may be made once no live intent is left."""
        return self.intent_owner is not None and self.intent_owner.startswith(NOBODY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to refresh one generation of a grant once, until the lease ends."""

    grant_id: int
    generation: int
    owner: str
    refresh: Secret
    claimed_at: datetime
    is_probe: bool
    """An earlier attempt with this very token got no answer: Exact may have used it up."""


def app_from_connection(connection_id: str, value: str) -> App:
    """Return the app that an Airflow connection describes.

    Args:
        connection_id: the connection's id, for messages.
        value: what `AIRFLOW_CONN_<ID>` holds, as `read_connection` takes it: `host` is the base URL, `login` the client
            id, `password` the client secret; the extras `redirect_uri`, `region`, `verify` and `proxy` (or
            `proxies`) count, all others are ignored. Without a host, `region` (`nl`, `be`, `fr`) names it.

    Raises:
        ConfigurationError: something needed is missing or cannot be read; the value itself is not repeated.
    """
    described = read_connection(connection_id, value)
    region = described.extra.get("region") or None
    base_url = described.base_url or (f"https://start.exactonline.{region}" if region else "")
    needed = {
        "host": is_address(base_url),
        "login (client id)": described.login,
        "password (client secret)": described.password,
        "extra redirect_uri": described.extra.get("redirect_uri"),
    }
    if missing := [name for name, found in needed.items() if not found]:
        raise ConfigurationError(
            f"Connection {connection_id} lacks {', '.join(missing)}.",
            remedy="Fill it in, as the app's registration in Exact's App Centre has it.",
        )
    return App(
        connection_id=connection_id,
        base_url=base_url,
        client_id=described.login,
        client_secret=Secret(described.password),
        redirect_uri=str(described.extra["redirect_uri"]),
        verify=described.verify,
        proxy=described.proxy,
        given_region=region,
    )
