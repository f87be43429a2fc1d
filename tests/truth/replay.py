"""A long sequence of changes that can be read afterwards, and history asked again for each moment it passed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tests.truth.columns import LISTS, TABLES

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

    from sqlalchemy import Connection

    from exactsync.simulator import Simulator
    from tests.truth.columns import Table
    from tests.truth.oracle import Cells, Key

ACTIVE, ARCHIVED = 1, 2


@dataclass(slots=True)
class Sequence:
    """Changes drawn from a seed; `told` says what was done so far, one line each, and `kinds` how often what."""

    simulator: Simulator
    divisions: list[int]
    random: Random
    told: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)

    def change(self) -> None:
        """Make one change: mostly of a record, now and then of a supplier or a company."""
        dice = self.random.random()
        if dice < 0.04:
            self._archive()
        elif dice < 0.08:
            self._move()
        elif dice < 0.2:
            self._turn_supplier()
        else:
            table = self.random.choice(LISTS)
            seed = self.random.randrange(10**9)
            (made,) = self.simulator.random_changes(
                1, seed=seed, divisions=[self.random.choice(self.divisions)], entity_sets=[table.entity_set]
            )
            self._tell(made.kind, f"{made.entity_set} {made.key} of {made.division}")

    def _archive(self) -> None:
        """Archive a company, or bring an archived one back."""
        division = self.random.choice(self.divisions)
        (company,) = (one for one in self.simulator.truth(division, "Divisions") if one["Code"] == division)
        if company["Status"] == ARCHIVED:
            self.simulator.update(0, "Divisions", division, {"Status": ACTIVE, "ArchiveDate": None})
            self._tell("unarchive", f"company {division}")
        else:
            self.simulator.update(0, "Divisions", division, {"Status": ARCHIVED, "ArchiveDate": date(2026, 11, 1)})
            self._tell("archive", f"company {division}")

    def _move(self) -> None:
        """Move a company at Exact, after which its Timestamps count anew."""
        division = self.random.choice(self.divisions)
        moved = date(2026, 1, 1) + timedelta(days=len(self.told))
        self.simulator.update(0, "Divisions", division, {"DivisionMoveDate": moved})
        self._tell("move", f"company {division} on {moved}")

    def _turn_supplier(self) -> None:
        division = self.random.choice(self.divisions)
        relation = self.random.choice(self.simulator.truth(division, "Accounts"))
        becomes = not relation["IsSupplier"]
        self.simulator.set_supplier(division, relation["ID"], is_supplier=becomes)
        self._tell("supplier" if becomes else "no supplier", f"relation {relation['ID']} of {division}")

    def _tell(self, kind: str, what: str) -> None:
        self.kinds[kind] += 1
        self.told.append(f"{len(self.told) + 1:3} {kind}: {what}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What was true when a sync had ended."""

    at: datetime
    rows: dict[tuple[str, Key], Cells]


def differences_as_of(connection: Connection, moment: Moment, divisions: list[int]) -> list[str]:
    """Ask the history of every table for a moment as docs/history.md says; return what differs from what was true."""
    found = {
        (table.name, key): cells
        for table in TABLES
        for division in divisions
        for key, cells in _as_of(connection, table, division, moment.at)
    }
    true = {row: cells[:-1] for row, cells in moment.rows.items()}  # Exact's Timestamp is no value of a version
    return [
        f"{table} {key}: {true.get((table, key))} is true, {found.get((table, key))} is found"
        for table, key in sorted(true.keys() | found.keys())
        if true.get((table, key)) != found.get((table, key))
    ]


def _as_of(connection: Connection, table: Table, division: int, at: datetime) -> list[tuple[Key, Cells]]:
    shown = ", ".join(rule.read.format(f'"{column}"') for column, (_, rule) in table.columns.items())
    rows = connection.exec_driver_sql(
        f"SELECT {table.key[0]}::text, {shown} FROM exact_online.{table.name}_history "
        "WHERE division = %(division)s AND valid_from <= %(at)s AND (valid_to > %(at)s OR valid_to IS NULL)",
        {"division": division, "at": at},
    )
    return [((division, identifier), tuple(cells)) for identifier, *cells in rows]
