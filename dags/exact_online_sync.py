"""Exact Online → warehouse, every hour.

Accounting master data of every chosen division, into schema `exact_online`.

| task | what it does |
| --- | --- |
| `connect` | checks grants and reachable divisions |
| one per entity, mapped over divisions | loads what changed and publishes it |
| `deletions`, mapped over divisions | applies what was deleted at Exact |
| `publish` | one table of results; fails the run if a part of it failed |

A division that fails does not stop the others. Clearing a failed task is always safe.
"""

from __future__ import annotations

from airflow.sdk import chain, dag

from exactsync_airflow.tasks import (
    DEFAULT_ARGS,
    TAGS,
    apply_deletions,
    connect,
    publish,
    sync_each_entity,
    sync_params,
    sync_what_belongs,
)


@dag(
    schedule="@hourly",
    catchup=False,
    max_active_runs=1,
    params=sync_params(),
    default_args=DEFAULT_ARGS,
    render_template_as_native_obj=True,
    tags=TAGS,
    doc_md=__doc__,
)
def exact_online_sync() -> None:
    """Pull what changed at Exact Online into the warehouse."""
    connected = connect()
    chain(sync_each_entity(connected), apply_deletions(connected), sync_what_belongs(connected), publish())


exact_online_sync()
