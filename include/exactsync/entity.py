"""The declaration language: what an entity of Exact Online is, and what its columns mean.

An entity is one frozen `Entity` with its `Column`s: data, no functions. Everything else (task, table, asset, tests,
data dictionary) is derived from it.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import timedelta
from enum import Enum, StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


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


REGION = "@region"
"""The source of a column that holds no property, but the data region of Exact that the record was read from."""


@dataclass(frozen=True, slots=True)
class Column:
    """One property of Exact and the column it becomes."""

    source: str
    """Exact's property name, as it stands on the wire; or `REGION`."""
    name: str
    """The warehouse column: snake_case, by the naming rules in docs/design.md."""
    type: ColumnType
    description: str
    """What it means, as a sentence."""
    _: KW_ONLY
    unit: str | None = None
    """What a number counts, e.g. `days`; None where there is nothing to say."""
    values: Mapping[str, str] | Mapping[int, str] | None = field(default=None, hash=False)
    """The code list: value in the warehouse → what it means. Exact may send others all the same."""
    references: str | None = None
    """The entity it points to: by its key if this is a Guid, or else by its code, always within the division."""

    @property
    def referenced_column(self) -> str | None:
        """The column that `references` means: `id` or `code`."""
        if self.references is None:
            return None
        return "id" if self.type is ColumnType.UUID else "code"

    @property
    def comment(self) -> str:
        """Meaning, unit, code values, reference and Exact's property: the COMMENT on the column."""
        parts = [self.description]
        if self.unit:
            parts.append(f"Unit: {self.unit}.")
        if self.values:
            parts.append(f"Values: {', '.join(f'{value} {meaning}' for value, meaning in self.values.items())}.")
        if self.references:
            parts.append(f"Refers to {self.references}.{self.referenced_column} of the same division.")
        if self.source != REGION:
            parts.append(f"[{self.source}]")
        return " ".join(parts)


_ENVELOPE = (REGION, "Timestamp", "__metadata")
"""What may stand in any record besides Exact's properties of it."""

LEFT_OUT_EVERYWHERE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "the column `division` holds it": ("Division",),
        "who made or changed a record is about persons": ("Creator", "CreatorFullName", "Modifier", "ModifierFullName"),
        "nobody knows what stands in it": ("CustomField",),
    }
)
"""Why → properties that no entity stores, wherever they occur."""


