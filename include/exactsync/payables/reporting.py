"""What became of payables, told to where they came from; kept until it was told, so that it is never lost."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

from sqlalchemy import text

from exactsync.errors import ExactSyncError, QuotaExhaustedError
from exactsync.payables.lifecycle import State
from exactsync.payables.rows import SELECTED, Row

if TYPE_CHECKING:
    from sqlalchemy import Engine

log = logging.getLogger(__name__)

Status = Literal["exported", "failedToExport"]
"""Bookkeeping statuses, in Spendesk's words."""

TOLD: Final[dict[State, Status]] = {
    State.EXPORTED: "exported",
    State.EXPORTED_MANUALLY: "exported",
    State.FAILED: "failedToExport",
    State.SENT_BACK: "failedToExport",
}
"""What is told of each state; of the others nothing is."""


class Feedback(Protocol):
    """Where payables came from, and where it is told what became of them."""

    def report(self, payable_id: str, status: str, reason: str | None) -> None:
        """Tell what became of a payable; telling it again changes nothing.

        Raises:
            ExactSyncError: it could not be told.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What could be told, in payables; what could not is told by the next run."""

    told: int = 0
    failed: int = 0


def count_untold(engine: Engine, source: str) -> int:
    """Return of how many payables of a source it is not told yet what became of them."""
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) {_UNTOLD}"), _named(source)).scalar_one())


def report(engine: Engine, source: str, feedback: Feedback) -> Reported:
    """Tell a source what became of its payables, those of earlier runs that could not be told included.

    Raises:
        QuotaExhaustedError: no more can be told before `retry_at`; what was told by then is noted.
    """
    with engine.connect() as connection:
        found = connection.execute(
            text(f"SELECT {SELECTED} {_UNTOLD} ORDER BY updated_at, payable_id"), _named(source)
        ).mappings()
        rows = [Row.of(row) for row in found]
    told = 0
    for row in rows:
        status = TOLD[row.state]
        try:
            feedback.report(row.payable_id, status, row.reason if status == "failedToExport" else None)
        except QuotaExhaustedError:
            log.info("%s: told of %d payables, %d are left.", source, told, len(rows) - told)
            raise
        except ExactSyncError as error:
            log.warning("%s could not be told what became of %s: %s", source, row.payable_id, error)
            continue
        _note(engine, row)
        told += 1
    return Reported(told=told, failed=len(rows) - told)


def _note(engine: Engine, row: Row) -> None:
    """Note what was told, unless something else has become of it meanwhile."""
    with engine.begin() as connection:
        connection.execute(
            text("""
            UPDATE exactsync.payables_outbox SET reported_state = :state
            WHERE source = :source AND payable_id = :id AND state = :state AND updated_at = :updated_at
            """),
            {"state": row.state, "updated_at": row.updated_at, **row.key._asdict()},
        )


def _named(source: str) -> dict[str, object]:
    return {"source": source, "states": list(TOLD)}


_UNTOLD: Final = """
FROM exactsync.payables_outbox AS outbox
WHERE source = :source AND state = ANY(:states) AND reported_state IS DISTINCT FROM state
"""
