"""Everything that is created at Exact, step by step: the intent is committed before the POST, the outcome after it.

A step is POSTed without looking for it first only if it was never intended before. What is known of each:

| outcome | what is known | before another POST |
| --- | --- | --- |
| `intended` | a worker is at it, or died at it | two looks beyond the settling delay |
| `lost` | it was sent, and no answer came that says what became of it | the same |
| `refused` | Exact said no; a header may have been made all the same | one look |
| `not_sent` | Exact has not seen it, or did not act on it (401, 429) | one look |
| `absent` | it was looked for twice, and is not there | none |
| `done` | Exact has it | there is none |
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from exactsync.errors import ClaimLostError
from exactsync.payables.rows import to_json

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Connection

    from exactsync.payables.patience import Patience

ENTRY: Final = "entry"
DOCUMENT: Final = "document"
SUPPLIER: Final = "supplier"
LOOKS: Final = 2
"""How often something must be looked for in vain before it counts as not created."""


class Outcome(StrEnum):
    """What is known of a step."""

    INTENDED = "intended"
    DONE = "done"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    LOST = "lost"
    ABSENT = "absent"

    @property
    def is_doubt(self) -> bool:
        """Whether Exact may have it, or get it yet."""
        return self in {Outcome.INTENDED, Outcome.LOST}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepKey:
    """One thing that is to be at Exact once."""

    source: str
    subject: str
    """The payable; of a supplier: the counterparty, for payables share it."""
    step: str
    """`supplier`, `document`, `attachment:…` or `entry`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """What is known of a step."""

    key: StepKey
    outcome: Outcome
    fence: int
    first_intent_at: datetime
    intent_at: datetime
    settles_at: datetime
    looks: int
    sent: dict[str, Any]
    """What it is recognised by at Exact, and compared with."""
    exact_id: UUID | None
    is_held: bool
    """Whether the worker that intended it last is at it now, as far as its lease tells."""


def read(connection: Connection, key: StepKey) -> StepState | None:
    """Return what is known of a step; None: it was never intended."""
    return next(iter(_read(connection, key.source, key.subject, [key.step])), None)


def read_doubtful(connection: Connection, source: str, payable_id: str) -> list[StepState]:
    """Return a payable's own steps that may or may not have been taken."""
    return [state for state in _read(connection, source, payable_id, []) if state.outcome.is_doubt]


def intend(
    connection: Connection,
    key: StepKey,
    sent: dict[str, Any],
    *,
    fence: int,
    patience: Patience,
    seen: StepState | None,
) -> None:
    """Note that a step will be taken now; the transaction must be committed before it is.

    Args:
        connection: the transaction, which holds the claim.
        key: the step.
        sent: what it will be recognised by.
        fence: the worker's.
        patience: until when it must be at Exact, if it is taken.
        seen: what was known of it; ClaimLostError if that is no longer so.
    """
    done = connection.execute(
        text("""
        INSERT INTO exactsync.export_steps AS known
            (source, subject, step, first_intent_at, intent_at, settles_at, fence, outcome, sent)
        VALUES (:source, :subject, :step, clock_timestamp(), clock_timestamp(),
                clock_timestamp() + make_interval(secs => :settles_s), :fence, 'intended', :sent)
        ON CONFLICT (source, subject, step) DO UPDATE SET
            intent_at = excluded.intent_at, settles_at = excluded.settles_at, fence = excluded.fence,
            outcome = excluded.outcome, sent = excluded.sent, looks = 0, looked_at = NULL, exact_id = NULL,
            at = clock_timestamp()
        WHERE known.fence = :seen AND known.outcome IN ('refused', 'not_sent', 'absent')
        """),
        {
            **_named(key),
            "settles_s": max(patience.settle_s, patience.lease_s),
            "fence": fence,
            "sent": to_json(sent),
            "seen": seen.fence if seen else None,
        },
    )
    if not done.rowcount:
        raise ClaimLostError(f"Another worker is at the {key.step.partition(':')[0]} of {key.source}/{key.subject}.")


