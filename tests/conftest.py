"""What every test stands on: a real PostgreSQL, fresh databases, an Airflow that knows only this checkout."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
from psycopg2 import sql

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
GIVEN_POSTGRES = "EXACTSYNC_TEST_POSTGRES_URL"


def _isolate_environment() -> Path:
    """Forget the developer's own Airflow and connections, and return the home of one that is thrown away.

    It runs before any test module is read, because Airflow reads its settings at its first import.
    """
    for name in list(os.environ):
        if name.startswith(("AIRFLOW", "EXACTSYNC_")) and not name.startswith("EXACTSYNC_TEST_"):
            del os.environ[name]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # every child would compile all of Airflow again
    home = Path(tempfile.mkdtemp(prefix="exactsync-airflow-"))
    os.environ |= {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__FERNET_KEY": "3sZxhAv5p9VWtkMNhnrUnBCGV5XnG8cQnFmMtR9v3tA=",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(ROOT / "var" / "cache" / "hypothesis"),
    }
    return home


AIRFLOW_HOME = _isolate_environment()


def pytest_unconfigure() -> None:
    """Remove the Airflow home of this process."""
    shutil.rmtree(AIRFLOW_HOME, ignore_errors=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make soak` run what `make test` runs, for longer and with other dice."""
    parser.addoption("--seed", type=int, default=0, help="of everything random in tortures and in the tests of truth")
    parser.addoption("--long", action="store_true", help="the long versions of the tortures")


@pytest.fixture
def seed(pytestconfig: pytest.Config) -> int:
    """What random choices start from."""
    return int(pytestconfig.getoption("--seed"))


@pytest.fixture
def is_long(pytestconfig: pytest.Config) -> bool:
    """Whether there are hours to spend."""
    return bool(pytestconfig.getoption("--long"))


class DatabaseServer:
    """A running PostgreSQL in which tests make and drop databases of their own."""

    def __init__(self, admin_url: str) -> None:
        self._admin_url = admin_url

    def url(self, database: str) -> str:
        """Return the URL of one database."""
        return urlunsplit(urlsplit(self._admin_url)._replace(path=f"/{database}"))

    @contextmanager
    def fresh_database(self, template: str = "template1") -> Iterator[str]:
        """Yield the name of a new database, which is dropped afterwards, whoever is still connected."""
        name = f"exactsync_test_{uuid.uuid4().hex[:16]}"
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        try:
            yield name
        finally:
            self._execute("DROP DATABASE {} WITH (FORCE)", name)

    def _execute(self, statement: str, *identifiers: str) -> None:
        with closing(psycopg2.connect(self._admin_url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, identifiers)))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[DatabaseServer]:
    """A PostgreSQL for this session: the one that EXACTSYNC_TEST_POSTGRES_URL names, or an embedded one."""
    if given := os.environ.get(GIVEN_POSTGRES):
        yield DatabaseServer(given)
        return
    from exactsync.embedded import PostgresServer

    with (
        tempfile.TemporaryDirectory(prefix="exactsync-test-") as folder,
        PostgresServer(folder, durable=False) as server,
    ):
        yield DatabaseServer(server.url())


@pytest.fixture
def empty_database(postgres_server: DatabaseServer) -> Iterator[str]:
    """The URL of a fresh, empty database."""
    with postgres_server.fresh_database() as name:
        yield postgres_server.url(name)


@pytest.fixture(scope="session")
def _migrated_template(postgres_server: DatabaseServer) -> Iterator[str]:
    from exactsync.warehouse.engine import create_engine
    from exactsync.warehouse.migrate import migrate

    with postgres_server.fresh_database() as name:
        engine = create_engine(postgres_server.url(name))
        migrate(engine)
        engine.dispose()  # a database in use cannot be copied
        yield name


@pytest.fixture
def migrated_database(postgres_server: DatabaseServer, _migrated_template: str) -> Iterator[str]:
    """The URL of a fresh database with our schema in it."""
    with postgres_server.fresh_database(template=_migrated_template) as name:
        yield postgres_server.url(name)
