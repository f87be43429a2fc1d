"""What is asked by whom and how, and what an answer may do in a browser."""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest

from exactsync.secret import Secret
from exactsync.simulator import DEMO_APP
from exactsync.simulator.faults import Fault, maintenance
from exactsync_airflow.accounting_setup import installation
from exactsync_airflow.accounting_setup.request_size import LONGEST
from tests.plugins.accounting_setup.browser import (
    CALLBACK,
    HOST,
    OWN_PAGE,
    PREFIX,
    Browser,
    consent,
    create,
    error,
    told,
)
from tests.plugins.accounting_setup.conftest import HOSTILE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from httpx import Response

JSON = {"Content-Type": "application/json"}
CHANGES = [
    ("POST", "/api/base", {"base": "files"}),
    ("POST", "/api/connections", {"name": "Evil", "connection_id": "exact_nl", "axes": []}),
    ("POST", "/api/connections/Demo/authorise", {}),
    ("PUT", "/api/connections/Demo/companies", {"divisions": [1000001]}),
    ("PUT", "/api/connections/Demo/axes", {"axes": []}),
    ("POST", "/api/connections/Demo/pause", {}),
    ("POST", "/api/connections/Demo/resume", {}),
    ("POST", "/api/connections/Demo/disconnect", {}),
    ("POST", "/api/connections/Demo/remove", {}),
    ("POST", "/api/connections/Demo/sync", {}),
]
FOREIGN = {
    "another site": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "another site in an old browser": {"Origin": "https://evil.example"},
    "a neighbour": {"Origin": "https://other.airflow.example", "Sec-Fetch-Site": "same-site"},
    "a sandbox": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    "a lookalike": {"Origin": "https://airflow.example.evil.example"},
    "another port": {"Origin": "https://airflow.example:8443"},
    "nobody knows": {},
}


# -- who asks


