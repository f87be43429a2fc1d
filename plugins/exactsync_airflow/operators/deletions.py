"""What was deleted at Exact, applied to every table of a batch of divisions."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from exactsync_airflow.assets import entity_asset
from exactsync_airflow.operators.batch import ExactOnlineBatchOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from exactsync.deployment import Deployment
    from exactsync.load import DivisionRef, Run


class ExactOnlineDeletionsOperator(ExactOnlineBatchOperator):
    """Read Exact's log of deletions, once per division for all entities, and soft-delete what it names.

    Takes the parameters of :class:`ExactOnlineBatchOperator`.
    """

    def work(self, deployment: Deployment, division: DivisionRef, run: Run) -> dict[str, Any]:
        """Apply the deletions of one division."""
        result = deployment.apply_deletions(division, run=run)
        deleted = ", ".join(f"{count} of {entity}" for entity, count in result.deleted.items() if count)
        self.log.info(
            "%s: %d deletions read, %d calls, deleted %s.",
            division.label,
            result.read,
            result.calls,
            deleted or "nothing",
        )
        return asdict(result)

    def announce(self, results: list[dict[str, Any]], context: Context) -> None:
        """Emit an asset event for each table that lost rows."""
        deleted: Counter[str] = sum((Counter(result["deleted"]) for result in results), Counter())
        changed = {entity_asset(entity).name: count for entity, count in deleted.items() if count}
        self.outlets = [asset for asset in self.outlets if asset.name in changed]
        for asset in self.outlets:
            context["outlet_events"][asset].extra = {"deleted": changed[asset.name]}
