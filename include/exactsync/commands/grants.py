"""keep-alive, adopt, rotate-keys: what grants need over the years."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from exactsync.commands.terminal import moment, open_ready_deployment, raise_for, say, show
from exactsync.errors import ConfigurationError
from exactsync.setup import COMMAND_LINE

if TYPE_CHECKING:
    import argparse


def keep_alive(_options: argparse.Namespace) -> None:
    """Refresh every grant in use that was not refreshed within the last day, and warn of those that lapse soon."""
    keeper = open_ready_deployment().keeper
    results = keeper.keep_all()
    table = Table("Grant", "Outcome", "Refreshed (UTC)", "Days left")
    for kept in results:
        days_left = str(kept.grant.days_left) if kept.grant.is_active else ""
        table.add_row(kept.grant.label, kept.outcome, moment(kept.grant.obtained_at), days_left)
    show(table)
    keeper.warn()
    raise_for([kept.error for kept in results if kept.error])


def adopt(_options: argparse.Namespace) -> None:
    """Make this installation the one that refreshes the grants of this database."""
    adopted = open_ready_deployment().keeper.adopt(actor=COMMAND_LINE)
    for grant in adopted:
        say(f"Adopted: {grant.label}.")
    if not adopted:
        say("Nothing to do: every grant belongs to this installation.")


def rotate_keys(_options: argparse.Namespace) -> None:
    """Encrypt every token with the first key of EXACTSYNC_TOKEN_KEYS."""
    rotation = open_ready_deployment().keeper.rotate_keys()
    say(
        f"Encrypted with the first key now: {len(rotation.renewed)} grants; already: {len(rotation.current)}; "
        f"opened by none of the keys: {len(rotation.unreadable)}."
    )
    if rotation.unreadable:
        raise ConfigurationError(
            f"None of the keys in EXACTSYNC_TOKEN_KEYS opens grant {', '.join(map(str, rotation.unreadable))}.",
            remedy="Add the key it was stored with, behind the first one; or reconnect its integrations.",
        )
