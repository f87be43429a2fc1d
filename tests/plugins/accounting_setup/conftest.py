"""The api-server of a real Airflow, as people reach it: behind a proxy, below a path, each with their role."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from airflow.api_fastapi import app as api_server
from cryptography.fernet import Fernet
from sqlalchemy import text

from exactsync.simulator import DEMO_APP, Company, RegisteredApp, Settings, Simulator, SimulatorServer
from exactsync.warehouse.engine import create_engine
from exactsync_airflow.accounting_setup import installation
from tests.plugins.accounting_setup.browser import CALLBACK, HOST, PREFIX, Browser, consent, create, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI

ROOT = Path(__file__).resolve().parents[3]
HOSTILE_NAME = "<img src=x onerror=alert(1)>"
ROLES = ("viewer", "user", "op", "admin")

COMPANIES = (
    Company(code=1000001, name="Demo Holding", country="NL", sizes={"GLAccounts": 3}),
    Company(code=1000002, name=HOSTILE_NAME, country="BE", sizes={"GLAccounts": 3}),
    Company(code=1000003, name="Demo Ventures", country="NL", is_permitted=False),
)


@pytest.fixture(scope="session")
def airflow_app() -> FastAPI:
    """Airflow's whole API with our plugin in it: it takes seconds to make, and is made once in each process."""
    with pytest.MonkeyPatch.context() as patch:
        _configure(patch)
        _introduce_dags()
        api_server.purge_cached_app()
        return api_server.create_app(apps="core")


@pytest.fixture(autouse=True)
def api_server_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be an api-server for the length of a test."""
    _configure(monkeypatch)


def _configure(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
    patch.setenv("AIRFLOW__API__BASE_URL", HOST + PREFIX)
    patch.setattr(api_server, "API_ROOT_PATH", f"{PREFIX}/")  # Airflow reads it once, when first imported
    patch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "what the tests sign their tokens with" * 2)
    patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", ",".join(f"{role}:{role}" for role in ROLES))


def _introduce_dags() -> None:
    """Let Airflow know our DAGs, as the DAG processor does."""
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.db import initdb
    from airflow.utils.session import create_session

    initdb()
    with create_session() as session:
        session.merge(DagBundleModel(name="dags-folder"))
    dags = DagBag(str(ROOT / "dags"), bundle_path=ROOT / "dags", bundle_name="dags-folder")
    sync_bag_to_db(dags, "dags-folder", None)


@pytest.fixture
def browser(airflow_app: FastAPI) -> Callable[[str | None], Browser]:
    """Open a browser as somebody."""
    return lambda role: Browser(airflow_app, role)


@pytest.fixture
def exact(migrated_database: str, airflow_app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """The Exact Online that the app `exact_nl` leads to, and an empty warehouse."""
    registered = RegisteredApp(
        client_id=DEMO_APP.client_id, client_secret=DEMO_APP.client_secret, redirect_uris=(CALLBACK,)
    )
    with SimulatorServer(Simulator(Settings(companies=COMPANIES, apps=(registered,)))) as server:
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE_DEFAULT", migrated_database)
        monkeypatch.setenv("EXACTSYNC_TOKEN_KEYS", Fernet.generate_key().decode())
        monkeypatch.setenv("AIRFLOW_CONN_EXACT_NL", app_connection(host=server.url))
        forget_runs()
        yield server.simulator
        installation.close()


def app_connection(**changes: Any) -> str:
    """Write the Airflow connection of an app."""
    fields: dict[str, Any] = {
        "conn_type": "exact_online",
        "login": DEMO_APP.client_id,
        "password": DEMO_APP.client_secret,
        "extra": {"redirect_uri": CALLBACK, "region": "nl"},
    }
    return json.dumps(fields | changes)


def forget_runs() -> None:
    """Delete every run of the DAG."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    with create_session() as session:
        session.query(DagRun).delete()


@pytest.fixture
def execute(exact: Simulator, migrated_database: str) -> Iterator[Callable[..., None]]:
    """Change something in the database behind everybody's back."""
    engine = create_engine(migrated_database)

    def run(statement: str, **values: Any) -> None:
        with engine.begin() as connection:
            connection.execute(text(statement), values)

    yield run
    engine.dispose()


@pytest.fixture
def finance(browser: Callable[[str], Browser], exact: Simulator) -> Browser:
    """The browser of a finance administrator: somebody who may edit DAGs, and nothing else."""
    return browser("user")


@pytest.fixture
def connected(finance: Browser) -> Browser:
    """The same person, with a connection `Demo` whose companies are still to be chosen."""
    create(finance)
    assert told(finance.follow(consent(finance))) == {"connection": ["Demo"]}
    return finance
