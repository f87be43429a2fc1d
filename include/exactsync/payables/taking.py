"""Take a step at Exact once: intend, POST, note; and where nobody knows what became of it, look before another POST."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from exactsync.errors import (
    ClaimLostError,
    ConfigurationError,
    DatasetBusyError,
    DoubtfulWriteError,
    ReauthorisationRequiredError,
    RefusedByExactError,
    RetryLaterError,
    StoppedError,
)
from exactsync.failpoints import reach
from exactsync.payables import looking, steps
from exactsync.payables.looking import Found, Reader, Unsure
from exactsync.payables.rows import later
from exactsync.payables.steps import LOOKS, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Engine

    from exactsync.exact.writing import Created
    from exactsync.payables.claims import Claim, Claims
    from exactsync.payables.patience import Patience
    from exactsync.payables.steps import StepKey, StepState
    from exactsync.payables.turns import Turns

log = logging.getLogger(__name__)

_NOT_SENT = (RetryLaterError, StoppedError, ReauthorisationRequiredError, ConfigurationError)
"""What a POST raises only where Exact has not acted on it."""


class Writer(Reader, Protocol):
    """What reads and writes at Exact (`exactsync.exact.client.ExactClient`)."""

    def create(self, endpoint: str, *, division: int, body: Mapping[str, Any]) -> Created:
        """Create something, in one attempt.

        Raises:
            RefusedByExactError: Exact has said no.
            DoubtfulWriteError: nobody knows.
            RetryLaterError, StoppedError, ReauthorisationRequiredError, ConfigurationError: Exact has not acted on it.
        """

    def screen(self, url: object) -> str | None:
        """Return the address of one of Exact's own screens; None: it leads anywhere else."""


