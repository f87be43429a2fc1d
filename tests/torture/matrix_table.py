"""The matrix of faults as Markdown."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from exactsync.embedded import PostgresServer
from tests.conftest import DatabaseServer
from tests.torture.matrix import NEVER, play
from tests.torture.matrix_cells import DATA_SETS, FAULTS_OF_READING, SETTINGS, Cell, Place, cells
from tests.torture.matrix_outages import STEPS, play_outage
from tests.torture.matrix_world import Worlds, travelling_template

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD = """# What every fault leads to

Each fault that Exact Online is known for strikes at each place of a run: a sync feed (suppliers), a list (cost
centres) and sync/Deleted, of three pages each, over a table that holds yesterday's rows. Every failed run left the
table as it was, and named integration, division, entity, page and the way out; every story ended with the truth.
`make test` plays all of it again; `python -m tests.torture.matrix --table docs/faults.md` wrote this page.

| word | the run |
| --- | --- |
| right | ends well, and readers see what is at Exact |
| next run | ends well; what changed behind its back is read by the next run |
| set aside | ends well but for one record, which is in quarantine until it is read in order |
| as sent | ends well; the spoiled text stands in its row as it came |
| wait | stops, because a limit of Exact is used up, and names the time at which it goes on |
| later | stops; a later run goes on where it stopped |
| report | stops, because Exact broke its contract; a run without the fault ends well |
| mend | stops until a person gives a right, or corrects a setting |
| consent | stops until a person authorises the app again |
| full read | the record in question is right again after the next full read |
| — | the fault finds nothing to strike there |

An arrow leads to what the next run met. Faults of a page's contents strike once, the others as often as the client
tries; at the token and on the middle page both are played (*again*, where that makes a difference). While a load is
published no call is made: what changes Exact itself strikes by somebody else's call, between the last page and the
publish.
"""
OUTAGES = """
## When our own database goes away

Every connection is cut right after a step has been taken. While a page is staged the next one is fetched: at the steps
of staging it is a matter of the moment whether a connection was in use.

| step | run |
| --- | --- |
"""

Outcomes = dict[Cell, str]


def main() -> None:
    """Play the matrix and write its table."""
    parser = argparse.ArgumentParser(description="Play every fault at every place of a run.")
    parser.add_argument("--table", type=Path, metavar="FILE", help="write the outcome as Markdown")
    options = parser.parse_args()
    outcomes: Outcomes = {}
    with (
        tempfile.TemporaryDirectory(prefix="exactsync-matrix-") as folder,
        PostgresServer(folder, durable=False) as postgres,
        travelling_template(server := DatabaseServer(postgres.url())) as template,
        closing(Worlds(server, template, SETTINGS)) as worlds,
    ):
        for fault in FAULTS_OF_READING:
            for data_set in DATA_SETS:
                with worlds.borrow(data_set.kind) as world:
                    outcomes |= {cell: play(world, cell) for cell in cells(fault, data_set)}
            sys.stdout.write(row(fault, outcomes) + "\n")
        with worlds.borrow(DATA_SETS[0].kind) as world:
            outages = {step: play_outage(world, step) for step in STEPS}
    if options.table:
        options.table.write_text(markdown(outcomes, outages))


def markdown(outcomes: Outcomes, outages: Mapping[str, str]) -> str:
    """Return the page."""
    head = f"\n| fault | {' | '.join(Place)} |\n|{' --- |' * (len(Place) + 1)}\n"
    rows = "".join(f"{row(fault, outcomes)}\n" for fault in FAULTS_OF_READING)
    return HEAD + head + rows + OUTAGES + "".join(f"| `{step}` | {word} |\n" for step, word in outages.items())


def row(fault: str, outcomes: Outcomes) -> str:
    """Return the line of one fault."""
    texts = (
        _text({cell: word for cell, word in outcomes.items() if (cell.fault, cell.place) == (fault, place)})
        for place in Place
    )
    return f"| `{fault}` | {' | '.join(texts)} |"


def _text(outcomes: Outcomes) -> str:
    """Return what stands in one cell."""
    once, again = (
        _merged({cell: word for cell, word in outcomes.items() if cell.is_lasting is lasting})
        for lasting in (False, True)
    )
    return f"{once}; again: {again}" if once and again not in ("", once) else once or again or NEVER


def _merged(outcomes: Outcomes) -> str:
    """Return one word where all data sets agree, else each word with the data sets that it is about."""
    kinds = defaultdict(list)
    for cell, word in outcomes.items():
        if word != NEVER:
            kinds[word].append(cell.data_set.kind)
    if len(kinds) == 1:
        return next(iter(kinds))
    return ", ".join(f"{word} ({', '.join(names)})" for word, names in kinds.items())
