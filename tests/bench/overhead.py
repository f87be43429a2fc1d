"""What the project costs Airflow beyond the work itself: `make bench-overhead`.

The parse of all DAG files is compared with `import airflow.sdk` alone, and a task that finds nothing new with a task
that does nothing, as Airflow times them, one task at a time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from exactsync.demo.airflow import LocalAirflow, free_port
from exactsync.demo.stack import DAG_ID, Stack
from tests.bench.arena import ROOT
from tests.bench.machine import describe_machine, versions
from tests.bench.promises import Promise, promises_table
from tests.bench.results import Spread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exactsync.demo.airflow import AirflowApi

FOLDER: Final = ROOT / "var" / "bench-overhead"
REPORT: Final = ROOT / "docs" / "benchmarks" / "overhead.md"
RUNS: Final = 9
PARSES: Final = 15
TIMEOUT_S: Final = 300.0
ENTITIES: Final = ("gl_accounts", "suppliers")
"""One that Exact tells by a timestamp, one of the two longest declarations."""
MOST_PARSE_S: Final = 0.5
MOST_TASK_S: Final = 0.4

IMPORT_SDK: Final = "import airflow.sdk"
PARSE_ALL: Final = f"{IMPORT_SDK}, pathlib, runpy; [runpy.run_path(each) for each in pathlib.Path('dags').glob('*.py')]"
EMPTY_DAG: Final = '''"""A task that does nothing, to compare others with."""

from __future__ import annotations

from airflow.sdk import BaseOperator, dag


class Nothing(BaseOperator):
    def execute(self, context):
        pass


@dag(schedule=None)
def nothing():
    Nothing(task_id="nothing")


nothing()
'''


class OneAtATime(LocalAirflow):
    """An Airflow with one place for tasks, that knows our main job and one that does nothing."""

    def settings(self) -> dict[str, str]:
        """Return the environment of every Airflow process."""
        dags = {"AIRFLOW__CORE__DAGS_FOLDER": str(self.dags), "AIRFLOW__CORE__PARALLELISM": "1"}
        return super().settings() | dags

    @property
    def dags(self) -> Path:
        """The folder of DAG files."""
        return self.home / "dags"

    def write_dags(self) -> None:
        """Put our main job beside the DAG that does nothing."""
        self.dags.mkdir(exist_ok=True)
        (self.dags / "nothing.py").write_text(EMPTY_DAG)
        (self.dags / f"{DAG_ID}.py").write_text((ROOT / "dags" / f"{DAG_ID}.py").read_text())


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """Something of ours beside what Airflow takes for the least of its kind."""

    what: str
    beside: str
    """The least of its kind."""
    ours: Spread
    least: Spread
    most_s: float

    @property
    def promise(self) -> Promise:
        """What ought to hold of it."""
        beyond = self.ours.median - self.least.median
        return Promise(
            f"{self.what}, beyond {self.beside}", f"≤ {self.most_s} s", f"{beyond:.2f} s", beyond <= self.most_s
        )

    @property
    def row(self) -> str:
        """Its line in the table."""
        ours, least = (f"{each.median:.2f} ({each.low:.2f} … {each.high:.2f})" for each in (self.ours, self.least))
        return f"| {self.what} | {ours} | {self.beside} | {least} |"


def measure_parse() -> Overhead:
    """Parse all DAG files in processes of their own, in turns with one that only imports Airflow's SDK."""
    seconds: dict[str, list[float]] = {IMPORT_SDK: [], PARSE_ALL: []}
    for _ in range(PARSES):
        for code, taken in seconds.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=_parsing_environment(), check=True)
            taken.append(time.perf_counter() - started)
    return Overhead(
        what="parse of all DAG files",
        beside=f"`{IMPORT_SDK}`",
        ours=Spread.of(seconds[PARSE_ALL]),
        least=Spread.of(seconds[IMPORT_SDK]),
        most_s=MOST_PARSE_S,
    )


def _parsing_environment() -> dict[str, str]:
    return os.environ | {"AIRFLOW_HOME": str(FOLDER / "airflow"), "PYTHONPATH": str(ROOT / "plugins")}


def measure_tasks() -> Iterator[Overhead]:
    """Let Airflow run tasks that find nothing new, in turns with one that does nothing."""
    port = free_port()
    airflow = OneAtATime(home=FOLDER / "airflow", root=ROOT, port=port, scheduled=False)
    with Stack(FOLDER, airflow=airflow, companies=1) as stack:
        airflow.write_dags()
        api = stack.wait_until_ready()
        api.wait_for_dag("nothing")
        for _ in range(2):
            _durations(api, DAG_ID)
        least, ours = list[float](), {entity: list[float]() for entity in ENTITIES}
        for _ in range(RUNS):
            least += _durations(api, "nothing")["nothing"]
            found = _durations(api, DAG_ID, entities=list(ENTITIES))
            for entity, taken in ours.items():
                taken += found[entity]
    for entity, taken in ours.items():
        yield Overhead(
            what=f"task of {entity} that finds nothing new",
            beside="an empty task",
            ours=Spread.of(taken),
            least=Spread.of(least),
            most_s=MOST_TASK_S,
        )


def _durations(api: AirflowApi, dag_id: str, **conf: object) -> dict[str, list[float]]:
    """Run a DAG; return how long its task instances took, by task."""
    run_id = api.trigger(dag_id, **conf)
    api.wait_for_run(dag_id, run_id, timeout_s=TIMEOUT_S)
    durations: dict[str, list[float]] = {}
    for each in api.task_instances(dag_id, run_id):
        if each["state"] == "success":
            durations.setdefault(each["task_id"], []).append(each["duration"])
    return durations


def report(overheads: list[Overhead]) -> str:
    """Return the page about all of them."""
    rows = "\n".join(each.row for each in overheads)
    machine = "\n".join(f"- {line}" for line in describe_machine())
    return f"""# What the project costs Airflow

Written by `make bench-overhead` on {datetime.now(UTC):%Y-%m-%d}. The parse: processes of their own, from start to end.
The tasks: what Airflow calls their duration, in an Airflow with one place for tasks, of one small company. Medians of
{RUNS} runs ({PARSES} parses), with quartiles, in turns with the least of their kind.

{promises_table(each.promise for each in overheads)}

| ours | seconds | the least | seconds |
| --- | ---: | --- | ---: |
{rows}

{machine}
- {versions("apache-airflow", "exactsync")}, metadata on SQLite
"""


def main() -> None:
    """Measure, and write the report."""
    overheads = [*measure_tasks(), measure_parse()]
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(report(overheads))
    for each in overheads:
        sys.stdout.write(f"{each.row}\n")
    sys.stdout.write(f"Written: {REPORT.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
