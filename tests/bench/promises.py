"""What ought to hold, and whether it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Promise:
    """Something that ought to hold, and what was measured."""

    what: str
    wanted: str
    measured: str
    is_kept: bool


def promises_table(promises: Iterable[Promise]) -> str:
    """Return the table of a report."""
    lines = ["| what | wanted | measured | |", "| --- | ---: | ---: | --- |"]
    lines += [
        f"| {each.what} | {each.wanted} | {each.measured} | {'kept' if each.is_kept else '**not kept**'} |"
        for each in promises
    ]
    return "\n".join(lines)
