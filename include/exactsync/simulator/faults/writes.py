"""What goes wrong when something is created: it is done, or will be, and the client is not told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from exactsync.simulator.faults.connection import Ending, drop
from exactsync.simulator.faults.kinds import WayOut, fault
from exactsync.simulator.faults.statuses import html_page
from exactsync.simulator.writing import withhold

if TYPE_CHECKING:
    from exactsync.simulator.faults.planting import Action, Call
    from exactsync.simulator.messages import Request, Response

AfterStatus = Literal[408, 500, 502, 503, 504]
_TITLES = {
    408: "Request Timeout",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


@fault(source="a POST that commits and then fails: guarded against by integrators", write=WayOut.LOOK)
def failed_after(*, status: AfterStatus = 504) -> Action:
    """What was posted is created, and the answer is a page of HTML from in front of Exact: 408, 500, 502, 503 or 504.

    Raises:
        ValueError: there is no such page.
    """
    if status not in get_args(AfterStatus):
        raise ValueError(f"nothing in front of Exact answers {status}")

    def act(_request: Request, call: Call) -> Response:
        response = call()
        if response.created is None:
            call.missed()
            return response
        return html_page(status, _TITLES[status])

    return act


@fault(source="a POST that commits long after it timed out: not disproved", write=WayOut.LOOK)
def committed_late(*, seconds: float = 30.0, ending: Ending = "closed") -> Action:
    """No answer comes, nothing is to be seen, and so many (simulated) seconds later what was posted is there.

    It is there at once when the fault is removed, or late changes are committed.

    Raises:
        ValueError: a negative number of seconds, or no such ending.
    """
    if seconds < 0:
        raise ValueError("nothing is committed before it is posted")
    lost = drop(ending)

    def act(_request: Request, call: Call) -> Response:
        response = call()
        if response.created is None:
            call.missed()
            return response
        with call.world.lock:
            commit = withhold(call.world, response.created)
            call.world.schedule(seconds, commit)
        call.after(None, commit)
        return lost

    return act
