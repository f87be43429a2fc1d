"""Loads under way: every page is staged durably, together with the link to the next one.

After a crash the retry goes on behind the last staged page. A load is gone once it is published.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy import text

from exactsync.entities import entities
from exactsync.entity import Entity, Feed
from exactsync.errors import LoadDiscardedError
from exactsync.failpoints import reach
from exactsync.warehouse import quarantine, schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Engine

    from exactsync.load import Mode
    from exactsync.warehouse.leases import Lease
    from exactsync.warehouse.quarantine import QuarantinedRecord

RESUME_WITHIN = {
    Feed.SYNC: timedelta(days=30),
    Feed.MODIFIED: timedelta(hours=36),
    Feed.LIST: timedelta(hours=36),
}
"""How old a half-staged load may be to be continued. A row of a sync feed that changes comes again behind the pages
already read, so they stay good; Exact keeps its Deleted log for 2 months. A list grows stale until it is compared
again, but must outlive the wait for the next day's calls, or one that is longer than a day's calls would never end."""


class StagedPage(Protocol):
    """A normalised page, as text for COPY."""

    def copy_text(self) -> str:
        """The rows, in the staging table's columns."""

    @property
    def quarantined(self) -> Sequence[QuarantinedRecord]:
        """What could not be normalised."""

    @property
    def characters_dropped(self) -> int:
        """How many characters PostgreSQL cannot hold were dropped."""


class _EmptyPage:
    quarantined: Sequence[QuarantinedRecord] = ()
    characters_dropped = 0

    def copy_text(self) -> str:
        return ""


NOTHING: Final[StagedPage] = _EmptyPage()
"""A page without records: when nothing has changed, one is all there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One reading of one data set, as far as it is staged."""

    load_id: int
    division: int
    entity: str
    mode: Mode
    watermark_before: int | None
    watermark_read: int | None
    next_url: str | None
    pages: int
    is_complete: bool
    rows_read: int
    characters_dropped: int
    calls: int
    seconds: float

    @property
    def next_page(self) -> int:
        """The number of the page to ask for next, counted from 1."""
        return self.pages + 1


_COLUMNS = ", ".join(Load.__dataclass_fields__)


def open_load(engine: Engine, held: Lease, entity: Entity, mode: Mode, watermark: int | None) -> Load:
    """Continue the load that a dead attempt left, or begin a new one."""
    with engine.begin() as connection:
        held.renew(connection)
        left = _left_over(connection, held, entity, mode, watermark)
        if left:
            return left
        discard(connection, held, entity)
        row = connection.execute(
            text(f"""
            INSERT INTO exactsync.loads (division, entity, mode, watermark_before)
            VALUES (:division, :entity, :mode, :watermark) RETURNING {_COLUMNS}
            """),
            {"division": held.division, "entity": entity.name, "mode": mode, "watermark": watermark},
        )
        return Load(**row.mappings().one())


def is_half_read(connection: Connection, entity: Entity, division: int) -> bool:
    """Tell whether somebody has stopped in the middle of a full reading that can be continued."""
    found = connection.scalar(
        text("""
        SELECT EXISTS (
            SELECT FROM exactsync.loads WHERE division = :division AND entity = :entity AND mode = 'full' AND pages > 0
            AND started_at > clock_timestamp() - :within
        )"""),
        {"division": division, "entity": entity.name, "within": RESUME_WITHIN[entity.feed]},
    )
    return bool(found)


def _left_over(connection: Connection, held: Lease, entity: Entity, mode: Mode, watermark: int | None) -> Load | None:
    row = connection.execute(
        text(f"""
        SELECT {_COLUMNS} FROM exactsync.loads
        WHERE division = :division AND entity = :entity AND mode = :mode
          AND watermark_before IS NOT DISTINCT FROM :watermark AND started_at > clock_timestamp() - :within
        """),
        {
            "division": held.division,
            "entity": entity.name,
            "mode": mode,
            "watermark": watermark,
            "within": RESUME_WITHIN[entity.feed],
        },
    )
    found = row.mappings().one_or_none()
    return Load(**found) if found else None


