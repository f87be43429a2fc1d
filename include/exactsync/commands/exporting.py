"""export: payables on their way to Exact, listed, booked and decided about without Airflow."""

from __future__ import annotations

import argparse
import getpass
import os
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from rich.table import Table

from exactsync.commands.terminal import moment, open_ready_deployment, raise_for, say, say_json, show
from exactsync.errors import ConfigurationError, ExactSyncError
from exactsync.load import Run
from exactsync.payables.lifecycle import Action, State
from exactsync.payables.restoring import Recovered
from exactsync.payables.rows import Actor, Key
from exactsync.payables.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exactsync.deployment import Deployment
    from exactsync.load import DivisionRef
    from exactsync.payables.rows import Row

_ACTIONS = {action.value: action for action in Action}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what `export` takes."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="show where payables stand, and book nothing")
    what.add_argument("--history", metavar="PAYABLE", help="show what has become of one")
    what.add_argument("--retry", nargs="+", metavar="PAYABLE", help="check and book again, or look for it again")
    what.add_argument("--send-back", nargs="+", metavar="PAYABLE", help="send back to the source, to be prepared again")
    what.add_argument("--mark-exported", nargs="+", metavar="PAYABLE", help="it was booked by hand")
    what.add_argument("--book-anyway", nargs="+", metavar="PAYABLE", help="it is not the one that it looks like")
    what.add_argument(
        "--restored",
        type=_past,
        metavar="SINCE",
        help="after a restore: mark as exported what Exact has booked since the backup was made (UTC)",
    )
    parser.add_argument("--why", default="", help="with a decision: the reason, which is kept")
    parser.add_argument("--source", metavar="ID", help="only of this source: its connection id")
    parser.add_argument("--state", nargs="+", default=[], choices=list(State), help="with --list: only these")
    parser.add_argument("--integration", metavar="NAME", help="all unless given")
    parser.add_argument("--division", type=int, nargs="+", default=[], metavar="CODE", help="all unless given")
    parser.add_argument("--payable", nargs="+", default=[], metavar="KEY", help="all unless given: the source's keys")
    parser.add_argument("--from", dest="first", type=date.fromisoformat, metavar="DAY", help="booked then or later")
    parser.add_argument("--to", dest="last", type=date.fromisoformat, metavar="DAY", help="booked then or earlier")
    parser.add_argument("--json", action="store_true", help="for machines")


def export(options: argparse.Namespace) -> None:
    """Book what is prepared; or list payables, or decide about some."""
    deployment = open_ready_deployment()
    decided = next((name for name in _ACTIONS if getattr(options, name)), None)
    if options.history:
        _show_history(deployment, _find(deployment, options.history, options.source), options)
    elif decided:
        _decide(deployment, getattr(options, decided), _ACTIONS[decided], options)
    elif options.restored:
        _recover(deployment, options)
    elif options.list:
        _show_rows(deployment.exporting.outbox.rows(_wanted(options)), options)
    else:
        _run(deployment, options)


def _run(deployment: Deployment, options: argparse.Namespace) -> None:
    """Book company by company; one that fails does not stop the others."""
    run, exporting = _new_run(), deployment.exporting

    def book(company: DivisionRef) -> None:
        exporting.prepare(company, run=run)
        exporting.export(company, run=run, wanted=_wanted(options))

    problems = _each_company(deployment, options, book)
    _show_rows(exporting.of_run(run.run_id), options)
    for source, reported in exporting.report().items():
        if not options.json:
            say(f"{source}: told of {reported.told}, {reported.failed} could not be told.")
    raise_for(problems)


def _recover(deployment: Deployment, options: argparse.Namespace) -> None:
    """Mark what Exact has booked since the backup was made."""
    run, found = _new_run(), list[Recovered]()

    def mark(company: DivisionRef) -> None:
        found.extend(deployment.exporting.recover(company, since=options.restored, run=run))

    deployment.setup.require_exact_online()
    problems = _each_company(deployment, options, mark)
    _show_recovered(found, options)
    raise_for(problems)


