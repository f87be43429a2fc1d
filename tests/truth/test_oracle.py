"""The oracle can fail: whatever single thing is wrong in the warehouse, it names exactly that."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from exactsync.simulator import Company, Settings
from tests.truth.books import Books
from tests.truth.columns import LISTS, TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from tests.integration.conftest import Installation
    from tests.truth.oracle import Difference, Oracle

DIVISION = 1000001
SIZES = {table.entity_set: 15 for table in LISTS}
SETTINGS = Settings(companies=(Company(code=DIVISION, name="Small", country="NL", sizes=SIZES, suppliers=0.8),))
SUPPLIERS = next(table for table in TABLES if table.name == "suppliers")


class Warehouse:
    """A warehouse that is right, in a transaction, so that each wrong can be taken back."""

    def __init__(self, oracle: Oracle, connection: Connection) -> None:
        self._oracle = oracle
        self._connection = connection

    def differences(self, *tables: Table) -> list[Difference]:
        return self._oracle.check(self._connection, tables or TABLES).differences

    def differences_after(self, table: Table, statement: str) -> list[Difference]:
        """Do one wrong, compare, take it back."""
        with self._connection.begin_nested() as savepoint:
            prepared = statement.format(
                table=f"exact_online.{table.name}", name=table.name, key=table.key[0], value=self.filled(table)
            )
            touched = self._connection.exec_driver_sql(prepared).rowcount
            assert touched in (1, -1), statement
            found = self.differences(table)
            savepoint.rollback()
        return found

    def filled(self, table: Table) -> str:
        """Name a column, not the key, in which every deleted row has a value."""
        others = [column for column in table.columns if column != table.key[0]]
        counts = ", ".join(f"count({column}) = count(*)" for column in others)
        row = self._connection.exec_driver_sql(
            f"SELECT {counts} FROM exact_online.{table.name} WHERE _deleted_at IS NOT NULL"
        ).one()
        return next(column for column, is_filled in zip(others, row, strict=True) if is_filled)

    def has(self, table: Table, condition: str) -> bool:
        query = f"SELECT EXISTS (SELECT FROM exact_online.{table.name} WHERE _deleted_at IS NULL AND {condition})"
        return bool(self._connection.exec_driver_sql(query).scalar())


@pytest.fixture
def books(install: Callable[[Settings], Installation]) -> Books:
    """Every table has live rows with values and nulls, and a deleted one."""
    books = Books(install(SETTINGS), [DIVISION])
    books.fill_every_property(records=15)
    books.sync()
    books.compare()
    for table in (table for table in LISTS if table.parent is None):  # the others go with their owner
        gone = books.simulator.truth(DIVISION, table.entity_set)[0]["ID"]
        books.simulator.delete(DIVISION, table.entity_set, gone)
    books.sync()
    return books


@pytest.fixture
def warehouse(books: Books) -> Iterator[Warehouse]:
    with books.installation.engine.connect() as connection:
        yield Warehouse(books.oracle, connection)


def one_live(condition: str = "true") -> str:
    return f"{{key}} = (SELECT {{key}} FROM {{table}} WHERE _deleted_at IS NULL AND {condition} LIMIT 1)"


def wrong_values(warehouse: Warehouse, table: Table, column: str, spoil: str) -> Iterator[str]:
    """Statements that put a near miss, a null, or a value that belongs elsewhere into one cell."""
    has_value = one_live(f"{column} IS NOT NULL")
    yield f"UPDATE {{table}} SET {column} = {spoil.format(column)} WHERE {has_value}"
    yield f"UPDATE {{table}} SET {column} = NULL WHERE {has_value}"
    if warehouse.has(table, f"{column} IS NULL"):
        other = f"SELECT {column} FROM {{table}} WHERE {column} IS NOT NULL LIMIT 1"
        yield f"UPDATE {{table}} SET {column} = ({other}) WHERE {one_live(f'{column} IS NULL')}"


def test_every_broken_cell_of_every_kind_is_named(warehouse: Warehouse) -> None:
    assert warehouse.differences() == []
    broken: Counter[str] = Counter()
    for table in TABLES:
        spoils = {
            column: (rule.name, rule.spoil) for column, (_, rule) in table.columns.items() if column != table.key[0]
        }
        if table.has_timestamps:
            spoils["_source_timestamp"] = "timestamp", "{} + 1"
        for column, (kind, spoil) in spoils.items():
            for statement in wrong_values(warehouse, table, column, spoil):
                found = warehouse.differences_after(table, statement)
                assert [(wrong.table, wrong.column) for wrong in found] == [(table.name, column)]
                broken[kind] += 1
    sys.stdout.write(f"{broken.total()} broken cells named: {dict(broken)}\n")
    assert broken.keys() == {rule.name for table in TABLES for _, rule in table.columns.values()} | {"timestamp"}


WRONGS = {
    "a live row is lost": f"DELETE FROM {{table}} WHERE {one_live()}",
    "a live row is marked as deleted": f"UPDATE {{table}} SET _deleted_at = now() WHERE {one_live()}",
    "a live row has another key": f"UPDATE {{table}} SET id = gen_random_uuid() WHERE {one_live()}",
    "a live row is in another company": f"UPDATE {{table}} SET division = 1000002 WHERE {one_live()}",
    "a deleted row lives": "UPDATE {table} SET _deleted_at = NULL WHERE _deleted_at IS NOT NULL",
    "a deleted row lost a value": "UPDATE {table} SET {value} = NULL WHERE _deleted_at IS NOT NULL",
    "a deleted row is lost": "DELETE FROM {table} WHERE _deleted_at IS NOT NULL",
    "a row comes from nowhere": (
        "INSERT INTO {table} (division, id, _loaded_at, _load_id) "
        "SELECT division, gen_random_uuid(), _loaded_at, _load_id FROM {table} LIMIT 1"
    ),
    "a row is there twice": (
        "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}_pkey; "
        f"INSERT INTO {{table}} SELECT * FROM {{table}} WHERE {one_live()}"
    ),
    "a row names a load that never was": f"UPDATE {{table}} SET _load_id = -1 WHERE {one_live()}",
    "a row tells no load": f"UPDATE {{table}} SET _load_id = NULL WHERE {one_live()}",
    "a row tells no time of loading": f"UPDATE {{table}} SET _loaded_at = NULL WHERE {one_live()}",
    "a row was loaded in the future": f"UPDATE {{table}} SET _loaded_at = 'infinity' WHERE {one_live()}",
    "a column is new": "ALTER TABLE {table} ADD COLUMN remark text",
    "a column has another type": (
        "ALTER TABLE {table} DROP COLUMN {value} CASCADE; ALTER TABLE {table} ADD {value} bit"
    ),
    "a column is gone": "ALTER TABLE {table} DROP COLUMN _loaded_at CASCADE",
}


def test_every_wrong_row_and_every_unknown_column_is_seen(books: Books, warehouse: Warehouse) -> None:
    assert warehouse.differences() == []
    for wrong, statement in WRONGS.items():
        for table in LISTS:
            assert warehouse.differences_after(table, statement) != [], f"{table.name}: {wrong}"
    customer = next(record for record in books.simulator.truth(DIVISION, "Accounts") if not record["IsSupplier"])
    stored = (
        "INSERT INTO {table} (division, id, _loaded_at, _load_id) "
        f"SELECT division, '{customer['ID']}', _loaded_at, _load_id FROM {{table}} LIMIT 1"
    )
    assert len(warehouse.differences_after(SUPPLIERS, stored)) == 1
    assert warehouse.differences() == []
