"""How long an export waits for what, in seconds: together they make sure that nothing is booked twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exactsync.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTLE_S: Final = "EXACTSYNC_EXPORT_SETTLE_S"
SHORTEST_SETTLE_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """The times of an export."""

    settle_s: float = 300.0
    """Exact may commit what it was sent this long after the client gave up; only then does *not found* count."""
    again_s: float = 60.0
    """Between two looks."""
    lease_s: float = 420.0
    """How long a worker may be silent before another takes its payable over; longer than any one call."""
    send_within_s: float = 5.0
    """What was not sent this soon after its intent is not sent: another worker may have taken over meanwhile."""
    turn_s: float = 300.0
    """How long a worker may be silent while it looks before another looks in the same company; longer than any call."""
    turn_wait_s: float = 5.0
    """How long a worker waits for another's look to end before it goes on with other payables."""


def read_patience(environ: Mapping[str, str]) -> Patience:
    """Return the times, with the settling delay that EXACTSYNC_EXPORT_SETTLE_S gives, in seconds.

    Raises:
        ConfigurationError: it is no number, or too short to be safe.
    """
    given = environ.get(SETTLE_S) or str(Patience().settle_s)
    remedy = f"Give it in seconds, {SHORTEST_SETTLE_S:.0f} or more, or leave it out."
    try:
        settle_s = float(given)
    except ValueError:
        raise ConfigurationError(f"{SETTLE_S} is {given!r}.", remedy=remedy) from None
    if not settle_s >= SHORTEST_SETTLE_S:
        raise ConfigurationError(f"{SETTLE_S} is {given!r}: Exact may take longer to commit.", remedy=remedy)
    return Patience(settle_s=settle_s)
