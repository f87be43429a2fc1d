"""Quarantine: records that could not be normalised, as Exact sent them, and why; tried again with every run.

| feed | how a record in quarantine is tried again |
| --- | --- |
| lists | the next run reads them in full |
| sync feeds | the next run reads from its Timestamp on where that takes no further page, else a full reading |

What a filtered first load sets aside has no Timestamp: it waits for its next change, or a full reading. A record leaves
when it is read without trouble.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import text

from exactsync.warehouse import erasure, schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from exactsync.entity import Entity
    from exactsync.warehouse.loads import Load


class QuarantinedRecord(Protocol):
    """A record set aside by `normalise`."""

    @property
    def key(self) -> str | None:
        """Its key, if that at least is readable."""

    @property
    def reason(self) -> str:
        """Why it cannot be used."""

    @property
    def record(self) -> bytes:
        """The raw JSON."""


def put(connection: Connection, entity: Entity, load: Load, records: Sequence[QuarantinedRecord]) -> None:
    """Keep what could not be normalised, the latest version of each record; nothing about persons who were erased."""
    for record in records:
        key = record.key or f"sha256:{hashlib.sha256(record.record).hexdigest()}"
        if erasure.is_refused(connection, entity, load.division, record_key=key, record=record.record):
            continue
        connection.execute(
            text("""
            INSERT INTO exactsync.quarantine (division, entity, record_key, reason, record, load_id)
            VALUES (:division, :entity, :record_key, :reason, :record, :load_id)
            ON CONFLICT (division, entity, record_key) DO UPDATE
            SET reason = EXCLUDED.reason, record = EXCLUDED.record, load_id = EXCLUDED.load_id
            """),
            {
                "division": load.division,
                "entity": load.entity,
                "record_key": key,
                "reason": record.reason,
                "record": record.record,
                "load_id": load.load_id,
            },
        )


def count(connection: Connection, division: int, entity: str) -> int:
    """Count the records of a data set that wait in quarantine."""
    query = "SELECT count(*) FROM exactsync.quarantine WHERE division = :division AND entity = :entity"
    return connection.scalar(text(query), {"division": division, "entity": entity}) or 0


def count_of_load(connection: Connection, load: Load) -> tuple[int, int]:
    """Count the records that this load set aside, and how many of them have no readable key."""
    row = connection.execute(
        text("""
        SELECT count(*), count(*) FILTER (WHERE record_key LIKE 'sha256:%') FROM exactsync.quarantine
        WHERE load_id = :load_id
        """),
        {"load_id": load.load_id},
    ).one()
    return row[0], row[1]


def example(connection: Connection, load: Load) -> str:
    """Return the commonest reason of a load's records."""
    query = """
        SELECT reason FROM exactsync.quarantine WHERE load_id = :load_id
        GROUP BY reason ORDER BY count(*) DESC, reason LIMIT 1"""
    return connection.scalar(text(query), {"load_id": load.load_id}) or ""


def reread_after(connection: Connection, entity: Entity, division: int, watermark: int, *, page_size: int) -> int:
    """Return the watermark to read a sync feed from, so that what waits in quarantine comes again at no cost.

    It stays as it is where the records in between would fill more than a page.
    """
    lowest = connection.scalar(
        text(r"""
        SELECT min(CAST(substring(convert_from(record, 'UTF8') FROM '"Timestamp": "?([0-9]{1,18})') AS bigint))
        FROM exactsync.quarantine WHERE division = :division AND entity = :entity
        """),
        {"division": division, "entity": entity.name},
    )
    if lowest is None or lowest > watermark:
        return watermark
    between = connection.scalar(
        text(
            f"SELECT count(*) FROM {schema.published_table(entity)} "
            "WHERE division = :division AND _source_timestamp >= :lowest"
        ),
        {"division": division, "lowest": lowest},
    )
    return int(lowest) - 1 if (between or 0) < page_size // 2 else watermark


def keep_only(connection: Connection, load: Load) -> None:
    """Let go of what a full reading did not set aside again: it is readable now, or gone."""
    connection.execute(
        text(
            "DELETE FROM exactsync.quarantine WHERE division = :division AND entity = :entity AND load_id <> :load_id"
        ),
        {"division": load.division, "entity": load.entity, "load_id": load.load_id},
    )
