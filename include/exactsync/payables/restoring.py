"""After a restore: what was booked since the backup was made is at Exact, and the outbox does not know of it.

Every entry of ours carries its payable's reference: by that, the payable is marked as exported, and never sent again.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import text

from exactsync.payable import Payable
from exactsync.payables.lifecycle import State
from exactsync.payables.receiving import is_ours
from exactsync.payables.rows import Key, later, lock, move
from exactsync.payables.twins import purchase_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection, Engine

    from exactsync.payables.rows import Actor, Row


class Fate(StrEnum):
    """What came of an entry of ours."""

    KNOWN = "known"
    """Its payable stands as exported already."""
    MARKED = "marked"
    HELD = "held"
    """A worker is at its payable, and was not disturbed."""
    UNDELIVERED = "undelivered"
    """Its payable is not in the outbox."""


_TOLD = {
    Fate.KNOWN: "was marked as exported already",
    Fate.MARKED: "marked as exported",
    Fate.HELD: "an export is at it: pause exports, and come again once its worker's lease has ended (7 minutes)",
    Fate.UNDELIVERED: "not delivered: unless its source calls it exported, have it delivered, and come again",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """An entry of ours at Exact, and its payable; `numbers` are several if it is there more than once."""

    reference: str
    numbers: tuple[int, ...]
    key: Key | None
    fate: Fate

    @property
    def told(self) -> str:
        """What a person is told."""
        several = f"{len(self.numbers)} entries, delete all but one; " if len(self.numbers) > 1 else ""
        return several + _TOLD[self.fate]


def recover(engine: Engine, entries: Iterable[Mapping[str, Any]], *, actor: Actor) -> list[Recovered]:
    """Mark the payables whose entries are at Exact as exported; each is a transaction of its own, and may come again.

    Args:
        engine: where the outbox is.
        entries: as `looking.read_since` has found them; only those with a reference of ours count.
        actor: who marks.
    """
    by_reference: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for entry in sorted(entries, key=lambda entry: entry["EntryNumber"]):
        reference = (entry["ExternalLinkReference"] or "").strip()
        if is_ours(reference):
            by_reference[reference].append(entry)
    return [_recover(engine, reference, ours, actor) for reference, ours in by_reference.items()]


def _recover(engine: Engine, reference: str, ours: list[Mapping[str, Any]], actor: Actor) -> Recovered:
    numbers = tuple(entry["EntryNumber"] for entry in ours)
    with engine.begin() as connection:
        row = _find(connection, reference)
        if row is None:
            return Recovered(reference=reference, numbers=numbers, key=None, fate=Fate.UNDELIVERED)
        fate = _fate(connection, row)
        if fate is Fate.MARKED:
            _mark(connection, row, ours[0], _why(numbers), actor)
    return Recovered(reference=reference, numbers=numbers, key=row.key, fate=fate)


def _fate(connection: Connection, row: Row) -> Fate:
    if row.state.is_final:
        return Fate.KNOWN
    is_held = row.state is State.EXPORTING and row.lease_until and row.lease_until > later(connection, 0.0)
    return Fate.HELD if is_held else Fate.MARKED


def _mark(connection: Connection, row: Row, entry: Mapping[str, Any], why: str, actor: Actor) -> None:
    """Mark a payable, whatever its steps were when the backup was made; of a dead worker's, the export is concluded."""
    supplier = UUID(str(entry["Supplier"])) if entry["Supplier"] else None
    purchase = purchase_of(Payable.from_json(row.payable), supplier)
    changes = {"reasons": "[]", "message": None, "entry_number": entry["EntryNumber"], "purchase": purchase}
    if row.state is State.EXPORTING:
        concluded = {"entry_id": UUID(str(entry["EntryID"])), "exported_at": later(connection, 0.0)}
        move(connection, row, State.EXPORTED, why=why, actor=actor, **changes, **concluded)
    else:
        move(connection, row, State.EXPORTED_MANUALLY, why=why, actor=actor, **changes)


def _find(connection: Connection, reference: str) -> Row | None:
    found = connection.execute(
        text("SELECT source, payable_id FROM exactsync.payables_outbox WHERE reference = :reference"),
        {"reference": reference},
    ).one_or_none()
    return lock(connection, Key(*found)) if found else None


def _why(numbers: tuple[int, ...]) -> str:
    if len(numbers) == 1:
        return f"Exact has it as entry {numbers[0]}, from before the warehouse was restored."
    listed = ", ".join(map(str, numbers))
    return f"Exact has it as entries {listed}, from before the warehouse was restored: delete all but one."
