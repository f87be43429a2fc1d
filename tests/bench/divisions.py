"""How long a run takes that finds nothing new in hundreds of companies, by a real Airflow: `make bench-divisions`.

Each run of the main job is measured whole, from its first task to its last: everything is loaded; nothing has changed;
nothing has changed while a fifth of the companies have used up their day's calls; and one company is refused.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from sqlalchemy import text

from exactsync.demo.simulated_exact import SimulatedExact
from exactsync.demo.stack import DAG_ID, Stack
from exactsync.warehouse.engine import create_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exactsync.demo.airflow import AirflowApi

FOLDER = Path("var/bench-divisions")
TIMEOUT_S = 3_600.0
USED_UP_SHARE = 5
DAYS_CALLS_USED_UP = text("""
UPDATE exactsync.call_ledger SET day_used = day_limit
WHERE division IN (SELECT division FROM exactsync.call_ledger WHERE division > 0 ORDER BY division LIMIT :number)
""")
NEW_DAY = text("UPDATE exactsync.call_ledger SET day_used = 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run: how long it took, how its task instances ended, and what was asked of Exact."""

    name: str
    seconds: float
    state: str
    calls: int
    tasks: Counter[str]

    def __str__(self) -> str:
        tasks = ", ".join(f"{count} {state}" for state, count in sorted(self.tasks.items()))
        return f"{self.name:<44} {self.seconds:7.1f} s  {self.calls:6d} calls  {self.state:<8} ({tasks})"


class Office:
    """An installation that looks after many small companies."""

    def __init__(self, stack: Stack, companies: int) -> None:
        self._stack = stack
        self._companies = companies
        self._exact = SimulatedExact(stack.exact_url)
        self._warehouse = create_engine(stack.warehouse["EXACTSYNC_WAREHOUSE_URL"])

    @cached_property
    def _airflow(self) -> AirflowApi:
        return self._stack.wait_until_ready()

    def measure(self) -> Iterator[Measured]:
        """Yield each run as it ends."""
        yield self._run("everything is loaded")
        yield self._run("nothing has changed")
        yield self._run("nothing has changed, once more")
        used_up = self._companies // USED_UP_SHARE
        with self._warehouse.begin() as connection:
            connection.execute(DAYS_CALLS_USED_UP, {"number": used_up})
        yield self._run(f"{used_up} have used up their day's calls")
        with self._warehouse.begin() as connection:
            connection.execute(NEW_DAY)
        refused = 2_000_001 + self._companies // 2
        httpx.post(
            f"{self._stack.exact_url}/_simulator/divisions/{refused}", json={"refusal": "no right"}
        ).raise_for_status()
        yield self._run("one is refused")

    def _run(self, name: str) -> Measured:
        before = self._exact.calls().total()
        started = time.monotonic()
        run_id = self._airflow.trigger(DAG_ID)
        state = self._airflow.finish_run(DAG_ID, run_id, timeout_s=TIMEOUT_S)
        return Measured(
            name=name,
            seconds=time.monotonic() - started,
            state=state,
            calls=self._exact.calls().total() - before,
            tasks=Counter(each["state"] for each in self._airflow.task_instances(DAG_ID, run_id)),
        )


def main() -> None:
    """Measure, and print each run as it ends."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--companies", type=int, default=500, metavar="N", help="how many (default: %(default)s)")
    options = parser.parse_args()
    with Stack(FOLDER, companies=options.companies) as stack:
        for measured in Office(stack, options.companies).measure():
            sys.stdout.write(f"{measured}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
