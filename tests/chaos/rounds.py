"""One fault: work begins, it strikes, it is lifted, and all must be right again."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exactsync.payables.lifecycle import State
from tests.chaos.load import ENDED

if TYPE_CHECKING:
    from tests.chaos.fault import Fault
    from tests.chaos.invariants import AllInvariants
    from tests.chaos.load import Load, Work
    from tests.chaos.site import Site

AT_WORK_WITHIN_S: Final = 45.0
HIT_WITHIN_S: Final = 45.0
HEAL_WITHIN_S: Final = 240.0
"""The longest that a round may take to heal; production would have hours."""
_POLL_S: Final = 0.25
_WELL: Final = "success"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What became of one fault."""

    fault: str
    repeat: int
    struck: int
    """How many operations it refused, cut or killed."""
    seconds: float
    """From its end until everything was right."""
    runs: int
    """How many runs of either DAG that took."""
    retries: int
    """Tries of tasks that came to nothing."""
    people: int
    """What a person had to do: authorise again, press Retry."""
    rows: int
    invariants: int
    broken: tuple[str, ...]


class Rounds:
    """Plays faults, one after the other."""

    def __init__(self, site: Site, load: Load, invariants: AllInvariants) -> None:
        self._site = site
        self._load = load
        self._invariants = invariants
        self._people = 0

    def play(self, kind: type[Fault], repeat: int) -> Round:
        """Let a fault strike while work is under way, and return what became of it."""
        self._people = 0
        work = self._begin(repeat)
        fault = kind(self._site, repeat)
        try:
            fault.strike(work)
            struck = self._hold(fault, work)
        finally:
            fault.lift()
        lifted = time.monotonic()
        broken = self._heal(work, until=lifted + HEAL_WITHIN_S)
        if not struck:
            broken.append("the fault has hit nothing")
        return Round(
            fault=kind.name,
            repeat=repeat,
            struck=struck,
            seconds=time.monotonic() - lifted,
            runs=len(work.runs),
            retries=self._load.retries(work),
            people=self._people,
            rows=self._invariants.rows,
            invariants=self._invariants.number,
            broken=tuple(broken),
        )

    def _begin(self, repeat: int) -> Work:
        """Start the work, and wait until both a sync and an export are at it: further each time."""
        calls, writes = self._site.exact.calls().total(), self._site.exact.writes()
        work, give_up_at = self._load.begin(), time.monotonic() + AT_WORK_WITHIN_S
        while time.monotonic() < give_up_at:
            written = self._site.exact.writes() - writes
            if written >= 3 * repeat and self._site.exact.calls().total() - calls > written + 4:
                return work
            time.sleep(_POLL_S)
        return work

    def _hold(self, fault: Fault, work: Work) -> int:
        """Let a fault last as long as it is said to; longer, until it has hit, and with more work if there is none."""
        began = time.monotonic()
        while (lasted := time.monotonic() - began) < HIT_WITHIN_S:
            if fault.struck():
                if lasted >= fault.hold_s:
                    break
            elif self._load.states(work)[0] in ENDED:
                self._load.sync(work)
            time.sleep(_POLL_S)
        return fault.struck()

    def _heal(self, work: Work, *, until: float) -> list[str]:
        """Do what schedules and on-call do until all is right, and return what is not when the time is over.

        What did not end well is run again, as the next hour would; a person authorises again, or retries what Exact
        has refused, where only that can help.
        """
        while self._load.wait(work, until=until):
            self._help()
            sync, export = self._load.states(work)
            waiting = any(row.state is not State.EXPORTED for row in self._load.payables())
            if sync == export == _WELL and not waiting:
                return self._settle(until)
            if time.monotonic() > until:
                break
            if sync != _WELL:
                self._load.sync(work)
            if export != _WELL or waiting:
                self._load.export(work)
        return [*(f"not done in time: {task}" for task in self._load.unfinished(work)), *self._invariants.broken()]

    def _settle(self, until: float) -> list[str]:
        """Return what is broken; what only takes its time (a call of a dead worker's, a message) may take it."""
        while broken := self._invariants.broken():
            if time.monotonic() > until:
                break
            time.sleep(_POLL_S * 4)
        return broken

    def _help(self) -> None:
        self._people += self._load.retry_failed()
        ended = self._site.execute("SELECT count(*) FROM exactsync.grants WHERE status <> 'active'")[0][0]
        if ended:
            self._site.stack.authorise()
            self._people += 1
