"""Many processes share one grant and one budget, against a simulator whose times are scaled down."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography.fernet import Fernet

from exactsync.credentials import App, Secret, User
from exactsync.exact import oauth
from exactsync.simulator import DEMO_APP, Company, Rule, Settings, Simulator, SimulatorServer
from exactsync.warehouse.engine import create_engine
from exactsync.warehouse.tokens import PostgresTokenStore

if TYPE_CHECKING:
    from exactsync.credentials import Grant

WORKER = Path(__file__).with_name("exact_worker.py")
MINUTE_S = 2.0
DIVISION = 1000001
TOKEN_ENDPOINT = "/api/oauth2/token"
ENDPOINTS = (
    "financial/GLAccounts",
    "bulk/Financial/GLAccounts",
    "sync/Financial/GLAccounts",
    "vat/VATCodes",
    "hrm/Costcenters",
    "hrm/Costunits",
    "cashflow/PaymentConditions",
    "sync/Deleted",
)


class Office:
    """A simulator with a fast clock minute, and workers who share one grant and one budget."""

    def __init__(self, server: SimulatorServer, database: str) -> None:
        self.server = server
        self.database = database
        self.key = Fernet.generate_key().decode()
        self.app = {
            "connection_id": "exact_online_default",
            "base_url": server.url,
            "client_id": DEMO_APP.client_id,
            "client_secret": DEMO_APP.client_secret,
            "redirect_uri": DEMO_APP.redirect_uris[0],
        }
        self.logins = 0
        self.log_in()

    def log_in(self) -> None:
        """Consent once more."""
        engine = create_engine(self.database)
        store = PostgresTokenStore(engine, [self.key])
        app = App(**{**self.app, "client_secret": Secret(DEMO_APP.client_secret)})
        answer = httpx.get(oauth.authorise_url(app, "state"))
        requested_at = store.clock()
        pair = oauth.exchange_code(app, oauth.code_of(answer.headers["location"]))
        self.grant = store.save_consent(app, User(id="u", name="Dana"), pair, requested_at=requested_at)
        self.token = pair.access.reveal()
        self.logins += 1
        engine.dispose()

    def run(self, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Give each order to a worker process of its own; return what they tell."""
        known = {"app": self.app, "database": self.database, "grant_id": self.grant.id, "key": self.key}
        workers = [
            subprocess.Popen([sys.executable, WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in orders
        ]
        try:
            for worker, order in zip(workers, orders, strict=True):
                worker.stdin.write(json.dumps(known | order))
                worker.stdin.close()
            answers = [worker.stdout.read() for worker in workers]
            assert [worker.wait(60) for worker in workers] == [0] * len(workers)
        finally:
            for worker in workers:
                worker.kill()
        return [json.loads(answer) for answer in answers]

    def make_calls(self, calls: int) -> list[float]:
        """Let eight workers make `calls` in all; return when they were answered, in order."""
        share = {"minute_s": MINUTE_S, "division": DIVISION, "calls": calls // len(ENDPOINTS)}
        results = self.run([share | {"endpoint": endpoint} for endpoint in ENDPOINTS])
        return sorted(moment for result in results for moment in result["times"])

    def stored(self) -> Grant:
        """The grant as its row stands."""
        engine = create_engine(self.database)
        grant = PostgresTokenStore(engine, [self.key]).read(self.grant.id)
        engine.dispose()
        return grant

    def broken(self, *rules: Rule) -> list[str]:
        """What was done against the rules of Exact's login."""
        return [v.detail for v in self.server.simulator.violations() if v.rule in rules]

    def throttled(self) -> list[float]:
        """When our calls were answered 429, by the simulator's clock."""
        return [
            violation.at.timestamp()
            for violation in self.server.simulator.violations()
            if violation.rule is Rule.MINUTE_LIMIT
        ]


@pytest.fixture
def office(migrated_database):
    company = Company(code=DIVISION, name="Demo", country="NL", sizes={"GLAccounts": 5, "VATCodes": 5})
    simulator = Simulator(Settings(minute_s=MINUTE_S, companies=(company,)))
    with SimulatorServer(simulator) as server:
        yield Office(server, migrated_database)


def test_eight_workers_share_each_refresh_and_none_is_early_or_repeated(office):
    office.server.simulator.configure(token_lifetime_s=1.0, latency_s=0.02)
    office.log_in()
    results = office.run([{"seconds": 8.0}] * 8)
    grant = office.stored()
    answers = {
        key.status: calls for key, calls in office.server.simulator.calls().items() if key.endpoint == TOKEN_ENDPOINT
    }
    assert grant.refreshes >= 6
    assert answers == {200: grant.refreshes + office.logins}
    assert grant.probes == 0
    assert office.broken(Rule.EARLY_REFRESH, Rule.OLD_REFRESH_TOKEN, Rule.PARALLEL_REFRESH) == []
    assert all(result["different"] >= 6 for result in results)


def test_eight_workers_use_each_minute_in_full_and_never_meet_a_429(office):
    times = office.make_calls(400)
    windows = int(times[-1] // MINUTE_S) - int(times[0] // MINUTE_S) + 1
    assert office.throttled() == []
    assert windows <= ceil(400 / 60) + 1


def test_a_clock_245_s_off_costs_at_most_one_429_a_window(office):
    office.server.simulator.clock.advance(-245.0 - MINUTE_S / 2)
    times = office.make_calls(80)
    per_window = [int(moment // MINUTE_S) for moment in office.throttled()]
    assert len(times) == 80
    assert len(per_window) == len(set(per_window))


def test_with_a_foreign_consumer_at_most_one_429_a_window(office):
    stop = threading.Event()

    def consume() -> None:
        headers = {"Authorization": f"Bearer {office.token}", "Accept": "application/json"}
        url = f"{office.server.url}/api/v1/{DIVISION}/system/Divisions?$select=Code"
        while not stop.is_set():
            foreign.append(httpx.get(url, headers=headers).status_code)
            time.sleep(0.1)

    foreign: list[int] = []
    consumer = threading.Thread(target=consume)
    consumer.start()
    try:
        office.make_calls(80)
    finally:
        stop.set()
        consumer.join()
    answers = office.server.simulator.calls()
    ours = sum(calls for key, calls in answers.items() if key.status == 429 and key.endpoint != "system/Divisions")
    windows = {int(moment // MINUTE_S) for moment in office.throttled()}
    assert ours <= len(windows)
