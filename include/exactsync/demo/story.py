"""`make demo`: everything is pulled, some of it changes, only the changes are pulled; and all of it is checked."""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from exactsync.demo.simulated_exact import SimulatedExact
from exactsync.demo.stack import DAG_ID, Stack
from exactsync.deployment import Deployment
from exactsync.entities import entities
from exactsync.entity import Entity, Feed
from exactsync.warehouse.engine import create_engine
from exactsync.warehouse.load_log import DELETIONS
from exactsync.warehouse.schema import published_table

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from exactsync.demo.airflow import AirflowApi
    from exactsync.load import LoadResult

FOLDER = Path("var/demo")
RUN_TIMEOUT_S = 150.0
CHANGES, SEED = 120, 20_240_607
PAGE_SIZES = {Feed.SYNC: 1000, Feed.LIST: 60}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What one run did to one table of one division, beside what Exact holds."""

    division: int
    entity: str
    at_exact: int
    in_warehouse: int
    deleted: int
    calls_made: int
    calls_allowed: int
    load: LoadResult

    @property
    def problem(self) -> str | None:
        """What is wrong with it, if anything."""
        place = f"{self.division} {self.entity}"
        if self.at_exact != self.in_warehouse:
            return f"{place}: {self.at_exact} rows at Exact, {self.in_warehouse} in the warehouse"
        if self.calls_made > self.calls_allowed:
            return f"{place}: {self.calls_made} calls where {self.calls_allowed} are enough"
        if self.calls_made != self.load.calls:
            return f"{place}: {self.calls_made} calls reached Exact, {self.load.calls} were counted"
        return None


class Story:
    """Two runs of the main job, told on the console."""

    def __init__(self, stack: Stack, console: Console) -> None:
        self._console = console
        self._deployment = Deployment.from_environment(stack.environment)
        self._exact = SimulatedExact(stack.exact_url)
        self._api: AirflowApi = stack.wait_until_ready()
        self._warehouse: Engine = create_engine(stack.warehouse_url)
        self._problems: list[str] = []

    def run(self) -> list[str]:
        """Run the job, change things, run it again; return what was not as it should be."""
        self._run("First run: everything", is_first=True)
        changes = self._exact.change_at_random(CHANGES, seed=SEED)
        made = ", ".join(f"{number} {kind}" for kind, number in sorted(changes.items()))
        self._console.print(f"\nMeanwhile, at Exact: {made}\n")
        self._run("Second run: what changed", is_first=False)
        self._problems += self._exact.broken_rules()
        return self._problems

    def _run(self, title: str, *, is_first: bool) -> None:
        began, calls_before = self._database_time(), self._exact.calls()
        clock = time.monotonic()
        run_id = self._api.trigger(DAG_ID)
        self._api.wait_for_run(DAG_ID, run_id, timeout_s=RUN_TIMEOUT_S)
        seconds = time.monotonic() - clock
        calls = self._exact.calls() - calls_before
        loads = self._deployment.report(run_id)
        if not loads:
            self._problems.append(f"{run_id} loaded nothing")
        compared = [self._compare(load, calls, began, is_first=is_first) for load in loads if load.entity != DELETIONS]
        deletions = [load for load in loads if load.entity == DELETIONS]
        self._problems += [each.problem for each in compared if each.problem]
        self._problems += [
            f"{load.division} deletions: {load.calls} calls where 1 is enough" for load in deletions if load.calls > 1
        ]
        self._console.print(_table(f"{title} ({seconds:.1f} s in Airflow)", compared, deletions))

    def _compare(
        self, load: LoadResult, calls: dict[tuple[int | None, str], int], began: str, *, is_first: bool
    ) -> Comparison:
        entity = entities()[load.entity]
        records, at_exact = self._exact.count_records(load.division, entity)
        in_warehouse, deleted = self._count_rows(load, began)
        return Comparison(
            division=load.division,
            entity=load.entity,
            at_exact=at_exact,
            in_warehouse=in_warehouse,
            deleted=deleted,
            calls_made=calls[load.division, entity.endpoint],
            calls_allowed=_calls_allowed(entity, records, is_first=is_first),
            load=load,
        )

    def _count_rows(self, load: LoadResult, began: str) -> tuple[int, int]:
        """Return how many rows of a table are live, and how many were deleted since a point in time."""
        question = text(f"""
            SELECT count(*) FILTER (WHERE _deleted_at IS NULL), count(*) FILTER (WHERE _deleted_at >= :began)
            FROM {published_table(entities()[load.entity])} WHERE division = :division
        """)  # noqa: S608 - the name of a declared entity
        with self._warehouse.connect() as connection:
            live, deleted = connection.execute(question, {"division": load.division, "began": began}).one()
        return live, deleted

    def _database_time(self) -> str:
        with self._warehouse.connect() as connection:
            return str(connection.scalar(text("SELECT clock_timestamp()")))


def tell() -> int:
    """Start the stack, tell the story, stop everything; return the exit code."""
    console = Console(width=max(Console().width, 110), highlight=False)
    began = time.monotonic()
    console.print(f"Starting PostgreSQL, a simulated Exact Online and Airflow below {FOLDER} ...")
    with Stack(FOLDER) as stack:
        console.print(f"Ready after {time.monotonic() - began:.0f} s. The app is authorised; two runs follow.\n")
        problems = Story(stack, console).run()
        console.print("\nStopping ...")
    for problem in problems:
        console.print(f"[red]✗[/] {problem}")
    if not problems:
        console.print("[green]✓[/] Every row is there, no call was wasted, and no rule of Exact was broken.")
    console.print(f"Done in {time.monotonic() - began:.0f} s; all logs are below {FOLDER}.")
    return 1 if problems else 0


def _calls_allowed(entity: Entity, records: int, *, is_first: bool) -> int:
    """Return the fewest calls that can do it: a sync feed is read in full only once, a list every time."""
    to_read = records if is_first or entity.feed is Feed.LIST else 0
    return max(1, ceil(to_read / PAGE_SIZES[entity.feed]))


def _table(title: str, compared: list[Comparison], deletions: list[LoadResult]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("Division")
    table.add_column("Entity")
    for heading in ("At Exact", "Warehouse", "Inserted", "Updated", "Deleted", "Unchanged", "Calls"):
        table.add_column(heading, justify="right")
    for each in compared:
        numbers = (
            each.at_exact,
            each.in_warehouse,
            each.load.inserted,
            each.load.updated,
            each.deleted,
            each.load.unchanged,
            each.calls_made,
        )
        table.add_row(str(each.division), each.entity, *map(str, numbers))
    table.add_section()
    for load in deletions:
        table.add_row(str(load.division), "[dim]deletion log[/]", "", "", "", "", "", "", str(load.calls))
    return table
