"""The apps there are: Airflow connections of type `exact_online`, wherever Airflow keeps them."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from airflow.models.connection import Connection
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.utils.session import create_session
from sqlalchemy import select

from exactsync.credentials import app_from_connection
from exactsync.errors import ConfigurationError
from exactsync_airflow.deployment import find_app
from exactsync_airflow.hooks import ExactOnlineHook

if TYPE_CHECKING:
    from collections.abc import Iterable

_ENVIRONMENT: Final = "AIRFLOW_CONN_"
_STAND_INS: Final = {"login": "?", "password": "?"}
"""What an incomplete app is given for a moment, so that the rest of it can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppInfo:
    """An app as a person may see it: without client id and secret."""

    connection_id: str
    region: str = ""
    redirect_uri: str | None = None
    problem: str | None = None
    remedy: str | None = None

    @property
    def is_configured(self) -> bool:
        """Whether the connection holds all that a consent needs."""
        return self.redirect_uri is not None


def read_apps(used: Iterable[str], *, callback_uri: str) -> list[AppInfo]:
    """Return every app, by connection id, each with what is wrong with it.

    Args:
        used: connection ids that integrations name. Airflow cannot list what a secrets backend holds; these, and the
            default one, are looked up there.
        callback_uri: the redirect URI that leads back to the page.
    """
    found = {*_stored(), *_in_environment(), *used}
    if _exists(ExactOnlineHook.default_conn_name):
        found.add(ExactOnlineHook.default_conn_name)
    return [_read_app(connection_id, callback_uri) for connection_id in sorted(found)]


def find_region(connection_id: str) -> str:
    """Return the region of an app (`nl`, `be`, `fr` …), however incomplete it is; empty if nothing tells."""
    try:
        known = json.loads(BaseHook.get_connection(connection_id).as_json())
        extra = {"redirect_uri": "?", **known.get("extra", {})}
        return app_from_connection(connection_id, json.dumps({**_STAND_INS, **known, "extra": extra})).region
    except (AirflowNotFoundException, ConfigurationError):
        return ""


def _read_app(connection_id: str, callback_uri: str) -> AppInfo:
    region = find_region(connection_id)
    try:
        app = find_app(connection_id)
    except ConfigurationError as error:
        return AppInfo(connection_id=connection_id, region=region, problem=error.message, remedy=error.remedy)
    info = AppInfo(connection_id=connection_id, region=region, redirect_uri=app.redirect_uri)
    if app.redirect_uri == callback_uri:
        return info
    return replace(
        info,
        problem=f"After the consent, Exact Online would lead to {app.redirect_uri}, which is not this page.",
        remedy=f"Enter {callback_uri} as redirect URI, both with the app in Exact's App Centre and in the Airflow "
        f"connection {connection_id}.",
    )


def _stored() -> set[str]:
    with create_session() as session:
        return set(session.scalars(select(Connection.conn_id).where(Connection.conn_type == ExactOnlineHook.conn_type)))


def _in_environment() -> set[str]:
    ids = {name.removeprefix(_ENVIRONMENT).lower() for name in os.environ if name.startswith(_ENVIRONMENT)}
    return {connection_id for connection_id in ids if _exists(connection_id)}


def _exists(connection_id: str) -> bool:
    """Tell whether there is such a connection, and whether it is one of ours."""
    with suppress(AirflowNotFoundException, ValueError):
        return bool(BaseHook.get_connection(connection_id).conn_type == ExactOnlineHook.conn_type)
    return False
