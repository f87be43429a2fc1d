"""The one file that Airflow's plugin scanner executes; the package beside it is kept out by `.airflowignore`.

Operators, hooks and assets need no plugin: DAG files import them. The connection type needs none either: the
`apache_airflow_provider` entry point brings it. What is left for the plugin are the pages Accounting setup, Sync
health and Exports.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from airflow.plugins_manager import AirflowPlugin

_IN_NAVIGATION: dict[str, Any] = {
    "destination": "nav",
    "nav_top_level": True,  # several pages would otherwise be put into a menu of plugins
}


class ExactSyncPlugin(AirflowPlugin):
    """Adds our pages to Airflow's navigation, and their API to the api-server."""

    name = "exactsync"

    # Bundles are relative to the page's <base>, so that they are found where Airflow lives below a path, too.
    react_apps: list[Any] = [  # noqa: RUF012
        {
            "name": "Accounting setup",
            "url_route": "accounting-setup",
            "bundle_url": "exactsync/accounting_setup/www/main.js",
            **_IN_NAVIGATION,
        },
        {
            "name": "Sync health",
            "url_route": "sync-health",
            "bundle_url": "exactsync/sync_health/www/main.js",
            **_IN_NAVIGATION,
        },
        {
            "name": "Exports",
            "url_route": "exports",
            "bundle_url": "exactsync/exports/www/main.js",
            **_IN_NAVIGATION,
        },
    ]

    @cached_property
    def fastapi_apps(self) -> list[Any]:  # type: ignore[override]
        """The pages' API: made when the api-server asks for it, because every process loads this file."""
        from exactsync_airflow.accounting_setup.app import create_app

        return [{"name": "Accounting setup", "app": create_app(), "url_prefix": "/exactsync"}]
