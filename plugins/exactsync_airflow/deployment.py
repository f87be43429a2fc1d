"""Airflow's connections and environment → `exactsync.deployment.Deployment`."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from exactsync.errors import ConfigurationError
from exactsync.exact.redact import install_redaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.sdk import Connection

    from exactsync.credentials import App
    from exactsync.deployment import Deployment
    from exactsync.spendesk.account import SpendeskAccount

WAREHOUSE_CONN_ID = "warehouse_default"

_LIBPQ_EXTRAS = (
    "application_name",
    "channel_binding",
    "connect_timeout",
    "gssencmode",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "options",
    "passfile",
    "service",
    "sslcert",
    "sslcrl",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "target_session_attrs",
    "tcp_user_timeout",
)


def find_app(connection_id: str) -> App:
    """Look an app up through its Airflow connection; ConfigurationError names what is missing.

    Not through the hook: a task would load its HTTP libraries for longer than it takes to find nothing new.
    """
    from exactsync.credentials import app_from_connection

    try:
        connection = BaseHook.get_connection(connection_id)
    except AirflowNotFoundException:
        raise ConfigurationError(
            f"there is no Airflow connection `{connection_id}`.",
            remedy="create it (type Exact Online), or point the integration to another one.",
        ) from None
    return app_from_connection(connection_id, connection.as_json())


def airflow_deployment(
    warehouse_conn_id: str = WAREHOUSE_CONN_ID, *, find_app: Callable[[str], App] = find_app
) -> Deployment:
    """Build the library's deployment from Airflow's connections; for tasks and the api-server, never while parsing.

    Airflow looks connections up where the process may: through the execution API in a task, and in the environment,
    secrets backends and its own database in the api-server. A task that works through many companies passes a
    `find_app` that remembers: each look-up is a call to the api-server.

    Raises ConfigurationError where a connection or a token key is missing or unusable.
    """
    from exactsync.deployment import Deployment
    from exactsync.environment import plans_first_load
    from exactsync.payables.files.place import read_address
    from exactsync.payables.patience import read_patience
    from exactsync.warehouse.guard import DELETION_SHARE, read_share

    quiet_logs()
    return Deployment(
        warehouse_url=warehouse_url(warehouse_conn_id),
        state_url=os.environ.get("EXACTSYNC_STATE_URL") or None,
        token_keys=token_keys(),
        instance_id=os.environ.get("EXACTSYNC_INSTANCE_ID") or None,
        find_app=find_app,
        find_account=find_account,
        deletion_share=read_share(os.environ.get(DELETION_SHARE)),
        plan_first_load=plans_first_load(os.environ),
        export_patience=read_patience(os.environ),
        journals_url=read_address(os.environ),
    )


def quiet_logs() -> None:
    """Keep secrets out of the process's log records; and chatter of libraries too, unless Airflow logs at DEBUG."""
    install_redaction()
    if not logging.getLogger().isEnabledFor(logging.DEBUG):
        for chatty in ("alembic", "httpx"):
            logging.getLogger(chatty).setLevel(logging.WARNING)


def token_keys() -> list[str]:
    """The Fernet keys of EXACTSYNC_TOKEN_KEYS, the encrypting one first."""
    keys = [key.strip() for key in os.environ.get("EXACTSYNC_TOKEN_KEYS", "").split(",")]
    return [key for key in keys if key]


def find_account(connection_id: str) -> SpendeskAccount:
    """Look a Spendesk account up through its Airflow connection."""
    from exactsync_airflow.spendesk_hook import SpendeskHook

    return SpendeskHook(connection_id).account()


def warehouse_url(connection_id: str = WAREHOUSE_CONN_ID) -> str:
    """Write a `postgres` connection as a URL, each part quoted, with the libpq parameters of its extra.

    The library opens its own psycopg2 connections from it: Airflow's PostgresHook hands out psycopg 3.
    """
    from sqlalchemy import URL

    connection = postgres_connection(connection_id)
    extra = connection.extra_dejson
    url = URL.create(
        "postgresql",
        username=connection.login,
        password=connection.password,
        host=connection.host,
        port=connection.port,
        database=connection.schema,
    ).render_as_string(hide_password=False)
    settings = {name: str(extra[name]) for name in _LIBPQ_EXTRAS if extra.get(name) not in (None, "")}
    # SQLAlchemy would write a space as `+`, which libpq takes for a plus
    return f"{url}?{urlencode(settings, quote_via=quote)}" if settings else url


def postgres_connection(connection_id: str) -> Connection:
    """Find the warehouse's connection; ConfigurationError if it is missing or of another type."""
    try:
        connection = BaseHook.get_connection(connection_id)
    except AirflowNotFoundException:
        raise ConfigurationError(
            f"there is no Airflow connection `{connection_id}`, so the warehouse is not known.",
            remedy=f"create `{connection_id}` (type Postgres) or set AIRFLOW_CONN_{connection_id.upper()}.",
        ) from None
    if connection.conn_type not in {"postgres", "postgresql"}:
        raise ConfigurationError(
            f"the Airflow connection `{connection_id}` is of type `{connection.conn_type}`, not `postgres`.",
            remedy="change its type, or name another connection in the DAG.",
        )
    return connection
