"""The contestants of `make bench` must end with the same rows, or their speeds could not be compared."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg2
import pytest

from tests.bench.arena import Arena, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import DatabaseServer

ROWS = 2_000
OURS = (
    "SELECT id::text, code, name, country, modified_at IS NULL, credit_line_purchase::float FROM exact_online.suppliers"
)
THEIRS = """SELECT "ID", trim("Code"), "Name", trim("Country"), "Modified" IS NULL, "CreditLinePurchase"::float
FROM suppliers"""


@pytest.fixture(scope="module")
def arena(postgres_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    with serving(tmp_path_factory.mktemp("bench"), ROWS) as server:
        arena = Arena(postgres_server.url("postgres"), server)
        yield arena
        arena.close()


def rows_after_all_loads(arena: Arena, contestant: str, query: str) -> list[tuple[object, ...]]:
    database = arena.fresh_database()
    calls = [arena.run(sys.executable, contestant, database).calls for _ in ("first load", "1 % changed")]
    assert calls == [2, 1]
    with closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute(f"{query} ORDER BY 1")
        rows = cursor.fetchall()
    arena.drop(database)
    return rows


def test_all_contestants_end_with_the_same_rows(arena: Arena) -> None:
    floor = rows_after_all_loads(arena, "floor", THEIRS)
    assert len(floor) == ROWS
    assert sum(row[2] == "Changed meanwhile B.V." for row in floor) == ROWS // 100
    assert rows_after_all_loads(arena, "ours", OURS) == floor
    assert rows_after_all_loads(arena, "pandas_copy", THEIRS) == floor
