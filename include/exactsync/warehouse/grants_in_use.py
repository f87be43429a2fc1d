"""The grants that integrations work with, as far as can be told without opening their tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from exactsync.credentials import GRANT_LIFE, whole_days

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from sqlalchemy import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantInUse:
    """A grant, who gave it, who works with it, and how long it would live on if nothing refreshed it."""

    id: int
    connection_id: str
    user_name: str
    integrations: tuple[str, ...]
    is_active: bool
    """False: a person must authorise again."""
    generation: int
    """How many pairs of tokens there were."""
    obtained_at: datetime
    """When Exact last gave tokens."""
    read_at: datetime

    @property
    def idle(self) -> timedelta:
        """How long it has not been refreshed."""
        return self.read_at - self.obtained_at

    @property
    def left(self) -> timedelta:
        """How long it lives on if nothing refreshes it; negative once it has lapsed."""
        return GRANT_LIFE - self.idle

    @property
    def days_left(self) -> int:
        """The same as people count it."""
        return whole_days(self.left)

    @property
    def label(self) -> str:
        """What a person calls it, e.g. `Dana Demo · exact_online_default (nl, be)`."""
        return f"{self.user_name} · {self.connection_id} ({', '.join(self.integrations)})"


def read_grants_in_use(engine: Engine) -> list[GrantInUse]:
    """Return every grant that an integration works with, oldest first."""
    with engine.connect() as connection:
        rows = connection.execute(_READ).mappings()
        return [GrantInUse(**{**row, "integrations": tuple(row["integrations"])}) for row in rows]


# The connection is an integration's: the one that its syncs work with.
_READ = text("""
SELECT grants.id, min(integration.connection_id) AS connection_id, grants.user_name,
       array_agg(integration.name ORDER BY integration.name) AS integrations,
       grants.status = 'active' AS is_active, grants.generation, grants.obtained_at, clock_timestamp() AS read_at
FROM exactsync.grants JOIN exactsync.integrations AS integration ON integration.grant_id = grants.id
WHERE integration.state <> 'disconnected'
GROUP BY grants.id ORDER BY grants.id
""")
