"""Migrations and tables that follow the declarations, on a real PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from exactsync.entities import entities
from exactsync.entity import Column, ColumnType
from exactsync.errors import ConfigurationError
from exactsync.warehouse import schema
from exactsync.warehouse.engine import create_engine
from exactsync.warehouse.migrate import migrate, require_current

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

COST_CENTERS = entities()["cost_centers"]
COLOUR = Column("Colour", "colour", ColumnType.TEXT, "It's 100 % new.")


@pytest.fixture
def engine(migrated_database: str) -> Iterator[Engine]:
    engine = create_engine(migrated_database)
    yield engine
    engine.dispose()


@pytest.fixture
def empty_engine(empty_database: str) -> Iterator[Engine]:
    engine = create_engine(empty_database)
    yield engine
    engine.dispose()


def test_migrating_twice_changes_nothing_the_second_time(empty_engine: Engine) -> None:
    first = migrate(empty_engine)
    assert "migration 0001" in first
    assert "table exact_online.suppliers" in first
    assert migrate(empty_engine) == []


def test_migrations_at_once_run_one_after_the_other(empty_engine: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        changes = list(pool.map(lambda _: migrate(empty_engine), range(4)))
    assert sorted(map(bool, changes)) == [False, False, False, True]


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    empty_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "_comment", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        migrate(empty_engine)
    with empty_engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'exact%'")) == 0


def test_a_database_that_is_behind_is_named_with_the_way_out(empty_engine: Engine) -> None:
    with pytest.raises(ConfigurationError, match=r"migration 0001.*python -m exactsync migrate"):
        require_current(empty_engine)


def test_a_database_from_the_future_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE exactsync.schema_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="revision 9999, which this version of exactsync does not know"):
        require_current(engine)


def test_an_entity_that_gains_a_column_is_read_anew(engine: Engine) -> None:
    grown = {"cost_centers": replace(COST_CENTERS, columns=(*COST_CENTERS.columns, COLOUR))}
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO exactsync.sync_state (division, entity, watermark) VALUES (1, 'cost_centers', 5)")
        )
        connection.execute(
            text("INSERT INTO exactsync.loads (division, entity, mode) VALUES (1, 'cost_centers', 'full')")
        )
        assert schema.create_missing(connection, grown) == ["column exact_online.cost_centers.colour"]
        assert schema.create_missing(connection, grown) == []
        assert connection.scalar(text("SELECT watermark FROM exactsync.sync_state")) is None
        assert connection.scalar(text("SELECT count(*) FROM exactsync.loads")) == 0
        comment = "SELECT col_description(CAST('exact_online.cost_centers' AS regclass), attnum) FROM pg_attribute "
        where = "WHERE attrelid = CAST('exact_online.cost_centers' AS regclass) AND attname = 'colour'"
        assert connection.scalar(text(comment + where)) == "It's 100 % new. [Colour]"


def test_a_column_of_another_type_needs_a_migration(engine: Engine) -> None:
    columns = (*COST_CENTERS.columns[:-1], replace(COST_CENTERS.columns[-1], type=ColumnType.DATE))
    with engine.connect() as connection, pytest.raises(ConfigurationError, match=r"cost_centers\.modified_at is"):
        schema.missing(connection, {"cost_centers": replace(COST_CENTERS, columns=columns)})


@pytest.mark.parametrize("url", ["nonsense", "mysql://u:secret@h/d", "postgresql://u:secret@h:port/d"])
def test_a_url_that_is_no_postgresql_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        create_engine(url)
    assert "secret" not in str(refused.value)


def test_database_errors_do_not_show_the_values_that_were_bound(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(Exception, match="division by zero") as failed:
        connection.execute(text("SELECT 1 / 0 WHERE :value IS NOT NULL"), {"value": "top secret"})
    assert "top secret" not in str(failed.value)
