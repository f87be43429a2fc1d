"""Many workers, one call budget: what each of Exact's minutes saw, counted inside Exact by its own clock."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exactsync.simulator import Fault
from tests.torture.conftest import DIVISION, World
from tests.torture.workers import END_S, Desk, Share, Worker, make_calls, starting_line

if TYPE_CHECKING:
    from exactsync.simulator.faults.planting import Call
    from exactsync.simulator.messages import Request, Response

ENDPOINTS = (
    "financial/GLAccounts",
    "bulk/Financial/GLAccounts",
    "sync/Financial/GLAccounts",
    "vat/VATCodes",
    "hrm/Costcenters",
    "hrm/Costunits",
    "cashflow/PaymentConditions",
    "sync/Deleted",
)
"""One for each worker: no data set is read twice at a time."""


@dataclass(frozen=True, slots=True)
class Minutes:
    """Answers by Exact's minute: the calls made, and those refused with 429."""

    made: Counter[int]
    refused: Counter[int]
    given_up: int
    """Calls that a worker had to come back for."""

    @property
    def number(self) -> int:
        """How many minutes it took, the first and the last one included."""
        return max(self.made) - min(self.made) + 1

    def __str__(self) -> str:
        made = " ".join(str(calls) for _, calls in sorted(self.made.items()))
        return (
            f"{self.made.total()} calls in {len(self.made)} of {self.number} minutes ({made}), "
            f"{self.refused.total()} answers 429 in {len(self.refused)} of them, {self.given_up} given up"
        )


def spend(world: World, calls: int, *, hoarded: int = 0, hoarded_at: float = 0.0) -> Minutes:
    """Let eight workers make so many calls.

    Right before them, another one makes a call, reserves `hoarded` more and is killed: as soon as the share
    `hoarded_at` of a minute has passed.
    """
    made: Counter[int] = Counter()
    refused: Counter[int] = Counter()

    def count(_request: Request, call: Call) -> Response:
        response = call()
        minute = int(world.simulator.clock.now() // world.simulator.settings.minute_s)
        (refused if response.status == 429 else made)[minute] += 1
        return response

    desk, minute_s = Desk.of(world), world.simulator.settings.minute_s
    work_s = 2 * minute_s * calls / world.simulator.settings.calls_per_minute
    planted = world.simulator.plant(Fault(action=count, division=DIVISION, occurrences=frozenset()))
    shares = [Share(endpoint=endpoint, calls=calls // len(ENDPOINTS), minute_s=minute_s) for endpoint in ENDPOINTS]
    hoard = Share(endpoint=ENDPOINTS[0], calls=1, minute_s=minute_s, hoarded=hoarded, begins_at=hoarded_at)
    start = starting_line(len(shares) + 1)
    at_work = [Worker(make_calls, desk, share, start) for share in shares]
    try:
        start.wait(END_S)
        if hoarded:
            assert Worker(make_calls, desk, hoard).hear() is None, "the hoarder was not killed"
        start.wait(END_S)
        told: list[Any] = [worker.hear(END_S + work_s) for worker in at_work]
    finally:
        for worker in at_work:
            worker.kill()
        world.simulator.remove_fault(planted)
    return Minutes(made, refused, sum(told))
