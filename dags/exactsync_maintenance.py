"""Keeping house, every night: what the logs have kept long enough goes.

| task | what it does |
| --- | --- |
| `retention` | deletes what exactsync's own logs have kept long enough |
| `airflow_metadata` | runs `airflow db clean`, where a connection `airflow_metadata` says how to reach the database |

Clearing a task is always safe. How long what is kept, and how a person is erased: docs/housekeeping.md.
"""

from __future__ import annotations

from airflow.sdk import dag

from exactsync_airflow.maintenance_tasks import clean_airflow_metadata, maintenance_params, trim_logs
from exactsync_airflow.tasks import DEFAULT_ARGS, TAGS


@dag(
    schedule="@daily",
    catchup=False,
    max_active_runs=1,
    params=maintenance_params(),
    default_args=DEFAULT_ARGS,
    render_template_as_native_obj=True,
    tags=TAGS,
    doc_md=__doc__,
)
def exactsync_maintenance() -> None:
    """Delete what the logs have kept long enough."""
    trim_logs()
    clean_airflow_metadata()


exactsync_maintenance()
