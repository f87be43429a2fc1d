"""Who exports which payable: taken by one worker at a time, by the database's clock, and let go with what came of it.

A claim ends by its lease; every write of its worker checks the fence, which each taking gives anew. Two exports at once
pass by what the other one holds.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from exactsync.errors import ClaimLostError
from exactsync.payable import Payable
from exactsync.payables import steps, twins
from exactsync.payables.lifecycle import State
from exactsync.payables.rows import SELECTED, Actor, Key, Row, later, lock, move, note, take_over_edit, written
from exactsync.payables.wanted import CONDITION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Connection, Engine, RowMapping

    from exactsync.load import Run
    from exactsync.payables.patience import Patience
    from exactsync.payables.preflight import Finding
    from exactsync.payables.wanted import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A payable that one worker exports."""

    key: Key
    division: int
    reference: str
    payable: Payable
    fence: int
    taken_at: datetime
    """By the database's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """The entry that a payable has become."""

    entry_id: UUID
    number: int | None
    document_id: UUID | None
    link: str | None


class Claims:
    """The payables of one company that a worker takes, one after the other.

    Args:
        engine: where the outbox is.
        run: who is at work; its holder may take up again what it held before it died.
        patience: how long a claim lasts, and what a doubt waits for.
    """

    def __init__(self, engine: Engine, run: Run, patience: Patience) -> None:
        self._engine = engine
        self._run = run
        self._patience = patience
        self._actor = Actor(name=run.holder, run_id=run.run_id)

    def take(self, integration: str, division: int, wanted: Wanted) -> Claim | None:
        """Take the next payable that may be exported now; None: there is none.

        What is in doubt comes first, and what the dead have left; then the oldest.
        """
        with self._engine.begin() as connection:
            found = connection.execute(
                text(f"""
                WITH due AS (
                    SELECT source, payable_id, state AS was, owner AS was_owner FROM exactsync.payables_outbox AS outbox
                    WHERE integration = :integration AND division = :division AND CASE state
                        WHEN 'prepared' THEN coalesce(look_at <= clock_timestamp(), true)
                        WHEN 'in_doubt' THEN look_at <= clock_timestamp()
                        WHEN 'exporting' THEN lease_until <= clock_timestamp() OR owner = :owner
                        ELSE false END
                      AND {CONDITION}
                    ORDER BY state = 'prepared', entry_date, source, payable_id
                    LIMIT 1 FOR UPDATE SKIP LOCKED
                )
                UPDATE exactsync.payables_outbox AS outbox
                SET state = 'exporting', owner = :owner, fence = nextval('exactsync.export_fence'),
                    lease_until = clock_timestamp() + make_interval(secs => :lease_s), attempts = attempts + 1,
                    look_at = NULL, updated_at = clock_timestamp()
                FROM due WHERE outbox.source = due.source AND outbox.payable_id = due.payable_id
                RETURNING {SELECTED}, due.was, due.was_owner, clock_timestamp() AS taken_at
                """),
                {
                    "integration": integration,
                    "division": division,
                    "owner": self._run.holder,
                    "lease_s": self._patience.lease_s,
                    **wanted.parameters,
                },
            ).mappings()
            row = found.one_or_none()
            if row is None:
                return None
            was = State(row["was"])
            claim = _claim(row)
            note(connection, claim.key, was, State.EXPORTING, why=_why(was, row["was_owner"]), actor=self._actor)
            return claim

    @contextmanager
    def held(self, claim: Claim) -> Iterator[tuple[Connection, Row]]:
        """Yield a transaction in which the claim holds, and extend it.

        Raises:
            ClaimLostError: it has been taken over, or decided by a person; nothing of the transaction may be committed.
        """
        with self._engine.begin() as connection:
            row = lock(connection, claim.key)
            if row.fence != claim.fence or row.state is not State.EXPORTING:
                raise ClaimLostError(
                    f"Payable {claim.key} was taken over by {row.owner}; it is {row.state.label.lower()}."
                )
            connection.execute(
                text("""
                UPDATE exactsync.payables_outbox
                SET lease_until = clock_timestamp() + make_interval(secs => :lease_s)
                WHERE source = :source AND payable_id = :id
                """),
                {**claim.key._asdict(), "lease_s": self._patience.lease_s},
            )
            yield connection, row

    def exported(self, claim: Claim, booked: Booked, *, why: str) -> None:
        """End a claim: the payable is booked."""
        self._end(
            claim,
            State.EXPORTED,
            why=why,
            reasons="[]",
            message=None,
            entry_id=booked.entry_id,
            entry_number=booked.number,
            link=booked.link,
            document_id=booked.document_id,
            exported_at=claim.taken_at,
        )

    def failed(self, claim: Claim, message: str) -> None:
        """End a claim: Exact, or something else that a person must see to, refuses the payable."""
        self._end(claim, State.FAILED, why=message, message=message)

    def blocked(self, claim: Claim, findings: Sequence[Finding]) -> None:
        """End a claim: a check that had passed has found something by now."""
        with self.held(claim) as (connection, row):
            self._block(connection, row, findings)

    def blocked_as_twin(self, claim: Claim, supplier: UUID) -> bool:
        """End a claim if another payable of the same purchase is booked, or on its way; return whether it was so."""
        with self.held(claim) as (connection, row):
            findings = twins.claim(connection, row, claim.payable, supplier)
            if findings:
                self._block(connection, row, findings)
        return bool(findings)

    def released(self, claim: Claim, *, why: str, again_in_s: float) -> None:
        """End a claim: nothing came of it yet, and it is taken up again after so long."""
        with self.held(claim) as (connection, row):
            is_doubtful = bool(steps.read_doubtful(connection, *claim.key))
            state = State.IN_DOUBT if is_doubtful else State.PREPARED
            again = later(connection, again_in_s)
            move(connection, row, state, why=why, actor=self._actor, look_at=again)
            if not is_doubtful:
                take_over_edit(connection, claim.key, self._actor)

    def broken(self, claim: Claim, message: str) -> None:
        """End a claim that came to no end of its own: it has failed, unless something is in doubt, which stays so."""
        with self.held(claim) as (connection, row):
            is_doubtful = bool(steps.read_doubtful(connection, *claim.key))
            state = State.IN_DOUBT if is_doubtful else State.FAILED
            move(connection, row, state, why=message, actor=self._actor, message=message)
            if not is_doubtful:
                take_over_edit(connection, claim.key, self._actor)

    def doubted(self, claim: Claim, message: str, *, looks: int = 0, again_in_s: float | None) -> None:
        """End a claim: nobody knows whether Exact has it. It is looked for later; None: only once a person says so."""
        with self.held(claim) as (connection, row):
            move(
                connection,
                row,
                State.IN_DOUBT,
                why=message,
                actor=self._actor,
                message=message,
                looks=looks,
                look_at=None if again_in_s is None else later(connection, again_in_s),
                doubt_since=row.doubt_since or claim.taken_at,
            )

    def _block(self, connection: Connection, row: Row, findings: Sequence[Finding]) -> None:
        message = " ".join(finding.message for finding in findings)
        reasons = written(findings)
        move(connection, row, State.BLOCKED, why=message, actor=self._actor, reasons=reasons, message=None)
        take_over_edit(connection, row.key, self._actor)

    def _end(self, claim: Claim, state: State, *, why: str, **changes: Any) -> None:
        with self.held(claim) as (connection, row):
            move(connection, row, state, why=why, actor=self._actor, **changes)
            if not state.is_final:
                take_over_edit(connection, claim.key, self._actor)


def next_look(engine: Engine, integration: str, division: int, wanted: Wanted) -> datetime | None:
    """Return when the next payable of a company may be taken that may not be taken now; None: there is none."""
    with engine.connect() as connection:
        found: datetime | None = connection.execute(
            text(f"""
            SELECT min(CASE state WHEN 'exporting' THEN lease_until ELSE look_at END)
            FROM exactsync.payables_outbox AS outbox
            WHERE integration = :integration AND division = :division
              AND state IN ('prepared', 'in_doubt', 'exporting')
              AND {CONDITION}
            """),
            {"integration": integration, "division": division, **wanted.parameters},
        ).scalar_one()
    return found


def _claim(row: RowMapping) -> Claim:
    return Claim(
        key=Key(row["source"], row["payable_id"]),
        division=row["division"],
        reference=row["reference"],
        payable=Payable.from_json(row["payable"]),
        fence=row["fence"],
        taken_at=row["taken_at"],
    )


def _why(was: State, owner: str | None) -> str:
    if was is State.EXPORTING:
        return f"Taken over from {owner}, which came to no end."
    return "Looked for at Exact." if was is State.IN_DOUBT else "Taken by an export."
