"""A local Airflow: its settings, its processes, and the little of its REST API that the demo needs."""

from __future__ import annotations

import json
import secrets
import socket
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import httpx
from cryptography.fernet import Fernet

if TYPE_CHECKING:
    from pathlib import Path

    from exactsync.demo.processes import Processes

LOGIN = PASSWORD = "admin"  # noqa: S105 (a login on this machine's loopback, printed for whoever sits there)
COMPONENTS = {
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
}
START_TIMEOUT_S = 120.0
CALL_TIMEOUT_S = 120.0  # on a machine that has much else to do
POLL_S = 0.25
_ENDED = {"success", "failed"}


class AirflowError(RuntimeError):
    """Airflow did not do in time what the demo asked it to do."""


def free_port() -> int:
    """Return a TCP port of the loopback interface that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Airflow(Protocol):
    """An Airflow that can be started."""

    @property
    def url(self) -> str:
        """The address of the API server itself, which has the path that people reach it at."""

    @property
    def public_url(self) -> str:
        """The address of the UI for people."""

    @property
    def password(self) -> str:
        """The password of its administrator, who is called `admin`."""

    def settings(self) -> dict[str, str]:
        """Return the environment of all its processes."""

    def start(self, processes: Processes) -> None:
        """Create the metadata database and start the components; they need some seconds more to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalAirflow:
    """An Airflow on SQLite that runs this checkout's DAGs as processes of this machine.

    Attributes:
        home: Its AIRFLOW_HOME.
        root: The checkout.
        port: Where the API server listens, on 127.0.0.1.
        scheduled: Whether DAGs run by their schedules; otherwise only when they are triggered.
        proxied_at: Where a reverse proxy shows it to people: scheme, host and any path; None without a proxy.
    """

    home: Path
    root: Path
    port: int
    scheduled: bool
    proxied_at: str | None = None

    @property
    def url(self) -> str:
        """The address of the API server itself, which has the path that people reach it at."""
        return f"http://127.0.0.1:{self.port}{urlsplit(self.proxied_at or '').path}"

    @property
    def public_url(self) -> str:
        """The address of the UI for people."""
        return self.proxied_at or self.url

    @property
    def password(self) -> str:
        """The password of its administrator."""
        return PASSWORD

    def settings(self) -> dict[str, str]:
        """Return the environment of every Airflow process; its keys are made anew at each call."""
        return {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.root / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(self.root / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "8",
            "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode(),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{LOGIN}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self._passwords),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home / 'airflow.db'}",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__BASE_URL": self.public_url,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(32),
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
            "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": str(self.scheduled),
        }

    def start(self, processes: Processes) -> None:
        """Create the metadata database and start the components; they need some seconds more to answer."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._passwords.write_text(json.dumps({LOGIN: PASSWORD}))
        processes.run("airflow-migrate", _airflow("db", "migrate"))
        proxied = ("--proxy-headers",) if self.proxied_at else ()
        listening = ("--host", "127.0.0.1", "--port", str(self.port), *proxied)
        processes.start("api-server", _airflow("api-server", *listening))
        for name, arguments in COMPONENTS.items():
            processes.start(name, _airflow(*arguments))

    @property
    def _passwords(self) -> Path:
        return self.home / "passwords.json"


class AirflowApi:
    """The REST API of a running Airflow, waiting where a person would press "reload"."""

    def __init__(self, url: str, processes: Processes) -> None:
        self._processes = processes
        self._client = httpx.Client(base_url=url, timeout=CALL_TIMEOUT_S)

    def log_in(self, password: str = PASSWORD) -> None:
        """Wait until the API server answers, and log in."""
        deadline = time.monotonic() + START_TIMEOUT_S
        credentials = {"username": LOGIN, "password": password}
        while True:
            self._processes.check()
            try:
                answer = self._client.post("/auth/token", json=credentials)
                break
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    tail = self._processes.tail("api-server")
                    raise AirflowError(f"the API server does not answer:\n{tail}") from None
                time.sleep(POLL_S)
        self._client.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['access_token']}"

    def wait_for_dag(self, dag_id: str) -> None:
        """Wait until the DAG processor has read a DAG."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while self._client.get(f"/api/v2/dags/{dag_id}").status_code != httpx.codes.OK:
            self._processes.check()
            if errors := self.read("/api/v2/importErrors")["import_errors"]:
                raise AirflowError("\n".join(f"{each['filename']}:\n{each['stack_trace']}" for each in errors))
            if time.monotonic() > deadline:
                tail = self._processes.tail("dag-processor")
                raise AirflowError(f"no DAG {dag_id} appeared:\n{tail}")
            time.sleep(POLL_S)

    def trigger(self, dag_id: str, **conf: Any) -> str:
        """Start a run of a DAG by hand, with these parameters, and return its run id."""
        answer = self._client.post(f"/api/v2/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf})
        run_id: str = answer.raise_for_status().json()["dag_run_id"]
        return run_id

    def pause(self, dag_id: str, *, is_paused: bool = True) -> None:
        """Let no run of a DAG begin, or let them again."""
        self._client.patch(f"/api/v2/dags/{dag_id}", json={"is_paused": is_paused}).raise_for_status()

    def runs(self, dag_id: str) -> dict[str, str]:
        """Return the state of each run of a DAG, by its id."""
        return {run["dag_run_id"]: run["state"] for run in self.read(f"/api/v2/dags/{dag_id}/dagRuns")["dag_runs"]}

    def wait_for_run(self, dag_id: str, run_id: str, *, timeout_s: float) -> None:
        """Wait until a run has succeeded.

        Raises:
            AirflowError: it failed, or took longer than `timeout_s`; the message names the tasks.
        """
        if (state := self.finish_run(dag_id, run_id, timeout_s=timeout_s)) != "success":
            raise AirflowError(f"run {run_id} is {state}: {self._unfinished(dag_id, run_id)}")

    def finish_run(self, dag_id: str, run_id: str, *, timeout_s: float) -> str:
        """Wait until a run has ended, however it did, or the time is over; return its state."""
        deadline = time.monotonic() + timeout_s
        while (state := self._state_of(dag_id, run_id)) not in _ENDED and time.monotonic() < deadline:
            self._processes.check()
            time.sleep(POLL_S)
        return state

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return every task instance of a run, as the REST API describes it."""
        path, found, total = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances", list[dict[str, Any]](), 1
        while len(found) < total:
            page = self.read(path, limit=100, offset=len(found))
            found, total = found + page["task_instances"], page["total_entries"]
        return found

    def _state_of(self, dag_id: str, run_id: str) -> str:
        return str(self.read(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def _unfinished(self, dag_id: str, run_id: str) -> str:
        states = [
            f"{each['task_id']}[{each['rendered_map_index'] or each['map_index']}] {each['state']}"
            for each in self.task_instances(dag_id, run_id)
            if each["state"] != "success"
        ]
        return ", ".join(states) or "no task is unfinished"

    def read(self, path: str, **parameters: int) -> Any:
        """Return what Airflow, or a plugin of it, answers to GET."""
        return self._client.get(path, params=parameters).raise_for_status().json()


def _airflow(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "airflow", *arguments)
