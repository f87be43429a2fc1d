"""`make test-distributed`: two Celery workers share the syncs, one of them dies midway, and all ends right.

Everything is a process of this machine on 127.0.0.1, run as docker-compose.yaml says. What was started is stopped, and
all logs stay below var/distributed.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from exactsync.demo.airflow import AirflowError
from exactsync.demo.processes import ProcessError, exit_on_signals
from exactsync.demo.simulated_exact import SimulatedExact
from exactsync.demo.stack import DAG_ID, Stack, clear_folder
from exactsync.embedded import EmbeddedPostgresError, PostgresServer
from exactsync.entities import entities
from exactsync.entity import Feed
from tests.distributed.invariants import Invariants
from tests.distributed.statsd import Statsd
from tests.distributed.topology import WORKERS, DistributedAirflow

if TYPE_CHECKING:
    from collections.abc import Callable

    from exactsync.demo.airflow import AirflowApi

FOLDER = Path("var/distributed")
STACK, METADATA = FOLDER / "stack", FOLDER / "postgres"
RUN_TIMEOUT_S = 900.0
TOKEN_LIFETIME_S = 40.0
"""So short that each run has to refresh: the workers share one refresh token, which serves once."""
LATENCY_S = 1.0
"""How slow Exact is while a worker is killed, so that there is work to be killed in."""
CHANGES = 200
MIDWAY = 10
"""Tasks of a run that are done when a worker is killed."""
TOLD = {
    f"airflow_exactsync_{name}"
    for name in (
        "rows", "calls", "load_ms", "data_sets", "lag_s", "calls_left", "quarantined", "failing_checks", "grant_days",
        "refreshes",
    )
}  # fmt: skip
"""What runs of the main job tell as metrics; the others are of failures and of exports."""
SURVIVOR, VICTIM = WORKERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What became of one run of the main job."""

    title: str
    seconds: float
    tasks: Counter[str]
    """How many each worker has ended."""
    began_again: int
    refreshes: int
    rows: int
    problems: list[str]


class Story:
    """Three runs, of which the second loses a worker."""

    def __init__(self, stack: Stack, airflow: DistributedAirflow, api: AirflowApi) -> None:
        self._stack = stack
        self._airflow = airflow
        self._api = api
        self._exact = SimulatedExact(stack.exact_url)
        self._invariants = Invariants(stack, self._exact)

    def tell(self) -> list[Run]:
        """Return what became of each run."""
        self._exact.configure(token_lifetime_s=TOKEN_LIFETIME_S)
        self._stack.authorise()
        runs = [self._run("everything, by both workers", spread=True)]

        self._exact.change_at_random(CHANGES, seed=1)
        self._exact.configure(latency_s=LATENCY_S)
        runs.append(self._run(f"all again; {VICTIM} is killed midway", mode="full", meanwhile=self._kill_midway))
        self._exact.configure(latency_s=0)

        self._airflow.start_worker(self._stack.processes, VICTIM)
        self._exact.change_at_random(
            CHANGES, seed=2, of=[each for each in entities().values() if each.feed is Feed.SYNC]
        )
        runs.append(self._run("what changed; both are back", spread=True))
        return runs

    def _run(
        self, title: str, *, spread: bool = False, meanwhile: Callable[[str], None] | None = None, **conf: Any
    ) -> Run:
        began, refreshed = time.monotonic(), self._invariants.refreshes()
        run_id = self._api.trigger(DAG_ID, **conf)
        if meanwhile:
            meanwhile(run_id)
        self._api.wait_for_run(DAG_ID, run_id, timeout_s=RUN_TIMEOUT_S)
        seconds = time.monotonic() - began
        instances = self._api.task_instances(DAG_ID, run_id)
        tasks = Counter(str(each["hostname"]) for each in instances)
        rows, problems = self._invariants.check()
        if spread and set(tasks) != set(WORKERS):
            problems.append(f"{title}: tasks ran on {', '.join(sorted(tasks))}")
        began_again = sum(each["try_number"] > 1 for each in instances)
        if meanwhile and not began_again:
            problems.append(f"{title}: no task began again, so none was lost")
        return Run(
            title=title,
            seconds=seconds,
            tasks=tasks,
            began_again=began_again,
            refreshes=self._invariants.refreshes() - refreshed,
            rows=rows,
            problems=problems,
        )

    def _kill_midway(self, run_id: str) -> None:
        """Wait until the work is half done and the victim is at work, and kill it."""
        processes, deadline = self._stack.processes, time.monotonic() + RUN_TIMEOUT_S
        while time.monotonic() < deadline:
            instances = self._api.task_instances(DAG_ID, run_id)
            if sum(each["state"] == "success" for each in instances) >= MIDWAY and _is_at_work(VICTIM, instances):
                processes.suspend(VICTIM)  # so that its task is not over by the time of its death
                if _is_at_work(VICTIM, self._api.task_instances(DAG_ID, run_id)):
                    processes.kill(VICTIM)
                    return
                processes.resume(VICTIM)
            processes.check()
            time.sleep(0.1)
        raise AirflowError(f"{VICTIM} was never at work")


