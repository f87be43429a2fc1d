"""What brings Exact's data in: each data set is one attempt, remembered however it ends."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from exactsync import sync
from exactsync.attempts import Attempts
from exactsync.connecting import require_at_work
from exactsync.entities import entities
from exactsync.errors import StoppedError
from exactsync.load import DeletionsResult, LoadResult
from exactsync.warehouse import state
from exactsync.warehouse.guard import DeletionGuard
from exactsync.warehouse.load_log import DELETIONS

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy import Engine

    from exactsync.access import Access
    from exactsync.exact.client import ExactClient
    from exactsync.load import DivisionRef, Mode, Run
    from exactsync.warehouse.integrations import IntegrationInfo

log = logging.getLogger(__name__)


class Pulling:
    """The syncs of one installation; may be used by several threads at once.

    Args:
        engine: where integrations live.
        warehouse: where the tables are.
        access: the way to Exact.
        deletion_share: how much of a table one load may delete unasked, from 0 to 1.
        plan_first_load: whether a first load may read the few members of a large set only, see `first_load`.
    """

    def __init__(
        self, *, engine: Engine, warehouse: Engine, access: Access, deletion_share: float, plan_first_load: bool
    ) -> None:
        self._engine = engine
        self._warehouse = warehouse
        self._access = access
        self._deletion_share = deletion_share
        self._plan_first_load = plan_first_load
        self._attempts = Attempts(engine=engine, warehouse=warehouse)

    def sync(self, ref: DivisionRef, entity: str, *, mode: Mode, run: Run, confirm_deletions: bool) -> LoadResult:
        """Bring one entity of one division up to date; every error says what to do about it, and where it happened."""
        declared = entities()[entity]
        guard = DeletionGuard(share=self._deletion_share, is_confirmed=confirm_deletions)
        undone = LoadResult(
            integration=ref.integration, division=ref.division, entity=entity, mode=mode, outcome="inactive"
        )
        try:
            with self._attempts.at(ref, entity, run) as integration:
                if declared.axis in integration.inactive_axes:
                    return undone
                with self._client(integration) as client:
                    result = sync.sync_entity(
                        self._warehouse,
                        client,
                        declared,
                        ref,
                        mode=mode,
                        run=run,
                        guard=guard,
                        plan_first_load=self._plan_first_load,
                    )
                state.note_attempt(self._warehouse, ref.division, entity, run=run, outcome=result.outcome)
        except StoppedError as error:
            log.info("Stopped. %s", error)
            return replace(undone, outcome="stopped")
        return result

    def apply_deletions(self, ref: DivisionRef, *, run: Run) -> DeletionsResult:
        """Read what Exact deleted in one division and soft-delete it; errors as `sync`."""
        from exactsync import counting  # what counts refer to is needed nowhere else

        try:
            with self._attempts.at(ref, DELETIONS, run) as integration, self._client(integration) as client:
                result = sync.sync_deletions(self._warehouse, client, entities().values(), ref, run=run)
                state.note_attempt(self._warehouse, ref.division, DELETIONS, run=run, outcome=result.outcome)
                if not result.refusal:  # or rows that are gone at Exact would count
                    counting.count_at_exact(
                        self._engine, self._warehouse, client, entities().values(), ref.division, run_id=run.run_id
                    )
        except StoppedError as error:
            log.info("Stopped. %s", error)
            return DeletionsResult(integration=ref.integration, division=ref.division, read=0, calls=0, seconds=0.0)
        return result

    def _client(self, integration: IntegrationInfo) -> AbstractContextManager[ExactClient]:
        """Open a client that makes no more calls once a person has stopped the integration."""
        check = partial(require_at_work, self._engine, integration.name)
        return self._access.client(integration, before_each_call=check)