@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_a_change_that_our_page_did_not_ask_for_is_refused(browser, method, path, body, foreign) -> None:
    answer = browser("admin").send(method, path, body, JSON | foreign)
    assert answer.status_code == 403
    assert error(answer)["reason"] == "foreign_page"
    assert "base_url" in error(answer)["remedy"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_a_change_that_a_form_could_send_is_refused(browser, method, path, body, kind) -> None:
    assert browser("admin").send(method, path, body, OWN_PAGE | {"Content-Type": kind}).status_code == 415


@pytest.mark.parametrize("role", ["admin", None])
def test_a_request_without_end_is_not_heard_out(browser, role) -> None:
    sent = 0

    def drip() -> Iterator[bytes]:
        nonlocal sent
        while sent < 4 * LONGEST:
            sent += 65_536
            yield b" " * 65_536

    answer = browser(role).client.post(f"{PREFIX}/exactsync/api/base", content=drip(), headers=OWN_PAGE)
    assert answer.status_code == 413
    assert error(answer)["message"] == "The request is too long."


def test_our_own_page_is_known_by_either_header(finance) -> None:
    site, origin = {"Sec-Fetch-Site": "same-origin"}, {"Origin": HOST}
    for own in (site | origin, site, origin):
        assert finance.send("POST", "/api/base", {"base": "files"}, JSON | own).status_code == 200, own


def test_our_own_page_is_known_by_its_host_where_no_address_is_configured(finance, monkeypatch) -> None:
    monkeypatch.delenv("AIRFLOW__API__BASE_URL")
    behind_tls = {"Origin": "https://books.example", "Host": "books.example"}
    assert finance.send("POST", "/api/base", {"base": "files"}, JSON | behind_tls).status_code == 200
    elsewhere = {"Origin": "https://evil.example", "Host": "books.example"}
    assert finance.send("POST", "/api/base", {"base": "files"}, JSON | elsewhere).status_code == 403


def test_another_site_cannot_have_a_browser_ask_exact_for_the_companies(connected, exact) -> None:
    calls = exact.count_calls()
    for site in ("cross-site", "same-site"):
        answer = connected.get("/api/connections/Demo/companies?reload=true", **{"Sec-Fetch-Site": site})
        assert answer.status_code == 403
    assert exact.count_calls() == calls


# -- what an answer may do


def test_nothing_that_exact_sends_can_become_a_page(connected) -> None:
    answers = [
        connected.get("/api/connections/Demo/companies"),
        connected.put("/api/connections/Demo/companies", {"divisions": [1000002]}),
        connected.get("/api/overview"),
        connected.get("/api/connections/Demo"),
        connected.get("/api/connections/Demo/progress"),
    ]
    for answer in answers:
        assert HOSTILE_NAME in json.dumps(answer.json())
        assert_inert(answer)


def test_every_answer_is_inert_the_refusals_too(browser, exact) -> None:
    person = browser("user")
    answers = [
        person.get("/api/overview"),
        browser(None).get("/api/overview"),
        browser("viewer").post("/api/base", {"base": "files"}),
        person.get(f"/api/connections/{quote(HOSTILE_NAME)}"),
        person.get("/api/nowhere"),
        person.post("/api/overview"),
        person.post("/api/base", {"base": HOSTILE_NAME}),
        person.get("/accounting_setup/www/nowhere.js"),
    ]
    assert [answer.status_code for answer in answers] == [200, 401, 403, 404, 404, 405, 400, 404]
    for answer in answers:
        assert_inert(answer)


def assert_inert(answer: Response) -> None:
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"


# -- what a refusal says


def test_what_the_library_refuses_comes_with_its_reason_and_the_way_out(finance) -> None:
    answer = finance.post("/api/connections", {"name": " ", "connection_id": "exact_nl", "axes": []})
    assert answer.status_code == 400
    said = error(answer)
    assert "cannot be the name" in said["message"]
    assert "visible characters" in said["remedy"]
    assert said["reason"] == "configuration"


def test_an_unknown_connection_is_not_found(finance) -> None:
    answer = finance.post("/api/connections/nowhere/pause")
    assert (answer.status_code, error(answer)["reason"]) == (404, "unknown_connection")


def test_what_does_not_go_with_the_state_says_what_does(connected) -> None:
    answer = connected.post("/api/connections/Demo/sync")
    assert answer.status_code == 409
    assert "choose companies" in error(answer)["remedy"]


def test_a_company_of_another_connection_is_refused(connected) -> None:
    connected.put("/api/connections/Demo/companies", {"divisions": [1000001]}).raise_for_status()
    create(connected, "Second")
    connected.follow(consent(connected, "Second"))
    listed = connected.get("/api/connections/Second/companies").json()["companies"]
    assert {company["division"]: company["taken_by"] for company in listed} == {1000001: "Demo", 1000002: None}
    answer = connected.put("/api/connections/Second/companies", {"divisions": [1000001]})
    assert answer.status_code == 400
    assert "by Demo" in error(answer)["message"]


def test_a_body_that_makes_no_sense_is_refused(connected) -> None:
    url = f"{PREFIX}/exactsync/api/connections/Demo/companies"
    for body in ("", "[]", "{", '{"divisions": "all"}', '{"divisions": [1], "more": 1}', '{"divisions": [1e99]}'):
        answer = connected.client.put(url, content=body, headers=OWN_PAGE)
        assert (answer.status_code, error(answer)["reason"]) == (400, "invalid"), body


def test_exact_being_away_is_something_to_try_again(connected, exact) -> None:
    exact.plant(Fault(action=maintenance(), every=1))
    answer = connected.get("/api/connections/Demo/companies?reload=true")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert error(answer)["reason"] == "exact_unavailable"


def test_a_warehouse_that_does_not_answer_is_something_to_try_again(finance, monkeypatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE_DEFAULT", "postgresql://u:a-password@127.0.0.1:1/warehouse")
    answer = finance.get("/api/overview")
    assert answer.status_code == 503
    assert error(answer)["reason"] == "database_unavailable"
    assert "a-password" not in answer.text


def test_a_warehouse_that_goes_away_is_something_to_try_again(finance, migrated_database, postgres_server) -> None:
    finance.get("/api/overview").raise_for_status()
    name = urlsplit(migrated_database).path[1:]
    postgres_server._execute("ALTER DATABASE {} ALLOW_CONNECTIONS false", name)
    postgres_server._execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    assert finance.get("/api/overview").status_code == 503
    assert told(finance.follow(f"{CALLBACK}?state=x&code=y")) == {"problem": ["database_unavailable"]}
    postgres_server._execute("ALTER DATABASE {} ALLOW_CONNECTIONS true", name)
    assert finance.get("/api/overview").status_code == 200


@pytest.mark.parametrize(
    ("option", "status", "reason"),
    [
        ("role=exactsync_reader", 400, "configuration"),
        ("default_transaction_read_only=on", 503, "database_unavailable"),
    ],
)
def test_a_warehouse_that_lets_us_do_nothing_is_no_defect(
    finance, migrated_database, monkeypatch, option, status, reason
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE_DEFAULT", f"{migrated_database}?options=-c%20{option}")
    answer = finance.post("/api/base", {"base": "exact_online"})
    assert (answer.status_code, error(answer)["reason"]) == (status, reason), answer.text


def test_a_missing_warehouse_connection_says_which_one(finance, monkeypatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_WAREHOUSE_DEFAULT")
    answer = finance.get("/api/overview")
    assert answer.status_code == 400
    assert "AIRFLOW_CONN_WAREHOUSE_DEFAULT" in error(answer)["remedy"]


def test_a_defect_is_logged_without_secrets_and_answered_without_details(finance, monkeypatch, caplog) -> None:
    token = Secret("a-token-that-must-stay-inside").reveal()

    def fail() -> Any:
        raise RuntimeError(f"GET failed with {token}")

    monkeypatch.setattr(installation, "deployment", fail)
    answer = finance.get("/api/overview")
    assert answer.status_code == 500
    assert error(answer)["reason"] == "defect"
    assert "GET failed" not in answer.text
    assert "RuntimeError: GET failed with ***" in caplog.text
    assert token not in caplog.text


# -- secrets


def test_no_secret_is_in_any_answer_or_log(browser, exact, caplog, monkeypatch, migrated_database) -> None:
    """A whole story, with all logs turned on: what goes well, what fails, and the look of those who may more."""
    caplog.set_level(logging.DEBUG)
    answers = record_answers(monkeypatch)
    finance = browser("user")
    create(finance)
    address = consent(finance)
    for visitor in (browser(None), browser("viewer"), browser("admin"), finance, finance):
        visitor.follow(address)
    finance.get("/api/connections/Demo/companies?reload=true")
    finance.put("/api/connections/Demo/companies", {"divisions": [1000001, 9]})
    finance.put("/api/connections/Demo/companies", {"divisions": [1000001]})
    finance.follow(consent(finance))
    for path in ("/api/overview", "/api/connections/Demo", "/api/connections/Demo/progress"):
        browser("admin").get(path)
    finance.post("/api/connections/Demo/disconnect")
    secrets = [
        *exact.secrets(),
        DEMO_APP.client_secret,
        quote(DEMO_APP.client_secret, safe=""),
        os.environ["EXACTSYNC_TOKEN_KEYS"],
        str(urlsplit(migrated_database).password),
    ]
    assert len(answers) > 12
    assert len(exact.secrets()) >= 6
    sent = "\n".join(f"{answer.headers}\n{answer.text}" for answer in answers)
    assert [secret for secret in secrets if secret in sent] == []
    assert [secret for secret in secrets if secret in caplog.text] == []


def record_answers(monkeypatch: pytest.MonkeyPatch) -> list[Response]:
    """Keep every answer that any browser gets from now on."""
    answers: list[Response] = []
    make = Browser.__init__

    def make_recording(self: Browser, *args: Any) -> None:
        make(self, *args)
        self.client.event_hooks["response"] = [answers.append]

    monkeypatch.setattr(Browser, "__init__", make_recording)
    return answers
