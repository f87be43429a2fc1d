"""Attempts at data sets: each works with its integration, and one that fails is remembered with its reason."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from exactsync import health
from exactsync.connecting import require_at_work
from exactsync.errors import (
    ConfigurationError,
    DatabaseUnavailableError,
    DatasetBusyError,
    ExactSyncError,
    LoadDiscardedError,
    ReauthorisationRequiredError,
    StoppedError,
    TokenPendingError,
)
from exactsync.warehouse import companies, state
from exactsync.warehouse.engine import clear_outages
from exactsync.warehouse.integrations import read_integrations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from exactsync.load import DivisionRef, Run
    from exactsync.warehouse.integrations import IntegrationInfo

_UNDER_WAY = (DatasetBusyError, LoadDiscardedError, TokenPendingError)
"""The attempt that counts is the holder's, or goes on by itself."""


class Attempts:
    """The attempts of one installation.

    Args:
        engine: where integrations live.
        warehouse: where it is kept how each data set was last attempted.
    """

    def __init__(self, *, engine: Engine, warehouse: Engine) -> None:
        self._engine = engine
        self._warehouse = warehouse

    @contextmanager
    def at(self, ref: DivisionRef, entity: str, run: Run) -> Iterator[IntegrationInfo]:
        """Yield the integration; if the attempt fails, say where and remember why.

        What fails because a person has stopped it meanwhile (its tokens may be gone) is a StoppedError.
        """
        try:
            with clear_outages():
                require_at_work(self._engine, ref.integration)
                yield self._integration(ref)
        except StoppedError:
            raise
        except ExactSyncError as error:
            error.at(integration=ref.integration, division=ref.division, entity=entity)
            with suppress(DatabaseUnavailableError), clear_outages():  # a database that is gone must not hide the error
                require_at_work(self._engine, ref.integration)
                self._remember(error, ref, entity, run)
            raise

    def _integration(self, ref: DivisionRef) -> IntegrationInfo:
        (found,) = read_integrations(self._engine, [ref.integration], divisions=[ref.division])
        return found

    def _remember(self, error: ExactSyncError, ref: DivisionRef, entity: str, run: Run) -> None:
        """Remember how an attempt failed, and let `connect` look again where access was refused."""
        if not (isinstance(error, _UNDER_WAY) or health.is_passing(error)):
            state.note_attempt(
                self._warehouse,
                ref.division,
                entity,
                run=run,
                outcome=type(error).__name__,
                message=str(error),
                reason=health.reason_of(error),
            )
        if isinstance(error, ConfigurationError | ReauthorisationRequiredError):
            with self._engine.begin() as connection:
                companies.mark_stale(connection, ref.integration)
        if isinstance(error, ReauthorisationRequiredError):
            health.note_end(self._engine, self._integration(ref), error)
        elif isinstance(error, TokenPendingError):  # noted at once: certainty may take minutes
            health.note_problem(self._engine, self._integration(ref), error)
