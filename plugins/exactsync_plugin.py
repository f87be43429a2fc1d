"""The one file that Airflow's plugin scanner executes; the package beside it is kept out by `.airflowignore`.

Operators, hooks and assets need no plugin: DAG files import them. The connection type needs none either: the
`apache_airflow_provider` entry point brings it. What is left for the plugin is the page Accounting setup.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from airflow.plugins_manager import AirflowPlugin


class ExactSyncPlugin(AirflowPlugin):
    """Adds the page Accounting setup to Airflow's navigation, and its API to the api-server."""

    name = "exactsync"

    react_apps: list[Any] = [  # noqa: RUF012
        {
            "name": "Accounting setup",
            "url_route": "accounting-setup",
            "destination": "nav",
            # relative to the page's <base>, so that it is found where Airflow lives below a path, too
            "bundle_url": "exactsync/www/main.js",
        }
    ]

    @cached_property
    def fastapi_apps(self) -> list[Any]:  # type: ignore[override]
        """The page's API: made when the api-server asks for it, because every process loads this file."""
        from exactsync_airflow.accounting_setup.app import create_app

        return [{"name": "Accounting setup", "app": create_app(), "url_prefix": "/exactsync"}]
