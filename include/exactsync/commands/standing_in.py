"""simulate: a stand-in for Exact Online to try things with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def simulate(options: argparse.Namespace) -> None:
    """Run the simulator until it is interrupted."""
    from exactsync.simulator.server import serve
    from exactsync.simulator.settings import DEMO_APP, Settings

    app = replace(DEMO_APP, redirect_uris=tuple(options.redirect_uri) or DEMO_APP.redirect_uris)
    serve(options.port, settings=Settings(apps=(app,)), host=options.host)
