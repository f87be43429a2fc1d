"""The page's place in Airflow's UI, and how the api-server holds what is behind it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

from fastapi.testclient import TestClient
from sqlalchemy import create_engine, text

from exactsync.entity import Axis
from exactsync_airflow import deployment as airflow_side
from exactsync_airflow.accounting_setup import installation
from exactsync_airflow.accounting_setup.app import create_app
from exactsync_airflow.accounting_setup.axes import describe_axes
from exactsync_airflow.accounting_setup.links import PAGE_ROUTE, URL_PREFIX
from tests.plugins.accounting_setup.browser import HOST, PAGE, consent, create, error

ROOT = Path(__file__).resolve().parents[3]


def offered(browser: Any, name: str = "Accounting setup") -> dict[str, Any]:
    """Return a page as Airflow's UI hears of it."""
    plugins = browser("admin").client.get("/finance/api/v2/plugins").raise_for_status().json()["plugins"]
    pages = [app for plugin in plugins if plugin["name"] == "exactsync" for app in plugin["react_apps"]]
    (page,) = [page for page in pages if page["name"] == name]
    return dict(page)


def test_the_page_is_in_the_navigation_at_the_address_that_consents_lead_to(browser) -> None:
    page = offered(browser)
    assert (page["name"], page["destination"]) == ("Accounting setup", "nav")
    assert PAGE.endswith(f"/plugin/{page['url_route']}")
    assert page["url_route"] == PAGE_ROUTE


def test_the_ui_finds_the_pages_modules_below_the_path_prefix(browser) -> None:
    """Airflow's UI resolves `bundle_url` against the page's <base>."""
    visitor = browser(None).client
    document = visitor.get(PAGE).text
    base = urljoin(f"{HOST}{PAGE}", re.search(r'<base href="([^"]*)"', document)[1])
    module = visitor.get(urljoin(base, offered(browser)["bundle_url"]))
    assert module.status_code == 200
    assert module.headers["content-type"].partition(";")[0] in {"text/javascript", "application/javascript"}
    assert module.headers["x-content-type-options"] == "nosniff"
    assert module.headers["cache-control"] == "no-cache"
    assert module.headers["content-security-policy"].startswith("default-src 'none'")


def test_a_module_that_has_not_changed_is_not_sent_again(browser) -> None:
    first = browser(None).get("/accounting_setup/www/main.js")
    again = browser(None).get("/accounting_setup/www/main.js", **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["cache-control"]) == (304, b"", "no-cache")


def test_nothing_but_the_pages_modules_is_served(browser) -> None:
    visitor = browser(None)
    for path in (
        "/accounting_setup/www/../app.py",
        "/accounting_setup/www/%2e%2e/app.py",
        "/accounting_setup/www/..%2fapp.py",
        "/accounting_setup/www/",
        "/accounting_setup/www//etc/passwd",
    ):
        assert visitor.get(path).status_code in {404, 405}, path


