"""Airflow's `exact_online` connection → the library's `App`."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from airflow.providers.http.hooks.http import HttpHook

from exactsync.errors import ConfigurationError, ExactSyncError
from exactsync.exact.redact import redact
from exactsync_airflow.deployment import airflow_deployment, find_app

if TYPE_CHECKING:
    from requests import Session

    from exactsync.credentials import App
    from exactsync.warehouse.integrations import IntegrationInfo

REACH_TIMEOUT_S = 10.0


class ExactOnlineHook(HttpHook):
    """Turn an `exact_online` connection into the app that the library works with.

    What a person asks of a connection goes through HttpHook, as with any of type HTTP; the calls themselves are made by
    the library, which knows Exact's limits and tokens.

    :param exact_online_conn_id: the Airflow connection that holds base URL, client id, client secret and redirect URI.
    """

    conn_name_attr = "exact_online_conn_id"
    default_conn_name = "exact_online_default"
    conn_type = "exact_online"
    hook_name = "Exact Online"

    def __init__(self, exact_online_conn_id: str = default_conn_name) -> None:
        super().__init__(method="GET", http_conn_id=exact_online_conn_id)
        self.exact_online_conn_id = exact_online_conn_id

    def app(self) -> App:
        """Read the app; ConfigurationError names what the connection lacks."""
        return find_app(self.exact_online_conn_id)

    def get_conn(self, headers: dict[Any, Any] | None = None, extra_options: dict[str, Any] | None = None) -> Session:
        """Open a plain session with the connection's TLS and proxy settings.

        HttpHook would also send client id and secret as basic auth and every extra as a header: Exact wants neither.
        """
        session = super().get_conn(headers, extra_options)
        session.auth = None
        for name in self.get_connection(self.exact_online_conn_id).extra_dejson:
            session.headers.pop(name, None)
        session.verify = _flag_or_path(session.verify)
        if isinstance(session.proxies, str):
            session.proxies = {"http": session.proxies, "https": session.proxies}
        return session

    def test_connection(self) -> tuple[bool, str]:
        """Check what can be checked without spending a call of the budget, a code or a token."""
        try:
            app = self.app()
            self._ask_for_consent(app)
            works, grant = _describe_grant(app)
        except ExactSyncError as error:
            return False, str(error)
        return works, f"{app.base_url} takes the client ID and the redirect URI. {grant}"

    def _ask_for_consent(self, app: App) -> None:
        """Open the page at which a person would consent: an anonymous visitor is asked to log in.

        Exact refuses it with 401 where the redirect URI is not the registered one (Exact's documentation).
        """
        from requests import RequestException

        from exactsync.exact.oauth import authorise_url

        url = authorise_url(app, state="connection-test")
        try:
            status = self.get_conn().get(url, timeout=REACH_TIMEOUT_S, allow_redirects=False).status_code
        except RequestException as error:
            raise ConfigurationError(
                f"{app.base_url} cannot be reached ({type(error).__name__}).",
                remedy="check the base URL, and the proxy and TLS settings in the extra.",
            ) from None
        if status >= HTTPStatus.BAD_REQUEST:
            raise ConfigurationError(
                f"{app.base_url} answers HTTP {status} to a request for consent.",
                remedy="compare client ID and redirect URI, letter by letter, with the app's registration in Exact's "
                "App Centre; an answer of 500 or more is Exact's own trouble.",
            )


def _describe_grant(app: App) -> tuple[bool, str]:
    """Say whether a person has authorised the app, and whether that still holds."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        known = airflow_deployment().integrations()
    except (ExactSyncError, SQLAlchemyError) as error:
        return True, f"Whether it has been authorised is not known, the warehouse does not tell: {redact(str(error))}"
    ours = [each for each in known if each.grant_id is not None and _is_app_of(app, each)]
    if not ours:
        return True, "Nobody has authorised it yet: run `python -m exactsync authorise`."
    lost = [integration.name for integration in ours if integration.grant_status != "active"]
    if lost:
        return False, f"Its grant is lost ({', '.join(lost)}): run `python -m exactsync authorise` again."
    users = ", ".join(sorted({integration.user_name for integration in ours}))
    return True, f"It is authorised by {users}."


def _is_app_of(app: App, integration: IntegrationInfo) -> bool:
    """Compare apps, not connection ids: a connection has another id while Airflow tests it before it is saved."""
    with suppress(ConfigurationError):
        return find_app(integration.connection_id).key == app.key
    return False


def _flag_or_path(verify: bool | str | None) -> bool | str:
    """Read a flag that came as text, as it does from a connection URI; other text is the path of a CA bundle."""
    return {"true": True, "false": False, "none": True, "": True}.get(str(verify).lower(), verify or True)
