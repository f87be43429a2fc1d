"""What analysts meet: views, and comments on everything; which role lets them in stands in `warehouse.roles`.

All of it follows from the declarations and is brought up to date by every migration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exactsync.warehouse.analysts.comments import comment
from exactsync.warehouse.analysts.installing import install
from exactsync.warehouse.analysts.views import views

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from exactsync.entity import Entity


def refresh(connection: Connection, entities: Mapping[str, Entity]) -> list[str]:
    """Bring views and comments up to date with the declarations; return one line for each view that changed.

    Raises:
        ConfigurationError: something that others built on a view is in the way of rebuilding it; says what.
    """
    wanted = views(entities)
    changed = [f"view {view.qualified}" for view in wanted if install(connection, view)]
    for view in wanted:
        comment(connection, view.qualified, view.description, {column.name: column.comment for column in view.columns})
    return changed
