"""Payables as the page Exports shows them: page by page, what they come to, and what has become of each.

A handful of queries, however many payables there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from exactsync.payables.lifecycle import State
from exactsync.payables.outbox import Outbox, Total
from exactsync.payables.rows import SELECTED, Key, Row
from exactsync.payables.wanted import CONDITION, Wanted
from exactsync.warehouse.integrations import read_integrations

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from exactsync.payable import Kind
    from exactsync.payables.lifecycle import Action
    from exactsync.payables.outbox import Step
    from exactsync.payables.rows import Actor

PAGE_SIZE: Final = 50
"""How many payables are shown at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which payables to show: all, unless something is said."""

    wanted: Wanted = field(default_factory=Wanted)
    division: int | None = None
    kind: Kind | None = None
    only_edited: bool = False
    """Only those that were edited at the source after they were booked, or while they were on their way."""

    @property
    def parameters(self) -> dict[str, Any]:
        """What `_CONDITION` binds."""
        chosen = {"division": self.division, "kind": self.kind, "only_edited": self.only_edited}
        return self.wanted.parameters | chosen


_CONDITION: Final = f"""
    {CONDITION}
    AND (CAST(:division AS integer) IS NULL OR outbox.division = :division)
    AND (CAST(:kind AS text) IS NULL OR outbox.kind = :kind)
    AND (NOT :only_edited OR outbox.is_edited)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A company that payables are booked in."""

    division: int
    name: str
    """Empty where no connection has chosen the company any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """One page of what was selected, and what all of it comes to."""

    now: datetime
    """By the warehouse's clock, as all other moments."""
    has_sources: bool
    """Whether anybody has said where payables come from."""
    edited: int
    """How many payables were edited too late, whatever was selected."""
    companies: tuple[Company, ...]
    totals: tuple[Total, ...]
    """By state and currency, of what was selected in every state: what choosing another one would show."""
    found: int
    """How many payables were selected."""
    rows: tuple[Row, ...]
    """`PAGE_SIZE` of them at most, the latest change first."""


class Exports:
    """Payables on their way to Exact, for people to see and to decide about.

    Args:
        engine: where the outbox is.
        state: where the connections and their companies are.
    """

    def __init__(self, engine: Engine, *, state: Engine) -> None:
        self._engine = engine
        self._state = state
        self._outbox = Outbox(engine)

    def overview(self, selection: Selection, *, offset: int = 0) -> Overview:
        """Return a page of what was selected, from its `offset`-th payable on."""
        names = {
            company.division: company.name
            for integration in read_integrations(self._state)
            for company in integration.companies
        }
        with self._engine.connect() as connection:
            totals = _totals(connection, selection)
            now, has_sources, edited, divisions = connection.execute(text(_AT_ALL)).one()
            return Overview(
                now=now,
                has_sources=has_sources,
                edited=edited,
                companies=tuple(Company(division=each, name=names.get(each, "")) for each in divisions),
                totals=totals,
                found=sum(total.payables for total in totals if _is_chosen(total.state, selection)),
                rows=_rows(connection, selection, offset),
            )

    def history(self, key: Key) -> list[Step]:
        """Return what has become of a payable, oldest first."""
        return self._outbox.history(key)

    def act(self, key: Key, action: Action, *, why: str, actor: Actor) -> State:
        """Do what a person decided, see `Outbox.act`; return where the payable stands then."""
        return self._outbox.act(key, action, why=why, actor=actor)


_AT_ALL: Final = """
    SELECT clock_timestamp(), EXISTS (SELECT FROM exactsync.payable_sources),
           count(*) FILTER (WHERE is_edited),
           coalesce(array_agg(DISTINCT division ORDER BY division) FILTER (WHERE division IS NOT NULL), '{}')
    FROM exactsync.payables_outbox
"""


def _totals(connection: Connection, selection: Selection) -> tuple[Total, ...]:
    everywhere = replace(selection, wanted=replace(selection.wanted, states=()))
    found = connection.execute(
        text(f"""
        SELECT state, currency, count(*) AS payables, sum(amount) AS amount
        FROM exactsync.payables_outbox AS outbox WHERE {_CONDITION}
        GROUP BY state, currency ORDER BY state, currency
        """),
        everywhere.parameters,
    ).mappings()
    return tuple(Total(**{**row, "state": State(row["state"])}) for row in found)


def _rows(connection: Connection, selection: Selection, offset: int) -> tuple[Row, ...]:
    found = connection.execute(
        text(f"""
        SELECT {SELECTED} FROM exactsync.payables_outbox AS outbox WHERE {_CONDITION}
        ORDER BY updated_at DESC, source, payable_id LIMIT :limit OFFSET :offset
        """),
        selection.parameters | {"limit": PAGE_SIZE, "offset": offset},
    ).mappings()
    return tuple(Row.of(row) for row in found)


def _is_chosen(state: State, selection: Selection) -> bool:
    return not selection.wanted.states or state in selection.wanted.states
