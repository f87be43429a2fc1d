"""One entity over a batch of divisions."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException
from structlog.contextvars import bound_contextvars

from exactsync_airflow.metrics import tell_load
from exactsync_airflow.operators.batch import ExactOnlineBatchOperator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from exactsync.deployment import Deployment
    from exactsync.load import DivisionRef, LoadResult, Mode, Run


class ExactOnlineSyncOperator(ExactOnlineBatchOperator):
    """Load one entity of each division of a batch into its warehouse table.

    Any retry is safe: pages already staged are not asked for again, and a load is published in one transaction.

    :param entity: the entity's name, e.g. ``gl_accounts``.
    :param entities: the entities chosen for this run; empty means all. A task that was not chosen is skipped.
    :param mode: ``incremental`` reads what changed since the last load, ``full`` reads and compares everything.
    :param confirm_deletions: let a load pass that would delete an implausible share of a table.
    """

    template_fields: Sequence[str] = ("batch", "entities", "mode", "confirm_deletions")

    def __init__(
        self,
        *,
        entity: str,
        entities: Sequence[str] = (),
        mode: Mode = "incremental",
        confirm_deletions: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.entity = entity
        self.entities = entities
        self.mode = mode
        self.confirm_deletions = confirm_deletions

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Return a load result for each division."""
        if self.entities and self.entity not in self.entities:
            raise AirflowSkipException(f"{self.entity} is not among the entities chosen: {', '.join(self.entities)}.")
        return super().execute(context)

    def work(self, deployment: Deployment, division: DivisionRef, run: Run) -> dict[str, Any]:
        """Sync the entity of one division."""
        with bound_contextvars(entity=self.entity):
            result = deployment.sync(
                division, self.entity, mode=self.mode, run=run, confirm_deletions=self.confirm_deletions
            )
            self._tell(division, result)
        return asdict(result)

    def _tell(self, division: DivisionRef, result: LoadResult) -> None:
        tell_load(result)
        if result.outcome == "inactive":
            self.log.info("%s: %s is not an active axis here, nothing was read.", division.label, self.entity)
        else:
            self.log.info(
                "%s: %s %s. Read %d: %d inserted, %d updated, %d deleted, %d unchanged, %d quarantined; "
                "%d calls, %.1f s, load %s, watermark %s → %s.",
                division.label,
                self.entity,
                result.outcome,
                result.rows_read,
                result.inserted,
                result.updated,
                result.deleted,
                result.unchanged,
                result.quarantined,
                result.calls,
                result.seconds,
                result.load_id,
                result.watermark_before,
                result.watermark_after,
            )

    def announce(self, results: list[dict[str, Any]], context: Context) -> None:
        """Emit an asset event if rows changed, and show each division's watermark as the asset's state."""
        (asset,) = self.outlets
        for result in results:
            if result["watermark_after"] not in (None, result["watermark_before"]):
                watermark = str(result["watermark_after"])  # a browser would round so large a number
                context["asset_state_store"][asset].set(str(result["division"]), watermark)
        changed: dict[str, Any] = {
            str(result["division"]): {name: result[name] for name in ("inserted", "updated", "deleted")}
            for result in results
            if result["inserted"] or result["updated"] or result["deleted"]
        }
        if changed:
            context["outlet_events"][asset].extra = {"divisions": changed}
        else:
            self.outlets = []  # Airflow emits an event for whatever is an outlet when the task ends
