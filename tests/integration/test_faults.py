"""Trouble at Exact, in the middle of a load: a clear error, and a next run that ends with the truth and asks little."""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import text

from exactsync.environment import read_deployment
from exactsync.errors import (
    DatasetBusyError,
    DefectError,
    ExactUnavailableError,
    QuotaExhaustedError,
    ReauthorisationRequiredError,
)
from exactsync.exact.client import ExactClient
from exactsync.load import DivisionRef, LoadResult, Run
from exactsync.simulator import DEMO_APP, Company, RegisteredApp, Settings, Simulator, SimulatorServer
from exactsync.simulator.faults import Fault
from exactsync.simulator.messages import Request, Response, json_response, text_response
from exactsync.warehouse.engine import create_engine
from tests.integration.command_line import CommandLine
from tests.truth.columns import TABLES, Table
from tests.truth.oracle import Difference, Oracle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.conftest import Installation

NL, BE = 1000001, 1000002
SIZES = {"GLAccounts": 95, "Costcenters": 95, "Accounts": 12}
PAGES = 5
SETTINGS = Settings(
    hostile=0.3,
    single_page_size=20,
    bulk_page_size=20,
    companies=(
        Company(code=NL, name="Demo Holding", country="NL", sizes=SIZES),
        Company(code=BE, name="Demo Belgium", country="BE", sizes={"Costcenters": 4}),
    ),
)
OTHER_APP = RegisteredApp(client_id="other", client_secret="other-secret", redirect_uris=("https://localhost/other",))
BY_NAME = {table.name: table for table in TABLES}
GL_ACCOUNTS, COST_CENTERS = BY_NAME["gl_accounts"], BY_NAME["cost_centers"]
MAINTENANCE = "<html><head><title>Exact Online</title></head><body>Server maintenance</body></html>"


