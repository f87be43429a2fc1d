"""The integrations that people have set up, and the divisions each of them sees and pulls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from exactsync.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Engine

STALE_AFTER_H = 24
"""How old the list of companies may get before it is asked for again: it costs a call."""

ACTIVE = "active"
_STATUSES = {0: "inactive", 1: ACTIVE, 2: "archived"}


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
    is_permitted: bool = True
    is_chosen: bool = False

    @classmethod
    def from_record(cls, record: Mapping[str, Any], *, region: str) -> DivisionInfo:
        """Read a record of system/Divisions; its Status is 0 inactive, 1 active, 2 archived."""
        return cls(
            division=int(record["Code"]),
            name=str(record.get("Description") or "").replace("\0", ""),
            country=str(record.get("Country") or "").strip(),
            region=region,
            customer=str(record.get("CustomerName") or "").replace("\0", ""),
            status=_STATUSES.get(record.get("Status", 1), str(record.get("Status"))),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationInfo:
    """An integration: its app, its grant, the companies it knows."""

    name: str
    connection_id: str
    grant_id: int
    user_name: str
    grant_status: str
    inactive_axes: tuple[str, ...] = ()
    is_stale: bool = True
    """Whether the list of companies is too old to be relied on."""
    divisions: tuple[DivisionInfo, ...] = field(default=())

    @property
    def has_chosen(self) -> bool:
        """Whether there is a company to pull."""
        return any(division.is_chosen for division in self.divisions)


def require_own_name(engine: Engine, name: str, *, connection_id: str) -> None:
    """Raise ConfigurationError if the name belongs to an integration of another app."""
    with engine.connect() as connection:
        taken = connection.scalar(
            text("SELECT EXISTS (SELECT FROM exactsync.integrations WHERE name = :name AND connection_id <> :app)"),
            {"name": name, "app": connection_id},
        )
    if taken:
        raise _other_app(name, connection_id)


def save_integration(engine: Engine, name: str, *, connection_id: str, grant_id: int) -> None:
    """Create an integration, or give an existing one of the same app its new grant.

    Raises:
        ConfigurationError: as `require_own_name`.
    """
    with engine.begin() as connection:
        saved = connection.execute(
            text("""
            INSERT INTO exactsync.integrations AS known (name, connection_id, grant_id, all_divisions)
            VALUES (:name, :connection_id, :grant_id, false)
            ON CONFLICT (name) DO UPDATE SET grant_id = EXCLUDED.grant_id
            WHERE known.connection_id = EXCLUDED.connection_id
            """),
            {"name": name, "connection_id": connection_id, "grant_id": grant_id},
        ).rowcount
    if not saved:
        raise _other_app(name, connection_id)


def _other_app(name: str, connection_id: str) -> ConfigurationError:
    return ConfigurationError(
        f"Integration {name} belongs to another connection than {connection_id}.",
        remedy="Give another name with --integration, or use the connection it was set up with.",
    )


def read_integrations(engine: Engine, names: Sequence[str] = ()) -> list[IntegrationInfo]:
    """Return the integrations of these names, or all, by name.

    Raises:
        ConfigurationError: a name is unknown.
    """
    with engine.connect() as connection:
        rows = connection.execute(
            text("""
            SELECT integration.name, integration.connection_id, integration.grant_id, integration.inactive_axes,
                   grants.user_name, grants.status AS grant_status
            FROM exactsync.integrations AS integration JOIN exactsync.grants ON grants.id = integration.grant_id
            WHERE cardinality(CAST(:names AS text[])) = 0 OR integration.name = ANY(CAST(:names AS text[]))
            ORDER BY integration.name
            """),
            {"names": list(names)},
        ).mappings()
        found = [_with_divisions(connection, dict(row)) for row in rows.all()]
    if unknown := set(names) - {integration.name for integration in found}:
        raise ConfigurationError(
            f"There is no integration {', '.join(sorted(unknown))}.",
            remedy="Look at `python -m exactsync status`, or set it up with `python -m exactsync authorise`.",
        )
    return found


def _with_divisions(connection: Connection, values: dict[str, Any]) -> IntegrationInfo:
    rows = connection.execute(
        text("""
        SELECT division, name, country, region, is_permitted, is_chosen,
               seen_at < clock_timestamp() - make_interval(hours => :hours) AS is_stale
        FROM exactsync.integration_divisions WHERE integration = :name ORDER BY division
        """),
        {"name": values["name"], "hours": STALE_AFTER_H},
    )
    known = [dict(row) for row in rows.mappings()]
    stale = [row.pop("is_stale") for row in known]
    values["inactive_axes"] = tuple(values["inactive_axes"])
    return IntegrationInfo(
        **values, divisions=tuple(DivisionInfo(**row) for row in known), is_stale=not known or any(stale)
    )


def save_divisions(engine: Engine, integration: str, seen: Sequence[DivisionInfo]) -> None:
    """Remember what Exact lists now; a company that is no longer listed stays, as not permitted."""
    with engine.begin() as connection:
        for division in seen:
            connection.execute(
                text("""
                INSERT INTO exactsync.integration_divisions AS known (integration, division, name, country, region)
                VALUES (:integration, :division, :name, :country, :region)
                ON CONFLICT (integration, division) DO UPDATE
                SET name = EXCLUDED.name, country = EXCLUDED.country, region = EXCLUDED.region
                """),
                {
                    "integration": integration,
                    "division": division.division,
                    "name": division.name,
                    "country": division.country,
                    "region": division.region,
                },
            )
        connection.execute(
            text("""
            UPDATE exactsync.integration_divisions
            SET seen_at = clock_timestamp(), is_permitted = division = ANY(CAST(:codes AS integer[]))
            WHERE integration = :integration
            """),
            {"integration": integration, "codes": [division.division for division in seen]},
        )


def mark_stale(engine: Engine, integration: str) -> None:
    """Have the list of companies read again: a refusal made it doubtful."""
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE exactsync.integration_divisions SET seen_at = '-infinity' WHERE integration = :integration"),
            {"integration": integration},
        )


def choose_divisions(engine: Engine, integration: IntegrationInfo, codes: Sequence[int]) -> None:
    """Pull exactly these companies from now on; all of them or, if one is refused, none.

    Raises:
        ConfigurationError: a company is not permitted, or is pulled by another integration or through another region.
    """
    permitted = {division.division for division in integration.divisions if division.is_permitted}
    if unknown := sorted(set(codes) - permitted):
        raise ConfigurationError(
            f"Integration {integration.name} may not see company {', '.join(map(str, unknown))}.",
            remedy="Permit it to the app in Exact Online (App Centre, Manage app, Permitted companies), then look at "
            "`python -m exactsync divisions` again.",
        )
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE exactsync.integration_divisions IN SHARE ROW EXCLUSIVE MODE"))
        _require_free(connection, integration.name, codes)
        connection.execute(
            text("""
            UPDATE exactsync.integration_divisions SET is_chosen = division = ANY(CAST(:codes AS integer[]))
            WHERE integration = :integration
            """),
            {"integration": integration.name, "codes": list(codes)},
        )


def _require_free(connection: Connection, integration: str, codes: Sequence[int]) -> None:
    taken = connection.execute(
        text("""
        SELECT division, integration, region FROM exactsync.integration_divisions
        WHERE is_chosen AND integration <> :integration AND division = ANY(CAST(:codes AS integer[]))
        ORDER BY division
        """),
        {"integration": integration, "codes": list(codes)},
    ).all()
    if taken:
        named = ", ".join(f"{row.division} (by {row.integration}, region {row.region})" for row in taken)
        raise ConfigurationError(
            f"Already pulled by another integration: {named}.",
            remedy="Take it out of the other integration first: a company has one place in the warehouse.",
        )
