"""Keeping house: our own logs by the library, and Airflow's metadata by Airflow's own command."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from threading import Timer
from typing import TYPE_CHECKING, Any, Final

from airflow.sdk import BaseHook, BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException, AirflowSkipException

from exactsync.exact.redact import redact
from exactsync_airflow.deployment import WAREHOUSE_CONN_ID, airflow_deployment, warehouse_url
from exactsync_airflow.recovery import airflow_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

METADATA_CONN_ID: Final = "airflow_metadata"
_PATIENCE_S: Final = 25 * 60
_CLEAN: Final = (
    *(sys.executable, "-m", "airflow", "db", "clean", "--yes"),
    "--skip-archive",  # else every row is kept in a table of its own
    "--error-on-cleanup-failure",
    *("--batch-size", "10000"),
)
_METADATA: Final = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
_SHUT_OFF: Final = ("AIRFLOW__CORE__SQL_ALCHEMY_CONN", "_AIRFLOW_PROCESS_CONTEXT")
"""What a task's environment says so that it has no access to the metadata database."""


class ExactsyncRetentionOperator(BaseOperator):
    """Delete what exactsync's own logs have kept long enough; docs/housekeeping.md tells the defaults.

    :param keep: days by table, where they differ from the defaults, e.g. ``{"load_log": 800}``.
    :param warehouse_conn_id: the ``postgres`` connection of the warehouse.
    """

    template_fields: Sequence[str] = ("keep",)

    def __init__(
        self, *, keep: dict[str, int] | str, warehouse_conn_id: str = WAREHOUSE_CONN_ID, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.keep: Any = keep
        self.warehouse_conn_id = warehouse_conn_id

    def execute(self, context: Context) -> dict[str, int]:
        """Return how many rows of each table were deleted."""
        with airflow_errors():
            deployment = airflow_deployment(self.warehouse_conn_id)
            deployment.check()
            deleted = deployment.housekeeping.maintain(self.keep)
        for table, count in deleted.items():
            self.log.info("%s: %d rows deleted.", table, count)
        return deleted


class AirflowCleanOperator(BaseOperator):
    """Run ``airflow db clean`` on Airflow's metadata database, where a connection tells how to reach it.

    Tasks of Airflow 3 have no access to that database: whoever wants it trimmed from a DAG must give it.

    :param keep_days: what is older goes.
    :param metadata_conn_id: the ``postgres`` connection of Airflow's metadata database; skipped where there is none.
    """

    template_fields: Sequence[str] = ("keep_days",)

    def __init__(self, *, keep_days: int | str, metadata_conn_id: str = METADATA_CONN_ID, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.keep_days = keep_days
        self.metadata_conn_id = metadata_conn_id
        self._command: subprocess.Popen[str] | None = None

    def execute(self, context: Context) -> None:
        """Trim it; AirflowSkipException where nobody said how to reach it, AirflowException if the command fails."""
        environ = {name: value for name, value in os.environ.items() if name not in _SHUT_OFF}
        environ[_METADATA] = self._metadata_url()
        before = datetime.now(UTC) - timedelta(days=int(self.keep_days))
        self.log.info("Trimming what is older than %s in Airflow's metadata.", f"{before:%Y-%m-%d}")
        self._run([*_CLEAN, "--clean-before-timestamp", before.isoformat()], environ)

    def on_kill(self) -> None:
        """Stop the command when the task is stopped: what it has deleted is deleted, the rest waits for tomorrow."""
        if self._command:
            self._command.terminate()

    def _metadata_url(self) -> str:
        try:
            BaseHook.get_connection(self.metadata_conn_id)
        except AirflowNotFoundException:
            raise AirflowSkipException(
                f"There is no connection `{self.metadata_conn_id}`, so Airflow's own metadata is left as it is. "
                "What to do: create it, or run `airflow db clean` elsewhere; docs/housekeeping.md says how."
            ) from None
        with airflow_errors():
            return warehouse_url(self.metadata_conn_id).replace("postgresql:", "postgresql+psycopg2:", 1)

    def _run(self, command: Sequence[str], environ: dict[str, str]) -> None:
        self._command = subprocess.Popen(
            command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        password = environ[_METADATA]
        with self._command as running:
            patience = Timer(_PATIENCE_S, running.kill)
            patience.start()
            try:
                for line in running.stdout or ():
                    if line.strip():
                        self.log.info("%s", redact(line.rstrip().replace(password, "***")))
            finally:
                patience.cancel()
        if running.returncode:
            raise AirflowException(
                f"`airflow db clean` ended with {running.returncode}. What to do: its lines above say why; check that "
                f"`{self.metadata_conn_id}` leads to the database of this Airflow, and may delete there."
            )
