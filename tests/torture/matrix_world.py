"""A world in which time passes on demand: at Exact, in the database, and wherever the library would sleep."""

from __future__ import annotations

from collections import defaultdict
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest import mock

import httpx
from sqlalchemy import text

from exactsync.errors import ReauthorisationRequiredError, RetryLaterError
from exactsync.exact.client import ExactClient
from exactsync.exact.grant import AccessTokens
from exactsync.simulator import Company, Settings, Simulator
from exactsync.simulator.clock import Clock
from exactsync.warehouse.engine import create_engine
from exactsync.warehouse.migrate import migrate
from tests.integration.conftest import EXACT_URL, Installation
from tests.torture.conftest import CONNECTION, DIVISION
from tests.truth.oracle import Difference, Oracle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exactsync.errors import ExactSyncError
    from tests.conftest import DatabaseServer
    from tests.truth.columns import Table

TRAVEL = """
CREATE SCHEMA travel;
CREATE TABLE travel.passed (seconds double precision NOT NULL);
INSERT INTO travel.passed VALUES (0);
CREATE FUNCTION travel.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
    'SELECT pg_catalog.clock_timestamp() + make_interval(secs => seconds) FROM travel.passed';
CREATE FUNCTION travel.now() RETURNS timestamptz LANGUAGE sql STABLE AS
    'SELECT pg_catalog.now() + make_interval(secs => seconds) FROM travel.passed'
"""
ERRORS_FORGOTTEN_S = 3601.0
TOKEN_LIFE_S = 600.0
MUCH_HISTORY = 100


def _let_clocks_travel(url: str) -> None:
    """Let whoever asks this database for the time get the one of `travel`; holds for connections made from now on."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f'ALTER DATABASE "{engine.url.database}" SET search_path = travel, pg_catalog, public'))
    engine.dispose()


@contextmanager
def travelling_template(server: DatabaseServer) -> Iterator[str]:
    """Yield the name of a migrated database whose clock can be moved, to be copied."""
    with server.fresh_database() as name:
        engine = create_engine(server.url(name))
        with engine.begin() as connection:
            connection.execute(text(TRAVEL))
        engine.dispose()
        _let_clocks_travel(server.url(name))
        migrate(engine)
        engine.dispose()  # a database in use cannot be copied
        yield name


@contextmanager
def travelling_world(server: DatabaseServer, template: str, settings: Settings) -> Iterator[TravellingWorld]:
    """Yield an installation on a database of its own, consented; every sleep in the library lets the time pass."""
    with _consented_world(server, template, settings) as world, world.inhabited():
        yield world


@contextmanager
def _consented_world(server: DatabaseServer, template: str, settings: Settings) -> Iterator[TravellingWorld]:
    with server.fresh_database(template=template) as name:
        _let_clocks_travel(server.url(name))
        with closing(TravellingWorld(settings, server.url(name))) as world:
            world.consent()
            world.deployment.choose(CONNECTION, None)
            yield world


class Worlds:
    """Travelling worlds that are used again and again: to make one costs more than what befalls it."""

    def __init__(self, server: DatabaseServer, template: str, settings: Settings) -> None:
        self._make = partial(_consented_world, server, template, settings)
        self._kept: dict[str, TravellingWorld] = {}
        self._lives: dict[str, ExitStack] = defaultdict(ExitStack)

    @contextmanager
    def borrow(self, purpose: str) -> Iterator[TravellingWorld]:
        """Yield the purpose's world; a new one unless the last user left it settled, and with little history."""
        world = self._kept.get(purpose)
        if world is None or not world.is_settled or world.is_full_of_history:
            self._lives[purpose].close()
            world = self._kept[purpose] = self._lives[purpose].enter_context(self._make())
        with world.inhabited():
            yield world

    def close(self) -> None:
        """Bring every world to its end."""
        for life in self._lives.values():
            life.close()


