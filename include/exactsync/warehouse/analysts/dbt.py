"""The warehouse as a source of dbt: every table with what holds for it, and how fresh it must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import yaml

from exactsync.entity import Column, ColumnType, Entity, Feed
from exactsync.warehouse import schema
from exactsync.warehouse.analysts.views import views

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exactsync.warehouse.analysts.view import View

_HEADER: Final = """\
# The tables and views of exactsync as a dbt source (dbt 1.10.5 or newer): copy this file into the models of your
# project. Generated: `python -m exactsync.warehouse.analysts docs/warehouse` writes it anew.
#
# Freshness asks when a table was last as Exact had it, changed or not, of companies that were tried within a week:
# what is paused or disconnected for longer warns nobody.
"""

_SOURCE: Final = "exact_online"
_LATE_H: Final = 3
"""An hourly sync that is so many hours late is worth a warning, and after a day more an error."""
_LIVE: Final = {"where": "_deleted_at is null"}
_TOLERATED: Final = {"config": {"severity": "warn", **_LIVE}}
"""For what is Exact's to keep, not ours: a reference, a list of codes that may grow."""


def sources(entities: Mapping[str, Entity]) -> str:
    """Return the file `sources.yml`."""
    tables = [_table(entity, entities) for entity in entities.values()]
    tables += map(_view, views(entities))
    tables += [
        {"name": f"{entity.name}_history", "description": f"Every version of each row. {entity.description}"}
        for entity in entities.values()
    ]
    described = {
        "name": _SOURCE,
        "schema": schema.PUBLISHED,
        "description": "Accounting master data of Exact Online, loaded by exactsync.",
        "tables": tables,
    }
    document = {"version": 2, "sources": [described]}
    return _HEADER + yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


class _Dumper(yaml.SafeDumper):
    """Writes what repeats as often as it does, instead of referring to its first appearance."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _table(entity: Entity, entities: Mapping[str, Entity]) -> dict[str, Any]:
    key = ["division"] if entity.key == "division" else ["division", entity.key]
    columns = [{"name": "division", "description": schema.DIVISION_COMMENT, "data_tests": ["not_null"]}]
    columns += [_column(column, entity) for column in entity.columns if column.name != "division"]
    columns += [{"name": name, "description": meaning} for name, (_, meaning) in schema.BOOKKEEPING.items()]
    return {
        "name": entity.name,
        "description": entity.description,
        "config": _freshness(entity),
        "data_tests": [{"unique": {"arguments": {"column_name": _joined(*key)}}}, *_relationships(entity, entities)],
        "columns": columns,
    }


def _view(view: View) -> dict[str, Any]:
    described = {"name": view.name, "description": view.description}
    if view.name.startswith("current_"):
        return described  # its columns are the table's
    return described | {"columns": [{"name": column.name, "description": column.comment} for column in view.columns]}


def _freshness(entity: Entity) -> dict[str, Any]:
    interval_h = entity.compare_every.total_seconds() // 3600 if entity.feed is Feed.LIST else 0
    late_h = int(_LATE_H + interval_h)
    return {
        "freshness": {
            "warn_after": {"count": late_h, "period": "hour"},
            "error_after": {"count": late_h + 24, "period": "hour"},
        },
        "loaded_at_query": f"select min(published_at) from {schema.PUBLISHED}.freshness where entity = "
        f"'{entity.name}' and attempted_at > now() - interval '7 days'",
    }


def _column(column: Column, entity: Entity) -> dict[str, Any]:
    described: dict[str, Any] = {"name": column.name, "description": column.comment}
    tests: list[Any] = ["not_null"] if column.name in (entity.key, "code") else []
    if column.values:
        is_text = column.type is ColumnType.CODE
        arguments = {"values": list(column.values), "quote": is_text}
        name = f"{entity.name}_{column.name}_is_known"
        tests.append({"accepted_values": {"name": name, "arguments": arguments, **_TOLERATED}})
    return described | ({"data_tests": tests} if tests else {})


def _relationships(entity: Entity, entities: Mapping[str, Entity]) -> Iterator[dict[str, Any]]:
    """References within the division: to the keys of a table, or to its codes."""
    for column in entity.columns:
        target = entities.get(column.references or "")
        if target is None:
            continue
        arguments = {
            "column_name": _joined("division", column.name),
            "to": f"source('{_SOURCE}', 'current_{target.name}')",
            "field": _joined("division", str(column.referenced_column)),
        }
        yield {
            "relationships": {
                "name": f"{entity.name}_{column.name}_is_in_{target.name}",
                "arguments": arguments,
                "config": {"severity": "warn", "where": f"_deleted_at is null and {column.name} <> ''"}
                if column.type is ColumnType.CODE
                else _TOLERATED["config"],
            }
        }


def _joined(*columns: str) -> str:
    return " || '/' || ".join(columns) if len(columns) > 1 else columns[0]
