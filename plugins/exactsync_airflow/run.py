"""Who is running: what the library's leases and load log are told about the Airflow task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exactsync.load import Run

if TYPE_CHECKING:
    from airflow.sdk import Context


def airflow_run(context: Context) -> Run:
    """Name the run, the try and the lease holder.

    The holder leaves the try out: a retry, a reschedule or a cleared task takes up its own lease again.
    """
    ti = context["ti"]
    return Run(
        run_id=ti.run_id,
        try_number=ti.try_number,
        holder=f"{ti.dag_id}/{ti.run_id}/{ti.task_id}/{ti.map_index}",
    )
