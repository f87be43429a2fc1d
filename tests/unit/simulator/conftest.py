"""A simulator whose clock stands still, and a visitor who calls it as a client would."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest

from exactsync.simulator import (
    DEMO_APP,
    Clock,
    Company,
    RegisteredApp,
    Settings,
    Simulator,
    SimulatorServer,
    SimulatorTransport,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOON = 1_718_452_800.0  # 2024-06-15T12:00:00Z, on a minute
NL, BE, FORBIDDEN = 101, 102, 103
COMPANIES = (
    Company(
        code=NL,
        name="Test Holding",
        country="NL",
        sizes={
            "GLAccounts": 30,
            "VATCodes": 8,
            "Costcenters": 130,
            "Costunits": 4,
            "Accounts": 40,
            "PaymentConditions": 9,
        },
    ),
    Company(code=BE, name="Test Belgium", country="BE", sizes={"GLAccounts": 5}),
    Company(code=FORBIDDEN, name="Secretive", country="NL", is_permitted=False, sizes={"GLAccounts": 5}),
)


class Visitor:
    """Calls a simulator: `login` first, then `get` with paths below `/api/v1/`."""

    def __init__(self, simulator: Simulator, app: RegisteredApp = DEMO_APP) -> None:
        self.simulator = simulator
        self.app = app
        self.http = httpx.Client(transport=SimulatorTransport(simulator), base_url="https://exact.test")
        self.tokens: dict[str, str] = {}

    def authorise(self, **changes: Any) -> httpx.Response:
        parameters = {
            "client_id": self.app.client_id,
            "redirect_uri": self.app.redirect_uris[0],
            "response_type": "code",
            **changes,
        }
        return self.http.get("/api/oauth2/auth", params=parameters)

    def obtain_code(self) -> str:
        return parse_qs(urlsplit(self.authorise().headers["location"]).query)["code"][0]

    def redeem(self, code: str, **changes: Any) -> httpx.Response:
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.app.redirect_uris[0]}
        return self._token({**fields, **changes})

    def refresh(self, refresh_token: str | None = None, **changes: Any) -> httpx.Response:
        token = refresh_token or self.tokens["refresh_token"]
        return self._token({"grant_type": "refresh_token", "refresh_token": token, **changes})

    def _token(self, fields: dict[str, str]) -> httpx.Response:
        credentials = {"client_id": self.app.client_id, "client_secret": self.app.client_secret}
        response = self.http.post("/api/oauth2/token", data={**credentials, **fields})
        if response.status_code == 200:
            with suppress(ValueError):
                self.tokens = response.json()
        return response

    def login(self) -> Visitor:
        assert self.redeem(self.obtain_code()).status_code == 200
        return self

    def get(self, path: str, *, accept: str = "application/json", **options: str) -> httpx.Response:
        """Call `path`; options become `$`-options: `select="ID"` → `$select=ID`."""
        url = path if path.startswith("http") else f"/api/v1/{path}"
        headers = {"Authorization": f"Bearer {self.tokens.get('access_token', '')}", "Accept": accept}
        parameters = {f"${name}": value for name, value in options.items()} or None
        return self.http.get(url, params=parameters, headers=headers)

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """Create something; a body of bytes is sent as it is."""
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        usual = {
            "Authorization": f"Bearer {self.tokens.get('access_token', '')}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        return self.http.post(f"/api/v1/{path}", content=content, headers={**usual, **headers})

    def records(self, path: str, **options: str) -> list[dict[str, Any]]:
        """Return the records of all pages."""
        response = self.get(path, **options)
        assert response.status_code == 200, response.text
        envelope = response.json()["d"]
        records = list(envelope["results"])
        while "__next" in envelope:
            response = self.get(envelope["__next"])
            assert response.status_code == 200, response.text
            envelope = response.json()["d"]
            records += envelope["results"]
        return records

    def broken_rules(self) -> list[str]:
        return [violation.rule.value for violation in self.simulator.violations()]


class FrozenTime:
    """A source of time that stands at noon until the clock is advanced."""

    def __call__(self) -> float:
        return NOON


def create_simulator(*, sleep: Callable[[float], None] = time.sleep, **changes: Any) -> Simulator:
    return Simulator(Settings(**{"companies": COMPANIES, **changes}), clock=Clock(FrozenTime(), sleep=sleep))


@pytest.fixture
def simulator() -> Simulator:
    return create_simulator()


@pytest.fixture
def visitor(simulator: Simulator) -> Visitor:
    """A visitor who has logged in."""
    return Visitor(simulator).login()


@pytest.fixture
def visit():
    """Return a function that makes a visitor of a new simulator with the given settings (and way to sleep)."""

    def create(**changes: Any) -> Visitor:
        return Visitor(create_simulator(**changes)).login()

    return create


@pytest.fixture
def stranger(simulator: Simulator) -> Visitor:
    """A visitor who has not logged in."""
    return Visitor(simulator)


@pytest.fixture(scope="session")
def visitor_of():
    """Return a function that makes a visitor, not logged in, of any simulator."""
    return Visitor


@pytest.fixture(params=["transport", "socket"])
def either_way(request, visit) -> Iterator[Visitor]:
    """A visitor over the transport, or over a real socket."""
    visitor = visit()
    if request.param == "transport":
        yield visitor
        return
    with SimulatorServer(visitor.simulator) as server, httpx.Client(base_url=server.url) as visitor.http:
        yield visitor
