"""The declaration language: what an entity of Exact Online is, and what its columns mean.

An entity is one frozen `Entity` with its `Column`s: data, no functions. Everything else (task, table, asset, tests,
data dictionary) is derived from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cached_property
from typing import Any


class ColumnType(Enum):
    """The closed vocabulary of column types; each has one converter (`normalise`) and one SQL type."""

    UUID = "uuid"
    CODE = "code"  # padded on the wire, trimmed in the warehouse
    TEXT = "text"  # as sent
    BOOLEAN = "boolean"  # true/false, or a 0/1 byte
    SMALLINT = "smallint"
    INTEGER = "integer"
    BIGINT = "bigint"
    NUMERIC = "numeric"  # the shortest decimal that reads back as the same double
    TIMESTAMP = "timestamp"  # Dutch wall-clock time on the wire, timestamptz in the warehouse
    DATE = "date"

    @property
    def sql(self) -> str:
        """The PostgreSQL type."""
        return _SQL_TYPES.get(self, self.value)


_SQL_TYPES = {ColumnType.CODE: "text", ColumnType.TIMESTAMP: "timestamptz"}


@dataclass(frozen=True, slots=True)
class Column:
    """One property of Exact and the column it becomes."""

    source: str
    """Exact's property name, as it stands on the wire."""
    name: str
    """The warehouse column: snake_case, by the naming rules in docs/design.md."""
    type: ColumnType
    description: str
    """Meaning, unit and code values: becomes the COMMENT on the column."""


class Feed(StrEnum):
    """How an endpoint gives its records, which decides how the entity is kept true."""

    SYNC = "sync"
    """1,000 a page, `Timestamp gt n`: only what changed; deletions come from sync/Deleted."""
    LIST = "list"
    """60 a page, no Timestamp and no entry in sync/Deleted: read in full and compared."""


class Axis(StrEnum):
    """An analytical axis; an integration has each of them active or not."""

    COST_CENTERS = "cost_centers"
    COST_UNITS = "cost_units"
    PROJECTS = "projects"


@dataclass(frozen=True, kw_only=True)
class Entity:
    """One kind of master data: one endpoint, one table, one task."""

    name: str
    """Plural snake_case: the table, the task id and the asset are named after it."""
    label: str
    """What a person calls it."""
    endpoint: str
    """The path below `/api/v1/{division}/`, in Exact's spelling, e.g. `sync/Financial/GLAccounts`."""
    feed: Feed
    columns: tuple[Column, ...]
    description: str
    """Becomes the COMMENT on the table."""
    deleted_type: int | None = None
    """Exact's EntityType in sync/Deleted; None where deletions are found by comparison."""
    member_property: str | None = None
    """A Boolean property that must be true for a record to be stored (`IsSupplier`)."""
    axis: Axis | None = None
    """The analytical axis this entity is; it is pulled only where that axis is active."""

    @cached_property
    def select(self) -> tuple[str, ...]:
        """Every property to ask for, in a stable order, each once."""
        wanted = [column.source for column in self.columns]
        if self.feed is Feed.SYNC:
            wanted.append("Timestamp")
        if self.member_property:
            wanted.append(self.member_property)
        return tuple(dict.fromkeys(wanted))

    def check(self) -> None:
        """Raise ValueError if the declaration contradicts itself."""
        names = [column.name for column in self.columns]
        problems: list[Any] = [name for name in names if names.count(name) > 1 or name.startswith("_")]
        if problems:
            raise ValueError(f"entity {self.name}: column names repeat or start with '_': {problems}")
        if names[:1] != ["id"] or self.columns[0].type is not ColumnType.UUID:
            raise ValueError(f"entity {self.name}: the first column must be the key, `id uuid`")
        if (self.deleted_type is not None) != (self.feed is Feed.SYNC):
            raise ValueError(f"entity {self.name}: sync feeds, and only they, have an EntityType in sync/Deleted")
