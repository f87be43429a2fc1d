"""`make demo`: everything is pulled, some of it changes, only that is pulled; payables are booked; all is checked."""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from exactsync.demo.bookings import tell_bookings
from exactsync.demo.simulated_exact import CallKey, SimulatedExact
from exactsync.demo.stack import DAG_ID, Stack
from exactsync.entities import entities
from exactsync.entity import Entity, Feed
from exactsync.environment import read_deployment

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from exactsync.demo.airflow import AirflowApi
    from exactsync.load import LoadResult

FOLDER = Path("var/demo")
RUN_TIMEOUT_S = 300.0
CHANGES, SEED = 120, 20_240_607
PAYABLES = 24
"""Most of them can be booked, within one minute of Exact's calls."""
DELETED_LOG = "sync/Deleted"
LIST_OF_DIVISIONS = "system/Divisions"
"""`connect` asks for it, too, in whichever division: who made a call to it is not known."""
PAGE_SIZES = {Feed.SYNC: 1000, Feed.MODIFIED: 60, Feed.LIST: 60}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What one run did to one table of one division, beside what Exact holds."""

    division: int
    entity: str
    at_exact: int
    in_warehouse: int
    inserted: int
    updated: int
    deleted: int
    unchanged: int
    calls_counted: int
    calls_made: int
    calls_needed: int

    @property
    def numbers(self) -> tuple[int, ...]:
        """The columns of the table, in order."""
        changes = self.inserted, self.updated, self.deleted, self.unchanged
        return self.at_exact, self.in_warehouse, *changes, self.calls_made

    @property
    def problem(self) -> str | None:
        """What is wrong with it, if anything."""
        place = f"{self.division} {self.entity}"
        if self.at_exact != self.in_warehouse:
            return f"{place}: {self.at_exact} rows at Exact, {self.in_warehouse} in the warehouse"
        if self.calls_made != self.calls_needed:
            return f"{place}: {self.calls_made} calls where it takes {self.calls_needed}"
        if self.calls_made != self.calls_counted:
            return f"{place}: {self.calls_made} calls reached Exact, {self.calls_counted} were counted"
        return None


class Story:
    """Two runs of the main job, and the payables of a month, told on the console."""

    def __init__(self, stack: Stack, api: AirflowApi, console: Console) -> None:
        self._console = console
        self._stack = stack
        self._api = api
        self._deployment = read_deployment(stack.environment)
        self._exact = SimulatedExact(stack.exact_url)

    def tell(self) -> list[str]:
        """Run the job, change things, run it again; return what was not as it should be."""
        problems = self._run("First run: everything", is_first=True)
        seen_at_once = [entity for entity in entities().values() if entity.feed is Feed.SYNC]
        changes = self._exact.change_at_random(CHANGES, seed=SEED, of=seen_at_once)
        made = ", ".join(f"{number} {kind}s" for kind, number in sorted(changes.items()))
        self._console.print(f"\nMeanwhile, at Exact: {made}\n")
        problems += self._run("Second run: what changed", is_first=False)
        problems += tell_bookings(self._stack, self._api, self._exact, self._console)
        return problems + [f"broken rule of Exact: {rule}" for rule in self._exact.broken_rules()]

    def _run(self, title: str, *, is_first: bool) -> list[str]:
        calls_before, began = self._exact.calls(), time.monotonic()
        run_id = self._api.trigger(DAG_ID)
        self._api.wait_for_run(DAG_ID, run_id, timeout_s=RUN_TIMEOUT_S)
        seconds = time.monotonic() - began
        calls = self._exact.calls() - calls_before
        compared = self._compare(self._deployment.report(run_id), calls, is_first=is_first)
        readings = {each.division: calls[each.division, DELETED_LOG] for each in compared}
        self._console.print(_table(f"{title} ({seconds:.1f} s in Airflow)", compared, readings))
        wrong = [each.problem for each in compared if each.problem]
        return wrong + [f"{place} deletion log: {made} calls" for place, made in readings.items() if made != 1]

    def _compare(self, loads: Sequence[LoadResult], calls: Counter[CallKey], *, is_first: bool) -> list[Comparison]:
        """Hold every table of every chosen division against Exact."""
        compared = []
        for row in self._deployment.status():
            division, entity = row["division"], entities().get(row["entity"])
            if entity is None:  # the deletion log
                continue
            done = [load for load in loads if (load.division, load.entity) == (division, entity.name)]
            counted = sum(load.calls for load in done)
            is_shared = entity.endpoint == LIST_OF_DIVISIONS
            compared.append(
                Comparison(
                    division=division,
                    entity=entity.name,
                    at_exact=len(self._exact.keys(division, entity)),
                    in_warehouse=row["rows"],
                    inserted=sum(load.inserted for load in done),
                    updated=sum(load.updated for load in done),
                    deleted=sum(load.deleted for load in done),
                    unchanged=sum(load.unchanged for load in done),
                    calls_counted=counted,
                    calls_made=counted if is_shared else calls[division, entity.endpoint],
                    calls_needed=_calls_needed(
                        entity, self._exact.count_records(division, entity), done, is_first=is_first
                    ),
                )
            )
        return compared


def tell() -> int:
    """Start the stack, tell the story, stop everything; return the exit code."""
    console = Console(width=max(Console().width, 118), highlight=False)
    began = time.monotonic()
    console.print(f"Starting PostgreSQL, simulated Exact Online and Spendesk, and Airflow below {FOLDER} ...")
    with Stack(FOLDER, spends=True, payables=PAYABLES) as stack:
        api = stack.wait_until_ready()
        console.print(f"Ready after {time.monotonic() - began:.0f} s, with an authorised app.\n")
        problems = Story(stack, api, console).tell()
        console.print("\nStopping ...")
    for problem in problems:
        console.print(f"[red]✗[/] {problem}")
    if not problems:
        console.print(
            "[green]✓[/] Every row is there, no call was wasted, and no rule of Exact was broken. "
            "Each payable is booked once, or says why not."
        )
    console.print(f"Done in {time.monotonic() - began:.0f} s. The logs are in {FOLDER}.")
    return 1 if problems else 0


def _calls_needed(entity: Entity, records: int, done: Sequence[LoadResult], *, is_first: bool) -> int:
    """Return the fewest calls that can do it.

    A sync feed is read in full only once. What was compared lately may be left alone, or asked for changes; bank
    accounts are read in full when a supplier came.
    """
    is_compared = entity.feed is not Feed.SYNC and any(load.mode == "full" and load.calls for load in done)
    if not (is_first or is_compared):
        return 0 if entity.feed is Feed.LIST else 1
    return max(1, ceil(records / PAGE_SIZES[entity.feed]))


def _table(title: str, compared: list[Comparison], readings: dict[int, int]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("Division")
    table.add_column("Entity", no_wrap=True)
    for heading in ("At Exact", "Warehouse", "Inserted", "Updated", "Deleted", "Unchanged", "Calls"):
        table.add_column(heading, justify="right")
    for division, number in readings.items():
        for each in compared:
            if each.division == division:
                table.add_row(str(division), each.entity, *map(str, each.numbers))
        table.add_row(str(division), "[dim]deletion log[/]", *[""] * 6, str(number), end_section=True)
    return table
