"""A connection that lacks something says what, and never what it holds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exactsync.errors import ConfigurationError
from exactsync.spendesk.account import PRODUCTION, account_from_connection

COMPLETE: dict[str, Any] = {"conn_type": "spendesk", "login": "client", "password": "hunter2-of-ours"}


def test_a_connection_without_a_host_leads_to_production() -> None:
    account = account_from_connection("spendesk_default", json.dumps(COMPLETE))
    assert (account.base_url, account.client_id, account.body) == (PRODUCTION, "client", "flat")
    assert account.client_secret.reveal() == "hunter2-of-ours"
    assert "hunter2" not in repr(account)


def test_a_sandbox_is_another_host_and_may_want_another_body() -> None:
    uri = "spendesk://https://client:hunter2-of-ours@sandbox.example/?body=query&calls_per_minute=250&scopes=a%3Aread+b"
    account = account_from_connection("spendesk_default", uri)
    assert (account.base_url, account.body, account.calls_per_minute) == ("https://sandbox.example", "query", 250)
    assert account.scopes == ("a:read", "b")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"login": ""}, "lacks login"),
        ({"password": None}, "lacks password"),
        ({"extra": {"body": "round"}}, "the extra `body` is 'round'"),
        ({"extra": {"calls_per_minute": "many"}}, "`calls_per_minute` is no such number"),
        ({"extra": {"calls_per_minute": -1}}, "`calls_per_minute` is no such number"),
        ({"extra": {"poll_s": "soon"}}, "`poll_s` is no such number"),
        ({"extra": "{"}, "cannot be read"),
        ({"host": "https://h:99999"}, "cannot be read"),
        ({"host": "https://h", "port": 65_536}, "lacks a host that can be called"),
        ({"host": "https://h", "port": -1}, "lacks a host that can be called"),
    ],
)
def test_what_is_wrong_with_a_connection_is_told_without_repeating_it(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match="spendesk_default") as caught:
        account_from_connection("spendesk_default", json.dumps(COMPLETE | change))
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)
