"""The companies (divisions) that each integration sees at Exact, and which of them it pulls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from exactsync.errors import CompanyRefusedError, ConfigurationError, DefectError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Engine

STALE_AFTER_H: Final = 24
"""How old the list of companies may get before it is asked for again: it costs a call."""

ACTIVE: Final = "active"
ARCHIVED: Final = "archived"
_STATUSES: Final = {0: "inactive", 1: ACTIVE, 2: ARCHIVED}

_PERMIT: Final = "Permit it to the app in Exact Online (Import/Export, App permissions, Permitted companies)"


@dataclass(frozen=True, slots=True, kw_only=True)
class DivisionInfo:
    """A company that an integration may see at Exact."""

    division: int
    name: str
    country: str
    region: str
    customer: str = ""
    """The name of the Exact customer (licence) it belongs to."""
    status: str = ""
    """`active`, `inactive` or `archived` at Exact; empty: not known yet."""
    is_permitted: bool = True
    is_chosen: bool = False
    taken_by: str | None = None
    """The other integration that pulls it."""
    failure: str | None = None
    """How the last attempt to pull it failed."""

    @classmethod
    def from_record(cls, record: Mapping[str, Any], *, region: str) -> DivisionInfo:
        """Read a record of system/Divisions; its Status is 0 inactive, 1 active, 2 archived.

        Raises:
            DefectError: it has no code that is one.
        """
        try:
            code, status = int(record["Code"]), record.get("Status", 1)
            return cls(
                division=code,
                name=str(record.get("Description") or "").replace("\0", ""),
                country=str(record.get("Country") or "").strip(),
                region=region,
                customer=str(record.get("CustomerName") or "").replace("\0", ""),
                status=_STATUSES.get(status, str(status)),
            )
        except (KeyError, TypeError, ValueError, OverflowError):
            raise DefectError(f"A company of Exact's list cannot be read: {dict(record)!r:.200}.") from None

    @property
    def refusal(self) -> CompanyRefusedError | None:
        """Why Exact does not let us pull it, and the way out."""
        if not self.is_permitted:
            return CompanyRefusedError(
                f"Exact no longer lists company {self.name} for this app and user.",
                remedy=f"{_PERMIT} and check the user's rights there; or take it out with "
                "`python -m exactsync divisions --choose`.",
            )
        if self.status == ARCHIVED:
            return CompanyRefusedError(
                f"Company {self.name} is archived at Exact.",
                remedy="Reactivate it in Exact Online; or take it out with `python -m exactsync divisions --choose`.",
            )
        return None

    @property
    def problem(self) -> str | None:
        """What stands in the way of pulling it."""
        return self.refusal.message if self.refusal else self.failure


def read_companies(
    connection: Connection, integration: str, codes: Sequence[int] | None = None
) -> tuple[tuple[DivisionInfo, ...], bool]:
    """Return the companies of these codes (None: all) of an integration, and whether the list is too old to rely on."""
    wanted = None if codes is None else list(codes)
    rows = connection.execute(_READ, {"name": integration, "hours": STALE_AFTER_H, "codes": wanted}).mappings()
    known = [dict(row) for row in rows]
    stale = [row.pop("is_stale") for row in known]
    return tuple(DivisionInfo(**row) for row in known), not known or any(stale)


_READ = text("""
SELECT division.division, division.name, division.country, division.region, division.customer, division.status,
       division.is_permitted, division.is_chosen, other.integration AS taken_by,
       division.seen_at < clock_timestamp() - make_interval(hours => :hours) AS is_stale
FROM exactsync.integration_divisions AS division
LEFT JOIN (exactsync.integration_divisions AS other JOIN exactsync.integrations AS holder
           ON holder.name = other.integration AND holder.state <> 'disconnected')
ON other.division = division.division AND other.is_chosen AND other.integration <> division.integration
WHERE division.integration = :name
  AND (CAST(:codes AS integer[]) IS NULL OR division.division = ANY(CAST(:codes AS integer[])))
