"""The load log: every published load that changed something, and the last of each data set that did not."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import text

from exactsync.load import LoadResult

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from exactsync.load import Run

_COLUMNS = tuple(LoadResult.__dataclass_fields__)

DELETIONS = "deletions"
"""The name under which a reading of sync/Deleted stands where an entity would."""


def new_load_id(connection: Connection) -> int:
    """Draw a load id for a write that is not a load of pages."""
    return int(connection.scalar(text("SELECT nextval(pg_get_serial_sequence('exactsync.loads', 'load_id'))")) or 0)


def record(connection: Connection, result: LoadResult, run: Run) -> None:
    """Write one load; an unchanged one takes the place of the unchanged one before it."""
    if not result.changed:
        connection.execute(
            text("""
            DELETE FROM exactsync.load_log
            WHERE division = :division AND entity = :entity AND inserted + updated + deleted = 0
            """),
            {"division": result.division, "entity": result.entity},
        )
    columns = ", ".join(_COLUMNS)
    values = ", ".join(f":{name}" for name in _COLUMNS)
    connection.execute(
        text(f"""
        INSERT INTO exactsync.load_log ({columns}, run_id, try_number, published_at)
        VALUES ({values}, :run_id, :try_number, clock_timestamp())
        """),
        asdict(result) | {"run_id": run.run_id, "try_number": run.try_number},
    )


def read_run(connection: Connection, run_id: str) -> list[LoadResult]:
    """Return what one run has published, by division and entity."""
    columns = ", ".join(_COLUMNS)
    rows = connection.execute(
        text(f"SELECT {columns} FROM exactsync.load_log WHERE run_id = :run_id ORDER BY division, entity, load_id"),
        {"run_id": run_id},
    )
    return [LoadResult(**row) for row in rows.mappings()]
