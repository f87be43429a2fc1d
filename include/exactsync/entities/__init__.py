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
    """Every declared entity by name, in alphabetical order."""
    found = {}
    for module in sorted(iter_modules(__path__), key=lambda module: module.name):
        entity: Entity = import_module(f"{__name__}.{module.name}").ENTITY
        entity.check()
        if entity.name != module.name:
            raise ValueError(f"entities/{module.name}.py declares `{entity.name}`: name the file after the entity")
        found[entity.name] = entity
    return MappingProxyType(found)
