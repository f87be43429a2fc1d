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


def execute(stack: Stack, statement: str) -> None:
    """Change the books behind everybody's back."""
    opened = closing(psycopg2.connect(stack.environment["EXACTSYNC_WAREHOUSE_URL"]))
    with opened as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)


def drift_apart(stack: Stack, entity: str, division: int) -> None:
    """Take a row out of a table, alter another, and add one that Exact does not have: what no sync will notice."""
    table = f"exact_online.{entity}"
    execute(
        stack,
        f"""
        CREATE TEMP TABLE one AS
        SELECT * FROM {table} WHERE division = {division} AND _deleted_at IS NULL ORDER BY id LIMIT 1;
        DELETE FROM {table} AS it USING one WHERE it.id = one.id;
        UPDATE {table} SET description = 'Altered' WHERE id IN (
            SELECT id FROM {table} WHERE division = {division} AND _deleted_at IS NULL ORDER BY id LIMIT 1);
        UPDATE one SET id = gen_random_uuid();
        INSERT INTO {table} SELECT * FROM one""",
    )


def live_rows(stack: Stack, entity: str) -> dict[int, int]:
    """Count the rows of each company that are not deleted."""
    return dict(
        query(stack, f"SELECT division, count(*) FROM exact_online.{entity} WHERE _deleted_at IS NULL GROUP BY 1")
    )


def live_keys(stack: Stack, entity: Entity, division: int) -> list[str]:
    """Return the key of each row of a company that is not deleted."""
    live = f"SELECT {entity.key}::text FROM exact_online.{entity.name} WHERE division = %s AND _deleted_at IS NULL"
    return [key for (key,) in query(stack, live, division)]
