"""Which payables are meant: for lists, and for exports of some of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from exactsync.payables.lifecycle import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which payables: all, unless something is said."""

    states: Sequence[State] = ()
    source: str | None = None
    payables: Sequence[str] = ()
    """Keys of the source's."""
    first: date | None = None
    """The first and the last day that they are booked on."""
    last: date | None = None
    run_id: str | None = None
    """Those that a run has done something with."""
    search: str = ""
    """A part of the counterparty's name, the number, the key or our reference."""

    @property
    def parameters(self) -> dict[str, Any]:
        """What `CONDITION` binds."""
        return {
            "states": list(self.states),
            "source": self.source,
            "payables": list(self.payables),
            "first": self.first,
            "last": self.last,
            "wanted_run_id": self.run_id,
            "search": self.search.strip().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_"),
        }


CONDITION: Final = """
    (cardinality(CAST(:states AS text[])) = 0 OR outbox.state = ANY(:states))
    AND (CAST(:source AS text) IS NULL OR outbox.source = :source)
    AND (cardinality(CAST(:payables AS text[])) = 0 OR outbox.payable_id = ANY(:payables))
    AND (CAST(:first AS date) IS NULL OR outbox.entry_date >= :first)
    AND (CAST(:last AS date) IS NULL OR outbox.entry_date <= :last)
    AND (CAST(:wanted_run_id AS text) IS NULL OR EXISTS (
        SELECT FROM exactsync.payables_outbox_history AS step
        WHERE (step.source, step.payable_id) = (outbox.source, outbox.payable_id) AND step.run_id = :wanted_run_id))
    AND (:search = '' OR concat_ws(' ', outbox.counterparty, outbox.payable_id, outbox.reference,
                                   outbox.payable ->> 'number') ILIKE '%' || :search || '%')
"""
"""Of rows of the outbox, called `outbox`."""
