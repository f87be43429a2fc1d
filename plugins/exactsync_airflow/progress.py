"""What a batch has already settled, kept in Airflow's task state: it outlives retries, reschedules and a clear."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from airflow.sdk import Context

STATE_KEY = "batch"
RETENTION = timedelta(days=7)


@dataclass(slots=True, kw_only=True)
class Progress:
    """The divisions of one task instance's batch that need no further work.

    `done` (division → result) holds until the whole batch is done, so that a retry takes only the others. `failed`
    (division → message) holds for one try: a reschedule must not ask Exact again for what a person has to mend.
    """

    context: Context
    done: dict[str, Any] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @classmethod
    def resume(cls, context: Context, divisions: Collection[str]) -> Progress:
        """Read what earlier tries and reschedules of this task instance have left about these divisions.

        They may have been about others: a cleared `connect` deals the batches anew.
        """
        stored: Any = context["task_state_store"].get(STATE_KEY) or {}
        same_try = stored.get("try_number") == context["ti"].try_number
        return cls(
            context=context,
            done=_only(divisions, stored.get("done", {})),
            failed=_only(divisions, stored.get("failed", {})) if same_try else {},
        )

    def finish(self, division: str, result: dict[str, Any]) -> None:
        """Remember a division that is done."""
        self.done[division] = result
        self._save()

    def refuse(self, division: str, message: str) -> None:
        """Remember a division that this try need not ask for again."""
        self.failed[division] = message
        self._save()

    def forget(self) -> None:
        """Start afresh next time: the batch is complete, so clearing the task means doing it all again."""
        self.context["task_state_store"].delete(STATE_KEY)

    def _save(self) -> None:
        state: Any = {"try_number": self.context["ti"].try_number, "done": self.done, "failed": self.failed}
        self.context["task_state_store"].set(STATE_KEY, state, retention=RETENTION)


def _only(divisions: Collection[str], stored: Mapping[str, Any]) -> dict[str, Any]:
    return {division: value for division, value in stored.items() if division in divisions}
