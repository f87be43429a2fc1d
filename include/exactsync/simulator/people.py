"""The user as `current/Me` shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exactsync.simulator.clock import AMSTERDAM
from exactsync.simulator.wire import wall_clock

if TYPE_CHECKING:
    from exactsync.simulator.world import World

_LEGISLATION_NL = 1


def describe_me(world: World) -> dict[str, Any]:
    """Return the logged-in user.

    `CurrentDivision` follows what they last opened in Exact, so here it is the last company there is: whoever takes
    it for configuration finds out.
    """
    user = world.settings.user
    first, _, last = user.name.partition(" ")
    now = world.clock.utc()
    offset = now.astimezone(AMSTERDAM).utcoffset()
    companies = world.settings.companies
    return {
        "UserID": user.id,
        "CurrentDivision": companies[-1].code if companies else None,
        "AccountingDivision": companies[0].code if companies else None,
        "Email": user.email,
        "FirstName": first,
        "LastName": last,
        "FullName": user.name,
        "UserName": user.email,
        "Language": "nl-NL",
        "LanguageCode": "nl-NL",
        "Legislation": _LEGISLATION_NL,
        "ServerTime": wall_clock(now).isoformat(timespec="milliseconds"),
        "ServerUtcOffset": offset.total_seconds() if offset else None,
    }
