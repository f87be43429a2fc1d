"""The apps a person may choose from: Airflow's connections, wherever they are kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.plugins.accounting_setup.browser import CALLBACK, create
from tests.plugins.accounting_setup.conftest import app_connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


ELSEWHERE = "https://elsewhere.example/"


@pytest.fixture
def store() -> Iterator[Callable[..., None]]:
    """Keep a connection in Airflow's own database, as its UI does."""
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session

    stored = []

    def add(connection_id: str, **fields: Any) -> None:
        stored.append(connection_id)
        with create_session() as session:
            session.add(Connection(conn_id=connection_id, **fields))

    yield add
    with create_session() as session:
        session.query(Connection).where(Connection.conn_id.in_(stored)).delete()


def apps(browser: Any) -> dict[str, dict[str, Any]]:
    return {app["connection_id"]: app for app in browser.get("/api/overview").raise_for_status().json()["apps"]}


def test_apps_of_the_environment_and_of_airflows_database_are_listed_and_nothing_else(
    finance, store, monkeypatch
) -> None:
    store(
        "exact_be", conn_type="exact_online", host="https://start.exactonline.be", login="i", password="s", extra="{}"
    )
    store("some_http", conn_type="http", host="https://start.exactonline.be")
    monkeypatch.setenv("AIRFLOW_CONN_EXACT_FR", "exact-online://id:secret@start.exactonline.fr/?redirect_uri=x")
    monkeypatch.setenv("AIRFLOW_CONN_BROKEN", "{")
    found = apps(finance)
    assert {name: app["region"] for name, app in found.items()} == {
        "exact_be": "be",
        "exact_fr": "fr",
        "exact_nl": "nl",
    }


def test_an_app_shows_what_it_lacks_and_never_its_client_id_or_secret(finance, store) -> None:
    store("exact_be", conn_type="exact_online", host="start.exactonline.be", login="an-id", password="a-secret")
    app = apps(finance)["exact_be"]
    assert not app["is_configured"]
    assert "redirect_uri" in app["problem"]
    assert app["remedy"]
    assert app["callback_uri"] == CALLBACK
    assert not {"an-id", "a-secret"} & set(json.dumps(app).replace('"', " ").split())


def test_an_app_that_would_lead_elsewhere_says_what_to_enter(finance, monkeypatch) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_EXACT_NL", app_connection(host="start.exactonline.nl", extra={"redirect_uri": ELSEWHERE})
    )
    app = apps(finance)["exact_nl"]
    assert app["is_configured"]
    assert ELSEWHERE in app["problem"]
    assert CALLBACK in app["remedy"]


def test_the_redirect_uri_to_register_is_where_people_reach_airflow(finance, monkeypatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://books.example/")
    assert apps(finance)["exact_nl"]["callback_uri"] == "https://books.example/exactsync/oauth/callback"
    monkeypatch.delenv("AIRFLOW__API__BASE_URL")
    assert apps(finance)["exact_nl"]["callback_uri"] == "https://airflow.example/exactsync/oauth/callback"


def test_an_app_that_a_connection_uses_is_listed_even_if_it_is_gone(finance, monkeypatch) -> None:
    create(finance)
    monkeypatch.delenv("AIRFLOW_CONN_EXACT_NL")
    overview = finance.get("/api/overview").json()
    assert [(app["connection_id"], app["is_configured"]) for app in overview["apps"]] == [("exact_nl", False)]
    (connection,) = overview["connections"]
    assert connection["state"] == "not_configured"
    assert "exact_nl" in connection["reason_text"]


def test_the_default_app_is_found_in_a_secrets_backend_that_cannot_be_listed(finance, monkeypatch) -> None:
    from airflow.sdk import Connection
    from airflow.secrets.environment_variables import EnvironmentVariablesBackend

    def look_up(_: Any, conn_id: str, **__: Any) -> Connection | None:
        given = app_connection() if conn_id == "exact_online_default" else None
        return Connection.from_json(given, conn_id=conn_id) if given else None

    kept = EnvironmentVariablesBackend.get_connection
    monkeypatch.setattr(
        EnvironmentVariablesBackend,
        "get_connection",
        lambda self, conn_id, **more: look_up(self, conn_id) or kept(self, conn_id, **more),
    )
    assert apps(finance)["exact_online_default"]["is_configured"]