def test_processes_that_load_plugins_do_not_load_the_page() -> None:
    """Tasks and parsers load every plugin; FastAPI and the library would cost each of them half a second."""
    script = """
import sys
import airflow.sdk
from airflow import plugins_manager
from airflow.sdk import plugins_manager as of_tasks
heavy = {"fastapi", "sqlalchemy.orm", "exactsync.deployment", "exactsync_airflow.accounting_setup.app"}
before = heavy & set(sys.modules)
of_tasks._get_plugins()
(plugin,) = [plugin for plugin in plugins_manager._get_plugins()[0] if plugin.name == "exactsync"]
assert plugin.react_apps
assert heavy & set(sys.modules) == before, heavy & set(sys.modules) - before
(app,) = plugin.fastapi_apps
assert app is plugin.fastapi_apps[0]
assert app["url_prefix"] == "/exactsync", app
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, timeout=120)


def test_the_api_is_where_the_page_looks_for_it(browser) -> None:
    plugins = browser("admin").client.get("/finance/api/v2/plugins").json()["plugins"]
    (api,) = [app for plugin in plugins if plugin["name"] == "exactsync" for app in plugin["fastapi_apps"]]
    assert api["url_prefix"] == URL_PREFIX


def test_one_deployment_serves_every_request_of_a_process(finance, browser, migrated_database, monkeypatch) -> None:
    made = []
    make = airflow_side.airflow_deployment
    monkeypatch.setattr(installation, "airflow_deployment", lambda: made.append(make()) or made[-1])
    for _ in range(5):
        assert browser("viewer").get("/api/overview").status_code == 200
    assert len(made) == 1
    engine = create_engine(migrated_database.replace("postgresql://", "postgresql+psycopg2://"))
    with engine.connect() as connection:
        ours = "application_name = 'exactsync' AND datname = current_database()"
        assert connection.scalar(text(f"SELECT count(*) FROM pg_stat_activity WHERE {ours}")) <= 2
    engine.dispose()


def test_a_warehouse_connection_that_was_changed_counts_at_once(finance, migrated_database, monkeypatch) -> None:
    create(finance)
    kept = installation.deployment()
    assert installation.deployment() is kept
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE_DEFAULT", f"{migrated_database}?application_name=changed")
    assert installation.deployment() is not kept
    assert [each["name"] for each in finance.get("/api/overview").json()["connections"]] == ["Demo"]


def test_the_databases_are_let_go_of_when_the_api_server_stops(finance) -> None:
    with TestClient(create_app(), base_url=HOST):
        kept = installation.deployment()
    assert installation.deployment() is not kept


def test_every_axis_that_there_is_says_where_to_see_it_in_exact() -> None:
    assert [axis.name for axis in describe_axes()] == list(Axis)
    assert all("Exact Online" in axis.where for axis in describe_axes())


def test_a_name_may_hold_whatever_means_nothing_in_an_address(finance) -> None:
    for name in ("A & B; c=d", "Café №1", "a+b", "x companies", "<img src=x onerror=alert(1)>"):
        create(finance, name)
        answer = finance.get(f"/api/connections/{quote(name, safe='')}")
        assert (answer.status_code, answer.json()["name"]) == (200, name)


def test_no_name_leads_to_what_another_connection_answers(connected) -> None:
    for name in ("Demo/companies", "Demo/progress", "why?", "50%", "#1", "a\\b", "a\tb"):
        answer = connected.post("/api/connections", {"name": name, "connection_id": "exact_nl", "axes": []})
        assert answer.status_code == 400, name
        assert "none of / \\ ? # %" in error(answer)["remedy"]
    assert [each["name"] for each in connected.get("/api/overview").json()["connections"]] == ["Demo"]


def test_a_consent_of_today_lasts_for_thirty_days(connected) -> None:
    assert connected.get("/api/connections/Demo").json()["lapses_in_days"] == 30


def test_a_connection_set_up_by_mistake_is_removed_and_its_name_is_free(finance) -> None:
    create(finance)
    create(finance, "Kept")
    answer = finance.post("/api/connections/Demo/remove")
    assert (answer.status_code, [each["name"] for each in answer.json()["connections"]]) == (200, ["Kept"])
    create(finance)
    events = [entry["event"] for entry in finance.get("/api/connections/Demo").json()["journal"]]
    assert events == ["created", "removed", "created"]


def test_a_connection_that_is_connected_is_not_removed(connected) -> None:
    answer = connected.post("/api/connections/Demo/remove")
    assert answer.status_code == 409
    assert "disconnect" in error(answer)["remedy"]


def test_what_was_paused_says_so_while_it_must_be_reconnected_and_is_paused_afterwards(connected, execute) -> None:
    connected.put("/api/connections/Demo/companies", {"divisions": [1000001]}).raise_for_status()
    assert connected.post("/api/connections/Demo/pause").json()["is_paused"] is True
    execute("UPDATE exactsync.integrations SET state = 'reconnect_needed', reason = 'revoked'")
    shown = connected.get("/api/connections/Demo").json()
    assert (shown["state"], shown["is_paused"], shown["actions"][0]) == ("reconnect_needed", True, "reconnect")
    assert shown["lapses_in_days"] is None
    connected.follow(consent(connected))
    assert connected.get("/api/connections/Demo").json()["state"] == "paused"


def test_an_access_token_that_exact_refuses_is_explained_and_can_be_reconnected(connected, execute) -> None:
    connected.put("/api/connections/Demo/companies", {"divisions": [1000001]}).raise_for_status()
    execute("UPDATE exactsync.integrations SET state = 'degraded', reason = 'access_refused'")
    shown = connected.get("/api/connections/Demo").json()
    assert "reconnect" in shown["actions"]
    assert "refuses the access token" in shown["reason_text"]
    assert "reconnect now" in shown["remedy"]
