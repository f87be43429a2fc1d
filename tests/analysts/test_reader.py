"""The role for analysts: reads all of `exact_online`, and nothing else, whoever creates it and however often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import exc, text

from exactsync.entities import entities
from exactsync.warehouse import schema
from exactsync.warehouse.engine import create_engine
from exactsync.warehouse.roles import READER, admit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

    from tests.conftest import DatabaseServer

NO_RIGHT = "42501"
REFUSED = {NO_RIGHT, "55000", "42809"}  # the others: not possible with a view, for anybody

_RELATIONS = """
SELECT oid::regclass::text FROM pg_class
WHERE relnamespace = ANY(CAST(:schemas AS regnamespace[])) AND relkind IN ('r', 'v', 'm', 'p') ORDER BY 1
"""

_FIRST_COLUMNS = "SELECT attrelid::regclass::text, attname::text FROM pg_attribute WHERE attnum = 1"


@pytest.fixture
def analyst(engine: Engine) -> Iterator[Connection]:
    """Somebody who has the role and no other."""
    with engine.connect() as connection:
        connection.execute(text(f"SET SESSION AUTHORIZATION {READER.name}"))
        connection.commit()
        yield connection
        connection.rollback()
        connection.execute(text("RESET SESSION AUTHORIZATION"))
        connection.commit()


def relations(engine: Engine, *schemas: str) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(text(_RELATIONS), {"schemas": list(schemas)}))


def all_of_ours(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(text("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'exact%'")))


def answer(analyst: Connection, statement: str) -> str | None:
    """The state of the error that a statement meets; None if it works."""
    try:
        analyst.exec_driver_sql(statement)
    except exc.DBAPIError as error:
        return str(error.orig.pgcode)
    finally:
        analyst.rollback()
    return None


def is_refused(analyst: Connection, statement: str) -> bool:
    return answer(analyst, statement) == NO_RIGHT


def test_an_analyst_reads_every_table_and_view_of_exact_online(engine: Engine, analyst: Connection) -> None:
    readable = relations(engine, schema.PUBLISHED)
    assert {f"exact_online.{name}" for name in entities()} < set(readable)
    assert {f"exact_online.current_{name}" for name in entities()} < set(readable)
    assert "exact_online.freshness" in readable
    for relation in readable:
        analyst.exec_driver_sql(f"SELECT * FROM {relation}")


def test_an_analyst_reads_nothing_of_our_own_books(engine: Engine, analyst: Connection) -> None:
    ours = set(all_of_ours(engine)) - {schema.PUBLISHED}
    assert {"exactsync", schema.STAGING} <= ours
    tables = relations(engine, *ours)
    assert {"exactsync.grants", "exactsync.quarantine", f"{schema.STAGING}.suppliers"} <= set(tables)
    assert [table for table in tables if not is_refused(analyst, f"SELECT * FROM {table}")] == []


@pytest.mark.parametrize(
    "write",
    [
        "INSERT INTO {} DEFAULT VALUES",
        "UPDATE {} SET {column} = NULL",
        "DELETE FROM {}",
        "TRUNCATE {}",
        "LOCK TABLE {} IN EXCLUSIVE MODE",
        "ALTER TABLE {} ADD COLUMN mine text",
        "DROP TABLE {}",
        "CREATE INDEX ON {} ({column})",
        "COMMENT ON TABLE {} IS 'mine'",
    ],
)
def test_an_analyst_writes_nothing_anywhere(engine: Engine, analyst: Connection, write: str) -> None:
    everything = relations(engine, *all_of_ours(engine))
    with engine.connect() as connection:
        columns = dict(connection.execute(text(_FIRST_COLUMNS)).all())
    answers = {name: answer(analyst, write.format(name, column=columns[name])) for name in everything}
    assert {name: state for name, state in answers.items() if state not in REFUSED} == {}


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE exact_online.mine (id int)",
        "CREATE VIEW exact_online.mine AS SELECT 1",
        "CREATE SCHEMA mine",
        "CREATE TABLE exactsync.mine (id int)",
        "SELECT nextval('exactsync.loads_load_id_seq')",
        "CREATE ROLE mine",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA exact_online GRANT ALL ON TABLES TO PUBLIC; CREATE TABLE exact_online.m ()",
    ],
)
def test_an_analyst_makes_nothing(analyst: Connection, statement: str) -> None:
    assert is_refused(analyst, statement)


def test_a_table_of_the_future_is_readable_at_once(engine: Engine, analyst: Connection) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE exact_online.unicorns AS SELECT 7 AS horns"))
        connection.execute(text("CREATE VIEW exact_online.live_unicorns AS SELECT * FROM exact_online.unicorns"))
        connection.execute(text("CREATE TABLE exactsync.stables (id int)"))
    assert analyst.scalar(text("SELECT horns FROM exact_online.live_unicorns")) == 7
    assert is_refused(analyst, "SELECT * FROM exactsync.stables")


@pytest.fixture
def without_the_role(postgres_server: DatabaseServer, migrated_database: str) -> Iterator[Connection]:
    """The administrator of a cluster that has no such role yet; afterwards it has the one from before."""
    engine = create_engine(postgres_server.url("postgres"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as admin:
        admin.execute(text(f"ALTER ROLE {READER.name} RENAME TO the_role_of_other_tests"))
        try:
            yield admin
        finally:
            admin.execute(text(f"DROP ROLE IF EXISTS {READER.name}"))
            admin.execute(text(f"ALTER ROLE the_role_of_other_tests RENAME TO {READER.name}"))
    engine.dispose()


@contextmanager
def database_with_a_table(server: DatabaseServer) -> Iterator[Engine]:
    with server.fresh_database() as name:
        engine = create_engine(server.url(name))
        with engine.begin() as connection:
            connection.execute(text("CREATE SCHEMA exact_online"))
            connection.execute(text("CREATE TABLE exact_online.suppliers ()"))
        yield engine
        engine.dispose()


def may_read(connection: Connection) -> bool:
    granted = text("SELECT has_table_privilege(:role, 'exact_online.suppliers', 'SELECT')")
    return bool(connection.scalar(granted, {"role": READER.name}))


def test_databases_of_one_cluster_that_are_migrated_at_once_share_the_role(
    without_the_role: Connection, postgres_server: DatabaseServer
) -> None:
    together = Barrier(3, timeout=30)

    def migrate(engine: Engine) -> bool:
        with engine.begin() as connection:
            together.wait()
            admit(connection, READER)
        with engine.begin() as connection:
            admit(connection, READER)
            return may_read(connection)

    with ExitStack() as stack, ThreadPoolExecutor(3) as pool:
        engines = [stack.enter_context(database_with_a_table(postgres_server)) for _ in range(3)]
        assert list(pool.map(migrate, engines)) == [True, True, True]


def test_a_user_who_may_not_create_roles_is_told_who_can_and_how(
    without_the_role: Connection, postgres_server: DatabaseServer, caplog: pytest.LogCaptureFixture
) -> None:
    without_the_role.execute(text("CREATE ROLE modest"))
    with database_with_a_table(postgres_server) as engine, engine.connect() as connection:
        connection.execute(text("ALTER SCHEMA exact_online OWNER TO modest"))
        connection.execute(text("ALTER TABLE exact_online.suppliers OWNER TO modest"))
        connection.execute(text("SET SESSION AUTHORIZATION modest"))
        admit(connection, READER)
        assert "have a database administrator run `CREATE ROLE exactsync_reader NOLOGIN;`" in caplog.text

        without_the_role.execute(text("CREATE ROLE exactsync_reader NOLOGIN"))
        admit(connection, READER)
        assert may_read(connection)
        connection.rollback()
    without_the_role.execute(text("DROP ROLE modest"))
