"""The registry: every module in this directory that declares an `ENTITY`. Adding an entity is adding a file."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exactsync.entity import Entity


@cache
def entities() -> Mapping[str, Entity]:
    """Every declared entity by name, in alphabetical order; what belongs to another one's records comes last."""
    found = {}
    for module in sorted(iter_modules(__path__), key=lambda module: module.name):
        entity: Entity = import_module(f"{__name__}.{module.name}").ENTITY
        entity.check()
        if entity.name != module.name:
            raise ValueError(f"entities/{module.name}.py declares `{entity.name}`: name the file after the entity")
        found[entity.name] = entity
    for entity in found.values():
        _check_references(entity, found)
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: item[1].member_of is not None)))


def _check_references(entity: Entity, known: Mapping[str, Entity]) -> None:
    for column in entity.columns:
        target = known.get(column.references) if column.references else None
        if column.references and (
            target is None or column.referenced_column not in {column.name for column in target.columns}
        ):
            raise ValueError(
                f"entity {entity.name}: {column.name} references {column.references}, which has no such key"
            )
