"""Everything that faults strike: Airflow on Celery, its queue, two PostgreSQLs, and the way to a simulated Exact."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg2

from exactsync.demo.simulated_exact import SimulatedExact
from exactsync.demo.stack import Stack, clear_folder
from exactsync.embedded import PostgresServer
from tests.chaos import machine, waits
from tests.chaos.relay import Relay
from tests.distributed.topology import DistributedAirflow
from tests.torture.restarts import own_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exactsync.demo.airflow import AirflowApi

FOLDER = Path("var/chaos")
STACK, METADATA, WAREHOUSE = FOLDER / "stack", FOLDER / "postgres", FOLDER / "warehouse"
MOST_CONNECTIONS: Final = 60
TOKEN_LIFETIME_S: Final = 60.0
"""So short that some fault strikes a refresh."""
CALLS_A_MINUTE: Final = 600
LATENCY_S: Final = 0.15

MISSED_SOONER: Final = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "25",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "3",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
}
"""The dead are missed sooner than in production, as many of them die here in a few minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The topology of docker-compose.yaml as processes, with an app that is authorised."""

    stack: Stack
    """What `make test-distributed` runs, too."""
    airflow: DistributedAirflow
    api: AirflowApi
    exact: SimulatedExact
    """What only a test knows of Exact."""
    relay: Relay
    """The way to Exact."""
    warehouse: PostgresServer
    unresolved: Path
    """The file that says whose name does not resolve, as long as it is there."""

    @property
    def warehouse_log(self) -> Path:
        """What the server of the warehouse has said since its start."""
        return self.warehouse.folder / "server.log"

    def execute(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement in the warehouse, as its owner, and return what it answers."""
        with closing(psycopg2.connect(self.stack.warehouse["EXACTSYNC_WAREHOUSE_URL"])) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, values or None)
                return list(cursor.fetchall()) if cursor.description else []


@contextmanager
def open_site() -> Iterator[Site]:
    """Start everything, and stop it at the end."""
    for folder in (STACK, WAREHOUSE, FOLDER):  # first what one that was killed has left running
        clear_folder(folder)
    with (
        own_server(WAREHOUSE / "postgres", max_connections=str(MOST_CONNECTIONS)) as warehouse,
        Relay() as relay,
        PostgresServer(METADATA, durable=False) as metadata,
    ):
        unresolved = (FOLDER / "unresolved").absolute()
        airflow = DistributedAirflow(
            FOLDER / "airflow", metadata, environment={**MISSED_SOONER, machine.NAMES: str(unresolved)}
        )
        settings = airflow.home / "config" / "airflow_local_settings.py"
        settings.parent.mkdir(parents=True)
        settings.write_text(f"from {machine.__name__} import *\n")
        stack = Stack(STACK, airflow=airflow, warehouse=warehouse.create_database("warehouse"), exact_relay=relay.port)
        relay.lead_to(int(stack.exact_url.rpartition(":")[2]))
        with stack:
            exact = SimulatedExact(stack.exact_url)
            exact.configure(token_lifetime_s=TOKEN_LIFETIME_S, calls_per_minute=CALLS_A_MINUTE, calls_per_day=1_000_000)
            stack.authorise()
            exact.configure(latency_s=LATENCY_S)
            site = Site(
                stack=stack,
                airflow=airflow,
                api=stack.wait_until_ready(),
                exact=exact,
                relay=relay,
                warehouse=warehouse,
                unresolved=unresolved,
            )
            site.execute(waits.SOONER)
            yield site
