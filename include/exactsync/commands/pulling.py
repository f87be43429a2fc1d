"""sync, status: pulling without Airflow, and how every data set stands."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table

from exactsync.commands.terminal import moment, open_deployment, open_ready_deployment, raise_for, say, say_json, show
from exactsync.entities import entities
from exactsync.errors import ExactSyncError
from exactsync.load import DeletionsResult, DivisionRef, LoadResult, Run

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from exactsync.deployment import Deployment

DIVISIONS_AT_ONCE: Final = 4


def sync(options: argparse.Namespace) -> None:
    """Pull every chosen entity of every chosen division; several divisions at once, each on its own."""
    deployment = open_deployment()
    connected = deployment.connect(
        integrations=[options.integration] if options.integration else [], divisions=options.division
    )
    names = options.entity or list(entities())
    run_id = f"cli {datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"

    def sync_division(ref: DivisionRef) -> tuple[list[LoadResult | DeletionsResult], list[ExactSyncError]]:
        return _sync_division(deployment, ref, names, run_id, options)

    with ThreadPoolExecutor(DIVISIONS_AT_ONCE) as pool:
        outcomes = list(pool.map(sync_division, connected.divisions))
    deployment.conclude()
    _print_results([result for results, _ in outcomes for result in results])
    problems = [*connected.problems, *(error for _, errors in outcomes for error in errors)]
    raise_for(problems)


def _sync_division(
    deployment: Deployment, ref: DivisionRef, names: Sequence[str], run_id: str, options: argparse.Namespace
) -> tuple[list[LoadResult | DeletionsResult], list[ExactSyncError]]:
    results: list[LoadResult | DeletionsResult] = []
    problems = []
    for name in names:
        run = Run(run_id=run_id, holder=f"{run_id} (process {os.getpid()})/{name}")
        try:
            results.append(
                deployment.sync(ref, name, mode=options.mode, run=run, confirm_deletions=options.confirm_deletions)
            )
        except ExactSyncError as error:
            problems.append(error)
    try:
        run = Run(run_id=run_id, holder=f"{run_id} (process {os.getpid()})/deletions")
        results.append(deployment.apply_deletions(ref, run=run))
    except ExactSyncError as error:
        problems.append(error)
    return results, problems


def status(options: argparse.Namespace) -> None:
    """Show how every data set stands."""
    rows = open_ready_deployment().status()
    if options.json:
        say_json(rows)
        return
    table = Table(
        "Integration", "State", "Grant", "Division", "Entity", "Rows", "Drift", "New", "Published (UTC)", "Last attempt"
    )
    for row in rows:
        table.add_row(
            row["integration"],
            f"{row['state'].label}{' (' + row['reason'] + ')' if row['reason'] else ''}",
            row["grant"],
            f"{row['division']} {row['division_name']}",
            row["entity"],
            str(row["rows"]),
            str(row["drift"] or ""),
            str(len(row["novelties"]) or ""),
            moment(row["published_at"]),
            f"{row['outcome'] or ''} {row['message'] or ''}".strip(),
        )
    show(table)


def _print_results(results: Sequence[LoadResult | DeletionsResult]) -> None:
    if not results:
        say("Nothing was pulled.")
        return
    table = Table("Division", "Entity", "Mode", "Read", "Inserted", "Updated", "Deleted", "Unchanged", "Calls")
    for result in results:
        table.add_row(*map(str, _row(result)))
    show(table)


def _row(result: LoadResult | DeletionsResult) -> tuple[Any, ...]:
    if isinstance(result, DeletionsResult):
        total = sum(result.deleted.values())
        return result.division, "deletions", "", result.read, 0, 0, total, 0, result.calls
    return (
        result.division,
        result.entity,
        result.outcome if result.outcome in {"inactive", "stopped"} else result.mode,
        result.rows_read,
        result.inserted,
        result.updated,
        result.deleted,
        result.unchanged,
        result.calls,
    )
