"""A world to torture: a simulated Exact behind a socket, a real PostgreSQL, and the oracle that judges the end."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from cryptography.fernet import Fernet

from exactsync.environment import read_deployment
from exactsync.simulator import DEMO_APP, Settings, Simulator, SimulatorServer
from exactsync.warehouse.engine import create_engine
from tests.truth.columns import TABLES
from tests.truth.oracle import Oracle, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.truth.columns import Table

DIVISION = 1000001
CONNECTION = "exact_online_default"


class World:
    """Exact, the warehouse, and the environment with which any process can work on both."""

    def __init__(self, server: SimulatorServer, warehouse_url: str) -> None:
        self._server = server
        self.simulator = server.simulator
        self.oracle = Oracle(server.simulator, [DIVISION], region=httpx.URL(server.url).host)
        self.engine = create_engine(warehouse_url)
        self.environment = {
            "EXACTSYNC_WAREHOUSE_URL": warehouse_url,
            "EXACTSYNC_TOKEN_KEYS": Fernet.generate_key().decode(),
            f"AIRFLOW_CONN_{CONNECTION.upper()}": json.dumps(
                {
                    "conn_type": "exact_online",
                    "host": server.url,
                    "login": DEMO_APP.client_id,
                    "password": DEMO_APP.client_secret,
                    # Over plain HTTP there is nothing to verify, and to read the certificates takes each client 30 ms.
                    "extra": {"redirect_uri": DEMO_APP.redirect_uris[0], "verify": False},
                }
            ),
        }

    def consent(self) -> None:
        """Authorise the app and choose the company."""
        deployment = read_deployment(self.environment)
        redirected = httpx.get(deployment.authorise_url(CONNECTION, state="s")).headers["location"]
        code = dict(httpx.URL(redirected).params)["code"]
        deployment.authorise(CONNECTION, code=code)
        deployment.choose(CONNECTION, [DIVISION])
        deployment.close()

    def settle(self) -> None:
        """Return when all that the dead have sent to Exact has come to its end."""
        for _ in range(2):  # behind theirs in the line
            httpx.get(f"{self._server.url}/_simulator/clock", verify=False)
        while self._server._server.server_state.tasks:
            time.sleep(0.001)

    def judge(self, tables: Sequence[Table] = TABLES) -> Verdict:
        """Compare tables of the warehouse with the truth."""
        with self.engine.connect() as connection:
            return self.oracle.check(connection, tables)


@pytest.fixture
def make_world(migrated_database: str) -> Iterator[Callable[[Settings], World]]:
    """Set up a world whose Exact has these settings."""
    servers: list[SimulatorServer] = []
    worlds: list[World] = []

    def make(settings: Settings) -> World:
        server = SimulatorServer(Simulator(settings))
        server.start()
        servers.append(server)
        world = World(server, migrated_database)
        worlds.append(world)
        world.consent()
        return world

    yield make
    for world in worlds:
        world.engine.dispose()
    for server in servers:
        server.stop()