class Feed(StrEnum):
    """How an endpoint gives its records, which decides how the entity is kept true."""

    SYNC = "sync"
    """1,000 a page, `Timestamp gt n`: only what changed; deletions come from sync/Deleted."""
    MODIFIED = "modified"
    """60 a page, no Timestamp and no entry in sync/Deleted, but a `Modified` to filter by: what changed since the
    watermark (raw wire milliseconds, read again with 2 h of overlap), and every `compare_every` all of it, compared."""
    LIST = "list"
    """60 a page, and too small, or not to be trusted, for a filter on `Modified`: read in full and compared."""


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
    key: str = "id"
    """The column that, with the division, tells records apart: the first one. `division` if a record is a division."""
    filter: str | None = None
    """An OData filter that every reading has; `{division}` stands for the division's number."""
    compare_every: timedelta = timedelta(days=1)
    """How old a full reading of a `MODIFIED` or `LIST` feed may become before the next; zero: every run is one."""
    deleted_type: int | None = None
    """Exact's EntityType in sync/Deleted; None where deletions are found by comparison."""
    member_property: str | None = None
    """A Boolean property that must be true for a record to be stored (`IsSupplier`)."""
    member_endpoint: str | None = None
    """A single endpoint that gives the same records, and takes a filter on `member_property`: for first loads."""
    count_endpoint: str | None = None
    """A single endpoint that counts the same records, for a sync feed that has no `member_endpoint`."""
    member_of: str | None = None
    """An entity that must hold a live record that this one's `member_column` points to, for it to be stored."""
    axis: Axis | None = None
    """The analytical axis this entity is; it is pulled only where that axis is active."""

    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """Why → the properties of the endpoint that are not stored for it, besides those of `LEFT_OUT_EVERYWHERE`."""

    @property
    def key_property(self) -> str:
        """Exact's name of the key."""
        return self.columns[0].source

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The columns that tell the rows of the table apart."""
        return ("division",) if self.key == "division" else ("division", self.key)

    @cached_property
    def filtered(self) -> Entity | None:
        """The same data set as its `member_endpoint` gives it: members only, without Timestamps; None if it has none.

        For reading and normalising; it is stored, logged and deleted as the entity itself.
        """
        if self.member_endpoint is None:
            return None
        return replace(
            self,
            endpoint=self.member_endpoint,
            feed=Feed.LIST,
            filter=f"{self.member_property} eq true",
            deleted_type=None,
            member_endpoint=None,
        )

    @property
    def counted_at(self) -> tuple[str, str | None] | None:
        """The endpoint that counts its records, and the filter that takes; None: it is compared in full instead."""
        if self.filtered is not None:
            return self.filtered.endpoint, self.filtered.filter
        return (self.count_endpoint, None) if self.count_endpoint else None

    @cached_property
    def member_column(self) -> Column | None:
        """The column that points to `member_of`."""
        return next((column for column in self.columns if self.member_of and column.references == self.member_of), None)

    @cached_property
    def select(self) -> tuple[str, ...]:
        """Every property to ask for, in a stable order, each once."""
        wanted = [column.source for column in self.columns if column.source != REGION]
        if self.feed is Feed.SYNC:
            wanted.append("Timestamp")
        if self.member_property:
            wanted.append(self.member_property)
        return tuple(dict.fromkeys(wanted))

    @cached_property
    def known_properties(self) -> frozenset[str]:
        """Every property of a record that is no surprise, stored or not; the envelope's own among them."""
        left_out = (*self.left_out.values(), *LEFT_OUT_EVERYWHERE.values())
        return frozenset({*self.select, *(name for names in left_out for name in names), *_ENVELOPE})

    def check(self) -> None:
        """Raise ValueError if the declaration contradicts itself."""
        for problem in self._contradictions():
            raise ValueError(f"entity {self.name}: {problem}")

    def _contradictions(self) -> Iterator[str]:
        names = [column.name for column in self.columns]
        if wrong := [name for name in names if names.count(name) > 1 or name.startswith("_")]:
            yield f"column names repeat or start with '_': {wrong}"
        if (names[:1], self.columns[0].type) not in _KEYS or names[0] != self.key:
            yield "the first column must be the key, `id uuid` or, for divisions themselves, `division integer`"
        if (self.deleted_type is not None) != (self.feed is Feed.SYNC):
            yield "sync feeds, and only they, have an EntityType in sync/Deleted"
        if self.feed is Feed.MODIFIED and "Modified" not in self.select:
            yield "it is read by `Modified`, which no column holds"
        yield from self._contradictions_of_endpoints()
        if (self.member_of is None) != (self.member_column is None):
            yield f"no column references {self.member_of}, which its records must belong to"
        if both := {name for names in self.left_out.values() for name in names} & set(self.select):
            yield f"stored, and said to be left out: {sorted(both)}"
        for column in self.columns:
            whole = column.type in (ColumnType.SMALLINT, ColumnType.INTEGER)
            if any(isinstance(value, int) is not whole for value in column.values or ()):
                yield f"the code values of {column.name} are of another type than the column"

    def _contradictions_of_endpoints(self) -> Iterator[str]:
        if self.member_endpoint and not (self.member_property and self.feed is Feed.SYNC):
            yield "only the members of a sync feed can have an endpoint of their own"
        if self.count_endpoint and (self.member_endpoint or self.feed is not Feed.SYNC):
            yield "only a sync feed without an endpoint of its members is counted elsewhere"


_KEYS = ((["id"], ColumnType.UUID), (["division"], ColumnType.INTEGER))
