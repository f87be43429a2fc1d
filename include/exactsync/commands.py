"""What each command of the command line does, on top of `Deployment`."""

from __future__ import annotations

import json
import os
import secrets
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from rich.console import Console
from rich.table import Table

from exactsync.entities import entities
from exactsync.environment import read_deployment
from exactsync.errors import ConfigurationError, ExactSyncError, RetryLaterError
from exactsync.exact.oauth import code_of
from exactsync.load import DeletionsResult, DivisionRef, LoadResult, Run

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from exactsync.deployment import Deployment

DIVISIONS_AT_ONCE = 4
LOG_WIDTH = 500
"""Characters a line may have where no terminal shows it."""
PATIENCE_S = 90.0
"""A person at a terminal rather waits for the next minute's calls than starts again."""


def migrate(_options: argparse.Namespace) -> None:
    """Bring the databases to the current schema and say what that changed."""
    changes = _deployment().migrate()
    _say(*changes or ["Nothing to do: the schema is current."])


def authorise(options: argparse.Namespace) -> None:
    """Take a consent at Exact: print where to give it, read where it led, keep the grant."""
    deployment = _ready_deployment()
    code = options.code
    if not code:
        state = secrets.token_urlsafe(16)
        if not options.redirected:
            _say(
                "Open this address, log in at Exact and allow the app:",
                "",
                deployment.authorise_url(options.connection, state=state),
                "",
            )
        redirected = options.redirected or _ask("Address the browser was sent to: ")
        code = _code(redirected, state=None if options.redirected else state)
    integration = deployment.authorise(options.connection, code=code, integration=options.integration)
    _say(f"Integration {integration.name}: authorised by {integration.user_name}.")


def divisions(options: argparse.Namespace) -> None:
    """List the companies that an integration may see; choose which of them to pull."""
    deployment = _ready_deployment()
    name = options.integration or _only_integration(deployment)
    if options.choose or options.choose_all:
        deployment.choose(name, None if options.choose_all else options.choose)
    table = Table("Code", "Name", "Country", "Customer", "Status", "Chosen")
    for division in deployment.divisions(name):
        chosen = "yes" if division.is_chosen else ""
        table.add_row(
            str(division.division), division.name, division.country, division.customer, division.status, chosen
        )
    _show(table)


def sync(options: argparse.Namespace) -> None:
    """Pull every chosen entity of every chosen division; several divisions at once, each on its own."""
    deployment = _deployment()
    connected = deployment.connect(
        integrations=[options.integration] if options.integration else [], divisions=options.division
    )
    names = options.entity or list(entities())
    run_id = f"cli {datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"

    def sync_division(ref: DivisionRef) -> tuple[list[LoadResult | DeletionsResult], list[ExactSyncError]]:
        return _sync_division(deployment, ref, names, run_id, options)

    with ThreadPoolExecutor(DIVISIONS_AT_ONCE) as pool:
        outcomes = list(pool.map(sync_division, connected.divisions))
    _print_results([result for results, _ in outcomes for result in results])
    problems = [*connected.problems, *(error for _, errors in outcomes for error in errors)]
    _raise_for(problems)


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
    rows = _ready_deployment().status()
    if options.json:
        sys.stdout.write(json.dumps(rows, default=str, indent=2) + "\n")
        return
    table = Table("Integration", "Grant", "Division", "Entity", "Rows", "Published (UTC)", "Last attempt")
    for row in rows:
        published = f"{row['published_at']:%Y-%m-%d %H:%M}" if row["published_at"] else "never"
        last = f"{row['outcome'] or ''} {row['message'] or ''}".strip()
        table.add_row(
            row["integration"],
            row["grant"],
            f"{row['division']} {row['division_name']}",
            row["entity"],
            str(row["rows"]),
            published,
            last,
        )
    _show(table)


def simulate(options: argparse.Namespace) -> None:
    """Run the simulator until it is interrupted."""
    from exactsync.simulator.server import serve

    serve(options.port)


def _deployment() -> Deployment:
    return read_deployment(os.environ, patience_s=PATIENCE_S)


def _ready_deployment() -> Deployment:
    deployment = _deployment()
    deployment.check()
    return deployment


def _code(redirected: str, *, state: str | None) -> str:
    given = parse_qs(urlsplit(redirected).query).get("state")
    if state is not None and given != [state]:
        raise ConfigurationError(
            "This address does not belong to the consent that was asked for (its state differs).",
            remedy="Start again and paste the whole address the browser ends at.",
        )
    return code_of(redirected)


def _ask(question: str) -> str:
    try:
        return input(question).strip()
    except EOFError:
        raise ConfigurationError("There is nobody to ask.", remedy="Give --redirected or --code.") from None


def _only_integration(deployment: Deployment) -> str:
    names = [integration.name for integration in deployment.integrations()]
    if len(names) != 1:
        known = f"There are {', '.join(names)}" if names else "There is none yet: run `authorise` first"
        raise ConfigurationError(f"Which integration? {known}.", remedy="Give --integration NAME.")
    return names[0]


def _print_results(results: Sequence[LoadResult | DeletionsResult]) -> None:
    table = Table("Division", "Entity", "Mode", "Read", "Inserted", "Updated", "Deleted", "Unchanged", "Calls")
    for result in results:
        table.add_row(*map(str, _row(result)))
    _show(table)


def _row(result: LoadResult | DeletionsResult) -> tuple[Any, ...]:
    if isinstance(result, DeletionsResult):
        total = sum(result.deleted.values())
        return result.division, "deletions", "", result.read, 0, 0, total, 0, result.calls
    return (
        result.division,
        result.entity,
        result.mode if result.outcome != "inactive" else "inactive",
        result.rows_read,
        result.inserted,
        result.updated,
        result.deleted,
        result.unchanged,
        result.calls,
    )


def _raise_for(problems: Sequence[ExactSyncError]) -> None:
    """Say every problem; end with the one that decides the exit code."""
    if not problems:
        return
    final = next((error for error in problems if not isinstance(error, RetryLaterError)), problems[0])
    for problem in problems:
        if problem is not final:
            sys.stderr.write(f"exactsync: {problem}\n")
    raise final


def _show(table: Table) -> None:
    """Print a table: names as they are, and nothing cut off where there is no window to fit into."""
    console = Console(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = LOG_WIDTH
    console.print(table)


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
