"""What the page Sync health is answered, by the api-server of a real Airflow."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from exactsync.entities import entities
from tests.plugins.accounting_setup.browser import HOST, PREFIX, Browser, error
from tests.plugins.accounting_setup.conftest import HOSTILE_NAME
from tests.plugins.accounting_setup.test_page import offered

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = f"{PREFIX}/plugin/sync-health"
HOLDER = "exact_online_sync/scheduled__2026-11-22T18:00:00+00:00/vat_codes/3"


def health(browser: Browser) -> dict[str, Any]:
    return dict(browser.get("/api/sync-health").raise_for_status().json())


def choose_both(connected: Browser) -> None:
    connected.put("/api/connections/Demo/companies", {"divisions": [1000001, 1000002]}).raise_for_status()


def test_the_page_is_in_the_navigation_beside_the_other_one(browser) -> None:
    pages = [offered(browser, name) for name in ("Accounting setup", "Sync health")]
    assert [page["url_route"] for page in pages] == ["accounting-setup", "sync-health"]
    assert all(page["destination"] == "nav" and page["nav_top_level"] for page in pages)


def test_the_ui_finds_the_modules_and_they_find_each_other(browser) -> None:
    visitor = browser(None).client
    base = urljoin(f"{HOST}{PAGE}", re.search(r'<base href="([^"]*)"', visitor.get(PAGE).text)[1])
    main = urljoin(base, offered(browser, "Sync health")["bundle_url"])
    imported = re.findall(r'from "(\.[^"]+)";', visitor.get(main).raise_for_status().text)
    assert any("accounting_setup" in name for name in imported)
    for name in imported:
        assert visitor.get(urljoin(main, name)).status_code == 200, name


def test_before_anything_is_set_up_there_is_nothing_to_show(finance) -> None:
    shown = health(finance)
    assert (shown["connections"], shown["companies"], shown["changes"]) == ([], [], [])
    assert shown["setup_url"] == "plugin/accounting-setup"
    assert [each["name"] for each in shown["entities"]] == [*entities(), "deletions"]
    days = [date.fromisoformat(day) for day in shown["days"]]
    assert days == [days[0] + timedelta(days=number) for number in range(14)]
    assert days[-1].isoformat() == shown["now"][:10]


def test_every_company_has_a_cell_for_every_column(connected, browser) -> None:
    choose_both(connected)
    shown = health(browser("viewer"))
    assert [each["division"] for each in shown["companies"]] == [1000001, 1000002]
    for each in shown["companies"]:
        assert [cell["entity"] for cell in each["data_sets"]] == [column["name"] for column in shown["entities"]]
    (connection,) = shown["connections"]
    assert (connection["name"], connection["state_label"]) == ("Demo", "Initial sync")


def test_a_cell_leads_to_the_task_and_tells_the_page_of_the_runbook(connected, execute: Callable[..., None]) -> None:
    choose_both(connected)
    execute(
        """
        INSERT INTO exactsync.sync_state (division, entity, attempted_at, outcome, message, reason, holder)
        VALUES (1000001, 'vat_codes', now(), 'GuardError', :message, 'sync_failing', :holder)
        """,
        message="division 1000001: 9 rows would go. What to do: look. More: docs/runbook/guard.md",
        holder=HOLDER,
    )
    cells = {cell["entity"]: cell for cell in health(connected)["companies"][0]["data_sets"]}
    failed = cells["vat_codes"]
    assert (failed["standing"], failed["outcome"]) == ("failed", "GuardError")
    assert failed["findings"] == [
        {"text": "division 1000001: 9 rows would go. What to do: look.", "runbook": "docs/runbook/guard.md"}
    ]
    run = "scheduled__2026-11-22T18%3A00%3A00%2B00%3A00"
    assert failed["task_url"] == f"dags/exact_online_sync/runs/{run}/tasks/vat_codes/mapped/3"
    assert cells["suppliers"]["standing"] == "waiting"
    assert cells["suppliers"]["task_url"] is None


def test_what_exact_calls_a_company_leaves_as_json(connected) -> None:
    choose_both(connected)
    answer = connected.get("/api/sync-health")
    assert [each["name"] for each in answer.json()["companies"]] == ["Demo Holding", HOSTILE_NAME]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_other_sites_get_no_answer(finance) -> None:
    answer = finance.get("/api/sync-health", **{"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert error(answer)["message"] == "Other sites get no answer."


def test_a_database_that_is_away_is_told_with_the_way_out(finance, monkeypatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE_DEFAULT", "postgres://nobody@127.0.0.1:1/nowhere")
    answer = finance.get("/api/sync-health")
    assert answer.status_code == 503
    assert "cannot be reached" in error(answer)["message"]