ORDER BY division.division
""")


def save_companies(engine: Engine, integration: str, seen: Sequence[DivisionInfo]) -> None:
    """Remember what Exact lists now; a company that is no longer listed stays, as not permitted."""
    rows = [
        {
            "integration": integration,
            "division": division.division,
            "name": division.name,
            "country": division.country,
            "region": division.region,
            "customer": division.customer,
            "status": division.status,
        }
        for division in seen
    ]
    with engine.begin() as connection:
        if rows:
            connection.execute(_SAVE, rows)
        connection.execute(
            text("""
            UPDATE exactsync.integration_divisions
            SET seen_at = clock_timestamp(), is_permitted = division = ANY(CAST(:codes AS integer[]))
            WHERE integration = :integration
            """),
            {"integration": integration, "codes": [division.division for division in seen]},
        )


_SAVE = text("""
INSERT INTO exactsync.integration_divisions (integration, division, name, country, region, customer, status)
VALUES (:integration, :division, :name, :country, :region, :customer, :status)
ON CONFLICT (integration, division) DO UPDATE
SET name = EXCLUDED.name, country = EXCLUDED.country, region = EXCLUDED.region, customer = EXCLUDED.customer,
    status = EXCLUDED.status
""")


def mark_stale(connection: Connection, integration: str) -> None:
    """Have the list of companies read again: a refusal or a new consent made it doubtful."""
    connection.execute(
        text("UPDATE exactsync.integration_divisions SET seen_at = '-infinity' WHERE integration = :integration"),
        {"integration": integration},
    )


def require_permitted(integration: str, known: Sequence[DivisionInfo], codes: Sequence[int]) -> None:
    """Raise ConfigurationError if a company may not be seen, or is chosen anew although it is archived."""
    permitted = {company.division: company for company in known if company.is_permitted}
    if unknown := sorted(set(codes) - set(permitted)):
        raise ConfigurationError(
            f"Integration {integration} may not see company {', '.join(map(str, unknown))}.",
            remedy=f"{_PERMIT}, then look at `python -m exactsync divisions` again.",
        )
    for code in codes:
        if (company := permitted[code]).refusal and not company.is_chosen:
            raise company.refusal.at(integration=integration, division=code)


def choose_companies(connection: Connection, integration: str, codes: Sequence[int]) -> dict[str, str]:
    """Pull exactly these companies from now on; return what each disconnected integration loses by it.

    Raises:
        ConfigurationError: a company is pulled by another integration, or through another region.
    """
    connection.execute(text("LOCK TABLE exactsync.integration_divisions IN SHARE ROW EXCLUSIVE MODE"))
    values = {"integration": integration, "codes": list(codes)}
    holders = connection.execute(_HOLDERS, values).all()
    if taken := [row for row in holders if row.state != "disconnected"]:
        named = ", ".join(f"{row.division} (by {row.integration}, region {row.region})" for row in taken)
        raise ConfigurationError(
            f"Already pulled by another integration: {named}.",
            remedy="Take it out of the other integration first: a company has one place in the warehouse.",
        )
    connection.execute(_RELEASE, values)
    connection.execute(_CHOOSE, values)
    lost: dict[str, list[str]] = {}
    for row in holders:
        lost.setdefault(row.integration, []).append(f"{row.division} {row.name}")
    return {loser: ", ".join(companies) for loser, companies in lost.items()}


_HOLDERS = text("""
SELECT division.division, division.name, division.integration, division.region, holder.state
FROM exactsync.integration_divisions AS division
JOIN exactsync.integrations AS holder ON holder.name = division.integration
WHERE division.is_chosen AND division.integration <> :integration
  AND division.division = ANY(CAST(:codes AS integer[]))
ORDER BY division.division
""")

_RELEASE = text("""
UPDATE exactsync.integration_divisions SET is_chosen = false
WHERE is_chosen AND integration <> :integration AND division = ANY(CAST(:codes AS integer[]))
""")

_CHOOSE = text("""
UPDATE exactsync.integration_divisions SET is_chosen = division = ANY(CAST(:codes AS integer[]))
WHERE integration = :integration
""")
