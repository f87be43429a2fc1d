"""The outbox: every payable that was ever delivered, once, and what people decide about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from exactsync.errors import ConfigurationError
from exactsync.payable import ERASED
from exactsync.payables import steps
from exactsync.payables.lifecycle import Action, State, actions
from exactsync.payables.receiving import receive
from exactsync.payables.rows import SELECTED, Row, anew, lock, move, note
from exactsync.payables.wanted import CONDITION, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from decimal import Decimal

    from sqlalchemy import Connection, Engine, RowMapping

    from exactsync.payable import Payable
    from exactsync.payables.receiving import Received
    from exactsync.payables.rows import Actor, Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What the payables of one state and currency come to."""

    state: State
    currency: str
    payables: int
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A line of a payable's history."""

    at: datetime
    from_state: State | None
    to_state: State
    why: str
    actor: str
    run_id: str | None


class Outbox:
    """Payables on their way to Exact."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def receive(self, payables: Iterable[Payable], *, actor: Actor) -> Received:
        """Take payables in, see `receiving.receive`."""
        return receive(self._engine, payables, actor=actor)

    def rows(self, wanted: Wanted | None = None, *, limit: int | None = None, offset: int = 0) -> list[Row]:
        """Return payables, the latest change first."""
        with self._engine.connect() as connection:
            found = connection.execute(
                text(f"""
                SELECT {SELECTED} FROM exactsync.payables_outbox AS outbox WHERE {CONDITION}
                ORDER BY updated_at DESC, source, payable_id LIMIT :limit OFFSET :offset
                """),
                (wanted or Wanted()).parameters | {"limit": limit, "offset": offset},
            ).mappings()
            return [Row.of(row) for row in found]

    def totals(self, wanted: Wanted | None = None) -> list[Total]:
        """Return what payables come to, by state and currency."""
        with self._engine.connect() as connection:
            found = connection.execute(
                text(f"""
                SELECT state, currency, count(*) AS payables, sum(amount) AS amount
                FROM exactsync.payables_outbox AS outbox WHERE {CONDITION}
                GROUP BY state, currency ORDER BY state, currency
                """),
                (wanted or Wanted()).parameters,
            ).mappings()
            return [Total(**dict(row) | {"state": State(row["state"])}) for row in found]

    def history(self, key: Key) -> list[Step]:
        """Return what has become of a payable, oldest first."""
        with self._engine.connect() as connection:
            found = connection.execute(
                text("""
                SELECT at, from_state, to_state, why, actor, run_id FROM exactsync.payables_outbox_history
                WHERE source = :source AND payable_id = :id ORDER BY id
                """),
                key._asdict(),
            ).mappings()
            return [_step(row) for row in found]

    def act(self, key: Key, action: Action, *, why: str, actor: Actor) -> State:
        """Do what a person decided about a payable; return where it stands then.

        Raises:
            ConfigurationError: there is no such payable, it is not in a state for that, it was erased, or no reason is
                given.
        """
        if not why.strip():
            raise ConfigurationError("No reason is given.", remedy="Say why: it is kept in the payable's history.")
        with self._engine.begin() as connection:
            row = lock(connection, key)
            if action not in actions(row.state, has_twin=row.has_twin):
                raise ConfigurationError(
                    f"Payable {key} is {row.state.label.lower()}: it cannot be {_DONE[action]} now.",
                    remedy="Look at it again: somebody else, or an export, may have been faster.",
                )
            if action is Action.RETRY and row.counterparty == ERASED:
                raise ConfigurationError(
                    f"Payable {key} was erased: nobody knows any more whom it is owed to.",
                    remedy="Mark it as exported if it was booked by hand; or have the source deliver it again.",
                )
            return _act(connection, row, action, why, actor)


def _act(connection: Connection, row: Row, action: Action, why: str, actor: Actor) -> State:
    match action:
        case Action.MARK_EXPORTED:
            move(connection, row, State.EXPORTED_MANUALLY, why=why, actor=actor, reasons="[]", message=None)
            return State.EXPORTED_MANUALLY
        case Action.SEND_BACK:
            move(connection, row, State.SENT_BACK, why=why, actor=actor, reasons="[]", message=why)
            return State.SENT_BACK
        case Action.BOOK_ANYWAY:
            move(connection, row, State.BLOCKED, why=why, actor=actor, is_no_twin=True, **anew())
            return State.BLOCKED
        case Action.RETRY if row.state is State.IN_DOUBT:
            steps.reopen(connection, *row.key)
            _look_now(connection, row)
            note(connection, row.key, row.state, row.state, why=why, actor=actor)
            return row.state
        case Action.RETRY:
            steps.reopen(connection, *row.key)
            move(connection, row, State.BLOCKED, why=why, actor=actor, **anew())
            return State.BLOCKED


def _look_now(connection: Connection, row: Row) -> None:
    connection.execute(
        text("""
        UPDATE exactsync.payables_outbox SET look_at = clock_timestamp(), updated_at = clock_timestamp()
        WHERE source = :source AND payable_id = :id
        """),
        row.key._asdict(),
    )


def _step(values: RowMapping) -> Step:
    before = values["from_state"]
    states = {"from_state": State(before) if before else None, "to_state": State(values["to_state"])}
    return Step(**{**values, **states})


_DONE: Final = {
    Action.RETRY: "tried again",
    Action.SEND_BACK: "sent back",
    Action.MARK_EXPORTED: "marked as exported",
    Action.BOOK_ANYWAY: "booked anyway",
}