def discard(connection: Connection, held: Lease, entity: Entity) -> None:
    """Forget the load under way and its staged pages, if there is one."""
    key = {"division": held.division, "entity": entity.name}
    load_ids = connection.scalars(
        text("DELETE FROM exactsync.loads WHERE division = :division AND entity = :entity RETURNING load_id"),
        key,
    )
    for load_id in load_ids.all():
        clear_staging(connection, entity, load_id)


def discard_others(connection: Connection, load: Load) -> None:
    """Forget every other load of the division, also those that are being read right now: none of them is published.

    Whoever reads one learns it by LoadDiscardedError, with the next page or when it is to be published.
    """
    others = connection.execute(
        text("DELETE FROM exactsync.loads WHERE division = :division AND entity <> :entity RETURNING entity, load_id"),
        {"division": load.division, "entity": load.entity},
    )
    for name, load_id in others.all():
        clear_staging(connection, entities()[name], load_id)


def forget_if_unmoved(engine: Engine, held: Lease, entity: Entity, load: Load) -> bool:
    """Forget a continued load that has got no page further since it was opened; return whether it was one."""
    with engine.begin() as connection:
        held.renew(connection)
        pages = connection.scalar(
            text("SELECT pages FROM exactsync.loads WHERE load_id = :load_id"), {"load_id": load.load_id}
        )
        is_stuck = bool(load.pages) and pages == load.pages
        if is_stuck:
            discard(connection, held, entity)
    return is_stuck


def clear_staging(connection: Connection, entity: Entity, load_id: int) -> None:
    """Remove the staged pages of one load."""
    connection.execute(
        text(f"DELETE FROM {schema.staging_table(entity)} WHERE _load_id = :load_id"), {"load_id": load_id}
    )


def stage_page(
    engine: Engine,
    held: Lease,
    entity: Entity,
    load: Load,
    page: StagedPage,
    *,
    rows_read: int,
    next_url: str | None,
    watermark_read: int | None,
    calls: int,
    seconds: float,
) -> Load:
    """COPY one page into staging and commit it with the link to the next; return the load as it now stands."""
    with engine.begin() as connection:
        held.renew(connection)
        _copy(connection, entity, page.copy_text())
        reach("stage.copied")
        quarantine.put(connection, entity, load, page.quarantined)
        row = connection.execute(
            text(f"""
            UPDATE exactsync.loads
            SET next_url = :next_url, is_complete = :is_complete, pages = pages + 1, rows_read = rows_read + :rows_read,
                watermark_read = GREATEST(watermark_read, :watermark_read), calls = calls + :calls,
                seconds = seconds + :seconds, characters_dropped = characters_dropped + :dropped
            WHERE load_id = :load_id RETURNING {_COLUMNS}
            """),
            {
                "load_id": load.load_id,
                "next_url": next_url,
                "is_complete": next_url is None,
                "rows_read": rows_read,
                "watermark_read": watermark_read,
                "calls": calls,
                "seconds": seconds,
                "dropped": page.characters_dropped,
            },
        )
        reach("stage.noted")
        found = row.mappings().one_or_none()
        if found is None:
            raise discarded(load)
        return Load(**found)


def discarded(load: Load) -> LoadDiscardedError:
    """Return the error that tells a reader that its load is no more."""
    return LoadDiscardedError(
        f"Load {load.load_id} was begun before the company was moved at Exact, so its pages count no more.",
        retry_at=datetime.now(UTC),
    )


def _copy(connection: Connection, entity: Entity, rows: str) -> None:
    if not rows:
        return
    columns = ", ".join(f'"{name}"' for name in schema.staged_columns(entity))
    driver: Any = connection.connection.cursor()
    with driver as cursor:
        cursor.copy_expert(f"COPY {schema.staging_table(entity)} ({columns}) FROM STDIN", io.StringIO(rows))
