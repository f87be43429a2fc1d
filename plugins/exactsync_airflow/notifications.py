"""Tell people what they should know unasked, through any notifier that Airflow has: Slack, e-mail, a webhook, Apprise.

Off unless `[exactsync] notifier` names one: `{"classpath": "...", "kwargs": {...}}`, where the notifier's templated
arguments may use `{{ alert.title }}`, `{{ alert.text }}`, `{{ alert.since }}` and `{{ alert.url }}`. Each occurrence is
told once. Whatever goes wrong with it is a line in the task's log, never the end of the task.
"""

from __future__ import annotations

import json
import logging
from concurrent.futures import Future
from dataclasses import dataclass
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import quote

from exactsync.exact.redact import redact

if TYPE_CHECKING:
    from airflow.sdk import BaseNotifier, Context

    from exactsync.deployment import Deployment
    from exactsync.warehouse.alerts import Alert

log = logging.getLogger(__name__)

SECTION, OPTION = "exactsync", "notifier"
PATIENCE_S = 30.0
"""For how long a task waits for a notifier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What templates know as `alert`; free of secrets."""

    title: str
    text: str
    """What happened, since when, what to do and where, on several lines."""
    since: str
    url: str
    """The integration on the page Accounting setup."""
    integration: str
    kind: str
    """`act` or `failing`."""
    reason: str


def notify(deployment: Deployment, context: Context) -> None:
    """Tell what is due; costs nothing while no notifier is set."""
    from airflow.sdk.configuration import conf

    configured = conf.get(SECTION, OPTION, fallback="") or ""
    if not configured.strip():
        return
    try:
        _tell_all(deployment, configured, context)
    except Exception as error:  # a task must not fail because nobody could be told about it
        log.warning("No one was notified: %s", redact(f"{type(error).__name__}: {error}"))


def _tell_all(deployment: Deployment, configured: str, context: Context) -> None:
    _create_notifier(configured)  # a setting that is wrong claims nothing
    for alert in deployment.alerts.claim():
        message, is_told = describe(alert), False
        try:
            _tell(_create_notifier(configured), message, context)
            is_told = True
        except Exception as error:
            log.warning(
                "Nobody was told '%s', it is tried again: %s",
                message.title,
                redact(f"{type(error).__name__}: {error}"),
            )
        finally:
            deployment.alerts.settle(alert, is_told=is_told)


def _create_notifier(configured: str) -> BaseNotifier:
    """Make the notifier; each message needs a new one, because rendering replaces its templates."""
    setting = json.loads(configured)
    module, _, name = setting["classpath"].rpartition(".")
    notifier: BaseNotifier = getattr(import_module(module), name)(**setting.get("kwargs", {}))
    return notifier


def _tell(notifier: BaseNotifier, message: Message, context: Context) -> None:
    """Send one message, in a thread that is left to itself if it takes too long.

    The DAG stays out of the context: where it renders native objects, a text that looks like one would become one.
    """
    done: Future[None] = Future()
    told = {**{name: value for name, value in context.items() if name != "dag"}, "alert": message}

    def send() -> None:
        try:
            notifier(told)
            done.set_result(None)
        except Exception as error:
            done.set_exception(error)

    Thread(target=send, name="notifier", daemon=True).start()
    try:
        done.result(timeout=PATIENCE_S)
    except TimeoutError:
        raise TimeoutError(f"the notifier took longer than {PATIENCE_S:.0f} s") from None


def describe(alert: Alert) -> Message:
    """Put an alert into words."""
    url = page_url(alert.integration)
    since = f"{alert.since:%Y-%m-%d %H:%M} UTC"
    lines = [alert.reason.text, f"Since {since}."]
    if alert.kind == "failing":
        lines[1] = f"Since {since}, {alert.failing_runs} runs in a row."
    lines += [redact(alert.message)] if alert.message else []
    lines += [f"What to do: {alert.reason.remedy}", url]
    return Message(
        title=alert.title,
        text="\n".join(lines),
        since=since,
        url=url,
        integration=alert.integration,
        kind=alert.kind,
        reason=alert.reason,
    )


def page_url(integration: str) -> str:
    """Return the address of an integration on the page Accounting setup; `[api] base_url` tells where Airflow is."""
    from airflow.sdk.configuration import conf

    base_url = conf.get("api", "base_url", fallback="") or "http://localhost:8080"
    return f"{base_url.rstrip('/')}/plugin/accounting-setup?connection={quote(integration, safe='')}"
