"""The one file that Airflow's plugin scanner executes; the package beside it is kept out by `.airflowignore`.

Operators, hooks and assets need no plugin: DAG files import them. The connection type needs none either: the
`apache_airflow_provider` entry point brings it. What is left for the plugin is to be seen, under Admin → Plugins.
"""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin


class ExactSyncPlugin(AirflowPlugin):
    """Shows in Airflow's list of plugins that exactsync is installed."""

    name = "exactsync"
