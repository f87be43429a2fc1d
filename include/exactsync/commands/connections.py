"""connections, base: what the page Accounting setup does, for machines without a browser."""

from __future__ import annotations

from dataclasses import asdict
from shlex import quote
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table

from exactsync.commands.terminal import moment, open_ready_deployment, say, say_json, show
from exactsync.lifecycle import actions
from exactsync.setup import COMMAND_LINE

if TYPE_CHECKING:
    import argparse

    from exactsync.setup import Setup
    from exactsync.warehouse.companies import DivisionInfo
    from exactsync.warehouse.integrations import IntegrationInfo

_SWITCHED: Final = {
    "files": (
        "Nothing is read from or sent to Exact Online any more. Settings and tables are kept, authorisations are kept "
        "alive: switch back, and you find them as they are.",
    ),
    "exact_online": (
        "Syncs go on where they stopped, with the settings that were left.",
        "What is open on the old base is not carried over: payables that were not exported must be prepared again.",
        "An invoice and its payment must go out on the same base.",
    ),
}


def connections(options: argparse.Namespace) -> None:
    """List the integrations, or set one up, look after it, or show its history or progress."""
    setup = open_ready_deployment().setup
    if options.history:
        _show_history(setup, options)
    elif options.progress:
        _show_progress(setup, options)
    elif options.remove:
        setup.remove(options.remove, actor=COMMAND_LINE)
        _show_removed(setup, options)
    elif changed := _change(setup, options):
        _show_integrations([changed], options)
    else:
        _show_integrations(setup.integrations(), options)


def base(options: argparse.Namespace) -> None:
    """Show where accounting goes, or switch it."""
    setup = open_ready_deployment().setup
    if options.base:
        choice = setup.switch_base(options.base, actor=COMMAND_LINE)
        say(f"The accounting base is {choice.label}.", *_SWITCHED[choice.base])
        return
    history = setup.bases()
    if not history:
        say("The accounting base was never chosen: syncs with Exact Online run.")
        return
    table = Table("Accounting base", "Since (UTC)", "By")
    for choice in history:
        table.add_row(choice.label, moment(choice.at), choice.actor)
    show(table)


def _change(setup: Setup, options: argparse.Namespace) -> IntegrationInfo | None:
    if options.create:
        created = setup.create(
            options.create, connection_id=options.connection, axes=options.axis or None, actor=COMMAND_LINE
        )
        if not options.json:
            chosen = f"--connection {created.connection_id} --integration {quote(created.name)}"
            say("Authorise it with:", f"python -m exactsync authorise {chosen}")
        return created
    if options.axes:
        name, *axes = options.axes
        return setup.choose_axes(name, axes, actor=COMMAND_LINE)
    if options.pause:
        return setup.pause(options.pause, actor=COMMAND_LINE)
    if options.resume:
        return setup.resume(options.resume, actor=COMMAND_LINE)
    if options.disconnect:
        return setup.disconnect(options.disconnect, actor=COMMAND_LINE)
    return None


def _show_removed(setup: Setup, options: argparse.Namespace) -> None:
    if options.json:
        _show_integrations(setup.integrations(), options)
        return
    say(
        f"{options.remove} is off the list. Its data and its history are kept:",
        f"python -m exactsync connections --history {quote(options.remove)}",
    )


def _show_integrations(integrations: list[IntegrationInfo], options: argparse.Namespace) -> None:
    if options.json:
        say_json([_integration(integration) for integration in integrations])
        return
    table = Table("Name", "Connection", "State", "Since (UTC)", "Companies", "Axes", "Authorised by", "Last sync (UTC)")
    for integration in integrations:
        table.add_row(
            integration.name,
            integration.connection_id,
            f"{integration.state.label}{f' ({integration.reason})' if integration.reason else ''}",
            moment(integration.since),
            ", ".join(str(company.division) for company in integration.companies),
            ", ".join(integration.axes),
            integration.user_name,
            moment(integration.last_sync_at),
        )
    show(table)
    for integration in integrations:
        if integration.reason_text:
            say(f"{integration.name}: {integration.message or integration.reason_text}", f"  {integration.remedy}")


def _integration(integration: IntegrationInfo) -> dict[str, Any]:
    return {
        "name": integration.name,
        "connection": integration.connection_id,
        "state": integration.state,
        "reason": integration.reason,
        "reason_text": integration.reason_text,
        "message": integration.message,
        "remedy": integration.remedy,
        "since": integration.since,
        "created_at": integration.created_at,
        "authorised_by": integration.user_name or None,
        "authorised_at": integration.authorised_at,
        "lapses_at": integration.lapses_at,
        "shares_grant_with": integration.shares_grant_with,
        "companies": [_company(company) for company in integration.companies],
        "axes": integration.axes,
        "last_sync_at": integration.last_sync_at,
        "failing_runs": integration.failing_runs,
        "actions": actions(integration.state),
    }


def _company(company: DivisionInfo) -> dict[str, Any]:
    return {
        "division": company.division,
        "name": company.name,
        "country": company.country,
        "region": company.region,
        "customer": company.customer,
        "status": company.status,
        "is_permitted": company.is_permitted,
        "problem": company.problem,
    }


def _show_history(setup: Setup, options: argparse.Namespace) -> None:
    entries = setup.journal(options.history)
    if options.json:
        say_json([asdict(entry) for entry in entries])
        return
    table = Table("At (UTC)", "What", "From", "To", "Why", "By")
    for entry in entries:
        why = f"{entry.reason.text if entry.reason else ''} {entry.message or ''}".strip()
        table.add_row(
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            entry.event.label,
            entry.from_state.label,
            entry.to_state.label,
            why,
            entry.actor,
        )
    show(table)


def _show_progress(setup: Setup, options: argparse.Namespace) -> None:
    data_sets = setup.progress(options.progress)
    if options.json:
        say_json([asdict(data_set) for data_set in data_sets])
        return
    table = Table("Division", "Entity", "State", "Rows", "Published (UTC)", "Message")
    for data_set in data_sets:
        table.add_row(
            f"{data_set.division} {data_set.division_name}",
            data_set.label,
            data_set.state,
            str(data_set.rows),
            moment(data_set.published_at),
            data_set.message or "",
        )
    show(table)
