"""An integration's way through its states: each step changes the state and writes the journal in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from exactsync.errors import ConfigurationError
from exactsync.lifecycle import TRANSITIONS, Event, Facts, Reason, State, next_state

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Engine

LONGEST_MESSAGE: Final = 2000
LIST_THEM: Final = "Look at `python -m exactsync connections`."
_PAUSES: Final = {Event.PAUSED: True, Event.RESUMED: False, Event.DISCONNECTED: False}


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
    judged: datetime | None = None,
) -> bool:
    """Let an event happen to an integration, in the caller's transaction; False if it is no news.

    The integration's row stays locked until the transaction ends: what happens at the same time happens one after the
    other, and the second sees the state that the first has left.

    Args:
        connection: the transaction.
        name: the integration.
        event: what happens; what a sync notices again, or too late, is no news.
        actor: who: the user's name, `command line` or `sync`.
        is_loaded: whether every chosen data set was published once.
        reason: why, where the new state needs one.
        message: what happened in particular.
        judged: when the state began that the event was concluded from; nothing happens if it is another one by now.

    Raises:
        ConfigurationError: it cannot happen now, or there is no such integration.
    """
    row = connection.execute(_LOCK, {"name": name}).one_or_none()
    if row is None:
        raise ConfigurationError(f"There is no integration {name}.", remedy=LIST_THEM)
    before = State(row.state) if event is not Event.CREATED else State.NOT_CONFIGURED
    is_late = (before, event) not in TRANSITIONS or judged not in (None, row.since)
    if event.is_noticed and is_late:
        return False
    has_companies = bool(connection.scalar(_HAS_COMPANIES, {"name": name}))
    facts = Facts(has_companies=has_companies, is_loaded=is_loaded, is_paused=row.is_paused)
    try:
        after = next_state(before, event, facts)
    except ConfigurationError as error:
        raise error.at(integration=name) from None
    told = _shorten(message.replace("\0", "")) if message else None
    if not event.is_noticed and after == row.state:
        reason = row.reason  # what a person changes there does not mend it
    step = {"name": name, "event": event, "before": before, "after": after, "reason": reason, "message": told}
    if event.is_noticed and (before, row.reason) == (after, reason):
        connection.execute(_RETELL, step)
        return False
    connection.execute(_RECORD, step | {"actor": actor.replace("\0", "")})
    if after is State.NOT_CONFIGURED:
        connection.execute(_FORGET, step)
    elif event.is_noticed or row.state != after:
        connection.execute(_MOVE, step | {"is_paused": _PAUSES.get(event, row.is_paused)})
    return True


def _shorten(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else f"{message[: LONGEST_MESSAGE - 1]}…"


_LOCK = text("SELECT state, reason, since, is_paused FROM exactsync.integrations WHERE name = :name FOR NO KEY UPDATE")

# asked once the row is locked: a choice of companies that has just been made counts
_HAS_COMPANIES = text(
    "SELECT EXISTS (SELECT FROM exactsync.integration_divisions WHERE integration = :name AND is_chosen)"
)

_MOVE = text("""
UPDATE exactsync.integrations SET state = :after, reason = :reason, since = clock_timestamp(), is_paused = :is_paused,
    message = CASE WHEN CAST(:reason AS text) IS NOT NULL THEN :message END
WHERE name = :name
""")

# what it has loaded and its journal stay
_FORGET = text("DELETE FROM exactsync.integrations WHERE name = :name")

_RETELL = text("UPDATE exactsync.integrations SET message = :message WHERE name = :name AND reason IS NOT NULL")

_RECORD = text("""
INSERT INTO exactsync.integration_journal (integration, event, from_state, to_state, reason, message, actor)
VALUES (:name, :event, :before, :after, :reason, :message, :actor)
""")


def read_journal(engine: Engine, name: str, *, limit: int) -> list[JournalEntry]:
    """Return the latest steps of an integration, newest first; also of one that was removed."""
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
