"""Ours once more, with a clock at the door of each step: where its seconds go.

    python -m tests.bench.contestants.profiled SERVER DATABASE FILE

A step's own time is what passes in it and not in a step within it. Steps of several threads go on side by side, so
their wall times add up to more than the load took.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import asdict, dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exactsync import sync
from exactsync.exact import calls, client, quota
from exactsync.warehouse import loads, merge
from tests.bench.contestants import ours

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class Step:
    """What a step has taken of its own."""

    name: str
    times: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0


class Clocks:
    """Clocks at the doors of functions."""

    def __init__(self) -> None:
        self.steps: dict[str, Step] = {}
        self._entered = threading.local()

    def watch(self, owner: Any, name: str, step: str) -> None:
        """Put a clock at a function, or at a method of a class."""
        setattr(owner, name, self.timed(getattr(owner, name), step))

    def timed(self, function: Callable[..., Any], step: str) -> Callable[..., Any]:
        """Return the function with a clock at its door."""

        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            outer = getattr(self._entered, "within", None)
            within = self._entered.within = Step(step)
            wall, cpu = time.perf_counter(), time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                self._entered.within = outer
                wall, cpu = time.perf_counter() - wall, time.thread_time() - cpu
                self._add(step, wall - within.wall_s, cpu - within.cpu_s)
                if outer is not None:
                    outer.wall_s += wall
                    outer.cpu_s += cpu

        return timed

    def _add(self, name: str, wall_s: float, cpu_s: float) -> None:
        step = self.steps.setdefault(name, Step(name))
        step.times += 1
        step.wall_s += wall_s
        step.cpu_s += cpu_s


def watch_steps(clocks: Clocks) -> None:
    """Put clocks at the steps of a load."""
    from exactsync import normalise

    clocks.watch(calls, "receive", "receive the answer")
    clocks.watch(client, "parse_page", "parse its JSON")
    clocks.watch(quota.CallBudget, "reserve", "book the call: the ledger")
    clocks.watch(quota.CallBudget, "settle", "book the call: the ledger")
    clocks.watch(normalise, "normalise_page", "check and convert")
    clocks.watch(sync, "tell_novelties", "look for novelties")
    clocks.watch(normalise.NormalisedPage, "copy_text", "write the text for COPY")
    clocks.watch(loads, "stage_page", "stage the page: PostgreSQL")
    clocks.watch(sync, "publish", "publish: the rest")
    for name, method in vars(merge.Merge).items():
        if callable(method) and not name.startswith("_"):
            clocks.watch(merge.Merge, name, f"publish: {name}")


def age_s() -> float:
    """Return how long ago this process began; by the time of day, as psutil tells it, it may be a second off."""
    ticks = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(ticks) / os.sysconf("SC_CLK_TCK")


def main(server: str, database: str, file: str) -> None:
    """Load what changed since the last time; write the steps as JSON."""
    clocks = Clocks()
    began = Step("start Python, import the library", 1, age_s(), time.process_time())
    clocks.timed(watch_steps, "import pandas")(clocks)
    load = clocks.timed(ours.main, "the rest")
    load(server, database)
    steps = [began, *clocks.steps.values()]
    Path(file).write_text(json.dumps([asdict(step) for step in steps]))


if __name__ == "__main__":
    main(*sys.argv[1:])