def _is_at_work(worker: str, instances: list[dict[str, Any]]) -> bool:
    return any((each["state"], each["hostname"]) == ("running", worker) for each in instances)


def main() -> int:
    """Start everything, tell the story, stop everything; return the exit code."""
    exit_on_signals()
    console, began = Console(width=max(Console().width, 120), highlight=False), time.monotonic()
    console.print(
        f"Starting PostgreSQL twice, Redis, Exact Online (simulated) and Airflow with two workers below {FOLDER} ..."
    )
    try:
        problems = _tell(console)
    except (AirflowError, EmbeddedPostgresError, ProcessError, httpx.HTTPError) as error:
        problems = [f"{type(error).__name__}: {error}"]
    for problem in problems:
        console.print("[red]✗[/]", escape(problem))
    if not problems:
        console.print("[green]✓[/] Each run ended right: every cell is as at Exact, the grant lives, nothing is held.")
    console.print(f"Done in {time.monotonic() - began:.0f} s. The logs are in {FOLDER}.")
    return 1 if problems else 0


def _tell(console: Console) -> list[str]:
    for folder in (STACK, FOLDER):  # first what a stack that was killed has left running
        clear_folder(folder)
    with Statsd() as statsd, PostgresServer(METADATA, durable=False) as metadata:
        airflow = DistributedAirflow(FOLDER / "airflow", metadata, environment=statsd.settings)
        with Stack(STACK, airflow=airflow) as stack:
            api = stack.wait_until_ready()
            ailing = [
                f"{name} fails its health check" for name, is_well in airflow.health(stack.processes) if not is_well
            ]
            runs = Story(stack, airflow, api).tell()
            console.print(_table(runs))
            console.print("Stopping ...")
    lonely = [] if any(run.refreshes for run in runs) else ["no token was ever replaced, so nobody had to share one"]
    told = {sample.name for sample in statsd.ours()}
    unheard = [f"no task told {name} to StatsD" for name in sorted(TOLD - told)]
    return [*ailing, *lonely, *unheard, *(problem for run in runs for problem in run.problems)]


def _table(runs: list[Run]) -> Table:
    table = Table()
    table.add_column("Run", no_wrap=True)
    for heading in (
        "Seconds",
        *(f"On {worker}" for worker in WORKERS),
        "Began again",
        "Refreshes",
        "Rows compared",
        "Wrong",
    ):
        table.add_column(heading, justify="right")
    for run in runs:
        numbers = (
            *(run.tasks[worker] for worker in WORKERS),
            run.began_again,
            run.refreshes,
            run.rows,
            len(run.problems),
        )
        table.add_row(run.title, f"{run.seconds:.0f}", *map(str, numbers))
    return table


if __name__ == "__main__":
    sys.exit(main())
