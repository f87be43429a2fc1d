"""What a batch has already settled, kept in Airflow's task state: it outlives retries, reschedules and a clear."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from airflow.sdk import Context

STATE_KEY = "batch"
RETENTION = timedelta(days=7)
SAVE_EVERY_S = 5.0
"""Storing is a call to the api-server: a task that is killed does again what it finished since the last one."""


@dataclass(slots=True, kw_only=True)
class Progress:
    """The divisions of one task instance's batch that need no further work.

    `done` (division → result) holds until the whole batch is done, so that a retry takes only the others. `failed`
    (division → message) holds for one try: a reschedule must not ask Exact again for what a person has to mend.
    """

    context: Context
    done: dict[str, Any] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    expected: frozenset[str] = frozenset()
    _saved_at: float = field(default_factory=monotonic)
    _is_dirty: bool = False
    _is_stored: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Store what is settled, unless all of it is done: nobody will ask."""
        if self._is_dirty and not self.expected <= self.done.keys():
            self._save()

    @classmethod
    def resume(cls, context: Context, divisions: Collection[str]) -> Progress:
        """Read what earlier tries and reschedules of this task instance have left about these divisions.

        They may have been about others: a cleared `connect` deals the batches anew.
        """
        stored: Any = context["task_state_store"].get(STATE_KEY) or {}
        same_try = stored.get("try_number") == context["ti"].try_number
        return cls(
            context=context,
            expected=frozenset(divisions),
            done=_only(divisions, stored.get("done", {})),
            failed=_only(divisions, stored.get("failed", {})) if same_try else {},
            _is_stored=bool(stored),
        )

    def finish(self, division: str, result: dict[str, Any]) -> None:
        """Remember a division that is done."""
        self.done[division] = result
        self._note()

    def refuse(self, division: str, message: str) -> None:
        """Remember a division that this try need not ask for again."""
        self.failed[division] = message
        self._note()

    def forget(self) -> None:
        """Start afresh next time: the batch is complete, so clearing the task means doing it all again."""
        if self._is_stored:
            self.context["task_state_store"].delete(STATE_KEY)

    def _note(self) -> None:
        self._is_dirty = True
        if monotonic() - self._saved_at >= SAVE_EVERY_S:
            self._save()

    def _save(self) -> None:
        state: Any = {"try_number": self.context["ti"].try_number, "done": self.done, "failed": self.failed}
        self.context["task_state_store"].set(STATE_KEY, state, retention=RETENTION)
        self._saved_at, self._is_dirty, self._is_stored = monotonic(), False, True


def _only(divisions: Collection[str], stored: Mapping[str, Any]) -> dict[str, Any]:
    return {division: value for division, value in stored.items() if division in divisions}
