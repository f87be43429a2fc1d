"""What Exact publishes (properties/*.json): entity sets, their properties, and the endpoints that serve them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

import orjson

from exactsync.simulator.odata import EdmType

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(StrEnum):
    """What a property holds: finer than Exact's types, since a DateTime is a day or a moment."""

    GUID = "guid"
    STRING = "string"
    TEXT = "text"  # free text, typed by a person
    CODE = "code"  # the record's own code
    BOOLEAN = "boolean"
    BYTE = "byte"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    DOUBLE = "double"
    DAY = "day"
    MOMENT = "moment"
    BINARY = "binary"
    NAVIGATION = "navigation"

    @property
    def edm_type(self) -> EdmType:
        """The type in Exact's data model."""
        if self in (Kind.TEXT, Kind.CODE):
            return EdmType.STRING
        if self in (Kind.DAY, Kind.MOMENT):
            return EdmType.DATETIME
        return EdmType[self.name]


@dataclass(frozen=True, slots=True)
class PropertySpec:
    """One published property. `width` is the fixed length it is padded to on the wire, 0 if it is not."""

    name: str
    kind: Kind
    padding: Literal["left", "right", ""] = ""
    width: int = 0

    @classmethod
    def parse(cls, name: str, words: str) -> PropertySpec:
        """Read `kind [leftN|rightN]`."""
        kind, _, pad = words.partition(" ")
        if not pad:
            return cls(name, Kind(kind))
        side: Literal["left", "right"] = "left" if pad.startswith("left") else "right"
        return cls(name, Kind(kind), side, int(pad.removeprefix(side)))


class EndpointKind(StrEnum):
    """The types of endpoints for reading (Exact's documentation)."""

    SINGLE = "single"
    BULK = "bulk"
    SYNC = "sync"
    FUNCTION = "function"


@dataclass(frozen=True)
class Endpoint:
    """One endpoint as data."""

    path: str
    """Below `/api/v1/{division}/`; `current/Me` has no division."""
    kind: EndpointKind
    entity_set: EntitySet
    properties: Mapping[str, PropertySpec]
    key: str
    select_required: bool
    filters: frozenset[str] | None
    """The properties that `$filter` may use; None: all."""
    mandatory_filters: tuple[str, ...]
    """`$filter` must use one of these; (): it may be left out."""
    page_size: int | None
    """Records a page where the reference lists another number than for the endpoint's kind."""
    any_division: bool
    """The division in the path is not checked (exact-php-client#470)."""
    creates: bool
    """It takes POST."""

    @property
    def has_division(self) -> bool:
        """Whether the path names a division, so that calls count."""
        return not self.path.startswith("current/")

    @property
    def keys(self) -> tuple[str, ...]:
        """The properties that order a list and tell its records apart."""
        return (self.key,) if self.kind is EndpointKind.SYNC else self.entity_set.keys

    @cached_property
    def edm_types(self) -> dict[str, EdmType]:
        """The type of each property, for filters."""
        return {name: spec.kind.edm_type for name, spec in self.properties.items()}


@dataclass(frozen=True)
class EntitySet:
    """One kind of record."""

    name: str
    model: str
    key: str
    keys: tuple[str, ...]
    """All properties that make up the key: more than one where one does not tell records apart."""
    scope: str | None
    deleted_type: int | None
    """EntityType in sync/Deleted; None: deletions leave no trace."""
    properties: Mapping[str, PropertySpec]
    mandatory: tuple[str, ...]
    """What a new record must have."""
    read_only: frozenset[str]
    """What only Exact itself writes."""


@dataclass(frozen=True)
class Catalogue:
    """All that is published."""

    entity_sets: Mapping[str, EntitySet]
    endpoints: Mapping[str, Endpoint]

    def find(self, path: str, *, exact_case: bool) -> Endpoint | None:
        """Return the endpoint at `path`."""
        if exact_case:
            return self.endpoints.get(path)
        return self._by_lower_path.get(path.lower())

    @cached_property
    def _by_lower_path(self) -> dict[str, Endpoint]:
        return {path.lower(): endpoint for path, endpoint in self.endpoints.items()}


@cache
def load_catalogue() -> Catalogue:
    """Return the published property lists."""
    entity_sets: dict[str, EntitySet] = {}
    endpoints: dict[str, Endpoint] = {}
    folder = resources.files("exactsync.simulator") / "properties"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".json"):
            continue
        content = orjson.loads(file.read_bytes())
        entity_set = _entity_set(content)
        entity_sets[entity_set.name] = entity_set
        for entry in content["endpoints"]:
            endpoints[entry["path"]] = _endpoint(entry, entity_set)
    return Catalogue(entity_sets, endpoints)


def _entity_set(content: dict[str, Any]) -> EntitySet:
    return EntitySet(
        name=content["entity_set"],
        model=content["model"],
        key=content["key"],
        keys=tuple(content.get("keys", [content["key"]])),
        scope=content["scope"],
        deleted_type=content["deleted_type"],
        properties={name: PropertySpec.parse(name, words) for name, words in content["properties"].items()},
        mandatory=tuple(content.get("mandatory", ())),
        read_only=frozenset(content.get("read_only", ())),
    )


def _endpoint(entry: dict[str, Any], entity_set: EntitySet) -> Endpoint:
    kind = EndpointKind(entry["kind"])
    omitted = entry.get("omits", ())
    properties = {name: spec for name, spec in entity_set.properties.items() if name not in omitted}
    filters = entry.get("filters")
    mandatory = tuple(entry.get("mandatory_filters", ()))
    key = entity_set.key
    if kind is EndpointKind.SYNC:
        key = "Timestamp"
        properties = {"Timestamp": PropertySpec("Timestamp", Kind.INT64), **properties}
        filters = filters or ["Timestamp"]
        mandatory = ("Timestamp",)
    return Endpoint(
        path=entry["path"],
        kind=kind,
        entity_set=entity_set,
        properties=properties,
        key=key,
        select_required=entry.get("select_required", kind in (EndpointKind.BULK, EndpointKind.SYNC)),
        filters=frozenset(filters) if filters else None,
        mandatory_filters=mandatory,
        page_size=entry.get("page_size"),
        any_division=entry.get("any_division", False),
        creates=entry.get("creates", False),
    )
