"""Everything that a sync needs, on this machine: PostgreSQL, a simulated Exact Online, Airflow, an authorised app."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

import httpx
from cryptography.fernet import Fernet

from exactsync.commands.standing_in import PAYABLES
from exactsync.demo.airflow import Airflow, AirflowApi, LocalAirflow, free_port
from exactsync.demo.payables import SPENDESK_CONNECTION_ID, set_up_payables
from exactsync.demo.processes import ProcessError, Processes, stop_recorded
from exactsync.demo.simulated_exact import SimulatedExact
from exactsync.embedded import PostgresServer
from exactsync.simulator.settings import DEMO_APP
from exactsync.simulator.spendesk import SpendeskSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

ROOT = Path(__file__).resolve().parents[3]
DAG_ID = "exact_online_sync"
CONNECTION_ID = "exact_online_default"
CALLBACK = "/exactsync/oauth/callback"
GIVEN_WAREHOUSE = ("EXACTSYNC_WAREHOUSE_URL", "AIRFLOW_CONN_WAREHOUSE_DEFAULT")
SIMULATOR_TIMEOUT_S = 30.0
SNAPSHOT_S = 10.0


class Stack:
    """The whole integration at work below one folder. Starting takes about 20 s, stopping 5 s.

    Everything begins anew: what an earlier stack left in the folder is removed. A warehouse that the environment
    names (`EXACTSYNC_WAREHOUSE_URL` or `AIRFLOW_CONN_WAREHOUSE_DEFAULT`) is used instead of an embedded one.

    Args:
        folder: Data, settings and logs.
        scheduled: Whether DAGs run by their schedules; otherwise only when they are triggered.
        connected: Whether Exact Online is the accounting base, the app authorised and every company chosen; otherwise
            a person does so in Airflow.
        spends: Whether there is a simulated Spendesk, too, whose payables are booked in one of the companies.
        payables: How many payables it has.
        companies: How many small companies there are at Exact; None: the demo's.
        proxied_at: Where a reverse proxy shows Airflow to people; None without a proxy.
        connections: Further connections of Airflow by their ids, as its JSON describes them.
        airflow: Another Airflow than one on SQLite, for which `scheduled` and `proxied_at` are no matter then.
        warehouse: The URL of a database to use before any other.
        exact_relay: The port of this machine by which the app reaches Exact; None: it does so directly.
    """

    def __init__(
        self,
        folder: Path,
        *,
        scheduled: bool = False,
        connected: bool = True,
        spends: bool = False,
        payables: int = PAYABLES,
        companies: int | None = None,
        proxied_at: str | None = None,
        connections: Mapping[str, Mapping[str, Any]] | None = None,
        airflow: Airflow | None = None,
        warehouse: str | None = None,
        exact_relay: int | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self.airflow = airflow or LocalAirflow(
            home=self.folder / "airflow", root=ROOT, port=free_port(), scheduled=scheduled, proxied_at=proxied_at
        )
        self.redirect_uri = f"{self.airflow.public_url}{CALLBACK}"
        self.exact_url = f"http://127.0.0.1:{free_port()}"
        self.spendesk_url = f"http://127.0.0.1:{free_port()}" if spends else None
        self.warehouse: dict[str, str] = {}
        self.environment: dict[str, str] = {}
        self.processes: Processes
        self._connected = connected
        self._payables = payables
        self._companies = companies
        self._connections = dict(connections or {})
        self._given = {GIVEN_WAREHOUSE[0]: warehouse} if warehouse else os.environ
        self._called = f"http://127.0.0.1:{exact_relay}" if exact_relay else self.exact_url
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._resources.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._resources.close()

    def exactsync(self, *arguments: str) -> str:
        """Run a command of the command line and return what it printed."""
        name = f"exactsync-{arguments[0]}"
        return self.processes.run(name, [sys.executable, "-m", "exactsync", *arguments])

    def wait_until_ready(self) -> AirflowApi:
        """Wait until Airflow answers and knows the main job, and return its REST API."""
        api = AirflowApi(self.airflow.url, self.processes)
        api.log_in(self.airflow.password)
        api.wait_for_dag(DAG_ID)
        return api

    def authorise(self) -> None:
        """Log in at Exact as a person does, and let the app have what comes of it."""
        question = {"client_id": DEMO_APP.client_id, "redirect_uri": self.redirect_uri, "response_type": "code"}
        consent = httpx.get(f"{self.exact_url}/api/oauth2/auth?{urlencode(question)}")
        self.exactsync("authorise", "--connection", CONNECTION_ID, "--redirected", consent.headers["location"])

    def _start(self) -> None:
        clear_folder(self.folder)
        self.warehouse = _given_warehouse(self._given) or self._start_warehouse()
        self.environment = self._environment()
        self.processes = Processes(self.folder, self.environment)
        self._resources.callback(self.processes.stop)
        with ThreadPoolExecutor(1) as pool:
            starting = pool.submit(self.airflow.start, self.processes)
            self._start_simulator()
            self._start_spendesk()
            self._migrate()
            if self._connected:
                self._connect()
            starting.result()

    def _start_warehouse(self) -> dict[str, str]:
        server = self._resources.enter_context(PostgresServer(self.folder / "postgres"))
        url = server.create_database("warehouse")
        connection = url.replace("postgresql://", "postgres://", 1)  # as Airflow spells it
        return {"EXACTSYNC_WAREHOUSE_URL": url, "AIRFLOW_CONN_WAREHOUSE_DEFAULT": connection}

    def _start_simulator(self) -> None:
        port = self.exact_url.rpartition(":")[2]
        simulate = [sys.executable, "-m", "exactsync", "simulate", "--port", port]
        many = ["--companies", str(self._companies)] if self._companies else []
        self.processes.start("simulator", [*simulate, "--redirect-uri", self.redirect_uri, *many])
        exact, deadline = SimulatedExact(self.exact_url), time.monotonic() + SIMULATOR_TIMEOUT_S
        while not exact.is_up():
            self.processes.check()
            if time.monotonic() > deadline:
                raise ProcessError(f"the simulator does not answer:\n{self.processes.tail('simulator')}")
            time.sleep(0.1)

    def _start_spendesk(self) -> None:
        if self.spendesk_url:
            port = self.spendesk_url.rpartition(":")[2]
            simulate = [sys.executable, "-m", "exactsync", "simulate", "--spendesk", "--snapshot-s", str(SNAPSHOT_S)]
            self.processes.start("spendesk", [*simulate, "--payables", str(self._payables), "--port", port])

    def _migrate(self) -> None:
        self.exactsync("migrate")
        if json.loads(self.exactsync("status", "--json")):
            raise ProcessError("the given warehouse is in use. What to do: name an empty database.")

    def _connect(self) -> None:
        """Do what a person does once: choose Exact Online, authorise the app, choose the companies."""
        self.exactsync("base", "exact_online")
        self.authorise()
        self.exactsync("divisions", "--choose-all")
        if self.spendesk_url:
            set_up_payables(self.environment, SimulatedExact(self.exact_url), integration=CONNECTION_ID)

    def _environment(self) -> dict[str, str]:
        ours = ("AIRFLOW", "EXACTSYNC_", "PYTHONDONTWRITEBYTECODE")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        levels = {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW__LOGGING__")}
        return {
            **inherited,
            **levels,
            **self.airflow.settings(),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "EXACTSYNC_TOKEN_KEYS": self._token_key(),
            **self.warehouse,
            f"AIRFLOW_CONN_{CONNECTION_ID.upper()}": json.dumps(
                {
                    "conn_type": "exact_online",
                    "host": self._called,
                    "login": DEMO_APP.client_id,
                    "password": DEMO_APP.client_secret,
                    "extra": {"redirect_uri": self.redirect_uri, "region": "nl"},
                }
            ),
            **{f"AIRFLOW_CONN_{name.upper()}": json.dumps(value) for name, value in self._all_connections().items()},
        }

    def _all_connections(self) -> dict[str, Mapping[str, Any]]:
        if self.spendesk_url is None:
            return self._connections
        settings = SpendeskSettings()
        connection = {
            "conn_type": "spendesk",
            "host": self.spendesk_url,
            "login": settings.client_id,
            "password": settings.client_secret,
            "extra": {"poll_s": SNAPSHOT_S},
        }
        return {SPENDESK_CONNECTION_ID: connection, **self._connections}

    def _token_key(self) -> str:
        kept = self.folder / "token_keys"
        kept.touch(mode=0o600)
        kept.write_text(Fernet.generate_key().decode())
        return kept.read_text()


def clear_folder(folder: Path) -> None:
    """Leave an empty folder, and no process of a stack that was killed in it.

    Raises:
        ProcessError: a living stack is at work in it.
    """
    if folder.exists():
        stop_recorded(folder)
        PostgresServer(folder / "postgres").stop()
        shutil.rmtree(folder)
    folder.mkdir(parents=True)


def _given_warehouse(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the environment says about a warehouse, for the command line and for Airflow."""
    given = {name: environ[name] for name in GIVEN_WAREHOUSE if environ.get(name)}
    if len(given) == 1 and (url := given.get("EXACTSYNC_WAREHOUSE_URL")):
        given["AIRFLOW_CONN_WAREHOUSE_DEFAULT"] = f"postgres://{url.partition('://')[2]}"
    return given
