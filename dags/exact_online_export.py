"""Payables → purchase entries in Exact Online, when there are new ones, and by hand.

| task | what it does |
| --- | --- |
| `prepare` | checks what waits, and says which companies there are |
| `export`, mapped over companies | books each payable once: document, receipts, entry |
| `report` | one table of results; tells Spendesk what became of each payable |

By hand: one payable, a period, or all. A payable that fails stops no other; clearing a task never books anything twice.
"""

from __future__ import annotations

from airflow.sdk import chain, dag

from exactsync_airflow.assets import payables_asset
from exactsync_airflow.export_tasks import export_each_company, export_params, prepare_exports, report_exports
from exactsync_airflow.tasks import DEFAULT_ARGS, TAGS


@dag(
    schedule=[payables_asset()],
    catchup=False,
    max_active_runs=1,
    params=export_params(),
    default_args=DEFAULT_ARGS,
    render_template_as_native_obj=True,
    tags=TAGS,
    doc_md=__doc__,
)
def exact_online_export() -> None:
    """Book what is to be booked."""
    prepared = prepare_exports()
    chain(export_each_company(prepared), report_exports())


exact_online_export()
