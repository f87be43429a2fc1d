"""Who we are at Spendesk: an API client of one company."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, cast, get_args

from exactsync.connection import is_address, read_connection
from exactsync.errors import ConfigurationError
from exactsync.secret import Secret
from exactsync.spendesk.limits import CALLS_PER_MINUTE

POLL_S: Final = 60.0
"""Spendesk wants to be asked after a snapshot every 60 s at most (its guide)."""
PRODUCTION: Final = "https://public-api.spendesk.com"
SCOPES: Final = (
    "payable:read",
    "payable:manage",
    "payable-attachment:read",
    "settlement:read",
    "supplier:read",
)

Body = Literal["flat", "query"]
"""How snapshots are asked for: hosts differ in whether the filters stand in a `query`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendeskAccount:
    """API credentials of one company, as an Airflow connection of type `spendesk` describes them."""

    connection_id: str
    base_url: str
    """Scheme and host, without a slash at the end; sandboxes have hosts of their own."""
    client_id: str
    client_secret: Secret
    scopes: tuple[str, ...] = SCOPES
    body: Body = "flat"
    calls_per_minute: int = CALLS_PER_MINUTE
    """More only where Spendesk has agreed to more."""
    poll_s: float = POLL_S
    """How long to wait before asking after a snapshot again; less only with a stand-in."""
    verify: bool | str = True
    proxy: str | None = None


def account_from_connection(connection_id: str, value: str) -> SpendeskAccount:
    """Return the account that an Airflow connection describes.

    Args:
        connection_id: the connection's id, for messages.
        value: what `AIRFLOW_CONN_<ID>` holds, as `read_connection` takes it: `host` is the base URL (production unless
            given), `login` the client id, `password` the client secret; the extras `scopes` (parted by blanks), `body`
            (`flat` or `query`), `calls_per_minute`, `poll_s`, `verify` and `proxy` count, all others are ignored.

    Raises:
        ConfigurationError: something needed is missing or makes no sense; no value is repeated but that of `body`.
    """
    described = read_connection(connection_id, value)
    base_url = described.base_url or PRODUCTION
    needed = {
        "login (client id)": described.login,
        "password (client secret)": described.password,
        "a host that can be called": is_address(base_url),
    }
    if missing := [name for name, found in needed.items() if not found]:
        raise ConfigurationError(
            f"Connection {connection_id} lacks {', '.join(missing)}.",
            remedy="Fill it in, as Spendesk's page of API credentials has it.",
        )
    extra = described.extra
    return SpendeskAccount(
        connection_id=connection_id,
        base_url=base_url,
        client_id=described.login,
        client_secret=Secret(described.password),
        scopes=tuple(str(extra.get("scopes") or "").split()) or SCOPES,
        body=_body(connection_id, extra.get("body") or "flat"),
        calls_per_minute=int(
            _number(connection_id, "calls_per_minute", extra.get("calls_per_minute") or CALLS_PER_MINUTE)
        ),
        poll_s=float(_number(connection_id, "poll_s", extra.get("poll_s") or POLL_S)),
        verify=described.verify,
        proxy=described.proxy,
    )


def _body(connection_id: str, given: object) -> Body:
    if given not in get_args(Body):
        raise ConfigurationError(
            f"Connection {connection_id}: the extra `body` is '{given}'.", remedy="Set it to `flat` or `query`."
        )
    return cast("Body", given)


def _number(connection_id: str, name: str, given: object) -> Decimal:
    try:
        number = Decimal(str(given))
    except ArithmeticError:
        number = Decimal(0)
    if not 0 < number < 10**6:
        raise ConfigurationError(
            f"Connection {connection_id}: the extra `{name}` is no such number.", remedy="Correct it, or leave it out."
        )
    return number
