"""Where a payable stands on its way to Exact Online, and what may happen to it there: one explicit state machine.

Pure: nothing here reads or writes. `payables.outbox` applies it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a payable stands."""

    PREPARED = "prepared"
    """It passed every check; the next export takes it."""
    BLOCKED = "blocked"
    """A check found what a person must mend first; nothing was sent."""
    EXPORTING = "exporting"
    """A worker holds it, or died while holding it."""
    IN_DOUBT = "in_doubt"
    """It was sent, and nobody knows whether Exact booked it."""
    FAILED = "failed"
    """Exact refused it; nothing was booked."""
    EXPORTED = "exported"
    EXPORTED_MANUALLY = "exported_manually"
    """A person says that it is booked."""
    SENT_BACK = "sent_back"
    """A person has sent it back to be prepared again; it comes back as prepared or blocked once it was changed."""

    @property
    def label(self) -> str:
        """What a person calls it."""
        return self.replace("_", " ").capitalize()

    @property
    def is_final(self) -> bool:
        """Whether it is booked: nothing may send it again."""
        return self in {State.EXPORTED, State.EXPORTED_MANUALLY}


TRANSITIONS: Final[dict[State, frozenset[State]]] = {
    State.PREPARED: frozenset({State.BLOCKED, State.EXPORTING, State.EXPORTED_MANUALLY, State.SENT_BACK}),
    State.BLOCKED: frozenset({State.PREPARED, State.EXPORTED_MANUALLY, State.SENT_BACK}),
    State.EXPORTING: frozenset({State.PREPARED, State.BLOCKED, State.IN_DOUBT, State.FAILED, State.EXPORTED}),
    State.IN_DOUBT: frozenset({State.EXPORTING, State.EXPORTED_MANUALLY}),
    State.FAILED: frozenset({State.PREPARED, State.BLOCKED, State.EXPORTED_MANUALLY, State.SENT_BACK}),
    State.EXPORTED: frozenset(),
    State.EXPORTED_MANUALLY: frozenset(),
    State.SENT_BACK: frozenset({State.PREPARED, State.BLOCKED, State.EXPORTED_MANUALLY}),
}
"""What may follow a state. A doubt ends by looking at Exact (exporting again) or by a person's word."""


class Action(StrEnum):
    """What a person may do about a payable."""

    RETRY = "retry"
    SEND_BACK = "send_back"
    MARK_EXPORTED = "mark_exported"
    BOOK_ANYWAY = "book_anyway"
    """It looks like a payable that is booked, and is another purchase."""


def actions(state: State, *, has_twin: bool = False) -> frozenset[Action]:
    """Return what a person may do now; `has_twin`: it was blocked because it may be booked already."""
    possible = _ACTIONS.get(state, frozenset())
    return possible | {Action.BOOK_ANYWAY} if has_twin and state is State.BLOCKED else possible


_ACTIONS: Final[dict[State, frozenset[Action]]] = {
    State.PREPARED: frozenset({Action.SEND_BACK, Action.MARK_EXPORTED}),
    State.BLOCKED: frozenset({Action.RETRY, Action.SEND_BACK, Action.MARK_EXPORTED}),
    State.IN_DOUBT: frozenset({Action.RETRY, Action.MARK_EXPORTED}),
    State.FAILED: frozenset({Action.RETRY, Action.SEND_BACK, Action.MARK_EXPORTED}),
    State.SENT_BACK: frozenset({Action.RETRY, Action.MARK_EXPORTED}),
}
