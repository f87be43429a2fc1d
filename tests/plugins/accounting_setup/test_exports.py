"""What the page Exports is answered, by the api-server of a real Airflow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import pytest

from tests.plugins.accounting_setup.browser import HOST, OWN_PAGE, PREFIX, Browser, error
from tests.plugins.accounting_setup.conftest import HOSTILE_NAME
from tests.plugins.accounting_setup.test_page import offered

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = f"{PREFIX}/plugin/exports"
HOLDER = "exact_online_export/manual__2026-11-22T18:00:00+00:00/export/3"
TASK = "dags/exact_online_export/runs/manual__2026-11-22T18%3A00%3A00%2B00%3A00/tasks/export/mapped/3"
SET_UP = """
INSERT INTO exactsync.payable_sources (source, kind, integration, division, actor)
VALUES ('spendesk', 'spendesk', 'Demo', 1000001, 'a test')
"""
RECEIVE = """
INSERT INTO exactsync.payables_outbox
    (source, payable_id, integration, division, state, payable, fingerprint, reference, kind, currency, amount,
     entry_date, counterparty, reasons, owner, link)
VALUES ('spendesk', :id, 'Demo', 1000001, :state, jsonb_build_object('number', 'F-1', 'description', 'Chairs'), '',
        'XS-' || :id, 'invoice', 'EUR', 12345678901234567.10, '2026-11-20', :counterparty,
        CAST(:reasons AS jsonb), :owner, :link)