def _new_run() -> Run:
    run_id = f"cli {datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"
    return Run(run_id=run_id, holder=f"{run_id} (process {os.getpid()})")


def _each_company(
    deployment: Deployment, options: argparse.Namespace, do: Callable[[DivisionRef], None]
) -> list[ExactSyncError]:
    """Do something for every company that is meant; return what stood in the way."""
    problems: list[ExactSyncError] = []
    integrations = [options.integration] if options.integration else []
    for company in deployment.exporting.companies(integrations=integrations, divisions=options.division):
        try:
            do(company)
        except ExactSyncError as error:
            problems.append(error.at(integration=company.integration, division=company.division))
    return problems


def _decide(deployment: Deployment, payables: Sequence[str], action: Action, options: argparse.Namespace) -> None:
    outbox, actor = deployment.exporting.outbox, Actor(name=f"{getpass.getuser()} (command line)")
    for payable in payables:
        row = _find(deployment, payable, options.source)
        state = outbox.act(row.key, action, why=options.why, actor=actor)
        if not options.json:
            say(f"{row.key}: {state.label.lower()}.")
    if options.json:
        _show_rows(outbox.rows(Wanted(payables=payables, source=options.source)), options)


def _find(deployment: Deployment, payable: str, source: str | None) -> Row:
    """Return the payable of a key; it must be one."""
    found = deployment.exporting.outbox.rows(Wanted(payables=[payable], source=source))
    if len(found) != 1:
        said = "There is no payable" if not found else "Several sources have a payable"
        raise ConfigurationError(f"{said} {payable}.", remedy="Look with `export --list`, or name the --source.")
    return found[0]


def _show_history(deployment: Deployment, row: Row, options: argparse.Namespace) -> None:
    steps = deployment.exporting.outbox.history(Key(row.source, row.payable_id))
    if options.json:
        say_json([asdict(step) for step in steps])
        return
    table = Table("At (UTC)", "From", "To", "Who", "Why")
    for step in steps:
        before = step.from_state.label if step.from_state else ""
        table.add_row(moment(step.at), before, step.to_state.label, step.actor, step.why)
    show(table)


def _show_rows(rows: Sequence[Row], options: argparse.Namespace) -> None:
    if options.json:
        say_json([_described(row) for row in rows])
        return
    if not rows:
        say("No payables.")
        return
    table = Table("Payable", "Counterparty", "Amount", "Booked on", "State", "Entry", "Why")
    for row in rows:
        state = f"{row.state.label}{', edited since' if row.is_edited else ''}"
        amount = f"{row.amount} {row.currency}"
        entry = str(row.entry_number or row.journal_file or "")
        table.add_row(row.payable_id, row.counterparty, amount, str(row.entry_date), state, entry, row.reason)
    show(table)


def _show_recovered(found: Sequence[Recovered], options: argparse.Namespace) -> None:
    if options.json:
        say_json([asdict(one) | {"key": str(one.key) if one.key else None} for one in found])
        return
    if not found:
        say(f"Exact has no entries of ours since {moment(options.restored)}.")
        return
    table = Table("Reference", "Entry", "Payable", "What came of it")
    for one in found:
        numbers = ", ".join(map(str, one.numbers))
        table.add_row(one.reference, numbers, str(one.key or ""), one.told)
    show(table)


def _past(given: str) -> datetime:
    """Read a moment gone by, UTC unless it says otherwise."""
    at = datetime.fromisoformat(given)
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    if at > datetime.now(UTC):
        raise argparse.ArgumentTypeError(f"{given} is to come: give the moment at which the backup was made")
    return at


def _described(row: Row) -> dict[str, Any]:
    """Return a row without the payable itself, which may be long."""
    return {name: value for name, value in asdict(row).items() if name not in {"payable", "edited"}}


def _wanted(options: argparse.Namespace) -> Wanted:
    return Wanted(
        states=[State(state) for state in options.state],
        source=options.source,
        payables=options.payable,
        first=options.first,
        last=options.last,
    )
