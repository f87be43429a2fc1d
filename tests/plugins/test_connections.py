"""Airflow connections → what the library works with."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any
from unittest.mock import ANY
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg2
import pytest
from cryptography.fernet import Fernet
from requests import Request
from sqlalchemy import make_url

from exactsync.errors import ConfigurationError
from exactsync.simulator.server import SimulatorServer
from exactsync.simulator.settings import DEMO_APP, Settings
from exactsync.simulator.simulator import Simulator
from exactsync_airflow.deployment import airflow_deployment, find_app, token_keys, warehouse_url
from exactsync_airflow.hooks import ExactOnlineHook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CLIENT_ID = "{01234567-89ab-cdef-0123-456789abcdef}"
SECRET = "s3cr:t/@?&%20=é"
REDIRECT = "https://airflow.example/exact/callback"


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Define an Airflow connection; returns its id."""

    def define(connection_id: str, **fields: Any) -> str:
        monkeypatch.setenv(f"AIRFLOW_CONN_{connection_id.upper()}", json.dumps(fields))
        return connection_id

    return define


@pytest.fixture
def exact(connect: Callable[..., str]) -> Callable[..., str]:
    def define(**changes: Any) -> str:
        fields: dict[str, Any] = {
            "conn_type": "exact_online",
            "host": "https://start.exactonline.be/",
            "login": CLIENT_ID,
            "password": SECRET,
            "extra": {"redirect_uri": REDIRECT},
        }
        return connect("exact_test", **fields | changes)

    return define


def test_an_exact_connection_becomes_the_app(exact) -> None:
    app = find_app(exact())
    assert (app.base_url, app.client_id, app.redirect_uri) == ("https://start.exactonline.be", CLIENT_ID, REDIRECT)
    assert app.client_secret.reveal() == SECRET
    assert (app.region, app.verify, app.proxy) == ("be", True, None)


@pytest.mark.parametrize(
    ("extra", "verify", "proxy"),
    [
        ({"verify": False}, False, None),
        ({"verify": "false"}, False, None),
        ({"verify": "/etc/ssl/company.pem"}, "/etc/ssl/company.pem", None),
        ({"proxies": {"https": "http://proxy:3128"}}, True, "http://proxy:3128"),
        ({"proxy": "http://proxy:3128"}, True, "http://proxy:3128"),
        ({"proxies": {"http": "http://other:3128"}}, True, None),
    ],
)
def test_tls_and_proxy_settings_are_those_of_an_http_connection(exact, extra, verify, proxy) -> None:
    app = find_app(exact(extra={"redirect_uri": REDIRECT, **extra}))
    assert (app.verify, app.proxy) == (verify, proxy)


def test_a_connection_that_lacks_something_says_what(exact) -> None:
    with pytest.raises(ConfigurationError, match="redirect_uri"):
        find_app(exact(extra={}))
    with pytest.raises(ConfigurationError, match="client id"):
        find_app(exact(login=""))


def test_a_missing_connection_is_a_configuration_error_that_names_it() -> None:
    with pytest.raises(ConfigurationError, match="exact_nowhere"):
        find_app("exact_nowhere")


def test_the_hooks_session_sends_neither_the_secret_nor_the_extras(exact) -> None:
    session = ExactOnlineHook(exact(extra={"redirect_uri": REDIRECT, "region": "be", "token": "x"})).get_conn()
    request = session.prepare_request(Request("GET", "https://start.exactonline.be/"))
    assert not {"authorization", "redirect_uri", "region", "token"} & {name.lower() for name in request.headers}


