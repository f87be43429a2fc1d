"""`make bench`: measure every contestant, each as a whole process, interleaved, and write the report.

python -m tests.bench --peers PYTHON [--quick] [--runs N]
"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from exactsync.embedded import PostgresServer
from tests.bench.arena import ROOT, Arena, serving
from tests.bench.report import Stage, write_report
from tests.bench.results import PHASES, Case, Results

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.report import Profiles

FOLDER: Final = ROOT / "var" / "bench"
LATENCY_S: Final = 0.2
OPTIONS: Final = {"dlt": ("dlt_upsert", "default"), "dlt_tuned": ("dlt_upsert", "fastest")}
"""Contestants that are a module with an option."""
PEERS: Final = ("dlt", "dlt_tuned", "pandas_copy")
"""Contestants that run in an environment of their own."""
PROFILED: Final = ("first", "changed")
FULL: Final = (
    Stage(rows=100_000, contestants=("ours", "floor", "pandas_copy", "dlt", "dlt_tuned")),
    Stage(rows=1_000_000, contestants=("ours", "floor")),
    Stage(rows=100_000, contestants=("ours",), latency_s=LATENCY_S),
)
QUICK: Final = (
    Stage(rows=5_000, contestants=("ours", "floor", "pandas_copy", "dlt", "dlt_tuned")),
    Stage(rows=20_000, contestants=("ours", "floor")),
    Stage(rows=5_000, contestants=("ours",), latency_s=LATENCY_S),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """How the contest is held."""

    peers: str
    """The Python that the peers are installed for."""
    runs: int

    def measure(self, postgres: PostgresServer, stage: Stage, results: Results) -> None:
        """Run every contestant of a stage as often as asked, in turns."""
        with serving(FOLDER, stage.rows, stage.latency_s) as server, _arena(postgres, server) as arena:
            for turn in range(self.runs):
                first = turn % len(stage.contestants)  # nobody always comes first
                for contestant in stage.contestants[first:] + stage.contestants[:first]:
                    self._run(arena, contestant, stage, results)

    def _run(self, arena: Arena, contestant: str, stage: Stage, results: Results) -> None:
        python = self.peers if contestant in PEERS else sys.executable
        module, *options = OPTIONS.get(contestant, (contestant,))
        database = arena.fresh_database()
        for phase in PHASES:
            cost = arena.run(python, module, database, *options)
            results.add(Case(contestant, stage.rows, phase, stage.latency_s), cost)
            print(f"{stage.rows:9,} {contestant:12} {phase:8} {cost.wall_s:8.2f} s {cost.peak_mb:6.0f} MB", flush=True)
        arena.drop(database)


def profile(postgres: PostgresServer, stage: Stage) -> Profiles:
    """Run ours once more with a clock at the door of each step; return the steps of each phase."""
    profiles: Profiles = {}
    with serving(FOLDER, stage.rows, stage.latency_s) as server, _arena(postgres, server) as arena:
        database = arena.fresh_database()
        for phase in PROFILED:
            written = FOLDER / f"profile-{phase}.json"
            arena.run(sys.executable, "profiled", database, str(written))
            profiles[phase] = json.loads(written.read_text())
        arena.drop(database)
    return profiles


@contextmanager
def _arena(postgres: PostgresServer, server: str) -> Iterator[Arena]:
    arena = Arena(postgres.url(), server, postgres_pid=postgres.pid)
    try:
        yield arena
    finally:
        arena.close()


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--peers", required=True, help="the Python of the environment with dlt and pandas")
    parser.add_argument("--quick", action="store_true", help="few rows, two runs; the report goes to var/bench/")
    parser.add_argument("--runs", type=int)
    options = parser.parse_args()
    bench = Bench(peers=str(Path(options.peers).absolute()), runs=options.runs or (2 if options.quick else 5))
    stages = QUICK if options.quick else FULL
    results = Results()
    with PostgresServer(FOLDER / "postgres") as postgres:
        for stage in stages:
            bench.measure(postgres, stage, results)
        profiles = profile(postgres, stages[0])
        place = FOLDER / "report" if options.quick else ROOT / "docs" / "benchmarks"
        write_report(place, results, profiles, stages, runs=bench.runs, postgres_url=postgres.url())
    (place / "runs.json").write_text(json.dumps(results.to_json(), indent=1) + "\n")
    print(f"Written: {(place / 'README.md').relative_to(ROOT)}")


if __name__ == "__main__":
    main()
