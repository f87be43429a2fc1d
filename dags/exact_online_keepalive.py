"""The authorisations at Exact Online, kept alive: every day, whether or not anything is synced.

Exact ends an authorisation that is not used for 30 days. Syncs use it all the time; this keeps those alive whose
integrations are paused, or whose syncs do not run.

| task | what it does |
| --- | --- |
| `grants` | lists the authorisations in use, those of paused integrations too |
| `keep_alive`, mapped over them | refreshes each, unless that was done within the last day |
| `warn` | warns of each with less than 10 days left; tells whoever is to be notified; fails the run if a part failed |

Clearing a task is always safe.
"""

from __future__ import annotations

from airflow.sdk import chain, dag

from exactsync_airflow.tasks import DEFAULT_ARGS, TAGS, keep_each_grant_alive, list_grants, warn_of_lapses


@dag(
    schedule="@daily",
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    render_template_as_native_obj=True,
    tags=TAGS,
    doc_md=__doc__,
)
def exact_online_keepalive() -> None:
    """Keep the authorisations at Exact Online alive, and warn before one lapses."""
    grants = list_grants()
    chain(keep_each_grant_alive(grants), warn_of_lapses())


exact_online_keepalive()
