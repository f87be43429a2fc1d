"""How much of Exact's call limits is used at this moment, as far as the ledger knows; for people to look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from math import floor
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from exactsync.budget import DAY_S, CallWindow, ClockEstimate
from exactsync.warehouse.ledger import DAY_RESERVE

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

MINUTE_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitHealth:
    """How much of one limit of Exact is used."""

    used: int
    limit: int
    resets_at: datetime | None
    """When it begins anew; None: nobody has called since it did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetHealth:
    """What an app may call in one company."""

    day: LimitHealth
    minute: LimitHealth
    reserved: int
    """How many calls of the day a sync leaves to exports and the page."""
    is_shared: bool
    """Whether others were seen to use the app within the last hour."""


_BUDGETS = text("""
SELECT ledger.*, extract(epoch FROM clock_timestamp())::double precision AS now
FROM exactsync.integration_divisions AS division
JOIN exactsync.integrations AS integration ON integration.name = division.integration
JOIN exactsync.grants AS its_grant ON its_grant.id = integration.grant_id
JOIN exactsync.call_ledger AS ledger ON (ledger.app_key, ledger.division) = (its_grant.app_key, division.division)
WHERE division.is_chosen
""")


def read_budgets(connection: Connection) -> dict[int, BudgetHealth]:
    """Return the budget of each chosen company that was ever called, under the app that its integration uses."""
    rows = connection.execute(_BUDGETS).mappings()
    return {row["division"]: _budget(row) for row in rows}


def _budget(row: RowMapping) -> BudgetHealth:
    return BudgetHealth(
        day=_limit(row, "day", DAY_S),
        minute=_limit(row, "minute", MINUTE_S),
        reserved=row["day_limit"] - floor(row["day_limit"] * (1 - DAY_RESERVE)),
        is_shared=row["now"] < row["foreign_until"],
    )


def _limit(row: RowMapping, name: str, length_s: float) -> LimitHealth:
    """Read a window as it stands now: one that is over by Exact's clock counts no more."""
    clock = ClockEstimate(low_s=row["clock_low_s"], high_s=row["clock_high_s"])
    window = CallWindow(limit=row[f"{name}_limit"], length_s=length_s, resets_at=row[f"{name}_resets_at"])
    if not window.holds_at(row["now"], clock):
        return LimitHealth(used=0, limit=window.limit, resets_at=None)
    resets_at = datetime.fromtimestamp(window.ends_at(clock), UTC)
    return LimitHealth(used=row[f"{name}_used"], limit=window.limit, resets_at=resets_at)
