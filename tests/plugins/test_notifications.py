"""People are told through Airflow's own notifiers, once, and never at a task's expense."""

from __future__ import annotations

import json
import logging
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import BaseNotifier
from airflow.sdk.exceptions import AirflowFailException

from exactsync.lifecycle import Reason
from exactsync.secret import Secret
from exactsync.warehouse.alerts import Alert
from exactsync_airflow import notifications
from exactsync_airflow.notifications import describe, notify
from exactsync_airflow.operators.publish import ExactOnlinePublishOperator

if TYPE_CHECKING:
    from collections.abc import Iterator

ALERT = Alert(
    integration="Zoë & Söhne",
    kind="act",
    since=datetime(2026, 11, 22, 3, 4, tzinfo=UTC),
    reason=Reason.REVOKED,
    message="It is the grant of Dana Demo. {{ 7 * 7 }} <b>",
    failing_runs=0,
)
BODY = {
    "subject": "{{ alert.title }}",
    "text": "{{ alert.text }}",
    "since": "{{ alert.since }}",
    "link": "{{ alert.url }}",
    "name": "{{ alert.integration }}",
}


class Alerts:
    """Has these alerts due until they are told."""

    def __init__(self, *due: Alert) -> None:
        self.due = list(due)
        self.settled: list[tuple[Alert, bool]] = []

    def claim(self) -> list[Alert]:
        return self.due

    def settle(self, alert: Alert, *, is_told: bool) -> None:
        self.settled.append((alert, is_told))


class Deployment:
    def __init__(self, *due: Alert) -> None:
        self.alerts = Alerts(*due)


class Hook(BaseHTTPRequestHandler):
    """A webhook that remembers what it was sent."""

    received: list[dict[str, Any]]

    def do_POST(self) -> None:
        self.received.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What a webhook receives: the notifier of Airflow's HTTP provider is set to it."""
    Hook.received = []
    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("AIRFLOW_CONN_WEBHOOK", f"http://127.0.0.1:{server.server_port}")
    set_notifier(
        monkeypatch,
        "airflow.providers.http.notifications.http.HttpNotifier",
        http_conn_id="webhook",
        endpoint="/hook",
        json=BODY,
    )
    yield Hook.received
    server.shutdown()
    server.server_close()
    thread.join(10)


def set_notifier(monkeypatch: pytest.MonkeyPatch, classpath: str, **kwargs: Any) -> None:
    setting = json.dumps({"classpath": classpath, "kwargs": kwargs})
    monkeypatch.setenv("AIRFLOW__EXACTSYNC__NOTIFIER", setting)


class Broken(BaseNotifier):
    template_fields = ("text",)

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.text = text

    def notify(self, context: Any) -> None:
        raise RuntimeError(f"no way with {self.text}")


class Endless(BaseNotifier):
    def notify(self, context: Any) -> None:
        threading.Event().wait(60)


def test_nobody_is_told_unless_a_notifier_is_set(context) -> None:
    deployment = Deployment(ALERT)
    notify(deployment, context)
    assert deployment.alerts.settled == []


