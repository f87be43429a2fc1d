"""The deletion guard: no load deletes an implausible share of a table, unless a person has confirmed it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exactsync.errors import ConfigurationError, GuardError

if TYPE_CHECKING:
    from exactsync.load import Mode

DELETION_SHARE: Final = "EXACTSYNC_DELETION_SHARE"
"""The environment variable that sets the share."""
USUAL_SHARE: Final = 0.2
PLAUSIBLE_ROWS: Final = 5
"""So few rows may go, whatever their share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionGuard:
    """How much one load may delete: no more than `share` (0 to 1) of a table's live rows, unless confirmed."""

    share: float = USUAL_SHARE
    is_confirmed: bool = False

    def require_plausible(self, *, mode: Mode, members: int, absent: int, doomed: int, live: int) -> None:
        """Raise GuardError if a load would delete an implausible share of a table, or empty it.

        Args:
            mode: how it was read.
            members: the rows it has for the table.
            absent: the live rows that a full reading did not see.
            doomed: all live rows that it would delete: absent, no member any more, or of an owner who is gone.
            live: the live rows there are.
        """
        empties = bool(absent) and members == 0
        is_implausible = empties or (doomed > PLAUSIBLE_ROWS and doomed > live * self.share)
        if is_implausible and not self.is_confirmed:
            raise GuardError(
                f"This load ({mode}, {members} rows) would delete {doomed} of the {live} live ones, "
                f"{'leaving the table empty' if empties else f'more than {self.share:.0%}'}. Nothing was changed.",
                remedy="Look at the company in Exact Online. If the deletions are right, run the sync again with "
                "confirm_deletions (command line: --confirm-deletions).",
            )


def read_share(value: str | None) -> float:
    """Return the share that a setting says; the usual one if it says nothing.

    Raises ConfigurationError unless it is a number from 0 to 1.
    """
    try:
        share = float(value) if value else USUAL_SHARE
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ConfigurationError(
            f"{DELETION_SHARE} is not a share.", remedy=f"Set it to a number from 0 to 1, such as {USUAL_SHARE}."
        )
    return share
