"""The FastAPI application that Airflow's api-server mounts below `/exactsync`."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI

from exactsync_airflow.accounting_setup import callback, installation, routes
from exactsync_airflow.accounting_setup.headers import PageModules, SecurityHeaders
from exactsync_airflow.accounting_setup.payables import routes as payables
from exactsync_airflow.accounting_setup.refusals import install_refusals
from exactsync_airflow.accounting_setup.request_size import ShortRequests
from exactsync_airflow.deployment import quiet_logs
from exactsync_airflow.exports import routes as exports
from exactsync_airflow.sync_health import routes as sync_health

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_ROOT: Final = Path(__file__).parents[1]
_PAGES: Final = ("accounting_setup", "exports", "sync_health")
"""The packages with a folder `www`: served below the package's name, so that modules find each other as on disk."""


def create_app() -> FastAPI:
    """Return the application; Airflow mounts it without any authentication, so every route asks for its own."""
    quiet_logs()
    _quiet_lookups()
    app = FastAPI(title="Accounting setup", openapi_url=None, lifespan=_lifespan)
    app.include_router(routes.reading)
    app.include_router(routes.changing)
    app.include_router(payables.reading)
    app.include_router(payables.changing)
    app.include_router(callback.router)
    app.include_router(sync_health.router)
    app.include_router(exports.reading)
    app.include_router(exports.changing)
    for page in _PAGES:
        app.mount(f"/{page}/www", PageModules(directory=_ROOT / page / "www"), name=page)
    install_refusals(app)
    app.add_middleware(ShortRequests)
    app.add_middleware(SecurityHeaders)
    return app


def _quiet_lookups() -> None:
    """Silence what Airflow warns of at each look-up of a connection: that its type, `exact_online`, has an underscore.

    That harms nothing but URIs, and the page looks connections up all the time.
    """
    with suppress(ImportError):  # it has no public place for this
        from airflow._shared.logging.structlog import PER_LOGGER_LEVELS

        PER_LOGGER_LEVELS.setdefault("airflow.models.connection.Connection", logging.ERROR)


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield
    installation.close()
