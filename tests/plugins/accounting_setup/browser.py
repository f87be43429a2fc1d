"""A person's browser: what it sends along, and where it is led."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
from fastapi.testclient import TestClient

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI

HOST = "https://airflow.example"
PREFIX = "/finance"
PAGE = f"{PREFIX}/plugin/accounting-setup"
CALLBACK = f"{HOST}{PREFIX}/exactsync/oauth/callback"
OWN_PAGE = {"Origin": HOST, "Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
"""What a browser sends along with our page's own changes."""


class Browser:
    """A person's browser: logged in as whoever has a role, or not at all."""

    def __init__(self, app: FastAPI, role: str | None) -> None:
        self.client = TestClient(app, base_url=HOST, follow_redirects=False, raise_server_exceptions=False)
        if role:
            self.client.cookies.set("_token", _token(role), domain="airflow.example", path=PREFIX)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(f"{PREFIX}/exactsync{path}", headers={"Sec-Fetch-Site": "same-origin"} | headers)

    def post(self, path: str, body: Any = None) -> httpx.Response:
        return self.send("POST", path, body)

    def put(self, path: str, body: Any = None) -> httpx.Response:
        return self.send("PUT", path, body)

    def send(self, method: str, path: str, body: Any, headers: Mapping[str, str] = OWN_PAGE) -> httpx.Response:
        """Send a change, with exactly these headers."""
        url = f"{PREFIX}/exactsync{path}"
        return self.client.request(method, url, content=json.dumps(body or {}), headers=headers)

    def follow(self, address: str, **headers: str) -> httpx.Response:
        """Go where another site's redirect leads."""
        given = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Accept": "text/html"}
        return self.client.get(address, headers=given | headers)


def _token(role: str) -> str:
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    return get_auth_manager().generate_jwt(SimpleAuthManagerUser(username=role, role=role))


def create(finance: Browser, name: str = "Demo") -> dict[str, Any]:
    """Set a connection up."""
    body = {"name": name, "connection_id": "exact_nl", "axes": ["cost_centers"]}
    answer: dict[str, Any] = finance.post("/api/connections", body).raise_for_status().json()
    return answer


def consent(finance: Browser, name: str = "Demo") -> str:
    """Log in at Exact; return where Exact sends the browser afterwards."""
    address = finance.post(f"/api/connections/{name}/authorise").raise_for_status().json()["url"]
    return httpx.get(address).headers["location"]


def told(answer: httpx.Response) -> dict[str, list[str]]:
    """Return what the page is told by a redirect that leads to it, and to nowhere else."""
    assert answer.status_code == 303
    location = urlsplit(answer.headers["location"])
    assert (location.scheme, location.netloc, location.path) == ("", "", PAGE)
    return parse_qs(location.query)


def error(answer: httpx.Response) -> dict[str, Any]:
    """Return what a refusal says."""
    assert answer.headers["content-type"] == "application/json"
    said: dict[str, Any] = answer.json()
    assert said.keys() == {"error"}
    assert said["error"].keys() == {"message", "remedy", "reason"}
    return said["error"]
