"""Addresses inside Airflow, which may live below a path (`[api] base_url = https://host/prefix`).

What the page gets is relative to `document.baseURI`; what leaves the server in a redirect begins with the path alone,
so that no answer can lead to another host.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode, urlsplit

from airflow.configuration import conf

if TYPE_CHECKING:
    from fastapi import Request

SYNC_DAG_ID: Final = "exact_online_sync"
EXPORT_DAG_ID: Final = "exact_online_export"
URL_PREFIX: Final = "/exactsync"
CALLBACK_PATH: Final = "/oauth/callback"
PAGE_ROUTE: Final = "accounting-setup"
SETUP_URL: Final = f"plugin/{PAGE_ROUTE}"

APPS_URL: Final = "connections"
DAG_URL: Final = f"dags/{SYNC_DAG_ID}"
EXPORT_DAG_URL: Final = f"dags/{EXPORT_DAG_ID}"

_HOLDER: Final = re.compile(r"(?P<dag>[\w.-]+)/(?P<run>.+)/(?P<task>[\w.-]+)/(?P<map_index>-1|\d+)")


def run_url(run_id: str) -> str:
    """Return the page of one run of the DAG."""
    return f"{DAG_URL}/runs/{quote(run_id, safe='')}"


def log_url(holder: str | None) -> str | None:
    """Return the log of the task that holds a lease, see `exactsync_airflow.run`; None for a command line's."""
    found = _HOLDER.fullmatch(holder or "")
    if found is None:
        return None
    task = f"dags/{found['dag']}/runs/{quote(found['run'], safe='')}/tasks/{found['task']}"
    return task if found["map_index"] == "-1" else f"{task}/mapped/{found['map_index']}"


def base_url(request: Request) -> str:
    """Return the address people reach Airflow at, with a slash at its end: as configured, or else as asked for."""
    configured = conf.get("api", "base_url", fallback="") or f"{request.url.scheme}://{request.url.netloc}"
    return configured.rstrip("/") + "/"


def callback_uri(request: Request) -> str:
    """Return the redirect URI that an app must be registered with, so that Exact's login leads back here."""
    return base_url(request).removesuffix("/") + URL_PREFIX + CALLBACK_PATH


def root_path(request: Request) -> str:
    """Return the path below which Airflow lives, with a slash at both ends."""
    return urlsplit(base_url(request)).path


def page_location(request: Request, **query: str) -> str:
    """Return where the page is, without a host; `query` tells it what has happened."""
    page = f"{root_path(request)}plugin/{PAGE_ROUTE}"
    return f"{page}?{urlencode(query)}" if query else page
