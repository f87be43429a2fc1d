"""Where contestants meet: one PostgreSQL, one server of pages, a fresh database for each run, one process each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import httpx
import psutil
import psycopg2
from cryptography.fernet import Fernet
from psycopg2 import sql

from exactsync.credentials import app_from_connection
from exactsync.deployment import Deployment
from exactsync.simulator import DEMO_APP, Settings, Simulator, SimulatorTransport
from tests.bench.suppliers import DIVISION

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[2]
STOPWATCH: Final = ROOT / "tests" / "bench" / "stopwatch.py"
CONNECTION: Final = "exact_online_default"
TEN_HOURS_S: Final = 36_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one process took, from its start until it had ended."""

    wall_s: float
    cpu_s: float
    """User and system time of the process and its children."""
    postgres_s: float
    """User and system time of PostgreSQL meanwhile."""
    peak_mb: float
    """The most memory that the process, or any child of it, held at once."""
    calls: int
    """Pages that it asked for."""


@contextmanager
def serving(folder: Path, rows: int, latency_s: float = 0.0) -> Iterator[str]:
    """Serve a feed from a process of its own; yield the address."""
    command = [sys.executable, "-m", "tests.bench.server", str(folder), str(rows), str(latency_s)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


class Arena:
    """Runs contestants that read from one server, each in a process of its own.

    Args:
        postgres_url: a superuser's URL of the PostgreSQL; databases whose names begin with `bench` are made there.
        postgres_pid: its process, to tell what it spends; None: that is not measured.
        server: the address of the pages.
    """

    def __init__(self, postgres_url: str, server: str, *, postgres_pid: int | None = None) -> None:
        self._url = postgres_url
        self._pid = postgres_pid
        self._server = server
        self._template = f"bench_{urlsplit(server).port}"
        self._databases = 0
        app = {
            "conn_type": "exact_online",
            "host": server,
            "login": DEMO_APP.client_id,
            "password": DEMO_APP.client_secret,
            "extra": {"redirect_uri": DEMO_APP.redirect_uris[0], "verify": False},
        }
        self._environment = {
            "EXACTSYNC_TOKEN_KEYS": Fernet.generate_key().decode(),
            "EXACTSYNC_INSTANCE_ID": "bench",
            f"AIRFLOW_CONN_{CONNECTION.upper()}": json.dumps(app),
        }
        self._execute("CREATE DATABASE {}", self._template)
        self._install()

    def fresh_database(self) -> str:
        """Create a database that is migrated and connected with Exact; return its URL.

        What an installation is set up with is no part of a load; those who do not need it do not touch it.
        """
        self._databases += 1
        name = f"{self._template}_{self._databases}"
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, self._template)
        self._execute("CHECKPOINT")
        return self._database(name)

    def drop(self, database: str) -> None:
        """Drop a database that is not needed any more."""
        self._execute("DROP DATABASE {} WITH (FORCE)", urlsplit(database).path.strip("/"))

    def close(self) -> None:
        """Drop what the databases were made from."""
        self.drop(self._database(self._template))

    def run(self, python: str, contestant: str, database: str, *options: str) -> Cost:
        """Run one contestant to its end and return what it took; CalledProcessError if it failed."""
        command = [python, "-m", f"tests.bench.contestants.{contestant}", self._server, database, *options]
        self._take_calls()
        spent_before = self._postgres_s()
        timed = subprocess.run(
            [sys.executable, "-I", "-S", STOPWATCH, *command],
            cwd=ROOT,
            env=os.environ | self._environment,
            stdout=subprocess.PIPE,
            check=True,
        )
        spent_s = self._postgres_s() - spent_before
        return Cost(**json.loads(timed.stdout), postgres_s=spent_s, calls=self._take_calls())

    def _take_calls(self) -> int:
        with urlopen(f"{self._server}/calls") as answer:
            return int(answer.read())

    def _postgres_s(self) -> float:
        """Return the time that all processes of PostgreSQL have spent, those that have ended among them."""
        if self._pid is None:
            return 0.0
        postmaster = psutil.Process(self._pid)
        while True:
            try:
                times = [postmaster.cpu_times(), *(child.cpu_times() for child in postmaster.children())]
            except psutil.NoSuchProcess:  # one ended between the two, so it is among those that have ended
                continue
            ended = times[0]
            return sum(each.user + each.system for each in times) + ended.children_user + ended.children_system

    def _install(self) -> None:
        variable = self._environment[f"AIRFLOW_CONN_{CONNECTION.upper()}"]
        transport = SimulatorTransport(Simulator(Settings(token_lifetime_s=TEN_HOURS_S)))
        deployment = Deployment(
            warehouse_url=self._database(self._template),
            state_url=None,
            token_keys=[self._environment["EXACTSYNC_TOKEN_KEYS"]],
            instance_id=self._environment["EXACTSYNC_INSTANCE_ID"],
            find_app=lambda connection_id: app_from_connection(connection_id, variable),
            transport=transport,
        )
        with closing(deployment), httpx.Client(transport=transport) as browser:
            deployment.migrate()
            redirected = browser.get(deployment.authorise_url(CONNECTION, state="s")).headers["location"]
            deployment.authorise(CONNECTION, code=parse_qs(urlsplit(redirected).query)["code"][0])
            deployment.choose(CONNECTION, [DIVISION])

    def _database(self, name: str) -> str:
        return urlsplit(self._url)._replace(path=f"/{name}").geturl()

    def _execute(self, statement: str, *names: str) -> None:
        with closing(psycopg2.connect(self._url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