class TravellingWorld(Installation):
    """An installation whose Exact and database tell the time that a test wants; the oracle judges it."""

    def __init__(self, settings: Settings, warehouse_url: str) -> None:
        super().__init__(Simulator(settings, clock=Clock(sleep=self.travel)), warehouse_url)
        self.oracle = Oracle(self.simulator, [company.code for company in settings.companies])
        self.is_settled = False
        """Whether the warehouse is known to hold the truth."""

    @contextmanager
    def inhabited(self) -> Iterator[None]:
        """Let this world's time pass whenever the library would sleep; one world at a time can have that."""
        with ExitStack() as stack:
            for sleeper in (ExactClient, AccessTokens):
                defaults = {**(sleeper.__init__.__kwdefaults__ or {}), "sleep": self.travel}
                stack.enter_context(mock.patch.object(sleeper.__init__, "__kwdefaults__", defaults))
            yield

    @property
    def is_full_of_history(self) -> bool:
        """Whether so much was deleted that comparing it with the truth costs more than a new world."""
        return bool(self.scalar("SELECT count(*) FROM exactsync.tombstones") > MUCH_HISTORY)

    def travel(self, seconds: float) -> None:
        """Let time pass, at Exact and in the database."""
        self.simulator.clock.advance(seconds)
        self.execute(f"UPDATE travel.passed SET seconds = seconds + {seconds}")

    def execute(self, statement: str) -> None:
        """Execute and commit a statement."""
        with self.engine.begin() as connection:
            connection.execute(text(statement))

    def calm_down(self) -> None:
        """Remove every fault, let an hour pass, consent if the grant has ended, and forget what rules were broken."""
        self.simulator.clear_faults()
        self.travel(ERRORS_FORGOTTEN_S)
        if self.scalar("SELECT status FROM exactsync.grants") != "active":
            self.consent()
        self.simulator.clear_journal()

    def do_as_told(self, error: ExactSyncError) -> None:
        """Take the way out that an error names: wait, consent, or (nothing to do) mend what was wrong."""
        if isinstance(error, RetryLaterError):
            self.travel(max(0.0, (error.retry_at - datetime.now(UTC)).total_seconds()))
        elif isinstance(error, ReauthorisationRequiredError):
            self.consent()

    def look_at(self, endpoint: str) -> None:
        """Let somebody else, with the same app, look at the first page of a list."""
        params = {"$select": "ID", "$filter": "Timestamp gt 1L"} if endpoint.startswith("sync/") else {"$select": "ID"}
        headers = {"Accept": "application/json", "Authorization": f"Bearer {self.simulator.secrets()[-1]}"}
        with httpx.Client(transport=self.transport, headers=headers) as somebody:
            try:
                somebody.get(f"{EXACT_URL}/api/v1/{DIVISION}/{endpoint}", params=params)
            except httpx.TransportError:
                return  # it is about them

    def visible(self, *tables: Table) -> list[Any]:
        """Return every row that readers may see, whole."""
        with self.engine.connect() as connection:
            return [
                row
                for table in tables
                for row in connection.exec_driver_sql(f"SELECT * FROM exact_online.{table.name} ORDER BY division, id")
            ]

    def differences(self, *tables: Table) -> list[Difference]:
        """Compare tables with the truth, but for what deleted rows hold: the oracle cannot know what was read last."""
        with self.engine.connect() as connection:
            found = self.oracle.check(connection, tables).differences
        return [difference for difference in found if not (difference.is_deleted and difference.column)]

    def cut_connections(self) -> None:
        """End every connection to the database, as a restart does."""
        self.engine.dispose()
        with self.engine.begin() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )


def small_company(**sizes: int) -> Settings:
    """Return an Exact with one company, read three records a page."""
    company = Company(code=DIVISION, name="Demo Holding", country="NL", sizes=sizes, suppliers=1.0)
    return Settings(companies=(company,), bulk_page_size=3, single_page_size=3)
