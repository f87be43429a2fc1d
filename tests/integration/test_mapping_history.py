"""Who has mapped what to what, and when: kept by the database itself, so that SQL leaves its traces too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from sqlalchemy import text

from exactsync.payables.mapping import How, Relation
from exactsync.payables.rows import Actor
from exactsync.payables.sources import keep_match
from exactsync.warehouse.engine import create_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

ACME, OTHER = UUID(int=1), UUID(int=2)


@pytest.fixture
def engine(migrated_database: str) -> Iterator[Engine]:
    engine = create_engine(migrated_database)
    run(engine, "INSERT INTO exactsync.payable_sources (source, kind, actor) VALUES ('files', 'files', 'fay')")
    yield engine
    engine.dispose()


def run(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def query(engine: Engine, statement: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def history(engine: Engine) -> list[tuple[Any, ...]]:
    return query(engine, "SELECT key, former, target, actor FROM exactsync.payable_mappings_history ORDER BY id")


def test_every_change_is_kept_with_who_made_it(engine: Engine) -> None:
    run(
        engine,
        "INSERT INTO exactsync.payable_mappings (source, kind, key, target, set_by) "
        "VALUES ('files', 'account', '6100', '4500', 'fay')",
        "UPDATE exactsync.payable_mappings SET target = '4510', set_by = 'kim', set_at = clock_timestamp()",
        "SET LOCAL exactsync.actor = 'kim'",
        "DELETE FROM exactsync.payable_mappings",
    )
    assert history(engine) == [
        ("6100", None, "4500", "fay"),
        ("6100", "4500", "4510", "kim"),
        ("6100", "4510", None, "kim"),
    ]


def test_sql_that_says_nothing_about_itself_is_signed_by_the_databases_user(engine: Engine) -> None:
    ((user,),) = query(engine, "SELECT session_user")
    run(
        engine,
        f"INSERT INTO exactsync.payable_mappings (source, kind, key, target, set_by, note) "
        f"VALUES ('files', 'supplier', 's-1', '{ACME}', 'fay', 'iban')",
        f"UPDATE exactsync.payable_mappings SET target = '{OTHER}'",
        "UPDATE exactsync.payable_mappings SET key = 's-2'",
    )
    assert query(engine, "SELECT set_by, note FROM exactsync.payable_mappings") == [(user, "person")]
    run(engine, "DELETE FROM exactsync.payable_mappings")
    assert history(engine) == [
        ("s-1", None, str(ACME), "fay"),
        ("s-1", str(ACME), str(OTHER), user),
        ("s-1", str(OTHER), None, user),
        ("s-2", None, str(OTHER), user),
        ("s-2", str(OTHER), None, user),
    ]


def test_a_match_is_kept_once_and_finding_it_again_is_no_change(engine: Engine) -> None:
    exporter = Actor(name="export")
    for relation in (ACME, OTHER):
        with engine.begin() as connection:
            match = Relation(id=relation, how=How.VAT_NUMBER)
            assert keep_match(connection, "files", "s-1", match, exporter) == ACME
    assert history(engine) == [("s-1", None, str(ACME), "export")]