class UndecidedError(Exception):
    """A step may or may not have been taken; it is looked for again after `again_in_s`, or once a person says so."""

    def __init__(self, message: str, *, again_in_s: float | None, looks: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.again_in_s = again_in_s
        self.looks = looks


class PostponedError(Exception):
    """A payable cannot go on before `again_in_s`; nothing is in doubt."""

    def __init__(self, message: str, *, again_in_s: float) -> None:
        super().__init__(message)
        self.message = message
        self.again_in_s = again_in_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a step has created at Exact."""

    id: UUID
    record: Mapping[str, Any] | None = None
    """As far as Exact has told it by now."""


class Taker:
    """Takes the steps of claimed payables.

    Args:
        engine: where steps are noted.
        claims: what the worker holds.
        exact: what creates.
        turns: when it may look.
        patience: how long to wait before *not found* counts.
    """

    def __init__(self, engine: Engine, claims: Claims, exact: Writer, turns: Turns, patience: Patience) -> None:
        self._engine = engine
        self._claims = claims
        self._exact = exact
        self._turns = turns
        self._patience = patience

    def settle(self, claim: Claim) -> None:
        """Find out about each of a payable's own steps that are in doubt.

        Raises:
            UndecidedError: one still is.
        """
        with self._engine.connect() as connection:
            doubtful = steps.read_doubtful(connection, *claim.key)
        for state in doubtful:
            self._resolve(claim, state)

    @contextmanager
    def turn(self, claim: Claim) -> Iterator[Reader]:
        """Yield what reads the lists of a payable's company, which nobody else does meanwhile.

        Raises:
            PostponedError: others are at it; the payable can wait, and the worker go on with another.
        """
        try:
            with self._turns.take(claim.division) as reader:
                yield reader
        except DatasetBusyError:
            raise PostponedError(
                "Others look for payables in the same company.", again_in_s=self._patience.again_s
            ) from None

    def read(self, key: StepKey) -> StepState | None:
        """Return what is known of a step."""
        with self._engine.connect() as connection:
            return steps.read(connection, key)

    def take(self, claim: Claim, key: StepKey, endpoint: str, body: Mapping[str, Any], sent: dict[str, Any]) -> Taken:
        """Return what a step has created, by now or long ago.

        Args:
            claim: the payable.
            key: the step.
            endpoint: where it is created.
            body: what is sent.
            sent: what it is recognised by, see `looking.look`.

        Raises:
            UndecidedError: nobody knows whether it was created.
            RefusedByExactError: Exact will not create it.
            ExactSyncError: others as `ExactClient.create`; it was not created.
        """
        state = self.read(key)
        if state and state.exact_id and state.outcome is Outcome.DONE:
            return Taken(id=state.exact_id)
        if state and state.outcome is not Outcome.ABSENT:
            found = self._resolve(claim, state) if state.outcome.is_doubt else self._look(claim, state)[0]
            if found:
                return found
            state = self.read(key)
        return self._post(claim, key, endpoint, body, sent, seen=state)

    def _resolve(self, claim: Claim, state: StepState) -> Taken | None:
        """Return what a doubtful step has created; None once it was looked for twice, late enough, in vain."""
        if state.is_held and state.fence != claim.fence:
            raise PostponedError(
                "Another payable's export is creating its supplier.", again_in_s=self._patience.again_s
            )
        found, began = self._look(claim, state)
        if found:
            return found
        reach("export.looked")
        with self._engine.begin() as connection:
            after = steps.note_look(connection, state, again_s=self._patience.again_s, looked_at=began)
            if after.exact_id and after.outcome is Outcome.DONE:
                return Taken(id=after.exact_id)
            if after.fence != state.fence:
                raise ClaimLostError(f"Another worker is at the {state.key.step} of {state.key.subject}.")
            if after.looks >= LOOKS:
                steps.note(connection, state.key, Outcome.ABSENT, fence=state.fence)
                return None
        wait_s = max(self._patience.again_s, (after.settles_at - began).total_seconds())
        raise UndecidedError(
            f"Exact does not show the {_noun(state.key)} yet ({after.looks} of {LOOKS} looks that count).",
            again_in_s=wait_s,
            looks=after.looks,
        )

    def _look(self, claim: Claim, state: StepState) -> tuple[Taken | None, datetime]:
        """Return what Exact shows of a step, and when the look began, by the database's clock."""
        with self.turn(claim) as reader:
            with self._engine.connect() as connection:
                began = later(connection, 0.0)
            result = looking.look(reader, claim.division, state)
        match result:
            case Unsure():
                raise UndecidedError(result.message, again_in_s=None, looks=state.looks)
            case Found():
                with self._engine.begin() as connection:
                    steps.note(connection, state.key, Outcome.DONE, fence=state.fence, exact_id=result.id)
                return Taken(id=result.id, record=result.record), began
        return None, began

    def _post(
        self,
        claim: Claim,
        key: StepKey,
        endpoint: str,
        body: Mapping[str, Any],
        sent: dict[str, Any],
        *,
        seen: StepState | None,
    ) -> Taken:
        reach("export.ready")
        with self._claims.held(claim) as (connection, _):
            steps.intend(connection, key, sent, fence=claim.fence, patience=self._patience, seen=seen)
        intended_at = time.monotonic()
        reach("export.intended")
        if time.monotonic() - intended_at > self._patience.send_within_s:
            self._note(claim, key, Outcome.NOT_SENT)
            raise PostponedError("This process was held up too long to send it.", again_in_s=0.0)
        created = self._create(claim, key, endpoint, body)
        reach("export.answered")
        with self._engine.begin() as connection:
            is_noted = steps.note(connection, key, Outcome.DONE, fence=claim.fence, exact_id=created.key)
        reach("export.noted")
        if not is_noted:
            log.error("%s: the %s was created as %s after it had been given up.", claim.key, _noun(key), created.key)
            raise ClaimLostError(f"Exact's answer about payable {claim.key} came too late.")
        return Taken(id=created.key, record=created.record)

    def _create(self, claim: Claim, key: StepKey, endpoint: str, body: Mapping[str, Any]) -> Created:
        try:
            return self._exact.create(endpoint, division=claim.division, body=body)
        except _NOT_SENT:
            self._note(claim, key, Outcome.NOT_SENT)
            raise
        except RefusedByExactError:
            self._note(claim, key, Outcome.REFUSED)
            raise
        except Exception as error:
            if not isinstance(error, DoubtfulWriteError):
                log.exception("%s: nobody knows whether the %s was created.", claim.key, _noun(key))
            self._note(claim, key, Outcome.LOST)
            message = f"Nobody knows whether Exact created the {_noun(key)}: {error}"
            again_s = min(self._patience.again_s, self._patience.settle_s)
            raise UndecidedError(message, again_in_s=again_s) from error

    def _note(self, claim: Claim, key: StepKey, outcome: Outcome) -> None:
        with self._engine.begin() as connection:
            steps.note(connection, key, outcome, fence=claim.fence, settle_s=self._patience.settle_s)


def _noun(key: StepKey) -> str:
    """Return what a person calls a step."""
    return key.step.partition(":")[0]
