"""An Airflow in which nothing is connected yet, behind a reverse proxy and below a path, and a person in a browser."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from exactsync.demo.airflow import free_port
from exactsync.demo.stack import Stack
from tests.e2e.browser.administrator import Administrator
from tests.e2e.browser.chromium import NoChromiumError, launch_chromium
from tests.e2e.browser.proxy import Certificate, ReverseProxy, sign_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

CONNECTION = "Exact Online NL"


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return sign_certificate(tmp_path)


@pytest.fixture
def chromium(certificate: Certificate) -> Iterator[Browser]:
    try:
        with launch_chromium(trusting=certificate.fingerprint) as browser:
            yield browser
    except NoChromiumError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


@pytest.fixture
def idle_stack(chromium: Browser, tmp_path: Path) -> Stack:
    """The stack before it starts, which takes long: a browser must be there first."""
    return Stack(tmp_path / "stack", connected=False, proxied_at=f"https://127.0.0.1:{free_port()}/airflow")


@pytest.fixture
def proxy(idle_stack: Stack, certificate: Certificate) -> Iterator[ReverseProxy]:
    airflow = idle_stack.airflow
    with ReverseProxy(certificate, url=airflow.public_url, upstream_port=airflow.port) as running:
        yield running


@pytest.fixture
def stack(idle_stack: Stack) -> Iterator[Stack]:
    with idle_stack as running:
        running.wait_until_ready()
        yield running


@pytest.fixture
def administrator(chromium: Browser, stack: Stack, proxy: ReverseProxy, tmp_path: Path) -> Iterator[Administrator]:
    page = chromium.new_page()
    yield Administrator(page, airflow=proxy.url, connection=CONNECTION)
    page.screenshot(path=tmp_path / "last.png", full_page=True)
    page.close()
