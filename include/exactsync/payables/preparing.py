"""Check every payable that is not on its way or booked: with the mapping, and with what the warehouse knows by now.

What was blocked may have been mended, what was prepared may not pass any more: each run checks all of them anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from exactsync.payable import Payable
from exactsync.payables import twins
from exactsync.payables.lifecycle import State
from exactsync.payables.rows import Key, lock, move, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Engine

    from exactsync.payables.export import Book
    from exactsync.payables.preflight import Finding
    from exactsync.payables.rows import Actor, Row

_CHECKED = (State.PREPARED, State.BLOCKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What the checks came to, in payables."""

    prepared: int = 0
    blocked: int = 0


def prepare(engine: Engine, source: str, book: Book, *, actor: Actor) -> Prepared:
    """Check the payables of one source that wait; what changes is kept, with its history.

    Args:
        engine: where the outbox is.
        source: whose payables.
        book: how a payable is booked, or what is in the way.
        actor: who prepares.
    """
    with engine.connect() as connection:
        keys = connection.execute(
            text("""
            SELECT payable_id FROM exactsync.payables_outbox
            WHERE source = :source AND state IN ('prepared', 'blocked') ORDER BY payable_id
            """),
            {"source": source},
        ).scalars()
        waiting = [Key(source, key) for key in keys]
    counts = {State.PREPARED: 0, State.BLOCKED: 0}
    for key in waiting:
        with engine.begin() as connection:
            row = lock(connection, key)
            if row.state in _CHECKED:  # else somebody was faster
                counts[_check(connection, row, book, actor)] += 1
    return Prepared(prepared=counts[State.PREPARED], blocked=counts[State.BLOCKED])


def _check(connection: Connection, row: Row, book: Book, actor: Actor) -> State:
    payable = Payable.from_json(row.payable)
    checked = book(payable)
    findings = checked.findings or twins.check(connection, row, payable, checked.booking)
    state = State.BLOCKED if findings else State.PREPARED
    reasons = _reasons(findings)
    if state is not row.state or reasons != row.reasons:
        why = " ".join(finding.message for finding in findings) or "It passes every check."
        move(connection, row, state, why=why, actor=actor, reasons=written(findings), look_at=row.look_at)
    return state


def _reasons(findings: Sequence[Finding]) -> list[dict[str, str]]:
    return [{"check": one.check, "message": one.message, "remedy": one.remedy} for one in findings]
