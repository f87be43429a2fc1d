"""Airflow's `spendesk` connection → the library's `SpendeskAccount`."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from airflow.providers.http.hooks.http import HttpHook
from airflow.sdk.exceptions import AirflowNotFoundException

from exactsync.errors import ConfigurationError, ExactSyncError
from exactsync.spendesk.account import account_from_connection
from exactsync.spendesk.client import SpendeskClient

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from exactsync.spendesk.account import SpendeskAccount


class SpendeskHook(HttpHook):
    """Turn a `spendesk` connection into the account that the library works with.

    :param spendesk_conn_id: the Airflow connection that holds base URL, client id and client secret.
    """

    conn_name_attr = "spendesk_conn_id"
    default_conn_name = "spendesk_default"
    conn_type = "spendesk"
    hook_name = "Spendesk"

    def __init__(self, spendesk_conn_id: str = default_conn_name) -> None:
        super().__init__(method="GET", http_conn_id=spendesk_conn_id)
        self.spendesk_conn_id = spendesk_conn_id

    @cached_property
    def connection(self) -> Connection:
        """The Airflow connection; ConfigurationError if there is none of this id."""
        try:
            return self.get_connection(self.spendesk_conn_id)
        except AirflowNotFoundException:
            raise ConfigurationError(
                f"there is no Airflow connection `{self.spendesk_conn_id}`.",
                remedy="create it (type Spendesk), or name another one as the source of payables.",
            ) from None

    def account(self) -> SpendeskAccount:
        """Read the account; ConfigurationError names what the connection lacks."""
        return account_from_connection(self.spendesk_conn_id, self.connection.as_json())

    def client(self) -> SpendeskClient:
        """Open a client of the account."""
        return SpendeskClient(self.account())

    def test_connection(self) -> tuple[bool, str]:
        """Fetch a token and the first page of suppliers: two calls."""
        try:
            with self.client() as client:
                client.get("/v1/suppliers")
                return True, f"{client.account.base_url} takes the API credentials."
        except ExactSyncError as error:
            return False, str(error)
