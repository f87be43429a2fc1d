"""What goes wrong between Exact and the client, whatever was asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from exactsync.simulator.faults.kinds import WayOut, fault
from exactsync.simulator.messages import Delivery, Request, Response

if TYPE_CHECKING:
    from exactsync.simulator.faults.planting import Action, Call

Ending = Literal["closed", "reset"]
"""How a connection ends: in order, or by a reset."""
_ENDINGS = {"closed": Delivery.CLOSED, "reset": Delivery.RESET}


def drop(ending: Ending) -> Response:
    """Return the answer that never comes: the connection ends instead.

    Raises:
        ValueError: there is no such ending.
    """
    if ending not in _ENDINGS:
        raise ValueError(f"a connection is closed or reset, not {ending}")
    return Response(status=0, delivery=_ENDINGS[ending])


@fault(source="outages", page=WayOut.RETRY_LATER, token=WayOut.RETRY_LATER, write=WayOut.LOOK)
def dropped_before(*, ending: Ending = "closed") -> Action:
    """The connection ends without an answer, and nothing was done."""
    lost = drop(ending)
    return lambda _request, _call: lost


@fault(source="outages; token lost after rotation", page=WayOut.RETRY_LATER, token=WayOut.PERSON, write=WayOut.LOOK)
def dropped_after(*, ending: Ending = "closed") -> Action:
    """What was asked is done, and the connection ends without an answer."""
    lost = drop(ending)

    def act(_request: Request, call: Call) -> Response:
        call()
        return lost

    return act


@fault(source="outages", page=WayOut.RETRY_LATER, token=WayOut.PERSON, write=WayOut.LOOK)
def truncated_body() -> Action:
    """The headers announce the whole body, and the connection ends after half of it."""
    return lambda _request, call: replace(call(), delivery=Delivery.TRUNCATED)


@fault(
    source="heavy calls take long (exact-php-client#503)",
    page=WayOut.TRANSPARENT,
    token=WayOut.TRANSPARENT,
    write=WayOut.TRANSPARENT,
)
def slow(*, seconds: float = 1.0) -> Action:
    """The answer comes so many seconds late, or too late for the client's patience.

    Raises:
        ValueError: a negative number of seconds.
    """
    if seconds < 0:
        raise ValueError("an answer cannot come early")
    return lambda _request, call: replace(call(), delay_s=seconds)
