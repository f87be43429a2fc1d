"""maintain, erase: what keeps the databases small, and one person out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from exactsync.commands.terminal import ask, open_ready_deployment, say, show
from exactsync.errors import ConfigurationError
from exactsync.warehouse.retention import days_kept

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping


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
    """Erase everything stored about one person, once whoever is at the terminal has confirmed it."""
    if options.counterparty:
        _erase_counterparty(options)
        return
    if options.division is None:
        raise ConfigurationError("A supplier is one of a company.", remedy="Give --division, too.")
    housekeeping = open_ready_deployment().housekeeping
    if options.readmit:
        is_readmitted = housekeeping.readmit(options.division, options.supplier)
        say("It comes back with its next change or the next full refresh." if is_readmitted else "It was not erased.")
        return
    parties = [str(party) for party in housekeeping.counterparties(options.division, options.supplier)]
    mapped = f", and with it {', '.join(parties)}" if parties else ""
    _require_yes(f"supplier {options.supplier} of division {options.division}{mapped}", options)
    erased = housekeeping.erase(options.division, options.supplier, reason=options.reason)
    say(f"Erased supplier {erased.key} of division {erased.division}; rows: {_counted(erased.rows)}.")
    if erased.counterparties:
        say(f"Erased {', '.join(erased.counterparties)}; rows: {_counted(erased.payables)}.")
    if erased.mentions:
        places = ", ".join(f"{place} ({count})" for place, count in erased.mentions.items())
        say(f"Its key still stands in {places}: these rows are not about it.")
    say("What Exact still says about it is refused from now on. Erase it at Exact, in backups and in exports, too.")


def _erase_counterparty(options: argparse.Namespace) -> None:
    if not options.source or options.readmit:
        raise ConfigurationError(
            "A counterparty is one of a source of payables, and nothing of it is refused later.",
            remedy="Give --source, and no --readmit.",
        )
    housekeeping = open_ready_deployment().housekeeping
    _require_yes(f"counterparty {options.counterparty} of {options.source}", options)
    rows = housekeeping.erase_counterparty(
        options.source, options.counterparty, kind=options.kind, reason=options.reason
    )
    say(f"Erased counterparty {options.counterparty} of {options.source}; rows: {_counted(rows)}.")
    say("What the source delivers again is stored again: erase it there, too, in backups and in exports.")


def _require_yes(whom: str, options: argparse.Namespace) -> None:
    if not options.yes and ask(f"Erase {whom}? (yes/no) ") != "yes":
        raise ConfigurationError("Nothing was erased.", remedy="Answer yes, or give --yes.")


def _counted(rows: Mapping[str, int]) -> str:
    return ", ".join(f"{count} of {name}" for name, count in rows.items() if count) or "none was stored"


def _days(choice: str) -> tuple[str, int]:
    table, _, days = choice.partition("=")
    if not days.isdecimal():
        raise ConfigurationError(f"'{choice}' does not say how long.", remedy="Give TABLE=DAYS, e.g. load_log=800.")
    return table, int(days)
