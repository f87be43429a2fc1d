"""Rows of the outbox, and the one way in which their state changes: by a step of the lifecycle, with its history."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import orjson
from sqlalchemy import text

from exactsync.errors import ConfigurationError, DefectError
from exactsync.payable import Payable
from exactsync.payables.lifecycle import TRANSITIONS, State
from exactsync.payables.preflight import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime
    from decimal import Decimal
    from uuid import UUID

    from sqlalchemy import Connection, RowMapping


class Key(NamedTuple):
    """What a payable goes by."""

    source: str
    id: str

    def __str__(self) -> str:
        return f"{self.source}/{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who changes something: a person, or a run."""

    name: str
    run_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Where one payable stands."""

    source: str
    payable_id: str
    integration: str | None
    division: int | None
    state: State
    payable: dict[str, Any] = field(repr=False)
    """As `Payable.from_json` reads it."""
    fingerprint: str
    reference: str
    kind: str
    currency: str
    amount: Decimal
    entry_date: date
    counterparty: str
    reasons: list[dict[str, str]]
    message: str | None
    edited: dict[str, Any] | None = field(repr=False)
    edited_fingerprint: str | None
    is_edited: bool
    attempts: int
    owner: str | None
    fence: int | None
    lease_until: datetime | None
    doubt_since: datetime | None
    looks: int
    look_at: datetime | None
    entry_id: UUID | None
    entry_number: int | None
    link: str | None
    document_id: UUID | None
    reported_state: str | None
    received_at: datetime
    updated_at: datetime
    exported_at: datetime | None
    journal_file: str | None
    """The purchase journal that it was written to, while the accounting base was files."""

    @classmethod
    def of(cls, values: RowMapping) -> Self:
        """Return what a row of the table holds."""
        return cls(**{name: values[name] for name in COLUMNS} | {"state": State(values["state"])})

    @property
    def key(self) -> Key:
        """What the payable goes by."""
        return Key(self.source, self.payable_id)

    @property
    def has_twin(self) -> bool:
        """Whether it is blocked because it may be booked already, under another key."""
        return any(reason["check"] == POSSIBLE_DUPLICATE for reason in self.reasons)

    @property
    def reason(self) -> str:
        """Why it is not booked, in a line."""
        return self.message or " ".join(reason["message"] for reason in self.reasons)


COLUMNS: Final = tuple(each.name for each in fields(Row))
SELECTED: Final = ", ".join(f"outbox.{name}" for name in COLUMNS)

POSSIBLE_DUPLICATE: Final = "possible_duplicate"
"""The check that finds another payable of the same purchase, see `twins`."""
UNCHECKED: Final = Finding(
    check="unchecked",
    message="It has not been checked yet.",
    remedy="Nothing: the next export checks it.",
)


def lock(connection: Connection, key: Key) -> Row:
    """Return a row, which nobody else changes until the transaction ends.

    Raises:
        ConfigurationError: there is no such payable.
    """
    found = connection.execute(
        text(f"""
        SELECT {SELECTED} FROM exactsync.payables_outbox AS outbox
        WHERE source = :source AND payable_id = :id FOR UPDATE
        """),
        key._asdict(),
    ).mappings()
    row = found.one_or_none()
    if row is None:
        raise ConfigurationError(f"There is no payable {key}.", remedy="Choose one that `export --list` shows.")
    return Row.of(row)


def move(connection: Connection, row: Row, state: State, *, why: str, actor: Actor, **changes: Any) -> None:
    """Take a locked row to a state, and note who did it and why.

    Args:
        connection: the transaction that has locked the row.
        row: as it was locked.
        state: where it goes; its own state is no step, and may be noted all the same.
        why: for people.
        actor: who does it.
        changes: other columns, by their names.

    Raises:
        DefectError: the lifecycle has no such step.
    """
    if state is not row.state and state not in TRANSITIONS[row.state]:
        raise DefectError(f"Payable {row.key} cannot go from {row.state.label} to {state.label}.")
    settled: dict[str, Any] = {"lease_until": None} if row.state is State.EXPORTING else {}
    if state is not State.IN_DOUBT and state is not State.EXPORTING:
        settled |= {"doubt_since": None, "looks": 0}
    changed = {"look_at": None, **settled, **changes}
    assignments = "".join(f", {column} = :{column}" for column in changed)
    connection.execute(
        text(f"""
        UPDATE exactsync.payables_outbox SET state = :state, updated_at = clock_timestamp(){assignments}
        WHERE source = :source AND payable_id = :id
        """),
        {"state": state, **row.key._asdict(), **changed},
    )
    note(connection, row.key, row.state, state, why=why, actor=actor)


def note(connection: Connection, key: Key, before: State | None, after: State, *, why: str, actor: Actor) -> None:
    """Add a line to the history of a payable."""
    connection.execute(
        text("""
        INSERT INTO exactsync.payables_outbox_history (source, payable_id, from_state, to_state, why, actor, run_id)
        VALUES (:source, :id, :before, :after, :why, :actor, :run_id)
        """),
        {**key._asdict(), "before": before, "after": after, "why": why, "actor": actor.name, "run_id": actor.run_id},
    )


def written(findings: Iterable[Finding]) -> str:
    """Return findings as the column `reasons` holds them."""
    return to_json(
        [{"check": finding.check, "message": finding.message, "remedy": finding.remedy} for finding in findings]
    )


def contents(payable: Payable) -> dict[str, Any]:
    """Return the columns that hold what a payable says."""
    return {
        "payable": to_json(payable.to_json()),
        "fingerprint": payable.fingerprint(),
        "kind": payable.kind,
        "currency": payable.currency,
        "amount": payable.amount,
        "entry_date": payable.entry_date,
        "counterparty": payable.counterparty.name,
        "purchase": None,
        "is_no_twin": False,
    }


def anew() -> dict[str, Any]:
    """Return the columns of what is to be checked."""
    return {
        "reported_state": None,
        "reasons": written([UNCHECKED]),
        "message": None,
        "edited": None,
        "edited_fingerprint": None,
    }


def take_over_edit(connection: Connection, key: Key, actor: Actor) -> None:
    """Let an edit that came while a payable was on its way replace it, now that it was not booked."""
    row = lock(connection, key)
    if row.edited is None:
        return
    move(
        connection,
        row,
        State.BLOCKED,
        why="It was edited at the source while it was on its way.",
        actor=actor,
        **anew(),
        **contents(Payable.from_json(row.edited)),
    )


def later(connection: Connection, seconds: float) -> datetime:
    """Return the moment that is so far away, by the database's clock."""
    found: datetime = connection.execute(
        text("SELECT clock_timestamp() + make_interval(secs => :seconds)"), {"seconds": seconds}
    ).scalar_one()
    return found


def to_json(value: Any) -> str:
    """Write a value for a column of type jsonb."""
    return orjson.dumps(value).decode()