def test_a_webhook_gets_what_happened_since_when_what_to_do_and_the_link(
    webhook, context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://air.example.com/finance/")
    deployment = Deployment(ALERT)
    notify(deployment, context)
    (sent,) = webhook
    link = "https://air.example.com/finance/plugin/accounting-setup?connection=Zo%C3%AB%20%26%20S%C3%B6hne"
    assert sent["subject"] == "Zoë & Söhne: Exact Online must be reconnected"
    assert (sent["since"], sent["link"], sent["name"]) == ("2026-11-22 03:04 UTC", link, "Zoë & Söhne")
    for part in (Reason.REVOKED.text, Reason.REVOKED.remedy, "{{ 7 * 7 }} <b>", "2026-11-22 03:04", link):
        assert part in sent["text"]
    assert deployment.alerts.settled == [(ALERT, True)]


def test_each_alert_is_a_message_of_its_own(webhook, context) -> None:
    failing = replace(ALERT, integration="123", kind="failing", reason=Reason.SYNC_FAILING, failing_runs=5)
    notify(Deployment(ALERT, failing), context)
    assert [sent["name"] for sent in webhook] == ["Zoë & Söhne", "123"]
    assert webhook[1]["subject"] == "123: the sync with Exact Online keeps failing"
    assert "5 runs in a row" in webhook[1]["text"]


def test_no_secret_is_told(webhook, context) -> None:
    secret = Secret("stampNL001.r-very/secret+token==")
    notify(Deployment(replace(ALERT, message=f"Exact repeated {secret.reveal()} of ours")), context)
    assert secret.reveal() not in json.dumps(webhook)
    assert "Exact repeated *** of ours" in webhook[0]["text"]


def test_a_notifier_that_fails_does_not_fail_the_task_and_the_alert_stays_due(
    context, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    secret = Secret("another/secret+token==")
    set_notifier(monkeypatch, f"{__name__}.Broken", text="{{ alert.title }} " + secret.reveal())
    other = replace(ALERT, integration="other")
    deployment = Deployment(ALERT, other)
    with caplog.at_level(logging.WARNING, logger=notifications.__name__):
        notify(deployment, context)
    assert deployment.alerts.settled == [(ALERT, False), (other, False)]
    told = "\n".join(record.getMessage() for record in caplog.records if record.name == notifications.__name__)
    assert "no way with Zoë & Söhne" in told
    assert secret.reveal() not in told


def test_a_notifier_that_does_not_come_to_an_end_is_left_behind(context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifications, "PATIENCE_S", 0.05)
    set_notifier(monkeypatch, f"{__name__}.Endless")
    deployment = Deployment(ALERT)
    notify(deployment, context)
    assert deployment.alerts.settled == [(ALERT, False)]


@pytest.mark.parametrize(
    "setting",
    [
        "slack",
        "[]",
        "{}",
        '{"classpath": 5}',
        '{"classpath": "no.such.Notifier"}',
        '{"classpath": "json.JSONEncoder", "kwargs": {"x": 1}}',
    ],
)
def test_a_setting_that_is_wrong_is_a_line_in_the_log_and_takes_no_alert(
    context, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, setting: str
) -> None:
    monkeypatch.setenv("AIRFLOW__EXACTSYNC__NOTIFIER", setting)
    deployment = Deployment(ALERT)
    with caplog.at_level(logging.WARNING, logger=notifications.__name__):
        notify(deployment, context)
    assert "No one was notified" in caplog.text
    assert deployment.alerts.settled == []


@pytest.mark.parametrize("state", ["success", "failed"])
def test_every_run_ends_by_telling_what_is_due(webhook, deployment, context, ti, state: str) -> None:
    ti.breadcrumbs = [{"task_id": "gl_accounts", "map_index": 0, "state": state}]
    deployment.alerts = Alerts(ALERT)
    with suppress(AirflowFailException):
        ExactOnlinePublishOperator(task_id="publish").execute(context)
    assert [sent["name"] for sent in webhook] == [ALERT.integration]


def test_a_dag_that_renders_native_objects_changes_no_text(webhook, context) -> None:
    from airflow.sdk import DAG

    dag = DAG("native", schedule=None, render_template_as_native_obj=True)
    notify(Deployment(replace(ALERT, integration="123")), context | {"dag": dag})
    assert webhook[0]["name"] == "123"


def test_airflow_knows_the_setting() -> None:
    from exactsync_airflow import get_provider_info

    options = get_provider_info()["config"]["exactsync"]["options"]
    assert options["notifier"]["default"] == ""
    json.loads(options["notifier"]["example"])


def test_what_is_told_names_the_page_even_where_airflow_does_not_know_its_address() -> None:
    assert describe(ALERT).url.endswith("/plugin/accounting-setup?connection=Zo%C3%AB%20%26%20S%C3%B6hne")
