"""The way to Exact: one HTTP client for all work with an app, and none that another app may borrow unchecked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import httpx
import pytest
from cryptography.fernet import Fernet

from exactsync.access import Access
from exactsync.credentials import App
from exactsync.errors import ConfigurationError
from exactsync.secret import Secret
from exactsync.warehouse.engine import create_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDRESSES = {
    "checked": "https://start.exactonline.nl",
    "in the clear": "http://start.exactonline.nl",
    "elsewhere": "https://start.exactonline.be",
}


def app(connection_id: str) -> App:
    return App(
        connection_id=connection_id,
        base_url=ADDRESSES[connection_id],
        client_id="client",
        client_secret=Secret("of the app"),
        redirect_uri="https://localhost/callback",
    )


@pytest.fixture
def access() -> Iterator[Access]:
    made = Access(
        create_engine("postgresql://nobody@127.0.0.1:1/none"),  # nothing of this asks it
        token_keys=[Fernet.generate_key().decode()],
        instance_id="test",
        find_app=app,
        transport=httpx.MockTransport(lambda _: httpx.Response(500)),
        patience_s=0.0,
    )
    yield made
    made.close()


def integration(connection_id: str) -> SimpleNamespace:
    return SimpleNamespace(name=connection_id, connection_id=connection_id, grant_id=1)


def test_an_app_without_tls_is_refused_although_another_one_is_at_work(access: Access) -> None:
    with access.client(integration("checked")), pytest.raises(ConfigurationError, match="in the clear would send"):
        access.client(integration("in the clear")).__enter__()


def test_work_with_one_app_shares_connections_and_other_apps_have_their_own(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    real = httpx.Client

    def remembered(service: App, timeout: httpx.Timeout, transport: httpx.BaseTransport | None) -> httpx.Client:
        opened.append(service.connection_id)
        return real(timeout=timeout, transport=transport)

    monkeypatch.setattr("exactsync.access.open_client", remembered)
    for name in ("checked", "elsewhere", "checked"):
        with access.client(integration(name)):
            pass
    assert opened == ["checked", "elsewhere"]
