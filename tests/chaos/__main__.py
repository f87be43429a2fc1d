"""`make chaos`: syncs and exports go on while everything around them breaks, one thing after the other.

One stack of processes serves all faults: a scheduler, two Celery workers, Redis, two PostgreSQLs, a simulated Exact. It
stops by itself: when every fault has been played as often as wanted, or the time is over, which is a failure.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

import httpx
from rich.console import Console
from rich.markup import escape

from exactsync.demo.airflow import AirflowError
from exactsync.demo.processes import ProcessError, exit_on_signals
from exactsync.embedded import EmbeddedPostgresError
from tests.chaos import report
from tests.chaos.faults import FAULTS
from tests.chaos.invariants import AllInvariants
from tests.chaos.load import Load
from tests.chaos.rounds import Rounds
from tests.chaos.site import FOLDER, open_site

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.chaos.fault import Fault
    from tests.chaos.rounds import Round

MINUTES = 45.0
"""It takes 25 to 30 on two cores that have nothing else to do."""


def main() -> int:
    """Play what was asked for, print the table; return 1 if anything was broken, or not played."""
    options = _options()
    exit_on_signals()
    console, began = Console(width=max(Console().width, 132), highlight=False), time.monotonic()
    wanted = [(kind, repeat) for kind in options.kinds for repeat in range(1, options.repeats + 1)]
    played: list[Round] = []
    problems: list[str] = []
    console.print(f"{len(wanted)} faults, in {options.minutes:.0f} minutes at the most, below {FOLDER} ...")
    try:
        for each in _play(wanted, until=began + 60 * options.minutes):
            played.append(each)
            console.print(f"{time.monotonic() - began:5.0f} s  ", "  ".join(report.line(each)))
            problems += [f"{each.fault}, {each.repeat}: {problem}" for problem in each.broken]
    except (AirflowError, EmbeddedPostgresError, ProcessError, httpx.HTTPError) as error:
        problems.append(f"{type(error).__name__}: {error}")
    problems += [f"{kind.name}, {repeat}: not played" for kind, repeat in wanted[len(played) :]]
    console.print(report.table(played))
    for problem in problems:
        console.print("[red]✗[/]", escape(problem))
    if not problems:
        console.print("[green]✓[/] After each fault every cell is as at Exact, and each payable is booked once.")
    console.print(f"Done in {time.monotonic() - began:.0f} s. The logs are in {FOLDER}.")
    return 1 if problems else 0


def _play(wanted: Sequence[tuple[type[Fault], int]], *, until: float) -> Iterator[Round]:
    with open_site() as site:
        load = Load(site)
        load.set_up()
        invariants = AllInvariants(site, load)
        if broken := invariants.broken():
            raise AirflowError(f"broken before any fault: {'; '.join(broken)}")
        rounds = Rounds(site, load, invariants)
        for kind, repeat in wanted:
            if time.monotonic() > until:
                return
            yield rounds.play(kind, repeat)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    names = {kind.__name__: kind for kind in FAULTS}
    parser.add_argument("--only", nargs="+", choices=names, default=list(names), metavar="KIND", help=", ".join(names))
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="of each (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=MINUTES, metavar="M", help="(default: %(default)s)")
    options = parser.parse_args()
    options.kinds = [names[name] for name in options.only]
    return options


if __name__ == "__main__":
    sys.exit(main())
