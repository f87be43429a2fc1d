"""The views that analysts are given, derived from whatever entities there are.

A view appears with the entities it needs. All show what is live at Exact: nothing deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from exactsync.entity import Column, ColumnType, Entity
from exactsync.warehouse import schema
from exactsync.warehouse.analysts import ledger_views
from exactsync.warehouse.analysts.view import View, ViewColumn, bookkeeping, division, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TODAY: Final = "(now() AT TIME ZONE 'Europe/Amsterdam')::date"
"""Today, where the bookkeepers are: Exact's days have no time zone."""


def views(entities: Mapping[str, Entity]) -> list[View]:
    """Every view that these entities allow, in the order of their names."""
    return sorted(_views(entities), key=lambda view: view.name)


def _views(entities: Mapping[str, Entity]) -> Iterator[View]:
    yield from map(_current, entities.values())
    yield _freshness()
    if axes := [entity for entity in entities.values() if entity.axis]:
        yield _analytical_axes(axes)
    if suppliers := entities.get("suppliers"):
        yield _active_suppliers(suppliers)
    yield from ledger_views.views(entities)


def _current(entity: Entity) -> View:
    kept = [column for column in entity.columns if column.name != "division"]
    return View(
        name=f"current_{entity.name}",
        description=f"{entity.label}: what is live at Exact, nothing deleted. {entity.description}",
        columns=(division(), *map(shown, kept), *bookkeeping("_source_timestamp", "_loaded_at", "_load_id")),
        source=f"{schema.published_table(entity)} WHERE _deleted_at IS NULL",
    )


def _active_suppliers(suppliers: Entity) -> View:
    return View(
        name="active_suppliers",
        description="Suppliers to do business with today: live at Exact, not blocked, and within their dates.",
        columns=(division(), *map(shown, suppliers.columns)),
        source=f"""{schema.published_table(suppliers)}
            WHERE _deleted_at IS NULL AND is_blocked IS NOT TRUE
              AND (start_date IS NULL OR start_date <= {TODAY}) AND (end_date IS NULL OR end_date >= {TODAY})""",
    )


_AXIS_COLUMNS: Final = {
    "id": "Exact's key of the cost centre, cost unit or project.",
    "code": "The code as bookkeepers type it; unique within a division and axis.",
    "description": "Its name.",
    "start_date": "First day of use; null: no beginning is known.",
    "end_date": "Last day of use; null: no end.",
    "created_at": "When it was created at Exact (UTC).",
    "modified_at": "When it was last changed at Exact (UTC).",
}


def _analytical_axes(axes: list[Entity]) -> View:
    columns = [
        division(),
        ViewColumn(
            name="axis",
            sql="axis",
            comment=f"Which axis it belongs to. Values: {', '.join(entity.name for entity in axes)}.",
        ),
        *(ViewColumn(name=name, sql=name, comment=comment) for name, comment in _AXIS_COLUMNS.items()),
        ViewColumn(
            name="is_active",
            sql=f"(start_date IS NULL OR start_date <= {TODAY}) AND (end_date IS NULL OR end_date >= {TODAY})",
            comment="Whether it may be used today, by its dates.",
        ),
    ]
    return View(
        name="analytical_axes",
        description="Cost centres, cost units and projects in one shape: everything that costs are booked on, live at "
        "Exact. An axis that is switched off for an integration stays as it was when it was last pulled.",
        columns=tuple(columns),
        source=f"({' UNION ALL '.join(map(_axis, axes))}) AS members",
    )


def _axis(entity: Entity) -> str:
    declared = {column.name: column for column in entity.columns}
    columns = [_or_null(name, declared) for name in _AXIS_COLUMNS]
    return (
        f"SELECT division, '{entity.name}'::text AS axis, {', '.join(columns)} "
        f"FROM {schema.published_table(entity)} WHERE _deleted_at IS NULL"
    )


def _or_null(name: str, declared: Mapping[str, Column]) -> str:
    if name in declared:
        return name
    missing = ColumnType.DATE if name.endswith("_date") else ColumnType.TEXT
    return f"NULL::{missing.sql} AS {name}"


def _freshness() -> View:
    return View(
        name="freshness",
        description="How fresh each table is, for each division: when it last was as Exact had it, and how its last "
        "attempt ended. The row `deletions` tells until when Exact's log of deletions has been applied.",
        columns=(
            division(),
            ViewColumn(name="entity", sql="entity", comment="The table, or `deletions`."),
            ViewColumn(
                name="published_at",
                sql="published_at",
                comment="When the table was last brought up to date, whether or not anything had changed (UTC); null: "
                "never loaded.",
            ),
            ViewColumn(name="age", sql="now() - published_at", comment="How long ago that was."),
            ViewColumn(
                name="changed_at",
                sql="changed_at",
                comment="When a change was last published (UTC); null: never.",
            ),
            ViewColumn(name="attempted_at", sql="attempted_at", comment="When it was last tried (UTC)."),
            ViewColumn(
                name="outcome",
                sql="outcome",
                comment="How that ended. Values: published (something changed), unchanged, inactive (its axis is "
                "switched off), or the kind of error that stopped it.",
            ),
        ),
        source="exactsync.sync_state",
    )
