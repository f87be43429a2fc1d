"""migrate, authorise, divisions: from an empty database to companies that are pulled."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from rich.table import Table

from exactsync.commands.terminal import ask, open_deployment, open_ready_deployment, say, show
from exactsync.errors import ConfigurationError
from exactsync.exact.oauth import code_of

if TYPE_CHECKING:
    import argparse

    from exactsync.deployment import Deployment


def migrate(_options: argparse.Namespace) -> None:
    """Bring the databases to the current schema and say what that changed."""
    changes = open_deployment().migrate()
    say(*changes or ["Nothing to do: the schema is current."])


def authorise(options: argparse.Namespace) -> None:
    """Take a consent at Exact: print where to give it, read where it led, keep the grant."""
    deployment = open_ready_deployment()
    code = options.code
    if not code:
        state = secrets.token_urlsafe(16)
        if not options.redirected:
            say(
                "Open this address, log in at Exact and allow the app:",
                "",
                deployment.authorise_url(options.connection, state=state),
                "",
            )
        redirected = options.redirected or ask("Address the browser was sent to: ")
        code = _code(redirected, state=None if options.redirected else state)
    integration = deployment.authorise(options.connection, code=code, integration=options.integration)
    say(f"Integration {integration.name}: authorised by {integration.user_name}.")


def divisions(options: argparse.Namespace) -> None:
    """List the companies that an integration may see; choose which of them to pull."""
    deployment = open_ready_deployment()
    name = options.integration or _only_integration(deployment)
    if options.choose or options.choose_all:
        deployment.choose(name, None if options.choose_all else options.choose)
    table = Table("Code", "Name", "Country", "Customer", "Status", "Chosen")
    for division in deployment.divisions(name):
        chosen = "yes" if division.is_chosen else ""
        table.add_row(
            str(division.division), division.name, division.country, division.customer, division.status, chosen
        )
    show(table)


def _code(redirected: str, *, state: str | None) -> str:
    given = parse_qs(urlsplit(redirected).query).get("state")
    if state is not None and given != [state]:
        raise ConfigurationError(
            "This address does not belong to the consent that was asked for (its state differs).",
            remedy="Start again and paste the whole address the browser ends at.",
        )
    return code_of(redirected)


def _only_integration(deployment: Deployment) -> str:
    names = [integration.name for integration in deployment.integrations()]
    if len(names) != 1:
        known = f"There are {', '.join(names)}" if names else "There is none yet: run `authorise` first"
        raise ConfigurationError(f"Which integration? {known}.", remedy="Give --integration NAME.")
    return names[0]
