"""Payables that were booked by somebody else: Spendesk says so, and they are never exported here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from exactsync.payables.lifecycle import State
from exactsync.payables.rows import Key, lock, move

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from exactsync.payables.rows import Actor

BOOKED: Final = {"exported": "exported", "exportedManually": "exported manually"}
"""Spendesk's bookkeeping statuses of what is booked, by what people call them; nothing follows them."""
_WAITING: Final = frozenset({State.PREPARED, State.BLOCKED, State.FAILED, State.SENT_BACK})


def withdraw(engine: Engine, source: str, *, actor: Actor) -> int:
    """Take out what waits here and is booked at Spendesk; return how many payables.

    We tell Spendesk of an export only once it stands in the outbox: where it says so earlier, it was not us. What is on
    its way is left alone; it is withdrawn once it comes back unbooked.
    """
    with engine.connect() as connection:
        found = connection.execute(_FOUND, {"source": source, "booked": list(BOOKED), "waiting": list(_WAITING)}).all()
    withdrawn = 0
    for row in found:
        with engine.begin() as connection:
            waiting = lock(connection, Key(source, row.id))
            if waiting.state not in _WAITING:  # an export was faster
                continue
            why = f"It is {BOOKED[row.bookkeeping_status]} at Spendesk, by somebody else: it is not exported here."
            settled = {"reasons": "[]", "message": None, "reported_state": State.EXPORTED_MANUALLY}
            move(connection, waiting, State.EXPORTED_MANUALLY, why=why, actor=actor, **settled)
            withdrawn += 1
    return withdrawn


_FOUND: Final = text("""
SELECT told.id, told.bookkeeping_status
FROM exactsync.payables_outbox AS outbox
JOIN spendesk.payables AS told ON (told.source, told.id) = (outbox.source, outbox.payable_id)
WHERE outbox.source = :source AND outbox.state = ANY(:waiting) AND told.bookkeeping_status = ANY(:booked)
ORDER BY told.id
""")
