"""An integration's way through its states: each step changes the state and writes the journal in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from exactsync.errors import ConfigurationError
from exactsync.lifecycle import TRANSITIONS, Event, Facts, Reason, State, next_state

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Engine, Row

LONGEST_MESSAGE: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One step of an integration from state to state: when, what, why and by whom."""

    at: datetime
    integration: str
    event: Event
    from_state: State
    to_state: State
    reason: Reason | None
    message: str | None
    actor: str


def move(
    connection: Connection,
    name: str,
    event: Event,
    *,
    actor: str,
    is_loaded: bool = False,
    reason: Reason | None = None,
    message: str | None = None,
) -> bool:
    """Let an event happen to an integration, in the caller's transaction; False if it changes nothing.

    The integration's row stays locked until the transaction ends: what happens at the same time happens one after the
    other, and the second sees the state that the first has left.

    Args:
        connection: the transaction.
        name: the integration.
        event: what happens; what a sync notices again, or too late, changes nothing.
        actor: who: the user's name, `command line` or `sync`.
        is_loaded: whether every chosen data set was published once.
        reason: why, where the new state needs one.
        message: what happened in particular.

    Raises:
        ConfigurationError: it cannot happen now, or there is no such integration.
    """
    row = connection.execute(_LOCK, {"name": name}).one_or_none()
    if row is None:
        raise ConfigurationError(
            f"There is no integration {name}.", remedy="Look at `python -m exactsync connections`."
        )
    before = State(row.state) if event is not Event.CREATED else State.NOT_CONFIGURED
    if event.is_noticed and (before, event) not in TRANSITIONS:
        return False
    try:
        after = next_state(before, event, Facts(has_companies=row.has_companies, is_loaded=is_loaded))
    except ConfigurationError as error:
        raise error.at(integration=name) from None
    told = message.replace("\0", "")[:LONGEST_MESSAGE] if message else None
    if event.is_noticed and (before, row.reason) == (after, reason):
        return False
    _write(connection, name, row, after, reason if event.is_noticed else None, told)
    values = {"name": name, "event": event, "before": before, "after": after, "reason": reason, "message": told}
    connection.execute(_RECORD, values | {"actor": actor.replace("\0", "")})
    return True


def _write(
    connection: Connection,
    name: str,
    row: Row[tuple[object, ...]],
    after: State,
    reason: Reason | None,
    told: str | None,
) -> None:
    """Change the state; one that stays as it is keeps its reason and the time it began."""
    if row.state == after and not reason:
        return
    connection.execute(_MOVE, {"name": name, "state": after, "reason": reason, "message": told if reason else None})


_LOCK = text("""
SELECT state, reason, EXISTS (
    SELECT FROM exactsync.integration_divisions WHERE integration = :name AND is_chosen) AS has_companies
FROM exactsync.integrations WHERE name = :name FOR NO KEY UPDATE
""")

_MOVE = text("""
UPDATE exactsync.integrations SET state = :state, reason = :reason, message = :message, since = clock_timestamp()
WHERE name = :name
""")

_RECORD = text("""
INSERT INTO exactsync.integration_journal (integration, event, from_state, to_state, reason, message, actor)
VALUES (:name, :event, :before, :after, :reason, :message, :actor)
""")


def read_journal(engine: Engine, name: str, *, limit: int) -> list[JournalEntry]:
    """Return the latest steps of an integration, newest first."""
    with engine.connect() as connection:
        rows = connection.execute(
            text("""
            SELECT at, integration, event, from_state, to_state, reason, message, actor
            FROM exactsync.integration_journal WHERE integration = :name ORDER BY id DESC LIMIT :limit
            """),
            {"name": name, "limit": limit},
        ).all()
    return [
        JournalEntry(
            at=row.at,
            integration=row.integration,
            event=Event(row.event),
            from_state=State(row.from_state),
            to_state=State(row.to_state),
            reason=Reason(row.reason) if row.reason else None,
            message=row.message,
            actor=row.actor,
        )
        for row in rows
    ]
