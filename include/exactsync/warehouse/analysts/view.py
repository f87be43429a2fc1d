"""A view as data: what it is called, what it means, and where each of its columns comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exactsync.warehouse import schema

if TYPE_CHECKING:
    from exactsync.entity import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewColumn:
    """One column of a view."""

    name: str
    sql: str
    """The expression that it shows."""
    comment: str
    """Meaning, unit and code values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A view in the schema that analysts read; it reads tables only, so that no view stands in another's way."""

    name: str
    description: str
    columns: tuple[ViewColumn, ...]
    source: str
    """What follows FROM."""

    @property
    def qualified(self) -> str:
        """Its name with its schema, as people write it."""
        return f"{schema.PUBLISHED}.{self.name}"

    def query(self, order: list[str]) -> str:
        """The SELECT behind it, its columns in this order and new ones after them."""
        known = {name: position for position, name in enumerate(order)}
        columns = sorted(self.columns, key=lambda column: known.get(column.name, len(known)))
        listed = ", ".join(f'{column.sql} AS "{column.name}"' for column in columns)
        return f"SELECT {listed} FROM {self.source}"


def division(*, of: str = "") -> ViewColumn:
    """The company that a row belongs to; `of` is what the view calls the table."""
    return ViewColumn(name="division", sql=f"{of}.division" if of else "division", comment=schema.DIVISION_COMMENT)


def shown(column: Column, *, of: str = "") -> ViewColumn:
    """A table's column as it is; `of` is what the view calls the table."""
    quoted = f'"{column.name}"'
    return ViewColumn(name=column.name, sql=f"{of}.{quoted}" if of else quoted, comment=column.comment)


def bookkeeping(*names: str) -> list[ViewColumn]:
    """Columns of ours that every table has."""
    return [ViewColumn(name=name, sql=name, comment=schema.BOOKKEEPING[name][1]) for name in names]
