from __future__ import annotations

import json
import traceback
from dataclasses import replace

import pytest

from exactsync.credentials import app_from_connection
from exactsync.errors import ConfigurationError
from exactsync.secret import Secret

SECRET = "p/w+with=odd:chars@and%signs"
FIELDS = {
    "conn_type": "exact_online",
    "host": "https://start.exactonline.be/",
    "login": "client-1",
    "password": SECRET,
    "extra": {"redirect_uri": "https://spend.example/callback?a=b"},
}


def test_a_secret_shows_itself_only_when_asked():
    secret = Secret("hunter2hunter2")
    assert f"{secret} {secret!r} {secret!s:>4} {[secret]} { {'s': secret} }".count("hunter2") == 0
    assert secret.reveal() == "hunter2hunter2"
    assert secret == Secret("hunter2hunter2") != Secret("other")
    assert not Secret("")


def test_a_json_connection_is_read_as_airflow_reads_it():
    app = app_from_connection("exact_be", json.dumps(FIELDS))
    assert (app.base_url, app.client_id, app.redirect_uri) == (
        "https://start.exactonline.be",
        "client-1",
        "https://spend.example/callback?a=b",
    )
    assert app.client_secret.reveal() == SECRET
    assert app.region == "be"
    assert SECRET not in repr(app)


def test_extra_may_be_json_in_a_string():
    as_text = FIELDS | {"extra": json.dumps({"redirect_uri": "https://x", "verify": "/ca.pem", "proxy": "http://p:1"})}
    app = app_from_connection("c", json.dumps(as_text))
    assert (app.redirect_uri, app.verify, app.proxy) == ("https://x", "/ca.pem", "http://p:1")


@pytest.mark.parametrize(("given", "verify"), [(False, False), ("false", False), ("True", True), (True, True)])
def test_verify_may_be_a_flag_in_any_spelling(given, verify):
    fields = FIELDS | {"extra": {"redirect_uri": "https://x", "verify": given}}
    assert app_from_connection("c", json.dumps(fields)).verify is verify


@pytest.mark.parametrize(
    ("fields", "base_url"),
    [
        ({"host": "start.exactonline.nl"}, "https://start.exactonline.nl"),
        ({"host": "127.0.0.1", "schema": "http", "port": 8080}, "http://127.0.0.1:8080"),
        ({"host": "http://127.0.0.1:8080", "port": 9}, "http://127.0.0.1:8080"),
        ({"host": "http://simulator", "port": "8080"}, "http://simulator:8080"),
        ({"host": None}, "https://start.exactonline.fr"),
    ],
)
def test_the_base_url_comes_from_host_schema_port_or_region(fields, base_url):
    extra = {"redirect_uri": "https://x", "region": "fr"}
    app = app_from_connection("c", json.dumps(FIELDS | fields | {"extra": extra}))
    assert app.base_url == base_url
    assert app.region == "fr"


@pytest.mark.parametrize("extra", [{}, {"verify": False, "region": "nl"}])
@pytest.mark.parametrize("host", ["https://start.exactonline.nl", "http://127.0.0.1:8080", "start.exactonline.nl"])
def test_every_uri_that_airflow_writes_is_read_back(extra, host):
    from airflow.models.connection import Connection

    fields = FIELDS | {"host": host, "extra": json.dumps(FIELDS["extra"] | extra)}
    uri = Connection(conn_id="c", **fields).get_uri()
    assert app_from_connection("c", uri) == app_from_connection("c", json.dumps(fields))


@pytest.mark.parametrize("missing", ["login", "password", "extra", "host"])
def test_what_is_missing_is_named(missing):
    fields = {name: value for name, value in FIELDS.items() if name != missing}
    with pytest.raises(ConfigurationError, match=f"exact_be lacks .*{missing}") as caught:
        app_from_connection("exact_be", json.dumps(fields))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        '{"host": "h", "password": "p4ssw0rd"',
        "[]",
        "",
        '{"extra": "no json"}',
        "exact-online://c:p4ssw0rd@host:port/",
        '{"host": "https://h:99999", "login": "c", "password": "p4ssw0rd", "extra": {"redirect_uri": "x"}}',
    ],
)
def test_an_unreadable_connection_is_refused_without_repeating_it(value):
    with pytest.raises(ConfigurationError) as caught:
        app_from_connection("c", value)
    assert "p4ssw0rd" not in "".join(traceback.format_exception(caught.value))


def test_the_key_of_an_app_is_its_host_and_client_id_whatever_connection_names_it(app):
    assert replace(app, connection_id="other").key == app.key
    assert replace(app, base_url="https://start.exactonline.be").key != app.key
    assert replace(app, client_id="other").key != app.key


@pytest.mark.parametrize(
    ("host", "region"),
    [("start.exactonline.nl", "nl"), ("start.exactonline.co.uk", "uk"), ("localhost:1", "localhost")],
)
def test_the_region_follows_the_host(app, host, region):
    assert replace(app, base_url=f"https://{host}").region == region


@pytest.mark.parametrize(
    ("host", "region", "expected"),
    [
        ("start.exactonline.co.uk", None, "start.exactonline.co.uk"),
        ("proxy.example", "be", "start.exactonline.be"),
        ("proxy.example", None, None),
        ("proxy.example", "nl.evil.example", None),
    ],
)
def test_people_see_exact_at_its_own_host_in_their_region_whatever_host_is_called(app, host, region, expected):
    assert replace(app, base_url=f"https://{host}", given_region=region).screens_host == expected