@pytest.fixture
def simulated(exact, connect, migrated_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """An Exact Online that `exact_test` points to, and a warehouse."""
    monkeypatch.setenv("EXACTSYNC_TOKEN_KEYS", Fernet.generate_key().decode())
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE_DEFAULT", migrated_database)
    with SimulatorServer(Simulator(Settings(token_lifetime_s=2))) as server:
        exact(
            host=server.url,
            login=DEMO_APP.client_id,
            password=DEMO_APP.client_secret,
            extra={"redirect_uri": DEMO_APP.redirect_uris[0], "region": "nl"},
        )
        yield server.simulator


def authorise(simulated: Simulator) -> None:
    deployment = airflow_deployment()
    consent = httpx.get(deployment.authorise_url("exact_test", state="s"))
    (code,) = parse_qs(urlsplit(consent.headers["location"]).query)["code"]
    deployment.authorise("exact_test", code=code)


def test_the_connection_test_tells_a_newcomer_what_is_left_to_do(simulated) -> None:
    works, message = ExactOnlineHook("exact_test").test_connection()
    assert works
    assert "exactsync authorise" in message


def test_the_connection_test_names_who_authorised_and_spends_nothing(simulated, monkeypatch) -> None:
    authorise(simulated)
    simulated.clear_journal()
    assert ExactOnlineHook("exact_test").test_connection() == (True, ANY)
    # Airflow tests what is in the form under an id that it makes up
    monkeypatch.setenv("AIRFLOW_CONN_MADEUP", os.environ["AIRFLOW_CONN_EXACT_TEST"])
    assert "authorised by Dana Demo" in ExactOnlineHook("madeup").test_connection()[1]
    assert simulated.count_calls("/api/oauth2/token") == 0
    assert all(key.division is None for key in simulated.calls())
    assert simulated.violations() == []


def test_the_connection_test_notices_a_lost_grant(simulated) -> None:
    authorise(simulated)
    simulated.revoke_grants()
    time.sleep(simulated.settings.token_lifetime_s)
    assert airflow_deployment().connect().problems
    works, message = ExactOnlineHook("exact_test").test_connection()
    assert not works
    assert "grant is lost" in message


def test_the_connection_test_notices_a_wrong_redirect_uri(simulated, exact, monkeypatch) -> None:
    known = json.loads(os.environ["AIRFLOW_CONN_EXACT_TEST"])
    exact(**known | {"extra": {"redirect_uri": "https://elsewhere.example/"}})
    works, message = ExactOnlineHook("exact_test").test_connection()
    assert not works
    assert "redirect URI" in message


def test_the_connection_test_works_without_a_warehouse(simulated, monkeypatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_WAREHOUSE_DEFAULT")
    works, message = ExactOnlineHook("exact_test").test_connection()
    assert works
    assert "warehouse_default" in message


def test_nothing_of_the_secret_shows_in_what_the_connection_test_says(exact) -> None:
    works, message = ExactOnlineHook(exact(host="http://127.0.0.1:1")).test_connection()
    assert not works
    assert "http://127.0.0.1:1 cannot be reached" in message
    assert SECRET not in message


def test_the_connection_test_says_what_is_missing(exact) -> None:
    works, message = ExactOnlineHook(exact(extra={})).test_connection()
    assert not works
    assert "redirect_uri" in message


def test_the_warehouse_connection_becomes_a_url_in_which_every_part_is_quoted(connect) -> None:
    password, user, database = "p@ss:w/rd?&%20é", "u:ser@x", "ware/house"
    url = make_url(
        warehouse_url(
            connect(
                "warehouse_test",
                conn_type="postgres",
                host="db.example",
                port=5433,
                login=user,
                password=password,
                schema=database,
                extra={"sslmode": "verify-full", "sslrootcert": "/a b/ca.pem", "options": "-c statement_timeout=5s"},
            )
        )
    )
    assert (url.username, url.password, url.host, url.port, url.database) == (
        user,
        password,
        "db.example",
        5433,
        database,
    )
    assert url.query == {
        "sslmode": "verify-full",
        "sslrootcert": "/a b/ca.pem",
        "options": "-c statement_timeout=5s",
    }


def test_extras_that_are_not_postgres_settings_stay_out_of_the_url(connect) -> None:
    url = warehouse_url(
        connect("warehouse_test", conn_type="postgres", host="db", extra={"iam": True, "cursor": "dictcursor"})
    )
    assert "?" not in url


def test_the_url_opens_the_database(connect, empty_database: str) -> None:
    given = make_url(empty_database)
    url = warehouse_url(
        connect(
            "warehouse_test",
            conn_type="postgres",
            host=given.host,
            port=given.port,
            login=given.username,
            password=given.password,
            schema=given.database,
            extra={"application_name": "exactsync test", "sslmode": "prefer"},
        )
    )
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_database(), current_setting('application_name')")
            assert cursor.fetchone() == (given.database, "exactsync test")
    finally:
        connection.close()


def test_a_missing_warehouse_says_which_connection_to_create() -> None:
    with pytest.raises(ConfigurationError, match="AIRFLOW_CONN_WAREHOUSE_NOWHERE"):
        warehouse_url("warehouse_nowhere")


def test_a_warehouse_of_another_kind_is_refused(connect) -> None:
    with pytest.raises(ConfigurationError, match="mysql"):
        warehouse_url(connect("warehouse_test", conn_type="mysql", host="db"))


@pytest.mark.parametrize(("text", "keys"), [("", []), ("one", ["one"]), (" one , two,", ["one", "two"])])
def test_token_keys_are_a_list_with_the_encrypting_one_first(monkeypatch, text: str, keys: list[str]) -> None:
    monkeypatch.setenv("EXACTSYNC_TOKEN_KEYS", text)
    assert token_keys() == keys
