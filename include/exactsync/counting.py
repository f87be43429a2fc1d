"""Ask Exact how many records a data set has, where that is affordable: the check that nothing else stands in for.

Only data sets that are not compared in full every day need it, and a run that changed nothing stays small: counts take
what its loads have left of 15 calls, each data set is counted once a day at most, and none while less than half of the
day's calls is left. It happens once the deletions of the run are applied: then the tables should be what Exact has.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from exactsync.errors import ExactSyncError, StoppedError
from exactsync.warehouse import counts
from exactsync.warehouse.budgets import read_budgets

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Engine

    from exactsync.entity import Entity
    from exactsync.exact.client import ExactClient

log = logging.getLogger(__name__)

CALLS_OF_A_RUN: Final = 15
"""How many calls the loads and counts of a run may take in a company for counts to be made."""
AFFORDABLE_SHARE: Final = 0.5
"""How much of the day's calls may be used for counts to be made."""


def count_at_exact(
    state: Engine, warehouse: Engine, client: ExactClient, entities: Collection[Entity], division: int, *, run_id: str
) -> None:
    """Count what a run has read of a division, as far as that is due and affordable; what fails is told, not raised.

    Args:
        state: where the call ledger lives.
        warehouse: where the tables are.
        client: whose calls are spent.
        entities: what there is; those without an endpoint to count at are passed over.
        division: where.
        run_id: in which run.

    Raises:
        StoppedError: a person has stopped the integration meanwhile.
    """
    with warehouse.connect() as connection:
        room = CALLS_OF_A_RUN - counts.calls_of_run(connection, division, run_id)
        due = counts.due(connection, division, run_id, entities)[: max(room, 0)]
    if not due or not _is_affordable(state, division):
        return
    for entity, endpoint, filter_ in due:
        at_exact = None
        try:
            at_exact = client.count(endpoint, division=division, filter_=filter_)
        except StoppedError:
            raise
        except ExactSyncError as error:
            log.warning("Exact's own count of %s is not known. %s", entity.name, error.message)
        with warehouse.begin() as connection:
            counts.keep(connection, entity, division, at_exact)
        if at_exact is None:
            return


def _is_affordable(state: Engine, division: int) -> bool:
    with state.connect() as connection:
        budget = read_budgets(connection).get(division)
    return budget is None or budget.day.used <= budget.day.limit * AFFORDABLE_SHARE
