"""What Airflow is told about this package: the connection type and its form."""

from __future__ import annotations

from typing import Any

_EXACT_ONLINE_FORM: dict[str, Any] = {
    "connection-type": "exact_online",
    "hook-name": "Exact Online",
    "hook-class-name": "exactsync_airflow.hooks.ExactOnlineHook",
    "ui-field-behaviour": {
        "hidden-fields": ["schema", "port"],
        "relabeling": {"host": "Base URL", "login": "Client ID", "password": "Client secret"},
        "placeholders": {
            "host": "https://start.exactonline.nl",
            "login": "{01234567-89ab-cdef-0123-456789abcdef}",
        },
    },
    "conn-fields": {
        "redirect_uri": {
            "label": "Redirect URI",
            "description": "Exactly as registered with the app in Exact's App Centre, to the last slash.",
            "schema": {"type": ["string", "null"], "format": "uri"},
        },
        "region": {
            "label": "Region",
            "description": "Only where the base URL does not tell, as behind a proxy or with a simulator.",
            "schema": {"type": ["string", "null"], "enum": ["nl", "be", "fr", None]},
        },
        "verify": {
            "label": "Verify TLS",
            "description": "Check the server's certificate. A path to a CA bundle may stand in the extra JSON instead.",
            "schema": {"type": "boolean", "default": True},
        },
    },
}

_SPENDESK_FORM: dict[str, Any] = {
    "connection-type": "spendesk",
    "hook-name": "Spendesk",
    "hook-class-name": "exactsync_airflow.spendesk_hook.SpendeskHook",
    "ui-field-behaviour": {
        "hidden-fields": ["schema", "port"],
        "relabeling": {"host": "Base URL", "login": "Client ID", "password": "Client secret"},
        "placeholders": {"host": "https://public-api.spendesk.com"},
    },
    "conn-fields": {
        "body": {
            "label": "Body of snapshots",
            "description": "How this host wants to be asked for payables; change it if it answers 400.",
            "schema": {"type": ["string", "null"], "enum": ["flat", "query", None]},
        },
        "calls_per_minute": {
            "label": "Calls per minute",
            "description": "50, unless Spendesk has agreed to more.",
            "schema": {"type": ["integer", "null"], "minimum": 1},
        },
    },
}

_OPTIONS: dict[str, Any] = {
    "notifier": {
        "description": (
            "Whom to tell that a person must act (reconnect) or that a sync keeps failing: JSON with the class path of "
            "any Airflow notifier and its arguments, where `{{ alert.title }}`, `{{ alert.text }}`, "
            "`{{ alert.since }}` and `{{ alert.url }}` are filled in. Each occurrence is told once. Empty: nobody."
        ),
        "version_added": "0.1.0",
        "type": "string",
        "sensitive": True,
        "example": (
            '{"classpath": "airflow.providers.slack.notifications.slack_webhook.SlackWebhookNotifier", '
            '"kwargs": {"slack_webhook_conn_id": "slack", "text": "*{{ alert.title }}*\\n{{ alert.text }}"}}'
        ),
        "default": "",
    }
}


def get_provider_info() -> dict[str, Any]:
    """Describe the provider; Airflow finds this through the `apache_airflow_provider` entry point."""
    return {
        "package-name": "exactsync",
        "name": "Exact Online",
        "description": "Accounting data between Exact Online, Spendesk and a PostgreSQL warehouse.",
        "integrations": [
            {
                "integration-name": "Exact Online",
                "external-doc-url": "https://start.exactonline.nl/docs/HlpRestAPIResources.aspx",
                "tags": ["service"],
            },
            {
                "integration-name": "Spendesk",
                "external-doc-url": "https://developer.spendesk.com/public/reference",
                "tags": ["service"],
            },
        ],
        "hooks": [
            {"integration-name": "Exact Online", "python-modules": ["exactsync_airflow.hooks"]},
            {"integration-name": "Spendesk", "python-modules": ["exactsync_airflow.spendesk_hook"]},
        ],
        "operators": [
            {
                "integration-name": "Exact Online",
                "python-modules": [
                    "exactsync_airflow.operators.connect",
                    "exactsync_airflow.operators.deletions",
                    "exactsync_airflow.operators.keepalive",
                    "exactsync_airflow.operators.publish",
                    "exactsync_airflow.operators.sync",
                ],
            }
        ],
        "connection-types": [_EXACT_ONLINE_FORM, _SPENDESK_FORM],
        "config": {"exactsync": {"description": "The integration with Exact Online.", "options": _OPTIONS}},
    }
