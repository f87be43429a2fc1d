"""A long sequence of changes that can be read afterwards, and history asked again for each moment it passed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from exactsync.simulator import Company, Settings
from tests.truth.columns import LISTS, TABLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from random import Random

    from sqlalchemy import Connection, Engine

    from exactsync.simulator import Simulator
    from tests.truth.columns import Table
    from tests.truth.oracle import Cells, Key, Verdict

CHANGES_A_STEP = 10
KINDS = {"insert", "update", "delete", "supplier", "no supplier", "archive", "unarchive", "move"}
ACTIVE, ARCHIVED = 1, 2
RECORDS = 18
COMPANY = Company(
    code=1000001, name="Demo Holding", country="NL", sizes=dict.fromkeys((table.entity_set for table in LISTS), RECORDS)
)
SETTINGS = Settings(hostile=0.3, companies=(COMPANY,), calls_per_minute=100_000, calls_per_day=100_000)


@dataclass(slots=True)
class Sequence:
    """Changes drawn from a seed; `told` says what was done so far, one line each, and `kinds` how often what."""

    simulator: Simulator
    random: Random
    division: int = COMPANY.code
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
                1, seed=seed, divisions=[self.division], entity_sets=[table.entity_set]
            )
            self.tell(made.kind, f"{made.entity_set} {made.key}")

    def _archive(self) -> None:
        """Archive a company, or bring an archived one back."""
        (company,) = (one for one in self.simulator.truth(self.division, "Divisions") if one["Code"] == self.division)
        if company["Status"] == ARCHIVED:
            self.simulator.update(0, "Divisions", self.division, {"Status": ACTIVE, "ArchiveDate": None})
            self.tell("unarchive", "the company")
        else:
            self.simulator.update(0, "Divisions", self.division, {"Status": ARCHIVED, "ArchiveDate": date(2026, 11, 1)})
            self.tell("archive", "the company")

    def _move(self) -> None:
        """Move a company at Exact, after which its Timestamps count anew."""
        moved = date(2026, 1, 1) + timedelta(days=len(self.told))
        self.simulator.update(0, "Divisions", self.division, {"DivisionMoveDate": moved})
        self.tell("move", f"the company on {moved}")

    def _turn_supplier(self) -> None:
        relation = self.random.choice(self.simulator.truth(self.division, "Accounts"))
        becomes = not relation["IsSupplier"]
        self.simulator.set_supplier(self.division, relation["ID"], is_supplier=becomes)
        self.tell("supplier" if becomes else "no supplier", f"relation {relation['ID']}")

    def tell(self, kind: str, what: str) -> None:
        """Remember what was done, for whoever reads of a failure."""
        self.kinds[kind] += 1
        self.told.append(f"{len(self.told) + 1:3} {kind}: {what}")


class Replay:
    """The steps of a sequence, each of which must end with the truth, and be told again by history at the end.

    Args:
        sequence: what changes.
        engine: the warehouse's.
        judge: compares the warehouse with the truth.
        again: the command that does the same once more, for whoever reads of a failure.
    """

    def __init__(self, sequence: Sequence, engine: Engine, judge: Callable[[], Verdict], *, again: str) -> None:
        self._sequence = sequence
        self._engine = engine
        self._judge = judge
        self._again = again
        self._moments: list[_Moment] = []

    def take_step(self, sync: Callable[[], None]) -> None:
        """Make ten changes and sync them."""
        for _ in range(CHANGES_A_STEP):
            self._sequence.change()
        sync()
        verdict = self._judge()
        self._require_none([str(difference) for difference in verdict.differences])
        with self._engine.connect() as connection:
            at = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        self._moments.append(_Moment(at=at, changes=len(self._sequence.told), rows=verdict.expected))

    def ask_history(self) -> int:
        """Ask history for the moment at which each step had ended; return for how many."""
        with self._engine.connect() as connection:
            for moment in self._moments:
                found = _differences_as_of(connection, moment, self._sequence.division)
                self._require_none(found, f"as history tells it after change {moment.changes}, ")
        return len(self._moments)

    def _require_none(self, differences: list[str], when: str = "") -> None:
        if differences:
            told = "\n".join([*differences, "after these changes:", *self._sequence.told])
            raise AssertionError(f"{when}{len(differences)} differences (again: {self._again})\n{told}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """What was true when a sync had ended."""

    at: datetime
    changes: int
    rows: dict[tuple[str, Key], Cells]


def _differences_as_of(connection: Connection, moment: _Moment, division: int) -> list[str]:
    """Ask the history of every table for a moment as docs/history.md says; return what differs from what was true."""
    found = {
        (table.name, key): cells for table in TABLES for key, cells in _as_of(connection, table, division, moment.at)
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
