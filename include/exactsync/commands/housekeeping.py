"""maintain, erase: what keeps the databases small, and one person out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from exactsync.commands.terminal import ask, open_ready_deployment, say, show
from exactsync.errors import ConfigurationError
from exactsync.warehouse.retention import days_kept

if TYPE_CHECKING:
    import argparse


def maintain(options: argparse.Namespace) -> None:
    """Delete what the logs have kept long enough."""
    chosen = dict(map(_days, options.keep))
    kept = days_kept(chosen)
    deleted = open_ready_deployment().housekeeping.maintain(chosen)
    table = Table("Table", "Kept for (days)", "Rows deleted")
    for name, count in deleted.items():
        table.add_row(name, str(kept[name]), str(count))
    show(table)


def erase(options: argparse.Namespace) -> None:
    """Erase everything stored about one supplier, once the person at the terminal has confirmed it."""
    housekeeping = open_ready_deployment().housekeeping
    if options.readmit:
        is_readmitted = housekeeping.readmit(options.division, options.supplier)
        say("It comes back with its next change or the next full refresh." if is_readmitted else "It was not erased.")
        return
    if not options.yes and ask(f"Erase supplier {options.supplier} of division {options.division}? (yes/no) ") != "yes":
        raise ConfigurationError("Nothing was erased.", remedy="Answer yes, or give --yes.")
    erased = housekeeping.erase(options.division, options.supplier, reason=options.reason)
    rows = ", ".join(f"{count} of {name}" for name, count in erased.rows.items() if count) or "none was stored"
    say(f"Erased supplier {erased.key} of division {erased.division}; rows: {rows}.")
    if erased.mentions:
        places = ", ".join(f"{place} ({count})" for place, count in erased.mentions.items())
        say(f"Its key still stands in {places}: these rows are not about it.")
    say("What Exact still says about it is refused from now on. Erase it at Exact, in backups and in exports, too.")


def _days(choice: str) -> tuple[str, int]:
    table, _, days = choice.partition("=")
    if not days.isdecimal():
        raise ConfigurationError(f"'{choice}' does not say how long.", remedy="Give TABLE=DAYS, e.g. load_log=800.")
    return table, int(days)