def note(
    connection: Connection,
    key: StepKey,
    outcome: Outcome,
    *,
    fence: int,
    settle_s: float = 0.0,
    exact_id: UUID | None = None,
) -> bool:
    """Note what came of a step; whether it was still to be known, of the intent with that fence."""
    noted = connection.execute(
        text("""
        UPDATE exactsync.export_steps
        SET outcome = :outcome, exact_id = :exact_id, at = clock_timestamp(),
            settles_at = clock_timestamp() + make_interval(secs => :settle_s)
        WHERE source = :source AND subject = :subject AND step = :step AND fence = :fence AND outcome <> 'done'
        """),
        {**_named(key), "outcome": outcome, "exact_id": exact_id, "fence": fence, "settle_s": settle_s},
    )
    return bool(noted.rowcount)


def reopen(connection: Connection, source: str, payable_id: str) -> None:
    """Let what is known to be at Exact be looked for again: a person may have deleted it there.

    The entry is looked for as what is in doubt, and so is not sent again before two looks. A document and its receipts
    are looked for if Exact has refused a receipt: that may be because the document is gone.
    """
    connection.execute(
        text("""
        UPDATE exactsync.export_steps AS step
        SET outcome = CASE step WHEN 'entry' THEN 'lost' ELSE 'refused' END,
            looks = 0, looked_at = NULL, settles_at = clock_timestamp(), at = clock_timestamp()
        WHERE source = :source AND subject = :subject AND outcome = 'done'
          AND (step = 'entry' OR step <> 'supplier' AND EXISTS (
            SELECT FROM exactsync.export_steps AS receipt
            WHERE receipt.source = step.source AND receipt.subject = step.subject
              AND receipt.step LIKE 'attachment:%' AND receipt.outcome = 'refused'))
        """),
        {"source": source, "subject": payable_id},
    )


def note_look(connection: Connection, state: StepState, *, again_s: float, looked_at: datetime) -> StepState:
    """Count a look in vain, if it was beyond the settling delay and not right after another one.

    Args:
        connection: a transaction.
        state: the step as it was before the look.
        again_s: how far two looks must be apart.
        looked_at: when the look began, by the database's clock.

    Returns:
        The step as it is now: the look may have been overtaken by what another worker found.
    """
    connection.execute(
        text("""
        UPDATE exactsync.export_steps SET looks = looks + 1, looked_at = clock_timestamp()
        WHERE source = :source AND subject = :subject AND step = :step AND fence = :fence
          AND outcome IN ('intended', 'lost') AND :began >= settles_at
          AND (looked_at IS NULL OR :began >= looked_at + make_interval(secs => :again_s))
        """),
        {**_named(state.key), "fence": state.fence, "began": looked_at, "again_s": again_s},
    )
    after = read(connection, state.key)
    if after is None:
        raise ClaimLostError(f"The {state.key.step} of {state.key.source}/{state.key.subject} is gone.")
    return after


def _read(connection: Connection, source: str, subject: str, steps: list[str]) -> list[StepState]:
    rows = connection.execute(
        text("""
        SELECT step.source, step.subject, step.step, step.outcome, step.fence, step.first_intent_at, step.intent_at,
               step.settles_at, step.looks, step.sent, step.exact_id, EXISTS (
                   SELECT FROM exactsync.payables_outbox AS holder
                   WHERE holder.fence = step.fence AND holder.state = 'exporting'
                     AND holder.lease_until > clock_timestamp()) AS is_held
        FROM exactsync.export_steps AS step
        WHERE step.source = :source AND step.subject = :subject AND CASE
            WHEN cardinality(CAST(:steps AS text[])) > 0 THEN step.step = ANY(:steps) ELSE step.step <> 'supplier' END
        ORDER BY step.intent_at
        """),
        {"source": source, "subject": subject, "steps": steps},
    ).mappings()
    return [
        StepState(
            key=StepKey(source=row["source"], subject=row["subject"], step=row["step"]),
            outcome=Outcome(row["outcome"]),
            **{name: value for name, value in row.items() if name not in {"source", "subject", "step", "outcome"}},
        )
        for row in rows
    ]


def _named(key: StepKey) -> dict[str, Any]:
    return {"source": key.source, "subject": key.subject, "step": key.step}
