"""The integrations that people have set up: their app, their grant, where they stand, and the companies they know."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from unicodedata import normalize

from sqlalchemy import text

from exactsync.credentials import GRANT_LIFE
from exactsync.entities import entities
from exactsync.entity import Axis
from exactsync.errors import ConfigurationError
from exactsync.lifecycle import Reason, State
from exactsync.warehouse.companies import DivisionInfo, read_companies

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Engine

LONGEST_NAME: Final = 60
FORBIDDEN: Final = "/\\?#%"
"""What a name cannot hold, because it means something in an address."""
_CREATING: Final = 0x6E616D65  # "name": the advisory lock under which names are compared and taken


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationInfo:
    """An integration: its app, its grant, where it stands, the companies it knows."""

    name: str
    connection_id: str
    grant_id: int | None
    """None before the consent, and once disconnected."""
    state: State
    reason: Reason | None = None
    """Why it is degraded, or needs a new consent."""
    message: str | None = None
    """What happened in particular: which company, which data set, what Exact said."""
    since: datetime
    """When it came into this state."""
    created_at: datetime
    authorised_at: datetime | None = None
    last_sync_at: datetime | None = None
    """When a sync last brought a data set of it up to date."""
    failing_runs: int = 0
    """How many runs in a row were not all fine."""
    user_name: str = ""
    """Who gave the grant; empty while there is none."""
    grant_status: str = "none"
    """`active`, `reconnect_needed` or, while there is no grant, `none`."""
    refreshed_at: datetime | None = None
    """When Exact last gave tokens."""
    inactive_axes: tuple[str, ...] = ()
    shares_grant_with: tuple[str, ...] = ()
    """The other integrations that work with the same grant."""
    is_paused: bool = False
    """Whether somebody has paused it and nobody has resumed it since; also while its grant has ended."""
    is_stale: bool = True
    """Whether the list of companies is too old to be relied on."""
    divisions: tuple[DivisionInfo, ...] = field(default=())
    """Every company that Exact has ever listed for it."""
    app_problem: ConfigurationError | None = None
    """Why its app cannot be used; known to `Setup` only."""

    @property
    def companies(self) -> tuple[DivisionInfo, ...]:
        """The companies that are chosen."""
        return tuple(division for division in self.divisions if division.is_chosen)

    @property
    def has_chosen(self) -> bool:
        """Whether there is a company to pull."""
        return bool(self.companies)

    @property
    def axes(self) -> tuple[str, ...]:
        """The analytical axes that are active."""
        return tuple(axis for axis in known_axes() if axis not in self.inactive_axes)

    @property
    def data_sets(self) -> list[tuple[int, str]]:
        """What there is to load: (division, entity) of each chosen company."""
        active = [entity.name for entity in entities().values() if entity.axis not in self.inactive_axes]
        return [(company.division, entity) for company in self.companies for entity in active]

    def will_retry(self, failed_at: datetime | None) -> bool:
        """Tell whether what failed then came before a person mended something, and is yet to be tried again."""
        return self.state is not State.DEGRADED and failed_at is not None and failed_at < self.since

    @property
    def lapses_at(self) -> datetime | None:
        """When the grant would end if nothing refreshed it."""
        return self.refreshed_at + GRANT_LIFE if self.refreshed_at else None

    @property
    def reason_text(self) -> str | None:
        """Why it stands there, in a sentence."""
        if self.app_problem:
            return self.app_problem.message
        return self.reason.text if self.reason else None

    @property
    def remedy(self) -> str | None:
        """What a person does about it."""
        if self.app_problem:
            return self.app_problem.remedy
        return self.reason.remedy if self.reason else None


def known_axes() -> tuple[str, ...]:
    """Return the analytical axes that there are entities for."""
    return tuple(str(entity.axis) for entity in entities().values() if entity.axis)


def inactive_axes(active: Sequence[str] | None) -> list[str]:
    """Return the axes that are not among these (None: all are), those that there are no entities for yet included.

    Raises:
        ConfigurationError: there is no such axis.
    """
    if active is None:
        return []
    if unknown := sorted(set(active) - set(known_axes())):
        raise ConfigurationError(
            f"There is no analytical axis {', '.join(map(_shown, unknown))}.",
            remedy=f"Give of {', '.join(known_axes())}.",
        )
    return [str(axis) for axis in Axis if axis not in set(active)]


def with_choice(integration: IntegrationInfo, codes: Collection[int]) -> IntegrationInfo:
    """Return the integration as it would be with these companies chosen."""
    chosen = tuple(replace(company, is_chosen=company.division in codes) for company in integration.divisions)
    return replace(integration, divisions=chosen)


def require_name(name: str) -> None:
    """Raise ConfigurationError unless people can see the name, tell it from others and write it on one line."""
    is_visible = name.isprintable() and name == name.strip() and any(character.isalnum() for character in name)
    if not (is_visible and len(name) <= LONGEST_NAME) or set(name) & set(FORBIDDEN):
        raise ConfigurationError(
            f"'{_shown(name)}' cannot be the name of an integration.",
            remedy=f"Give 1 to {LONGEST_NAME} visible characters, a letter or a digit among them, none of "
            f"{' '.join(FORBIDDEN)}, and no blanks at either end.",
        )


def require_own_name(engine: Engine, name: str, *, connection_id: str) -> None:
    """Raise ConfigurationError if the name is taken by an integration of another app, or looks like another one's."""
    with engine.connect() as connection:
        taken = connection.execute(text("SELECT name, connection_id FROM exactsync.integrations")).all()
    _require_own(dict(taken), name, connection_id)