class Witness:
    """Sees every call of one list that reaches Exact, and may let some of them go wrong."""

    def __init__(self, simulator: Simulator, table: Table) -> None:
        self._simulator = simulator
        self._table = table
        self._pages: list[str] = []
        self._plant(self._see)

    def _plant(self, action: Callable[[Request, Any], Response], *occurrences: int) -> None:
        self._simulator.plant(
            Fault(endpoint=self._table.endpoint, division=NL, action=action, occurrences=frozenset(occurrences))
        )

    def _see(self, request: Request, proceed: Callable[[], Response]) -> Response:
        answer = proceed()
        if answer.status == 200 and answer.body.startswith(b'{"d"') and answer.body.endswith(b"}"):
            self._pages.append(request.query)
        return answer

    def spoil(self, action: Callable[[Request, Any], Response], *calls: int) -> None:
        """Let these calls go wrong, counted from now."""
        self._plant(action, *calls)

    def pages(self) -> list[str]:
        """Return the pages that were answered since the last time this was asked."""
        pages, self._pages = self._pages, []
        return pages


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients try again at once."""
    monkeypatch.setitem(ExactClient.__init__.__kwdefaults__, "sleep", lambda _seconds: None)


@pytest.fixture
def installation(install: Callable[[Settings], Installation]) -> Installation:
    return install(SETTINGS)


def differences(installation: Installation, *tables: Table, oracle: Oracle | None = None) -> list[Difference]:
    """Compare tables of the Dutch company with the truth."""
    oracle = oracle or Oracle(installation.simulator, [NL])
    with installation.engine.connect() as connection:
        return oracle.check(connection, tables).differences


# -- what Exact may answer in the middle of a load


def fail(_request: Request, _proceed: object) -> Response:
    return json_response({"error": {"code": "", "message": {"lang": "", "value": "Onverwachte fout"}}}, status=500)


def maintain(_request: Request, _proceed: object) -> Response:
    return text_response(MAINTENANCE, status=503, content_type="text/html")


def maintain_with_200(_request: Request, _proceed: object) -> Response:
    return text_response(MAINTENANCE, content_type="text/html")


def drop(_request: Request, proceed: Callable[[], Response]) -> Response:
    proceed()
    raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


def cut_off(_request: Request, proceed: Callable[[], Response]) -> Response:
    answer = proceed()
    return Response(status=answer.status, headers=answer.headers, body=answer.body[:-40])


def say_nothing(_request: Request, _proceed: object) -> Response:
    return text_response("")


TROUBLES = {
    fail: (ExactUnavailableError, 'answered 500 .*"Onverwachte fout"'),
    maintain: (ExactUnavailableError, "answered 503 .* maintenance page"),
    maintain_with_200: (ExactUnavailableError, "answered 200 .* maintenance page"),
    drop: (ExactUnavailableError, "connection to Exact was lost"),
    cut_off: (DefectError, "no OData JSON"),
    say_nothing: (DefectError, "0 bytes is no OData JSON"),
}


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("table", [GL_ACCOUNTS, COST_CENTERS], ids=["sync feed", "list"])
@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
def test_after_trouble_on_a_page_the_next_run_goes_on_there_and_ends_with_the_truth(
    installation: Installation, table: Table, trouble: Callable[..., Response]
) -> None:
    kind, said = TROUBLES[trouble]
    witness = Witness(installation.simulator, table)
    witness.spoil(trouble, 3, 4, 5)
    where = f"integration exact_online_default, division {NL}, entity {table.name}, page 3: "
    with pytest.raises(kind, match=f"{where}.*{said}") as refused:
        installation.sync(table.name)
    assert "<" not in str(refused.value)
    assert installation.scalar(f"SELECT count(*) FROM exact_online.{table.name}") == 0
    assert installation.scalar("SELECT pages FROM exactsync.loads") == 2
    assert refused.value.message in installation.scalar("SELECT message FROM exactsync.sync_state")
    staged = witness.pages()
    result = installation.sync(table.name)
    later = witness.pages()
    assert (len(staged), len(later), set(staged) & set(later)) == (2, PAGES - 2, set())
    assert (result.inserted, result.rows_read) == (95, 95)
    assert result.calls >= PAGES
    assert differences(installation, table) == []


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
def test_trouble_that_passes_is_not_noticed(installation: Installation, trouble: Callable[..., Response]) -> None:
    witness = Witness(installation.simulator, COST_CENTERS)
    witness.spoil(trouble, 2, 3, 6)
    assert installation.sync("cost_centers").inserted == 95
    pages = witness.pages()
    assert (len(pages), len(set(pages))) == (PAGES, PAGES)
    assert differences(installation, COST_CENTERS) == []


def test_when_others_use_up_the_minute_the_load_waits_for_the_next_and_goes_on(
    install: Callable[[Settings], Installation],
) -> None:
    installation = install(replace(SETTINGS, minute_s=2.0))
    witness = Witness(installation.simulator, COST_CENTERS)

    def use_up(request: Request, proceed: Callable[[], Response]) -> Response:
        with httpx.Client(transport=installation.transport, headers={"Accept": "application/json"}) as others:
            others.headers["Authorization"] = request.headers["authorization"]
            url = f"https://start.exactonline.nl/api/v1/{NL}/system/Divisions?$select=Code"
            while others.get(url).status_code == 200:
                pass
        return proceed()

    witness.spoil(use_up, 3)
    with pytest.raises(QuotaExhaustedError, match="page 3: Exact's calls of this minute") as refused:
        installation.sync("cost_centers")
    staged = witness.pages()
    assert (refused.value.window, len(staged)) == ("minute", 2)
    time.sleep(max(0.0, (refused.value.retry_at - datetime.now(UTC)).total_seconds()))
    installation.sync("cost_centers")
    assert set(staged) & set(witness.pages()) == set()
    assert differences(installation, COST_CENTERS) == []
    ours = {
        key.status: calls for key, calls in installation.simulator.calls().items() if key.endpoint == "hrm/Costcenters"
    }
    assert ours == {200: PAGES, 429: 1}


@pytest.mark.usefixtures("no_pauses")
def test_what_was_deleted_between_two_attempts_stays_dead(installation: Installation) -> None:
    oracle = Oracle(installation.simulator, [NL])
    Witness(installation.simulator, GL_ACCOUNTS).spoil(fail, 3, 4, 5)
    first, second, *_ = sorted(installation.simulator.truth(NL, "GLAccounts"), key=lambda record: record["Timestamp"])
    with pytest.raises(ExactUnavailableError):
        installation.sync("gl_accounts")
    installation.simulator.delete(NL, "GLAccounts", first["ID"])  # it is on a page that is staged
    installation.apply_deletions()
    installation.simulator.update(NL, "GLAccounts", second["ID"], {"Description": "newer than the staged one"})
    installation.sync("gl_accounts")
    assert differences(installation, GL_ACCOUNTS, oracle=oracle) == []


# -- rivals and the dead


class Office:
    """An Exact behind a socket, and a user whose commands and deployments reach it; every company is chosen."""

    def __init__(self, server: SimulatorServer, user: CommandLine) -> None:
        self.simulator = server.simulator
        self.user = user
        self.deployment = read_deployment(user.environ)
        self.engine = create_engine(user.warehouse_url)

    def authorise(self, app: RegisteredApp, integration: str, *divisions: int) -> None:
        connection_id = f"exact_{integration}"
        self.user.add_connection(connection_id, app)
        self.deployment.authorise(connection_id, code=self.user.code(app), integration=integration)
        self.deployment.choose(integration, divisions)

    def sync(self, entity: str = "cost_centers", *, integration: str = "nl", holder: str = "next run") -> LoadResult:
        ref = DivisionRef(integration=integration, division=NL if integration == "nl" else BE, name="", country="NL")
        return self.deployment.sync(ref, entity, mode="incremental", run=Run(run_id="test", holder=holder))

    def scalar(self, query: str) -> Any:
        with self.engine.connect() as connection:
            return connection.scalar(text(query))

    def execute(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement))

    def differences(self) -> list[Difference]:
        with self.engine.connect() as connection:
            return Oracle(self.simulator, [NL]).check(connection, [COST_CENTERS]).differences

    def close(self) -> None:
        self.deployment.close()
        self.engine.dispose()


@pytest.fixture
def office(migrated_database: str) -> Iterator[Office]:
    with SimulatorServer(Simulator(replace(SETTINGS, apps=(DEMO_APP, OTHER_APP)))) as server:
        office = Office(server, CommandLine(server, migrated_database))
        office.authorise(DEMO_APP, "nl", NL)
        yield office
        office.close()


def until(condition: Callable[[], object], *, patience_s: float = 20.0) -> None:
    give_up_at = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < give_up_at, "it never came to that"
        time.sleep(0.02)


def stay_within_a_minute(*, needed_s: float = 15.0) -> None:
    """Let Exact's minute end first if it is about to."""
    left_s = 60 - time.time() % 60
    if left_s < needed_s:
        time.sleep(left_s)


