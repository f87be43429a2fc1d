"""What readers of the stack's warehouse see."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg2

if TYPE_CHECKING:
    from exactsync.demo.stack import Stack
    from exactsync.entity import Entity


def query(stack: Stack, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    url = stack.environment["EXACTSYNC_WAREHOUSE_URL"]
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def live_rows(stack: Stack, entity: str) -> dict[int, int]:
    """Count the rows of each company that are not deleted."""
    return dict(
        query(stack, f"SELECT division, count(*) FROM exact_online.{entity} WHERE _deleted_at IS NULL GROUP BY 1")
    )


def live_keys(stack: Stack, entity: Entity, division: int) -> list[str]:
    """Return the key of each row of a company that is not deleted."""
    live = f"SELECT {entity.key}::text FROM exact_online.{entity.name} WHERE division = %s AND _deleted_at IS NULL"
    return [key for (key,) in query(stack, live, division)]
