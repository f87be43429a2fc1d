"""simulate: stand-ins for Exact Online and Spendesk to try things with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import argparse

COMPANY_OF_SPENDESK: Final = 1000001
"""Whose payables the simulated Spendesk has: they name what this company has in the simulated Exact Online."""
PAYABLES: Final = 40
"""A month's: receipts are listed within one minute of Spendesk's calls, entries made within two of Exact's."""


def simulate(options: argparse.Namespace) -> None:
    """Run a simulator until it is interrupted."""
    if options.spendesk:
        _simulate_spendesk(options)
    else:
        _simulate_exact(options)


def _simulate_exact(options: argparse.Namespace) -> None:
    from exactsync.simulator.server import serve
    from exactsync.simulator.settings import DEMO_APP, DEMO_COMPANIES, Settings, small_companies

    app = replace(DEMO_APP, redirect_uris=tuple(options.redirect_uri) or DEMO_APP.redirect_uris)
    companies = small_companies(options.companies) if options.companies else DEMO_COMPANIES
    serve(options.port, settings=Settings(apps=(app,), companies=companies), host=options.host)


def _simulate_spendesk(options: argparse.Namespace) -> None:
    from exactsync.simulator import Simulator
    from exactsync.simulator.server import serve_stand_in
    from exactsync.simulator.spendesk import SpendeskSettings, SpendeskSimulator, company_of

    settings = SpendeskSettings(
        payables=options.payables,
        history_days=28,
        is_usual=True,
        snapshot_ready_s=options.snapshot_s,
        shortest_poll_s=min(60.0, options.snapshot_s),
    )
    spendesk = SpendeskSimulator(company_of(Simulator(), COMPANY_OF_SPENDESK), settings)
    serve_stand_in(
        spendesk,
        options.port,
        host=options.host,
        greet=lambda url: (
            f"Spendesk, simulated: {url}\n"
            f"  client id {settings.client_id}, client secret: SpendeskSettings in exactsync.simulator.spendesk\n"
            f"  {len(spendesk.payables())} payables of the simulated company {COMPANY_OF_SPENDESK}, "
            f"of which {len(spendesk.flaws())} cannot be booked as they are\n"
        ),
    )
