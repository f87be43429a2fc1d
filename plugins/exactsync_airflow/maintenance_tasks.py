"""What the maintenance DAG is written with."""

from __future__ import annotations

from airflow.sdk import Param

from exactsync_airflow.operators.maintenance import AirflowCleanOperator, ExactsyncRetentionOperator


def maintenance_params() -> dict[str, Param]:
    """Build the form that a person meets on *Trigger*; left alone, everything is kept as long as is usual."""
    return {
        "keep": Param(
            {},
            type=["object", "null"],
            additionalProperties={"type": "integer", "minimum": 1},
            description='Days by table of schema exactsync, where they differ from the defaults: {"load_log": 800}.',
        ),
        "keep_airflow_days": Param(
            90, type="integer", minimum=7, description="How many days of Airflow's own metadata are kept."
        ),
    }


def trim_logs() -> ExactsyncRetentionOperator:
    """Create the task that deletes what our own logs have kept long enough."""
    return ExactsyncRetentionOperator(
        task_id="retention", keep="{{ {} if params.keep is none else params.keep }}", doc_md=_RETENTION_DOC
    )


def clean_airflow_metadata() -> AirflowCleanOperator:
    """Create the task that trims Airflow's metadata, where that is wanted."""
    return AirflowCleanOperator(
        task_id="airflow_metadata", keep_days="{{ params.keep_airflow_days }}", doc_md=_METADATA_DOC
    )


_RETENTION_DOC = """\
### Retention
Deletes old rows of the logs of schema `exactsync`, in small steps; tables and history of `exact_online` are left alone.

**If it fails**, its log says why: mostly a database that does not answer. Clearing it is always safe.
"""

_METADATA_DOC = """\
### Airflow's metadata
Runs `airflow db clean` in a process of its own, where the connection `airflow_metadata` (type Postgres) says how to
reach Airflow's database. **Skipped** where there is none: tasks of Airflow 3 have no access of their own.

**If it fails**, the lines of the command are in its log. Clearing it is always safe.
"""