def test_after_kill_9_the_next_sync_takes_over_at_once_and_asks_no_staged_page_again(office: Office) -> None:
    witness = Witness(office.simulator, COST_CENTERS)
    office.simulator.configure(latency_s=0.2)
    stay_within_a_minute()  # of whose calls the first must be answered, or have been given up, before others are made
    process = office.user.start("sync", "--entity", "cost_centers")
    until(lambda: office.scalar("SELECT pages FROM exactsync.loads") == 2)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    time.sleep(2 * office.simulator.settings.latency_s)  # what it had asked for is answered to nobody
    pages_staged = office.scalar("SELECT pages FROM exactsync.loads")
    staged = witness.pages()[:pages_staged]
    result = office.sync()
    assert set(staged) & set(witness.pages()) == set()
    assert (result.inserted, result.rows_read) == (95, 95)
    assert office.differences() == []
    assert office.simulator.violations() == []


def test_of_two_syncs_of_one_data_set_the_second_is_refused_and_told_who_is_at_it(office: Office) -> None:
    reading, go_on = Event(), Event()

    def hold(_request: Request, proceed: Callable[[], Response]) -> Response:
        reading.set()
        assert go_on.wait(20)
        return proceed()

    Witness(office.simulator, COST_CENTERS).spoil(hold, 2)
    results: list[LoadResult] = []
    first = Thread(target=lambda: results.append(office.sync(holder="scheduled__09:00/cost_centers")))
    first.start()
    try:
        assert reading.wait(20)
        outcome = office.user.run("sync", "--entity", "cost_centers")
        with pytest.raises(DatasetBusyError) as refused:
            office.sync(holder="full refresh")
        assert office.sync("gl_accounts", holder="full refresh").inserted == 95
    finally:
        go_on.set()
        first.join()
    assert outcome.code == 75
    assert f"integration nl, division {NL}, entity cost_centers: scheduled__09:00/cost_centers" in outcome.complaint
    assert refused.value.holder == "scheduled__09:00/cost_centers"
    assert refused.value.retry_at > datetime.now(UTC)
    assert [result.inserted for result in results] == [95]
    assert office.sync(holder="full refresh").outcome == "unchanged"
    assert office.simulator.violations() == []


