"""Rows of a warehouse: put in, and read as analysts read them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection


def insert(connection: Connection, entity: str, **values: Any) -> None:
    row = {"division": 1, "id": uuid.uuid4(), "_loaded_at": datetime.now(UTC), "_load_id": 1, **values}
    names = ", ".join(row)
    bound = ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO exact_online.{entity} ({names}) VALUES ({bound})"), row)


def column(connection: Connection, query: str) -> list[Any]:
    return list(connection.scalars(text(query)))
