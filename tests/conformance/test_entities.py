"""Every entity, every rule: a new file in `entities/` is held to all of this without another line of test."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from exactsync.entities import entities
from exactsync.entity import LEFT_OUT_EVERYWHERE, REGION, Column, ColumnType, Entity, Feed
from exactsync.simulator.catalogue import Endpoint, EndpointKind, Kind, load_catalogue
from exactsync.warehouse.engine import create_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

EVERY_ENTITY = pytest.mark.parametrize("entity", entities().values(), ids=list(entities()))

PERSONAL = {
    *("BSN", "PayAsYouEarn", "UniqueTaxpayerReference"),  # numbers that the state gives to persons
    *("CreatorFullName", "ModifierFullName", "ManagerFullname", "AccountManagerFullName"),  # names of employees
    *("AccountContact", "MainContact", "PhoneExtension", "PaymentServiceAccountIdentifier"),
    *("Notes", "InternalNotes", "Remarks", "CustomField"),  # nobody knows what stands there
}
FITTING_KINDS = {
    ColumnType.UUID: {Kind.GUID},
    ColumnType.CODE: {Kind.CODE, Kind.STRING},
    ColumnType.TEXT: {Kind.TEXT, Kind.STRING},
    ColumnType.BOOLEAN: {Kind.BOOLEAN, Kind.BYTE},
    ColumnType.SMALLINT: {Kind.BYTE, Kind.INT16},
    ColumnType.INTEGER: {Kind.INT32, Kind.INT16},
    ColumnType.BIGINT: {Kind.INT64},
    ColumnType.NUMERIC: {Kind.DOUBLE},
    ColumnType.TIMESTAMP: {Kind.MOMENT},
    ColumnType.DATE: {Kind.DAY},
}


def published(entity: Entity) -> Endpoint:
    return load_catalogue().endpoints[entity.endpoint]


def from_exact(entity: Entity) -> list[Column]:
    """The columns that hold a property."""
    return [column for column in entity.columns if column.source != REGION]


def words(name: str) -> list[str]:
    """`GLAccountPurchase` → [`gl`, `account`, `purchase`]."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+|[0-9]+", name)]


@pytest.fixture
def connection(migrated_database: str) -> Iterator[Connection]:
    engine = create_engine(migrated_database)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@EVERY_ENTITY
def test_its_endpoint_is_published_and_is_of_the_kind_declared(entity: Entity) -> None:
    assert published(entity).kind is (EndpointKind.SYNC if entity.feed is Feed.SYNC else EndpointKind.SINGLE)


@EVERY_ENTITY
def test_every_property_it_asks_for_is_published(entity: Entity) -> None:
    assert set(entity.select) <= set(published(entity).properties)


@EVERY_ENTITY
def test_every_column_type_fits_what_exact_sends(entity: Entity) -> None:
    properties = published(entity).properties
    misfits = {
        column.source: properties[column.source].kind
        for column in from_exact(entity)
        if properties[column.source].kind not in FITTING_KINDS[column.type]
    }
    assert misfits == {}


@EVERY_ENTITY
def test_padded_texts_are_trimmed(entity: Entity) -> None:
    properties = published(entity).properties
    padded = {column.source for column in from_exact(entity) if properties[column.source].padding}
    codes = {column.source for column in entity.columns if column.type is ColumnType.CODE}
    assert padded <= codes


@EVERY_ENTITY
def test_its_deletions_are_known_under_the_type_that_exact_logs_them_with(entity: Entity) -> None:
    logged = published(entity).entity_set.deleted_type if entity.feed is Feed.SYNC else None
    assert entity.deleted_type == logged


@EVERY_ENTITY
def test_columns_are_named_by_the_rules(entity: Entity) -> None:
    for column in entity.columns:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", column.name), column
        assert column.name == "id" or column.name.endswith("_id") == (column.type is ColumnType.UUID), column
        assert column.name.endswith("_at") == (column.type is ColumnType.TIMESTAMP), column
        assert column.name.endswith("_date") == (column.type is ColumnType.DATE), column
        assert column.name.startswith(("is_", "has_")) == (column.type is ColumnType.BOOLEAN), column


@EVERY_ENTITY
def test_columns_keep_the_words_of_their_property(entity: Entity) -> None:
    strangers = {
        column.name: column.source
        for column in from_exact(entity)
        if column.name != entity.key and column.type is not ColumnType.BOOLEAN and not _spelled_alike(column)
    }
    assert strangers == {}


def _spelled_alike(column: Column) -> bool:
    glued = "".join(words(column.source))
    name = re.sub("_(id|at|code)$", "", column.name).replace("_", "")
    return name in (glued, glued.removesuffix("id"), glued.removesuffix("code"), glued.removeprefix("is"))


@EVERY_ENTITY
def test_every_property_that_exact_publishes_is_stored_or_left_out_for_a_reason(entity: Entity) -> None:
    everywhere = {name for names in LEFT_OUT_EVERYWHERE.values() for name in names}
    left_out = [name for names in entity.left_out.values() for name in names]
    assert len(left_out) == len(set(left_out))
    assert set(published(entity).properties) - everywhere == {*entity.select, *left_out}


@EVERY_ENTITY
def test_everything_is_described(entity: Entity) -> None:
    assert entity.description.endswith(".")
    assert [column.name for column in entity.columns if not column.description.strip()] == []


@EVERY_ENTITY
def test_nothing_is_stored_that_is_about_persons_only(entity: Entity) -> None:
    assert {column.source for column in entity.columns} & PERSONAL == set()


@EVERY_ENTITY
def test_its_table_has_every_column_with_its_type_and_its_meaning(entity: Entity, connection: Connection) -> None:
    rows = connection.execute(
        text("""
        SELECT attname, format_type(atttypid, atttypmod), col_description(attrelid, attnum)
        FROM pg_attribute WHERE attrelid = CAST(:table AS regclass) AND attnum > 0 AND NOT attisdropped
        """),
        {"table": f"exact_online.{entity.name}"},
    )
    columns = {name: (sql_type, comment) for name, sql_type, comment in rows}
    spelled_out = {"timestamptz": "timestamp with time zone"}
    for column in entity.columns:
        sql_type, comment = columns.pop(column.name)
        assert sql_type == spelled_out.get(column.type.sql, column.type.sql)
        assert comment == column.comment
    columns.setdefault("division", ("integer", "Our own."))
    assert set(columns) == {"division", "_source_timestamp", "_loaded_at", "_load_id", "_deleted_at"}
    assert all(comment for _, comment in columns.values())


@EVERY_ENTITY
def test_one_division_may_have_the_keys_of_another(entity: Entity, connection: Connection) -> None:
    key = connection.scalar(
        text("""
        SELECT pg_get_constraintdef(oid) FROM pg_constraint
        WHERE conrelid = CAST(:table AS regclass) AND contype = 'p'
        """),
        {"table": f"exact_online.{entity.name}"},
    )
    assert key == f"PRIMARY KEY ({', '.join(entity.primary_key)})"