FOREIGN_LEASE = """
INSERT INTO exactsync.leases (division, entity, holder, host, pid, fence, acquired_at, expires_at)
VALUES (1000001, 'cost_centers', 'backfill', 'another-host', 2147483646, 7, now(), now() + interval '10 minutes')
ON CONFLICT (division, entity) DO UPDATE
SET holder = EXCLUDED.holder, host = EXCLUDED.host, pid = EXCLUDED.pid, fence = leases.fence + 1,
    expires_at = EXCLUDED.expires_at
"""


def test_a_lease_of_another_host_is_respected_until_it_expires(office: Office) -> None:
    office.execute(FOREIGN_LEASE)
    with pytest.raises(DatasetBusyError, match=r"backfill \(process 2147483646 on another-host\)"):
        office.sync()
    assert office.simulator.count_calls("hrm/Costcenters") == 0
    office.execute("UPDATE exactsync.leases SET expires_at = now()")
    assert office.sync().inserted == 95


def test_who_loses_the_lease_while_reading_publishes_nothing(office: Office) -> None:
    def lose_lease(_request: Request, proceed: Callable[[], Response]) -> Response:
        office.execute(FOREIGN_LEASE)
        return proceed()

    Witness(office.simulator, COST_CENTERS).spoil(lose_lease, 4)
    with pytest.raises(DatasetBusyError, match="backfill"):
        office.sync()
    assert office.scalar("SELECT count(*) FROM exact_online.cost_centers") == 0
    assert office.scalar("SELECT holder FROM exactsync.leases WHERE entity = 'cost_centers'") == "backfill"
    office.execute("UPDATE exactsync.leases SET expires_at = now()")
    office.sync()
    assert office.differences() == []


# -- the end of a grant


def test_a_revoked_grant_asks_for_a_person_once_and_then_everything_goes_on(office: Office) -> None:
    office.simulator.configure(token_lifetime_s=1)
    office.authorise(DEMO_APP, "nl", NL)
    office.sync()
    office.simulator.revoke_grants()
    time.sleep(1.0)
    with pytest.raises(ReauthorisationRequiredError) as ended:
        office.sync()
    assert ended.value.location.integration == "nl"
    assert "`python -m exactsync authorise --connection exact_nl`" in ended.value.remedy
    asked = office.simulator.count_calls("/api/oauth2/token")
    outcome = office.user.run("sync")
    assert (outcome.code, "authorise --connection exact_nl" in outcome.complaint) == (1, True)
    assert office.simulator.count_calls("/api/oauth2/token") == asked  # Exact counts refused refreshes as errors
    assert {row["grant"] for row in office.deployment.status()} == {"reconnect_needed"}
    office.authorise(DEMO_APP, "nl", NL)
    office.simulator.insert(NL, "Costcenters")
    assert office.sync().inserted == 1
    assert office.differences() == []


def test_one_dead_grant_does_not_stop_the_other_integrations(office: Office) -> None:
    office.simulator.configure(token_lifetime_s=1)
    office.authorise(OTHER_APP, "be", BE)
    office.authorise(DEMO_APP, "nl", NL)

    def refuse_one(request: Request, proceed: Callable[[], Response]) -> Response:
        if request.form()["client_id"] != OTHER_APP.client_id:
            return proceed()
        said = "Token is not allowed, because of invalid or empty chainId"
        return json_response({"error": "invalid_grant", "error_description": said}, status=400)

    office.simulator.plant(Fault(endpoint="/api/oauth2/token", action=refuse_one, occurrences=frozenset()))
    time.sleep(1.0)
    connected = office.deployment.connect()
    assert [ref.division for ref in connected.divisions] == [NL]
    assert [str(problem) for problem in connected.problems if isinstance(problem, ReauthorisationRequiredError)] != []
    assert [problem.location.integration for problem in connected.problems] == ["be"]
    assert office.sync().inserted == 95
