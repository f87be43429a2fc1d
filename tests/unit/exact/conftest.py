"""A scripted Exact at the HTTP boundary, and a ledger that always has calls left."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from exactsync.budget import Answer, Refusal, Reservation
from exactsync.credentials import App
from exactsync.exact.client import ExactClient
from exactsync.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

BASE = "https://start.exactonline.nl"


class ScriptedExact:
    """Gives its answers in order, the last one for ever, and remembers the requests.

    An answer is a response, an exception to raise, or a function of the request.
    """

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self._lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.requests.append(request)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self)


class GenerousLedger:
    """Has a call for everyone, unless told otherwise; remembers how each one ended."""

    def __init__(self) -> None:
        self.refusals: list[Refusal] = []
        self.events: list[tuple[str, Any]] = []

    def reserve(self, app_key, division, endpoint, *, purpose, lease_s):
        if self.refusals:
            return self.refusals.pop(0)
        self.events.append(("reserved", endpoint))
        return Reservation(id=len(self.events), app_key=app_key, division=division, endpoint=endpoint)

    def settle(self, reservation: Reservation, answer: Answer) -> None:
        self.events.append(("settled", answer.status))

    def release(self, reservation: Reservation) -> None:
        self.events.append(("released", None))


class Tokens:
    """Gives out token after token; a refused one is replaced."""

    def __init__(self) -> None:
        self.number = 1

    def access_token(self) -> Secret:
        return Secret(f"access-token-{self.number}")

    def after_refusal(self, refused: Secret) -> Secret:
        self.number += 1
        return self.access_token()


@pytest.fixture
def app() -> App:
    return App(
        connection_id="exact_online_default",
        base_url=BASE,
        client_id="client-1",
        client_secret=Secret("s3cr3t/of+the=app"),
        redirect_uri="https://localhost/callback",
    )


@pytest.fixture
def ledger() -> GenerousLedger:
    return GenerousLedger()


@pytest.fixture
def script() -> Callable[..., ScriptedExact]:
    return ScriptedExact


@pytest.fixture
def naps() -> list[float]:
    """How long the client slept, instead of sleeping."""
    return []


@pytest.fixture
def open_client(app, ledger, naps):
    """Return a function that opens a client on scripted answers."""

    def open_(exact: ScriptedExact, **options: Any) -> ExactClient:
        return ExactClient(app, Tokens(), ledger, transport=exact.transport, sleep=naps.append, **options)

    return open_


@pytest.fixture
def listing():
    """Return a function that builds a page as Exact sends it."""

    def build(*records: dict[str, Any], following: str | None = None) -> httpx.Response:
        content: dict[str, Any] = {"results": list(records)}
        if following:
            content["__next"] = f"{BASE}/api/v1/7/{following}"
        return httpx.Response(200, json={"d": content})

    return build


@pytest.fixture
def refusal():
    """Return a function that builds an error as Exact sends it."""

    def build(status: int, text: str, **headers: str) -> httpx.Response:
        body = {"error": {"code": "", "message": {"lang": "", "value": text}}}
        return httpx.Response(status, content=json.dumps(body), headers={"content-type": "application/json", **headers})

    return build
