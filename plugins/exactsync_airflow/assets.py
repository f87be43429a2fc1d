"""One asset per warehouse table, derived from the entities.

The URI is logical: which server and database `warehouse_default` points to is not known, and must not be looked up,
while DAG files are parsed. A scheme that begins with `x-` is taken as it stands.
"""

from __future__ import annotations

from functools import cache

from airflow.sdk import Asset

from exactsync.entities import entities

GROUP = "exact_online"


@cache
def entity_asset(name: str) -> Asset:
    """The table of one entity, to produce or to schedule on: `schedule=[entity_asset("suppliers")]`."""
    return Asset(
        name=f"{GROUP}.{name}",
        uri=f"x-exactsync://warehouse/{GROUP}/{name}",
        group=GROUP,
        extra={"label": entities()[name].label},
    )


@cache
def payables_asset() -> Asset:
    """The outbox of payables: an event means that there is something new to book."""
    return Asset(name="exactsync.payables", uri="x-exactsync://warehouse/exactsync/payables_outbox", group=GROUP)
