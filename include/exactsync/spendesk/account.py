"""Who we are at Spendesk: an API client of one company."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exactsync.spendesk.limits import CALLS_PER_MINUTE

if TYPE_CHECKING:
    from exactsync.secret import Secret

PRODUCTION: Final = "https://public-api.spendesk.com"
SCOPES: Final = (
    "payable:read",
    "payable:manage",
    "payable-attachment:read",
    "settlement:read",
    "supplier:read",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendeskAccount:
    """API credentials of one company, as an Airflow connection of type `spendesk` describes them."""

    connection_id: str
    base_url: str
    """Scheme and host, without a slash at the end; sandboxes have hosts of their own."""
    client_id: str
    client_secret: Secret
    scopes: tuple[str, ...] = SCOPES
    body: str = "flat"
    """How snapshots are asked for: `flat`, or `query` where a host wants the filters inside of one."""
    calls_per_minute: int = CALLS_PER_MINUTE
    """More only where Spendesk has agreed to more."""
    verify: bool | str = True
    proxy: str | None = None
