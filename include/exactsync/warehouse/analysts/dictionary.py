"""The data dictionary: every table and view that analysts meet, and each of their columns, as a page to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from exactsync.entity import LEFT_OUT_EVERYWHERE, ColumnType, Feed
from exactsync.warehouse import history, schema
from exactsync.warehouse.analysts.views import views

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from exactsync.entity import Column, Entity
    from exactsync.warehouse.analysts.view import View

_OPENING: Final = """\
# Data dictionary

Every table and view of schema `exact_online`, generated from the declarations: `python -m
exactsync.warehouse.analysts docs/warehouse` writes it anew. The same words stand in the database, as comments on
tables, views and columns (`\\d+` in psql). [Example questions](questions.md) show how to use them.

- Everything belongs to a **division**, a company at Exact: [`divisions`](#divisions) has its name. Join on `division`
  and the column, always both.
- A **table** keeps what Exact has deleted, with `_deleted_at`; its view **`current_…`** shows what is live.
- Texts are as Exact sends them; codes are trimmed; moments are UTC; days are Dutch, Belgian or French days.
- Rates and shares are fractions (0.21 is 21 %) unless a column says that they are as sent.

![Which table refers to which](entities.svg)

"""

_HISTORY: Final = """
## History

`<table>_history` has a row for each version of each row, deleted ones included, from the first load on. A version is
valid from the moment at which it was published here, not at Exact, until the next one was, or the row was deleted.
As of a moment:

```sql
SELECT * FROM exact_online.suppliers_history
WHERE division = 1000001
  AND valid_from <= timestamptz '2026-06-30 22:00+00' AND (valid_to > timestamptz '2026-06-30 22:00+00' OR is_current)
```

Besides the columns of its table it has these:
"""

_HOW_KEPT: Final = {
    Feed.SYNC: "what changed, every hour; deletions from Exact's log",
    Feed.MODIFIED: "what was modified, every hour; {often} all of it, compared, which finds deletions",
    Feed.LIST: "{often} all of it, compared, which finds deletions",
}

_OF_TABLES: Final = {"current_"}


def page(entities: Mapping[str, Entity]) -> str:
    """Return the whole page."""
    return _OPENING + "\n".join(_sections(entities)) + "\n"


def _sections(entities: Mapping[str, Entity]) -> Iterator[str]:
    derived = [view for view in views(entities) if not view.name.startswith(tuple(_OF_TABLES))]
    yield "## Overview\n"
    yield from _table(
        ["table", "holds"],
        ([f"[`{name}`](#{name})", _cell(entity.description)] for name, entity in entities.items()),
    )
    yield ""
    yield from _table(
        ["view", "shows"],
        [
            ["`current_<table>`", "What is live at Exact: the table's rows without deleted ones."],
            ["[`<table>_history`](#history)", "Every version of a row that readers could see, and when."],
            *([f"[`{view.name}`](#{view.name})", _cell(view.description)] for view in derived),
        ],
    )
    yield "\n## Columns of every table\n"
    ours = {"division": ("integer", schema.DIVISION_COMMENT), **schema.BOOKKEEPING}
    yield from _table(
        ["column", "type", "meaning"], ([f"`{name}`", kind, _cell(text)] for name, (kind, text) in ours.items())
    )
    yield "\n## Left out of every table\n"
    yield "What Exact has besides is not stored; each table says what else it leaves out, and why.\n"
    yield from _left_out(LEFT_OUT_EVERYWHERE)
    yield _HISTORY
    yield from _table(["column", "meaning"], ([f"`{name}`", _cell(text)] for name, text in history.COMMENTS.items()))
    for entity in entities.values():
        yield from _of_entity(entity)
    for view in derived:
        yield from _of_view(view)


def _of_entity(entity: Entity) -> Iterator[str]:
    yield f"\n## {entity.name}\n"
    yield f"**{entity.label}.** {entity.description}\n"
    yield f"Source: `{entity.endpoint}`. Read: {_how_kept(entity)}. Key: `division`" + (
        ".\n" if entity.key == "division" else f", `{entity.key}`.\n"
    )
    yield from _table(
        ["column", "type", "meaning", "at Exact"],
        ([f"`{c.name}`", _type(c), _meaning(c), f"`{c.source}`"] for c in entity.columns),
    )
    if entity.left_out:
        yield "\nLeft out at Exact:\n"
        yield from _left_out(entity.left_out)


def _left_out(left_out: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for why, names in left_out.items():
        yield f"- {_cell(why)}: {', '.join(f'`{name}`' for name in names)}"


def _type(column: Column) -> str:
    return "text" if column.type is ColumnType.CODE else column.type.sql


def _meaning(column: Column) -> str:
    text = _cell(column.comment.removesuffix(f" [{column.source}]"))
    if column.references:
        target = f"{column.references}.{column.referenced_column}"
        text = text.replace(target, f"[`{target}`](#{column.references})")
    return text


def _of_view(view: View) -> Iterator[str]:
    yield f"\n## {view.name}\n"
    yield f"{view.description}\n"
    yield from _table(["column", "meaning"], ([f"`{c.name}`", _cell(c.comment)] for c in view.columns))


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    titles = list(head)
    yield f"| {' | '.join(titles)} |"
    yield f"| {' | '.join('---' for _ in titles)} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _how_kept(entity: Entity) -> str:
    return _HOW_KEPT[entity.feed].format(often="once a day" if entity.compare_every else "every hour")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
