"""Everything about the simulator that can be set; every default is the strict one.

Where reports about Exact contradict each other, there is a switch, and its default is what asks most of a client.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Mapping

Refusal = Literal[
    "BlockedUser", "InactiveUser", "BlockedCustomer", "LicenseExpired", "DivisionBlocked", "NoDivisionAccess"
]
"""Values of the `Reason` header of a 403 (Exact's documentation, quoted in exact-php-client#451)."""

Language = Literal["en", "nl", "fr"]

ALL_SCOPES = frozenset(
    {
        "organization.administration",
        "financial.generalledgers",
        "financial.accounting",
        "financial.costcenters",
        "financial.cashflow",
        "crm.accounts",
        "organization.documents",
        "project.projects",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredApp:
    """An app as registered at Exact: its scopes belong to the registration, not to the login."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uris: tuple[str, ...]
    name: str = "exactsync"
    scopes: frozenset[str] = ALL_SCOPES
    divisions: frozenset[int] | None = None
    """Divisions permitted to this app; None: all that are permitted at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """The person who logs in."""

    id: UUID
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A division, and how many records of each entity set it starts with."""

    code: int
    name: str
    country: Literal["NL", "BE", "FR"]
    is_permitted: bool = True
    is_archived: bool = False
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Records per entity set (`GLAccounts`, `VATCodes`, …); one that is not named is empty."""
    suppliers: float = 0.6
    """The share of relations that are suppliers."""


DEMO_APP = RegisteredApp(
    client_id="5f0e6c1a-7c46-4f5b-9d8e-2b7f4a90d3e1",
    client_secret="demo/Secret+of=exactsync",  # noqa: S106 - opens nothing but this simulator
    redirect_uris=("https://localhost/exactsync/callback",),
    name="exactsync demo",
)
DEMO_USER = User(id=UUID("0b6a3c52-5a1e-4d0f-8a39-d1c5f0a4e7b2"), name="Dana Demo", email="dana@demo-holding.example")


def _sizes(gl_accounts: int, vat_codes: int, cost_centers: int, cost_units: int, accounts: int) -> dict[str, int]:
    return {
        "GLAccounts": gl_accounts,
        "VATCodes": vat_codes,
        "Costcenters": cost_centers,
        "Costunits": cost_units,
        "Accounts": accounts,
        "PaymentConditions": 9,
        "VatPercentages": vat_codes + 6,
        "GLClassifications": 19,
        "GLAccountClassificationMappings": 45,
        "Journals": 8,
        "FinancialPeriods": 48,
        "BankAccounts": accounts // 3,
        "Projects": 2 * cost_units,
        "PurchaseEntries": cost_centers,
        "PurchaseEntryLines": cost_centers,
        "Documents": cost_units,
    }


DEMO_COMPANIES = (
    Company(code=1000001, name="Demo Holding", country="NL", sizes=_sizes(1150, 28, 75, 24, 640)),
    Company(code=1000002, name="Demo Belgium", country="BE", sizes=_sizes(420, 22, 12, 8, 260)),
    Company(code=1000003, name="Demo France", country="FR", sizes=_sizes(380, 18, 10, 5, 210)),
    Company(code=1000004, name="Demo Ventures", country="NL", is_permitted=False, sizes=_sizes(90, 12, 4, 3, 40)),
    Company(code=1000005, name="Demo Oud", country="NL", is_archived=True, sizes=_sizes(40, 8, 2, 2, 15)),
)


def small_companies(number: int) -> tuple[Company, ...]:
    """Return companies with a handful of everything: as many as an accountant's office looks after."""
    return tuple(
        Company(
            code=2_000_001 + index,
            name=f"Client {index + 1}",
            country="NL",
            sizes={entity_set: min(size, 12) for entity_set, size in _sizes(12, 6, 4, 3, 12).items()},
        )
        for index in range(number)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this Exact Online behaves and what is in it."""

    # contents
    seed: int = 1
    hostile: float = 0.0
    """The share of records whose values are as hostile as Exact's types allow."""
    companies: tuple[Company, ...] = DEMO_COMPANIES
    apps: tuple[RegisteredApp, ...] = (DEMO_APP,)
    user: User = DEMO_USER
    first_rowversion: int = 2**53 + 1
    """The first Timestamp; above 2^53, so that a client that reads it as a double is found out."""
    deleted_log_days: float = 61
    """How long sync/Deleted remembers (two months by Exact's documentation)."""

    additions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What Exact may send one day: entity set → properties (known or not) and values that each of its records is
    answered with, whatever was asked for and whatever it holds."""

    # limits
    minute_s: float = 60
    """The length of the "clock minute"; shorten it to have many of them in a test."""
    day_s: float = 86_400
    calls_per_minute: int = 60
    calls_per_day: int = 5_000
    errors_per_hour: int = 10
    hour_s: float = 3_600
    """The window and the first block of the error-velocity limit."""
    max_url_length: int = 6_000
    single_page_size: int = 60
    bulk_page_size: int = 1_000

    # tokens
    token_lifetime_s: float = 600
    code_lifetime_s: float = 180
    refresh_token_days: float = 30

    # writing
    language: Language = "nl"
    """The user's: business errors come in it."""
    longest_attachment: int = 10 * 2**20
    """Bytes of an attachment's contents."""

    # transport
    latency_s: float = 0.0
    """How long each REST answer takes at least."""
    public_url: str | None = None
    """Base URL of links in answers; None: the one that the client used."""
    consent_page: bool = True
    """Show the consent page to browsers; without it, and to other clients, the answer is the redirect."""

    # contested
    early_refresh_status: Literal[400, 401] = 400
    old_refresh_token_grace_s: float = 0.0
    """How long a replaced refresh token still returns the current pair."""
    token_calls_per_day: int | None = None
    """200 by an announcement of 2021; absent from today's page of limits."""
    basic_auth: bool = False
    """The token endpoint takes client id and secret by HTTP Basic, too."""
    retry_after: bool = False
    page_size_by_reference: bool = True
    """sync/Project/Projects gives 60 a page, as the reference lists it, and not 1,000 as every other sync endpoint."""
    exact_path_case: bool = True
    sync_timestamp: Literal["first_since", "last_before", "absent"] = "first_since"
    """What SyncTimestamp answers: the lowest Timestamp changed since a moment, the highest before it, or 404."""
    velocity_block_status: int = 429
    """The status while blocked for errors; what Exact answers is not known."""
    created_answer: Literal["preferred", "key", "whole"] = "preferred"
    """What a 201 tells: the whole record where `Prefer: return=representation` asks for it, else its address and nulls
    (reports); or always the one or the other (Exact's examples show the whole one)."""
    foreign_ids: Literal["dropped", "refused"] = "dropped"
    """What becomes of the id of something in another division: null, with 201 (one vendor's report), or a refusal."""
    header_survives: bool = False
    """An entry whose lines are refused is made all the same, without lines and of amount 0 (one vendor's report)."""
    double_your_ref: Literal["taken", "refused"] = "taken"
    """Whether a supplier may have two entries of one YourRef: Exact's screens warn, of its API nothing is known."""
    read_only_properties: Literal["refused", "ignored"] = "refused"
    """What becomes of a value for a property that only Exact writes; nothing is known."""
