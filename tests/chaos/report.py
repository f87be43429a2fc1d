"""The table of what became of every fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.chaos.rounds import Round

HEADINGS: Final = (
    "Struck",
    "Seconds to heal",
    "Runs",
    "Retries",
    "People",
    "Rows compared",
    "Invariants",
    "Broken",
)


def line(played: Round) -> tuple[str, ...]:
    """Return what the table says of a round."""
    return (
        played.fault,
        str(played.repeat),
        str(played.struck),
        f"{played.seconds:.0f}",
        str(played.runs),
        str(played.retries),
        str(played.people),
        str(played.rows),
        str(played.invariants),
        str(len(played.broken)),
    )


def table(rounds: Iterable[Round]) -> Table:
    """Lay all rounds out."""
    made = Table()
    made.add_column("Fault", no_wrap=True)
    for heading in ("Repeat", *HEADINGS):
        made.add_column(heading, justify="right")
    for each in rounds:
        made.add_row(*line(each))
    return made
