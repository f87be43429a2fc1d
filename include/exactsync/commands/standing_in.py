"""simulate: a stand-in for Exact Online to try things with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def simulate(options: argparse.Namespace) -> None:
    """Run the simulator until it is interrupted."""
    from exactsync.simulator.server import serve

    serve(options.port)
