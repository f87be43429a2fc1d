"""Which periods are closed in which journal: nothing of its own, but of every journal and every period."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from exactsync.simulator.database import Record
    from exactsync.simulator.world import World


class ClosedPeriod(NamedTuple):
    """A period that a journal takes no entries in."""

    division: int
    journal: str
    year: int
    period: int


def journal_statuses(world: World, division: int) -> list[Record]:
    """Return a record for each journal and period: Status 0 open, 1 closed."""
    return [
        {
            "Journal": journal["Code"],
            "JournalDescription": journal.get("Description"),
            "JournalType": journal.get("Type"),
            "Year": period["FinYear"],
            "Period": period["FinPeriod"],
            "Status": int(is_closed),
            "StatusDescription": "Gesloten" if is_closed else "Open",
        }
        for journal in world.database.by_key(division, "Journals")
        for period in world.database.by_key(division, "FinancialPeriods")
        if journal["Code"] is not None
        for is_closed in [
            ClosedPeriod(division, journal["Code"], period["FinYear"], period["FinPeriod"]) in world.closed_periods
        ]
    ]