"""
REASON = '[{"check": "vat_code", "message": "No VAT code.", "remedy": "Map it."}]'


@pytest.fixture
def receive(execute: Callable[..., None]) -> Callable[..., None]:
    """Have received a payable."""
    execute(SET_UP)

    def run(payable_id: str = "p/1", state: str = "blocked", **given: Any) -> None:
        values = {"counterparty": "Meubelmakers B.V.", "reasons": "[]", "owner": None, "link": None, **given}
        execute(RECEIVE, id=payable_id, state=state, **values)

    return run


def exports(browser: Browser, query: str = "") -> dict[str, Any]:
    return dict(browser.get(f"/api/exports{query}").raise_for_status().json())


def decision(payable_id: str = "p/1", action: str = "retry", why: str = "Mapped it.") -> dict[str, str]:
    return {"source": "spendesk", "id": payable_id, "action": action, "why": why}


def test_the_page_is_in_the_navigation_and_finds_its_modules(browser) -> None:
    assert offered(browser, "Exports")["url_route"] == "exports"
    visitor = browser(None).client
    base = urljoin(f"{HOST}{PAGE}", re.search(r'<base href="([^"]*)"', visitor.get(PAGE).text)[1])
    main = urljoin(base, offered(browser, "Exports")["bundle_url"])
    imported = re.findall(r'from "(\.[^"]+)";', visitor.get(main).raise_for_status().text)
    assert any("accounting_setup" in name for name in imported)
    for name in imported:
        assert visitor.get(urljoin(main, name)).status_code == 200, name


def test_before_anything_is_set_up_there_is_nothing_to_show(finance) -> None:
    shown = exports(finance)
    assert (shown["has_sources"], shown["found"], shown["payables"], shown["totals"]) == (False, 0, [], [])
    assert shown["setup_url"] == "plugin/accounting-setup"
    assert shown["dag"]["id"] == "exact_online_export"


def test_a_payable_is_told_to_the_cent_with_its_reason_and_what_can_be_done(finance, receive) -> None:
    receive(reasons=REASON, owner=HOLDER)
    (told,) = exports(finance)["payables"]
    assert (told["id"], told["amount"], told["number"]) == ("p/1", "12345678901234567.10", "F-1")
    assert told["reasons"] == [{"message": "No VAT code.", "remedy": "Map it."}]
    assert told["actions"] == ["retry", "send_back", "mark_exported"]
    assert told["task_url"] == TASK


def test_only_what_may_be_booked_already_can_be_booked_anyway(finance, receive) -> None:
    twin = '[{"check": "possible_duplicate", "message": "It has a twin.", "remedy": "Compare them."}]'
    receive(reasons=twin)
    (told,) = exports(finance)["payables"]
    assert told["actions"] == ["retry", "send_back", "mark_exported", "book_anyway"]
    answer = finance.post("/api/exports/decisions", decision(action="book_anyway", why="Another delivery."))
    assert answer.json() == {"state": "blocked"}
    (told,) = exports(finance)["payables"]
    assert told["actions"] == ["retry", "send_back", "mark_exported"]
    assert finance.post("/api/exports/decisions", decision(action="book_anyway")).status_code == 400


def test_a_link_leads_to_exact_or_is_none_whatever_stands_in_the_table(finance, receive) -> None:
    screen = "https://start.exactonline.be/docs/DocView.aspx?DocumentID=1"
    for payable_id, link in (("p1", screen), ("p2", "javascript:alert(1)"), ("p3", "https://start.exactonline.evil/")):
        receive(payable_id, "prepared", link=link)
    assert {each["id"]: each["link"] for each in exports(finance)["payables"]} == {"p1": screen, "p2": None, "p3": None}


def test_what_is_asked_for_is_answered(finance, receive) -> None:
    receive("p1", "failed")
    receive("p2", "prepared")
    asked = exports(finance, "?state=failed&state=in_doubt&company=1000001&kind=invoice&first=2026-11-20&text=xs-p1")
    assert [each["id"] for each in asked["payables"]] == ["p1"]
    assert asked["found"] == 1
    assert exports(finance, "?kind=card")["found"] == 0
    assert exports(finance, "?offset=50")["payables"] == []


@pytest.mark.parametrize("query", ["?state=gone", "?offset=-1", "?first=soon", "?company=99999999999", "?unknown=1"])
def test_what_cannot_be_asked_is_refused(finance, query: str) -> None:
    answer = finance.get(f"/api/exports{query}")
    assert answer.status_code == 400
    assert "cannot be read" in error(answer)["message"]


def test_a_decision_is_kept_with_who_and_why(finance, receive) -> None:
    receive(state="failed")
    answer = finance.post("/api/exports/decisions", decision(why="  Mapped it. "))
    assert answer.json() == {"state": "blocked"}
    (step,) = finance.get("/api/exports/history?source=spendesk&id=p%2F1").json()["steps"]
    assert (step["from_state"], step["to_state"], step["why"]) == ("failed", "blocked", "Mapped it.")
    assert (step["by"], step["task_url"]) == ("user", None)


def test_what_a_task_did_leads_to_its_log(finance, receive, execute) -> None:
    receive(state="failed")
    execute(
        """
        INSERT INTO exactsync.payables_outbox_history (source, payable_id, from_state, to_state, why, actor)
        VALUES ('spendesk', 'p/1', 'exporting', 'failed', 'Exact refused it.', :holder)
        """,
        holder=HOLDER,
    )
    (step,) = finance.get("/api/exports/history?source=spendesk&id=p%2F1").json()["steps"]
    assert (step["by"], step["task_url"]) == (None, TASK)


@pytest.mark.parametrize("why", ["", "  ", "x" * 1001])
def test_without_a_reason_nothing_is_decided(finance, receive, why: str) -> None:
    receive(state="failed")
    assert finance.post("/api/exports/decisions", decision(why=why)).status_code == 400
    assert exports(finance)["payables"][0]["state"] == "failed"


def test_a_decision_that_comes_too_late_is_refused_with_what_has_happened(finance, receive) -> None:
    receive(state="exporting")
    answer = finance.post("/api/exports/decisions", decision(action="mark_exported"))
    assert answer.status_code == 400
    assert "is exporting: it cannot be marked as exported now" in error(answer)["message"]


def test_other_sites_neither_look_nor_decide(finance, receive) -> None:
    receive(state="failed")
    assert finance.get("/api/exports", **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    forged = OWN_PAGE | {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert finance.send("POST", "/api/exports/decisions", decision(), headers=forged).status_code == 403
    assert exports(finance)["payables"][0]["state"] == "failed"


def test_what_anybody_wrote_leaves_as_json(finance, receive) -> None:
    receive(counterparty=HOSTILE_NAME)
    answer = finance.get("/api/exports")
    assert answer.json()["payables"][0]["counterparty"] == HOSTILE_NAME
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
