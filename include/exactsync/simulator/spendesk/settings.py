"""Everything about the simulated Spendesk that can be set; every default is the strict one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

ALL_SCOPES = frozenset(
    {
        "payable:read",
        "payable:manage",
        "payable-attachment:read",
        "settlement:read",
        "supplier:read",
        "analytical-field:read",
        "cost-center:read",
        "user:read",
    }
)
"""Spendesk's names; the one for writing a bookkeeping status is not published, ours stands in for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendeskSettings:
    """How this Spendesk behaves and how much is in it."""

    # contents
    seed: int = 1
    payables: int = 120
    faulty: float = 0.12
    """The share of payables that cannot be booked as they are; each in one known way."""
    is_usual: bool = False
    """The month of a small company instead of extremes: usual amounts, and one payable with each flaw."""
    history_days: int = 75
    """Payables are dated within so many days before the simulator was made."""

    # credentials
    client_id: str = "demo-spendesk-client"
    client_secret: str = field(default="demo/Spendesk+secret=1", repr=False)
    scopes: frozenset[str] = ALL_SCOPES
    are_credentials_expired: bool = False
    """API credentials end after a year at most, and cannot be extended."""
    token_lifetime_s: float = 3_600

    # limits
    calls_per_minute: int = 50
    """Counted over any 60 seconds: how Spendesk's windows lie is not published."""
    minute_s: float = 60
    calls_in_flight: int = 5
    latency_s: float = 0.0

    # snapshots
    snapshot_ready_s: float = 90
    """How long a snapshot is being made."""
    snapshot_life_s: float = 43_200
    """The same question gets the same snapshot for so long, however stale it has become."""
    shortest_poll_s: float = 60
    """How often one may ask whether a snapshot is there (Spendesk's guide: every 60 s at most)."""
    longest_period_days: int = 31
    page_size: int = 30
    largest_page: int = 100

    # where the evidence is contested
    shape: Literal["v0", "v1", "mixed"] = "mixed"
    """How payables are written: as in the published v0 OpenAPI, or as clients of v1 report."""
    body: Literal["flat", "query"] = "flat"
    """How a snapshot is asked for: hosts differ in whether the filters stand in a `query`."""
    link_lifetime_s: float = 900
    """How long a receipt's address is good."""
