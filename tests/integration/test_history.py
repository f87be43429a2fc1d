"""History: which version of each row readers saw, and when, on a real PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from exactsync.entities import entities
from exactsync.entity import Column, ColumnType
from exactsync.warehouse import history, schema
from exactsync.warehouse.engine import create_engine
from tests.integration.test_publish import DIVISION, SUPPLIERS, delete_at_exact, key, load_all, record, scalar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Engine, Row

COST_CENTERS = entities()["cost_centers"]
AS_OF = "division = :division AND valid_from <= :moment AND (valid_to > :moment OR valid_to IS NULL)"


@pytest.fixture
def engine(migrated_database: str) -> Iterator[Engine]:
    engine = create_engine(migrated_database)
    yield engine
    engine.dispose()


def versions(engine: Engine, number: int = 1) -> list[Row[Any]]:
    """The history of one supplier, oldest first."""
    with engine.connect() as connection:
        return list(
            connection.execute(
                text(
                    "SELECT name, valid_from, valid_to, is_current, changed_columns "
                    "FROM exact_online.suppliers_history WHERE id = :id ORDER BY valid_from"
                ),
                {"id": key(number)},
            )
        )


def names_at(engine: Engine, moment: datetime) -> dict[str, str]:
    """The suppliers as readers saw them."""
    with engine.connect() as connection:
        query = text(f"SELECT code, name FROM exact_online.suppliers_history WHERE {AS_OF}")
        rows = connection.execute(query, {"division": DIVISION, "moment": moment}).all()
    assert len({code for code, _ in rows}) == len(rows)
    return dict(tuple(row) for row in rows)


def ended(engine: Engine) -> int:
    return int(scalar(engine, "SELECT count(*) FROM exactsync_history.suppliers"))


def test_a_first_load_stores_nothing_extra_and_is_in_the_history_all_the_same(engine: Engine) -> None:
    load_all(engine, SUPPLIERS, record(SUPPLIERS, 1, 10, Name="a"), record(SUPPLIERS, 2, 11, Name="b"))
    assert ended(engine) == 0
    ((name, valid_from, valid_to, is_current, changed),) = versions(engine)
    assert (name, valid_to, is_current, changed) == ("a", None, True, None)
    assert valid_from == scalar(engine, f"SELECT _loaded_at FROM exact_online.suppliers WHERE id = '{key(1)}'")


def test_a_change_ends_one_version_and_says_what_changed(engine: Engine) -> None:
    load_all(engine, SUPPLIERS, record(SUPPLIERS, 1, 10, Name="a", City="Utrecht"))
    load_all(engine, SUPPLIERS, record(SUPPLIERS, 1, 12, Name="b", City=None))
    first, second = versions(engine)
    assert (first.name, first.is_current, first.changed_columns) == ("a", False, None)
    assert (second.name, second.is_current, second.changed_columns) == ("b", True, ["name", "city"])
    assert first.valid_from < first.valid_to == second.valid_from


def test_a_load_that_saw_no_change_writes_no_history_and_moves_no_validity(engine: Engine) -> None:
    load_all(engine, SUPPLIERS, record(SUPPLIERS, 1, 10, Name="a"))
    before = scalar(engine, "SELECT changed_at FROM exactsync.sync_state")
    load_all(engine, SUPPLIERS, record(SUPPLIERS, 1, 12, Name="a"))  # another Timestamp, the same content
    assert len(versions(engine)) == 1
    assert scalar(engine, "SELECT changed_at FROM exactsync.sync_state") == before


def test_a_deleted_row_has_no_version_until_it_is_back(engine: Engine) -> None:
    load_all(engine, SUPPLIERS, record(SUPPLIERS, 1, 10, Name="a"), record(SUPPLIERS, 2, 11, Name="b"))
    delete_at_exact(engine, 1, 12)
    (only,) = versions(engine)
    assert (only.is_current, only.valid_to) == (
        False,
        scalar(engine, f"SELECT _deleted_at FROM exact_online.suppliers WHERE id = '{key(1)}'"),
    )
    load_all(engine, SUPPLIERS, record(SUPPLIERS, 1, 13, Name="a"), mode="incremental")
    first, second = versions(engine)
    assert first.valid_to < second.valid_from
    assert (second.is_current, second.changed_columns) == (True, None)


@pytest.mark.parametrize("gone", ["stops being a supplier", "is absent from a full reading"])
def test_every_way_to_be_deleted_ends_the_version(engine: Engine, gone: str) -> None:
    first, second = record(SUPPLIERS, 1, 10, Name="a"), record(SUPPLIERS, 2, 11, Name="b")
    load_all(engine, SUPPLIERS, first, second)
    if gone == "is absent from a full reading":
        load_all(engine, SUPPLIERS, second)
    else:
        load_all(engine, SUPPLIERS, first | {"IsSupplier": False, "Timestamp": "12"}, mode="incremental")
    assert [(version.name, version.is_current) for version in versions(engine)] == [("a", False)]
    assert [version.is_current for version in versions(engine, 2)] == [True]


def test_validity_rises_though_the_clock_is_set_back(engine: Engine) -> None:
    load_all(engine, SUPPLIERS, record(SUPPLIERS, 1, 10, Name="a"))
    with engine.begin() as connection:  # as if the database's clock had been an hour ahead then
        connection.execute(text("UPDATE exactsync.sync_state SET changed_at = changed_at + interval '1 hour'"))
        connection.execute(text("UPDATE exact_online.suppliers SET _loaded_at = _loaded_at + interval '1 hour'"))
    load_all(engine, SUPPLIERS, record(SUPPLIERS, 1, 11, Name="b"))
    delete_at_exact(engine, 1, 12)
    first, second = versions(engine)
    assert first.valid_from < first.valid_to == second.valid_from < second.valid_to


def test_every_step_can_be_asked_for_afterwards(engine: Engine, seed: int) -> None:
    random = Random(seed)
    truth: dict[int, str] = {}
    steps: list[tuple[datetime, dict[str, str]]] = []
    for step in range(40):
        for number in random.sample(range(1, 13), 3):
            if number in truth and random.random() < 0.3:
                del truth[number]
            else:
                truth[number] = random.choice("abc")
        rows = [record(SUPPLIERS, number, 100 + step, Name=name) for number, name in truth.items()]
        load_all(engine, SUPPLIERS, *rows, confirm_deletions=True)
        steps.append(
            (scalar(engine, "SELECT clock_timestamp()"), {str(number): name for number, name in truth.items()})
        )
    assert [names_at(engine, moment) for moment, _ in steps] == [then for _, then in steps]


def test_asking_for_a_moment_reads_only_versions_that_had_not_ended(engine: Engine) -> None:
    load_all(engine, SUPPLIERS, record(SUPPLIERS, 1, 10, Name="a"))
    with engine.begin() as connection:
        connection.execute(
            text("""
            INSERT INTO exactsync_history.suppliers (division, id, _valid_from, _valid_to)
            SELECT :division, gen_random_uuid(), moment, moment + interval '1 minute'
            FROM generate_series(1, 50000) AS number, LATERAL (SELECT now() - number * interval '1 hour' AS moment)
            """),
            {"division": DIVISION},
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE exactsync_history.suppliers"))
        query = f"EXPLAIN SELECT * FROM exact_online.suppliers_history WHERE {AS_OF}"
        moment = scalar(engine, "SELECT now() - interval '1 day'")
        plan = "\n".join(connection.scalars(text(query), {"division": DIVISION, "moment": moment}))
    assert "suppliers_by_time" in plan
    assert "Seq Scan on suppliers suppliers_1" not in plan


def test_the_history_gains_the_columns_that_an_entity_gains(engine: Engine) -> None:
    load_all(engine, COST_CENTERS, record(COST_CENTERS, 1))
    colour = Column("Colour", "colour", ColumnType.TEXT, "It is new.")
    columns = (COST_CENTERS.columns[0], colour, *COST_CENTERS.columns[1:])
    grown = {"cost_centers": replace(COST_CENTERS, columns=columns)}
    with engine.begin() as connection:
        connection.execute(text("CREATE VIEW ours AS SELECT * FROM exact_online.cost_centers_history"))
        schema.create_missing(connection, grown)
        assert history.create_missing(connection, grown) == ["view exact_online.cost_centers_history"]
        assert history.create_missing(connection, grown) == []
    load_all(engine, grown["cost_centers"], record(grown["cost_centers"], 1, Colour="red"))
    with engine.connect() as connection:
        query = "SELECT colour, changed_columns FROM exact_online.cost_centers_history ORDER BY valid_from"
        assert [tuple(row) for row in connection.execute(text(query))] == [(None, None), ("red", ["colour"])]
