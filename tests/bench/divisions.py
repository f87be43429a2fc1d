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
from datetime import UTC, datetime
from functools import cached_property
from statistics import mean
from typing import TYPE_CHECKING, Final

import httpx
from sqlalchemy import text

from exactsync.demo.simulated_exact import SimulatedExact
from exactsync.demo.stack import DAG_ID, Stack
from exactsync.warehouse.engine import create_engine
from tests.bench.arena import ROOT
from tests.bench.machine import describe_machine, versions
from tests.bench.promises import Promise, promises_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exactsync.demo.airflow import AirflowApi

COMPANIES: Final = 500
FOLDER: Final = ROOT / "var" / "bench-divisions"
REPORT: Final = ROOT / "docs" / "benchmarks" / "divisions.md"
TIMEOUT_S: Final = 3_600.0
USED_UP_SHARE: Final = 5
DAYS_CALLS_USED_UP: Final = text("""
UPDATE exactsync.call_ledger SET day_used = day_limit
WHERE division IN (SELECT division FROM exactsync.call_ledger WHERE division > 0 ORDER BY division LIMIT :number)
""")
NEW_DAY: Final = text("UPDATE exactsync.call_ledger SET day_used = 0")
OUTCOMES: Final = text("""
SELECT outcome, count(*) AS data_sets, count(DISTINCT division) AS companies
FROM exactsync.sync_state WHERE run_id = :run_id GROUP BY outcome ORDER BY outcome
""")
MINUTES: Final = 6
WITH_OTHERS_WAITING: Final = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run: how long it took, how its task instances and data sets ended, and what was asked of Exact."""

    name: str
    seconds: float
    state: str
    calls: int
    tasks: Counter[str]
    outcomes: tuple[tuple[str, int, int], ...]
    """Of the attempts at data sets: outcome, number of data sets, number of companies."""

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of a table."""
        tasks = ", ".join(f"{count} {state}" for state, count in sorted(self.tasks.items()))
        data_sets = ", ".join(f"{number:,} {outcome} ({companies})" for outcome, number, companies in self.outcomes)
        return self.name, f"{self.seconds:.0f}", self.state, f"{self.calls:,}", tasks, data_sets


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
        seconds = time.monotonic() - started
        with self._warehouse.connect() as connection:
            outcomes = connection.execute(OUTCOMES, {"run_id": run_id}).all()
        return Measured(
            name=name,
            seconds=seconds,
            state=state,
            calls=self._exact.calls().total() - before,
            tasks=Counter(each["state"] for each in self._airflow.task_instances(DAG_ID, run_id)),
            outcomes=tuple((row.outcome, row.data_sets, row.companies) for row in outcomes),
        )


def report(companies: int, runs: Sequence[Measured]) -> str:
    """Return the page about all runs."""
    _, nothing, once_more, used_up, refused = runs
    idle_s = mean([nothing.seconds, once_more.seconds])
    otherwise = [
        (outcome, number, companies) for outcome, number, companies in refused.outcomes if outcome != "unchanged"
    ]
    promises = [
        Promise(
            f"nothing changed in {companies} companies",
            f"≤ {MINUTES * 60} s",
            f"{max(nothing.seconds, once_more.seconds):.0f} s",
            max(nothing.seconds, once_more.seconds) <= MINUTES * 60,
        ),
        Promise(
            f"{used_up.name}: the run, by one where none has",
            f"≤ {WITH_OTHERS_WAITING}",
            f"{used_up.seconds / idle_s:.2f}",
            used_up.seconds / idle_s <= WITH_OTHERS_WAITING,
        ),
        Promise(
            "one is refused: data sets of others that ended otherwise than “unchanged”",
            "0",
            f"{sum(number for _, number, companies in otherwise if companies > 1)}",
            bool(otherwise) and all(companies == 1 for _, _, companies in otherwise),
        ),
    ]
    rows = "\n".join(f"| {' | '.join(each.cells)} |" for each in runs)
    machine = "\n".join(f"- {line}" for line in describe_machine())
    return f"""# Many companies

Written by `make bench-divisions` on {datetime.now(UTC):%Y-%m-%d}; `COMPANIES=50` tries it with fewer.

{companies} small companies of one simulated Exact Online, every entity of each, by a real Airflow with 8 places for
tasks. Each run of `exact_online_sync` is measured from its trigger to its end, with all that Airflow does, on the
machine where the simulation and PostgreSQL run, too.

{promises_table(promises)}

| run | seconds | ended | calls | task instances | data sets by outcome (companies) |
| --- | ---: | --- | ---: | --- | --- |
{rows}

{machine}
- {versions("apache-airflow", "exactsync")}, metadata on SQLite
"""


def main() -> None:
    """Measure, print each run as it ends, and write the report if it is about as many companies as are promised."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--companies", type=int, default=COMPANIES, metavar="N", help="how many (default: %(default)s)")
    companies = parser.parse_args().companies
    runs = []
    with Stack(FOLDER, companies=companies) as stack:
        for measured in Office(stack, companies).measure():
            sys.stdout.write(f"{' | '.join(measured.cells)}\n")
            sys.stdout.flush()
            runs.append(measured)
    place = REPORT if companies >= COMPANIES else FOLDER / REPORT.name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(report(companies, runs))
    sys.stdout.write(f"Written: {place.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
