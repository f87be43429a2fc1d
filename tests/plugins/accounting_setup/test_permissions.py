"""Who may use which route: the whole table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fastapi.routing import APIRoute
from starlette.routing import Mount

from tests.plugins.accounting_setup.browser import PREFIX

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tests.plugins.accounting_setup.browser import Browser

PEOPLE = (None, "viewer", "user", "op", "admin")
LOOK = (401, 200, 200, 200, 200)
ACT = (401, 403, 200, 200, 200)
CONSENT = (401, 403, 303, 303, 303)
EVERYBODY = (200, 200, 200, 200, 200)


class Row(NamedTuple):
    """What each of the people gets, in which state of the connection `Demo`."""

    method: str
    path: str
    statuses: tuple[int, ...]
    state: str = "healthy"
    body: dict[str, Any] | None = None
    query: str = ""


FILES: dict[str, Any] = {
    "kind": "files",
    "integration": None,
    "division": None,
    "creates_suppliers": False,
    "requires_receipt": True,
    "start_date": None,
    "entry_currency": "functional",
}

DECISION = {"source": "spendesk", "id": "p1", "action": "retry", "why": "The supplier is mapped."}
TABLE = (
    Row("GET", "/api/overview", LOOK),
    Row("POST", "/api/base", ACT, body={"base": "exact_online"}),
    Row("POST", "/api/connections", ACT, body={"name": "…", "connection_id": "exact_nl", "axes": []}),
    Row("GET", "/api/connections/{name}", LOOK),
    Row("POST", "/api/connections/{name}/authorise", ACT),
    Row("GET", "/api/connections/{name}/companies", ACT),
    Row("PUT", "/api/connections/{name}/companies", ACT, body={"divisions": [1000001]}),
    Row("PUT", "/api/connections/{name}/axes", ACT, body={"axes": []}),
    Row("POST", "/api/connections/{name}/pause", ACT),
    Row("POST", "/api/connections/{name}/resume", ACT, state="paused"),
    Row("POST", "/api/connections/{name}/sync", ACT),
    Row("GET", "/api/connections/{name}/progress", LOOK),
    Row("GET", "/api/payables", LOOK),
    Row("PUT", "/api/payables/{name}", ACT, body=FILES),
    Row("GET", "/api/payables/{name}/mapping", LOOK),
    Row("PUT", "/api/payables/{name}/mapping", ACT, body={"kind": "journal", "key": "card", "target": "60"}),
    Row("GET", "/api/payables/{name}/choices", ACT, query="?kind=journal"),
    Row("GET", "/oauth/callback", CONSENT),
    Row("GET", "/accounting_setup/www/{path:path}", EVERYBODY),
    Row("GET", "/sync_health/www/{path:path}", EVERYBODY),
    Row("GET", "/api/sync-health", LOOK),
    Row("GET", "/exports/www/{path:path}", EVERYBODY),
    Row("GET", "/api/exports", LOOK),
    Row("GET", "/api/exports/history", LOOK, query="?source=spendesk&id=p1"),
    Row("POST", "/api/exports/decisions", ACT, body=DECISION),
    Row("POST", "/api/connections/{name}/disconnect", ACT),
    Row("POST", "/api/connections/{name}/remove", ACT, state="disconnected"),
)


PUT_DEMO = """
INSERT INTO exactsync.integrations (name, connection_id, state) VALUES ('Demo', 'exact_nl', :state)
ON CONFLICT (name) DO UPDATE SET state = EXCLUDED.state;
INSERT INTO exactsync.payable_sources (source, kind, actor) VALUES ('Demo', 'files', 'anna') ON CONFLICT DO NOTHING
"""

PUT_PAYABLE = """
INSERT INTO exactsync.payable_sources (source, kind, actor) VALUES ('spendesk', 'spendesk', 'a test')
ON CONFLICT DO NOTHING;
INSERT INTO exactsync.payables_outbox
    (source, payable_id, state, payable, fingerprint, reference, kind, currency, amount, entry_date, counterparty)
VALUES ('spendesk', 'p1', 'failed', '{"number": "F-1", "description": ""}', '', 'XS-1', 'invoice', 'EUR', 12.10,
        '2026-11-20', 'Meubelmakers B.V.')
ON CONFLICT (source, payable_id) DO UPDATE SET state = EXCLUDED.state
"""


def test_every_route_has_its_row(airflow_app: FastAPI) -> None:
    (ours,) = [route.app for route in airflow_app.routes if isinstance(route, Mount) and route.path == "/exactsync"]
    routes = set()
    for route in ours.routes:
        if isinstance(route, Mount):
            routes.add(("GET", f"{route.path}/{{path:path}}"))
        else:
            assert isinstance(route, APIRoute)
            routes |= {(method, route.path) for method in route.methods}
    assert routes == {(row.method, row.path) for row in TABLE}


def test_each_person_gets_what_is_theirs(browser, connected, execute) -> None:
    found = {}
    for row in TABLE:
        statuses = []
        for who in PEOPLE:
            execute(PUT_DEMO, state=row.state)
            execute(PUT_PAYABLE)
            statuses.append(ask(browser(who), row, name=f"Demo of {who}"))
        found[row.method, row.path] = tuple(statuses)
    assert found == {(row.method, row.path): row.statuses for row in TABLE}


def ask(person: Browser, row: Row, *, name: str) -> int:
    path = row.path.replace("{name}", "Demo").replace("{path:path}", "main.js")
    body = {**row.body, "name": name} if row.body and "name" in row.body else row.body
    answer = person.get(path + row.query) if row.method == "GET" else person.send(row.method, path, body)
    return answer.status_code


def test_a_forged_session_opens_nothing(browser, exact) -> None:
    visitor = browser(None)
    visitor.client.cookies.set("_token", "e30.e30.e30", domain="airflow.example", path=PREFIX)
    assert visitor.get("/api/overview").status_code in {401, 403}


def test_there_is_no_description_of_the_api_to_read_without_a_login(browser) -> None:
    assert {browser(None).get(path).status_code for path in ("/docs", "/redoc", "/openapi.json")} == {404}