def create_integration(
    connection: Connection, name: str, *, connection_id: str, inactive_axes: Sequence[str] = ()
) -> bool:
    """Create an integration that awaits its consent; False if this app has it already.

    Raises:
        ConfigurationError: the name cannot be used, or is taken.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _CREATING})
    taken: dict[str, str] = dict(
        connection.execute(text("SELECT name, connection_id FROM exactsync.integrations")).all()
    )
    _require_own(taken, name, connection_id)
    if name in taken:
        return False
    connection.execute(
        text("""
        INSERT INTO exactsync.integrations (name, connection_id, all_divisions, inactive_axes)
        VALUES (:name, :connection_id, false, :inactive_axes)
        """),
        {"name": name, "connection_id": connection_id, "inactive_axes": list(inactive_axes)},
    )
    return True


def save_axes(connection: Connection, name: str, inactive_axes: Sequence[str]) -> None:
    """Remember which analytical axes are not loaded."""
    connection.execute(
        text("UPDATE exactsync.integrations SET inactive_axes = :axes WHERE name = :name"),
        {"name": name, "axes": list(inactive_axes)},
    )


def _require_own(taken: dict[str, str], name: str, connection_id: str) -> None:
    if name not in taken:
        require_name(name)
        if similar := next((known for known in taken if _read_aloud(known) == _read_aloud(name)), None):
            raise ConfigurationError(f"There is an integration {similar} already.", remedy="Choose another name.")
    elif taken[name] != connection_id:
        raise ConfigurationError(
            f"Integration {name} belongs to another connection than {connection_id}.",
            remedy="Give another name with --integration, or use the connection it was set up with.",
        )


def _read_aloud(name: str) -> str:
    """The name as people tell it from others: neither case nor the way a letter is encoded counts."""
    return normalize("NFKC", name).casefold()


def read_integrations(
    engine: Engine, names: Sequence[str] = (), *, divisions: Sequence[int] | None = None
) -> list[IntegrationInfo]:
    """Return the integrations of these names, or all, by name.

    With `divisions`, they know no other companies: one may have hundreds.

    Raises:
        ConfigurationError: a name is unknown.
    """
    if not all(map(is_storable, names)):
        raise _unknown(names)
    with engine.connect() as connection:
        rows = connection.execute(_READ, {"names": list(names)}).mappings()
        found = [_with_companies(connection, dict(row), divisions) for row in rows.all()]
    if unknown := set(names) - {integration.name for integration in found}:
        raise _unknown(unknown)
    return found


def read_standing(engine: Engine, name: str) -> tuple[State, str | None]:
    """Return an integration's state and the installation's accounting base, in one short query."""
    with engine.connect() as connection:
        row = connection.execute(_STANDING, {"name": name}).one_or_none()
    if row is None:
        raise _unknown([name])
    return State(row.state), row.base


_STANDING = text("""
SELECT state, (SELECT base FROM exactsync.accounting_bases ORDER BY id DESC LIMIT 1) AS base
FROM exactsync.integrations WHERE name = :name
""")


def is_storable(name: str) -> bool:
    """Whether the database can hold the name, and so may know it."""
    return "\0" not in name and not any("\ud800" <= character <= "\udfff" for character in name)


def _unknown(names: Iterable[str]) -> ConfigurationError:
    return ConfigurationError(
        f"There is no integration {', '.join(map(_shown, sorted(names)))}.",
        remedy="Look at `python -m exactsync connections`, or set it up with `python -m exactsync authorise`.",
    )


def _shown(name: str) -> str:
    """A name that may be anything, fit for a message."""
    return name if name.isprintable() and len(name) <= LONGEST_NAME else repr(name)[: LONGEST_NAME - 1] + "…"


_READ = text("""
SELECT integration.name, integration.connection_id, integration.grant_id, integration.state, integration.reason,
       integration.message, integration.since, integration.created_at, integration.authorised_at,
       integration.last_sync_at, integration.failing_runs, integration.inactive_axes, integration.is_paused,
       coalesce(grants.user_name, '') AS user_name, coalesce(grants.status, 'none') AS grant_status,
       grants.obtained_at AS refreshed_at,
       ARRAY(SELECT other.name FROM exactsync.integrations AS other
             WHERE other.grant_id = integration.grant_id AND other.name <> integration.name
             ORDER BY other.name) AS shares_grant_with
FROM exactsync.integrations AS integration LEFT JOIN exactsync.grants ON grants.id = integration.grant_id
WHERE cardinality(CAST(:names AS text[])) = 0 OR integration.name = ANY(CAST(:names AS text[]))
ORDER BY integration.name
""")


def _with_companies(connection: Connection, values: dict[str, Any], divisions: Sequence[int] | None) -> IntegrationInfo:
    companies, is_stale = read_companies(connection, values["name"], divisions)
    values |= {
        "state": State(values["state"]),
        "reason": Reason(values["reason"]) if values["reason"] else None,
        "inactive_axes": tuple(values["inactive_axes"]),
        "shares_grant_with": tuple(values["shares_grant_with"]),
    }
    return IntegrationInfo(**values, divisions=companies, is_stale=is_stale)
