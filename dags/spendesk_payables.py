"""Spendesk → schema `spendesk` and the outbox of payables, every hour.

Approved expenses that an accountant has made ready, with their receipts; what paid them; and suppliers. Folders of
files are sources of payables, too.

| task | what it does |
| --- | --- |
| `accounts` | which Spendesk accounts are set up as sources; each of the next is mapped over them |
| `suppliers`, `settlements` | store what Spendesk tells |
| `payables` | asks for snapshots of 31 days, one by one; waits for them without a worker slot |
| `receipts` | lists the receipts of what is to be booked and has changed |
| `outbox` | takes in what is to be booked; triggers the export if there is news |
| `folders`, `files`, mapped over folders | take in what lies in folders of files |

One account that fails does not stop the others. Clearing a failed task is always safe: the same payable delivered twice
is one.
"""

from __future__ import annotations

from airflow.sdk import dag

from exactsync_airflow.payable_tasks import intake_params, take_in_each_account, take_in_each_folder
from exactsync_airflow.tasks import DEFAULT_ARGS, TAGS


@dag(
    schedule="20 * * * *",
    catchup=False,
    max_active_runs=1,
    params=intake_params(),
    default_args=DEFAULT_ARGS,
    render_template_as_native_obj=True,
    tags=[*TAGS, "spendesk"],
    doc_md=__doc__,
)
def spendesk_payables() -> None:
    """Bring in what is to be booked."""
    take_in_each_account()
    take_in_each_folder()


spendesk_payables()
