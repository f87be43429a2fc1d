"""Exact Online → warehouse, all of it, every Sunday night and by hand: reload, compare, repair.

What the hourly runs should have brought and did not is repaired, and reported as drift. Readers see each table as it
was or as it is. Beside an hourly run, whoever comes second on a data set gives way: the hourly run is skipped there,
this one waits, and looks again every minute, for six hours.

| task | what it does |
| --- | --- |
| `connect` | checks grants and reachable divisions |
| one per entity, mapped over divisions | reads everything, compares, repairs, says what drift it found |
| `deletions`, mapped over divisions | applies what was deleted at Exact |
| `publish` | one table of results, and the drift; fails the run if a part of it failed |

A load that would delete an implausible share of a table stops before it commits; `confirm_deletions` lets it pass.
Clearing a failed task is always safe.
"""

from __future__ import annotations

from airflow.sdk import chain, dag

from exactsync_airflow.tasks import (
    DEFAULT_ARGS,
    PATIENCE,
    TAGS,
    apply_deletions,
    connect,
    publish,
    refresh_params,
    sync_each_entity,
    sync_what_belongs,
)


@dag(
    schedule="30 1 * * 0",
    catchup=False,
    max_active_runs=1,
    params=refresh_params(),
    default_args=DEFAULT_ARGS,
    render_template_as_native_obj=True,
    tags=TAGS,
    doc_md=__doc__,
)
def exact_online_full_refresh() -> None:
    """Compare the warehouse with all that Exact Online has, and repair it."""
    connected = connect()
    chain(
        sync_each_entity(connected, patience=PATIENCE),
        apply_deletions(connected, patience=PATIENCE),
        sync_what_belongs(connected, patience=PATIENCE),
        publish(),
    )


exact_online_full_refresh()
