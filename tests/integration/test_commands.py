"""The command line as a user calls it: what it prints, what it exits with, what it leaves behind."""

from __future__ import annotations

import io
import json
import logging
import re
import signal
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from exactsync.__main__ import main
from exactsync.entities import entities
from exactsync.simulator import DEMO_APP, Company, RegisteredApp, Settings, Simulator, SimulatorServer
from exactsync.simulator.faults import Fault, answer
from exactsync.simulator.messages import text_response
from exactsync.warehouse.engine import create_engine
from tests.integration.command_line import CONNECTION, CommandLine, Outcome, finish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NL, BE, FR, SECRET, OLD = 1000001, 1000002, 1000003, 1000004, 1000005
OTHER_APP = RegisteredApp(
    client_id="other-client", client_secret="other-secret", redirect_uris=("https://localhost/other",)
)
SIZES = {"GLAccounts": 70, "VATCodes": 5, "Costcenters": 61, "Costunits": 3, "Accounts": 20}
SETTINGS = Settings(
    apps=(DEMO_APP, OTHER_APP),
    companies=(
        Company(code=NL, name="Vertical [/b] & Co [red]", country="NL", sizes=SIZES),
        Company(code=BE, name="Demo Belgium", country="BE", sizes=SIZES | {"Costcenters": 0}),
        Company(code=FR, name="Demo France", country="FR", sizes={"Costunits": 2}),
        Company(code=SECRET, name="Not for us", country="NL", is_permitted=False, sizes=SIZES),
        Company(code=OLD, name="Oud", country="NL", is_archived=True),
    ),
)
ENTITIES = list(entities())
MAINTENANCE = "<html><body>Server maintenance: the Exact Online server is unavailable.</body></html>"


class Terminal(CommandLine):
    """Runs commands in this process too, which is quicker; both ways answer the same."""

    def __init__(
        self, server: SimulatorServer, warehouse_url: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
    ) -> None:
        super().__init__(server, warehouse_url)
        self.simulator = server.simulator
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self._engine = create_engine(warehouse_url)

    def call(self, *arguments: str, **environ: str) -> Outcome:
        """Run a command in this process, with changes of the environment for this once."""
        with self._monkeypatch.context() as patch:
            for name, value in (self.environ | environ).items():
                patch.setenv(name, value)
            self._capsys.readouterr()
            try:
                code = main(arguments)
            except SystemExit as exit_:
                code = int(exit_.code or 0)
            printed = self._capsys.readouterr()
        return Outcome(code=code, out=printed.out, err=printed.err)

    def done(self, *arguments: str) -> Outcome:
        """Run a command in this process; it must succeed."""
        outcome = self.call(*arguments)
        assert outcome.code == 0, outcome.err
        return outcome

    def set_up(self, *divisions: int) -> None:
        """Authorise the one integration and choose companies."""
        self.done("authorise", "--connection", CONNECTION, "--code", self.code())
        self.done("divisions", "--choose", *map(str, divisions))

    def status(self) -> dict[tuple[int, str], dict[str, Any]]:
        """What `status --json` tells, by division and entity."""
        rows = json.loads(self.done("status", "--json").out)
        return {(row["division"], row["entity"]): row for row in rows}

    def scalar(self, query: str) -> Any:
        with self._engine.connect() as connection:
            return connection.scalar(text(query))

    def tomorrow(self) -> None:
        """Let the ledger's day be over."""
        with self._engine.begin() as connection:
            connection.execute(text("UPDATE exactsync.call_ledger SET day_resets_at = 0"))

    def close(self) -> None:
        self._engine.dispose()


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(SETTINGS)


@pytest.fixture
def open_terminal(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[[str], Terminal]]:
    """Open a terminal on a database, and leave logging as it was."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    factory, httpx_level = logging.getLogRecordFactory(), logging.getLogger("httpx").level
    opened = []
    with SimulatorServer(simulator) as server:

        def open_on(database_url: str) -> Terminal:
            opened.append(Terminal(server, database_url, monkeypatch, capsys))
            return opened[-1]

        yield open_on
    for terminal in opened:
        terminal.close()
    logging.setLogRecordFactory(factory)
    logging.getLogger("httpx").setLevel(httpx_level)


@pytest.fixture
def terminal(open_terminal: Callable[[str], Terminal], migrated_database: str) -> Terminal:
    """A terminal on a migrated database, where nothing is set up yet."""
    return open_terminal(migrated_database)


@pytest.fixture
def bare_terminal(open_terminal: Callable[[str], Terminal], empty_database: str) -> Terminal:
    """A terminal on an empty database."""
    return open_terminal(empty_database)


# -- migrate


def test_migrating_tells_every_change_and_the_second_time_that_there_is_none(bare_terminal: Terminal) -> None:
    first = bare_terminal.done("migrate").out
    assert first.splitlines()[0] == "migration 0001"
    assert [line for line in first.splitlines() if line.startswith("table")] == [
        f"table exact_online.{entity}" for entity in ENTITIES
    ]
    assert bare_terminal.done("migrate").out == "Nothing to do: the schema is current.\n"


# -- authorise


@pytest.mark.parametrize("way", ["--redirected", "--code"])
def test_a_script_authorises_with_the_address_or_the_code(terminal: Terminal, way: str) -> None:
    given = terminal.consent() if way == "--redirected" else terminal.code()
    outcome = terminal.done("authorise", "--connection", CONNECTION, way, given)
    assert outcome.out == f"Integration {CONNECTION}: authorised by Dana Demo.\n"
    assert terminal.scalar("SELECT status FROM exactsync.grants") == "active"


def test_a_person_opens_the_printed_address_and_pastes_where_it_led(terminal: Terminal) -> None:
    process = terminal.start("authorise", "--connection", CONNECTION, "--integration", "nl")
    lines = iter(process.stdout.readline, "")
    address = next(line.strip() for line in lines if line.startswith("http"))
    outcome = finish(process, httpx.get(address).headers["location"] + "\n")
    assert (outcome.code, "Integration nl: authorised by Dana Demo." in outcome.out) == (0, True)


def test_an_address_of_another_consent_is_refused(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda _question: terminal.consent(state="forged"))
    outcome = terminal.call("authorise", "--connection", CONNECTION)
    assert outcome.code == 1
    assert "its state differs" in outcome.complaint
    assert "What to do: Start again" in outcome.complaint
    assert terminal.simulator.count_calls("/api/oauth2/token") == 0


def test_without_a_person_authorising_says_what_to_give(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    outcome = terminal.call("authorise", "--connection", CONNECTION)
    assert outcome.code == 1
    assert "What to do: Give --redirected or --code." in outcome.complaint


def test_a_code_that_was_used_or_is_too_old_is_refused_and_nothing_is_kept(terminal: Terminal) -> None:
    used, old = terminal.code(), terminal.code()
    terminal.done("authorise", "--connection", CONNECTION, "--integration", "first", "--code", used)
    terminal.simulator.clock.advance(SETTINGS.code_lifetime_s + 1)
    for code in (used, old, "invented"):
        outcome = terminal.call("authorise", "--connection", CONNECTION, "--integration", "again", "--code", code)
        assert outcome.code == 1
        assert "What to do: Authorise again" in outcome.complaint
        assert code not in outcome.err
    assert terminal.scalar("SELECT array_agg(name) FROM exactsync.integrations") == ["first"]


def test_an_address_without_a_code_is_refused_with_what_exact_said(terminal: Terminal) -> None:
    for address, said in (
        ("https://localhost/cb?error=access_denied&error_description=The%20user%20denied", "The user denied"),
        ("https://localhost/cb", "holds no code"),
        ("nonsense", "holds no code"),
    ):
        outcome = terminal.call("authorise", "--connection", CONNECTION, "--redirected", address)
        assert (outcome.code, said in outcome.complaint) == (1, True)


def test_an_unknown_connection_is_named_with_the_variable_to_set(terminal: Terminal) -> None:
    outcome = terminal.call("authorise", "--connection", "exact_be", "--code", terminal.code())
    assert outcome.code == 1
    assert "What to do: Set AIRFLOW_CONN_EXACT_BE" in outcome.complaint


def test_a_wrong_client_secret_is_told_apart_from_a_wrong_code(terminal: Terminal) -> None:
    terminal.add_connection(CONNECTION, DEMO_APP, password="wrong-secret")
    outcome = terminal.call("authorise", "--connection", CONNECTION, "--code", terminal.code())
    assert outcome.code == 1
    assert "Check host, client id and client secret" in outcome.complaint
    assert "wrong-secret" not in outcome.err


def test_a_consent_is_not_wasted_on_a_database_that_is_not_ready(bare_terminal: Terminal) -> None:
    code = bare_terminal.code()
    outcome = bare_terminal.call("authorise", "--connection", CONNECTION, "--code", code)
    assert (outcome.code, "exactsync migrate" in outcome.complaint) == (1, True)
    bare_terminal.done("migrate")
    bare_terminal.done("authorise", "--connection", CONNECTION, "--code", code)


def test_nobody_is_asked_to_consent_for_a_database_that_is_not_ready(
    bare_terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda _question: pytest.fail("asked"))
    outcome = bare_terminal.call("authorise", "--connection", CONNECTION)
    assert (outcome.code, "exactsync migrate" in outcome.complaint, outcome.out) == (1, True, "")


def test_an_integration_of_another_app_is_left_as_it_is_and_the_consent_can_be_used(terminal: Terminal) -> None:
    terminal.add_connection("other", OTHER_APP)
    terminal.set_up(NL)
    code = terminal.code(OTHER_APP)
    outcome = terminal.call("authorise", "--connection", "other", "--integration", CONNECTION, "--code", code)
    assert outcome.code == 1
    assert "belongs to another connection than other" in outcome.complaint
    assert terminal.scalar("SELECT count(*) FROM exactsync.grants") == 1
    terminal.done("authorise", "--connection", "other", "--integration", "apart", "--code", code)


# -- divisions


def chosen(outcome: Outcome) -> dict[int, bool]:
    """The companies of a printed table, and whether they are chosen."""
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in outcome.out.splitlines() if "│" in line]
    return {int(row[0]): row[-1] == "yes" for row in cells if row[0].isdigit()}


def test_divisions_lists_what_is_permitted_and_chooses_among_it(terminal: Terminal) -> None:
    terminal.done("authorise", "--connection", CONNECTION, "--code", terminal.code())
    listed = terminal.done("divisions")
    assert "Vertical [/b] & Co [red]" in listed.out
    assert chosen(listed) == {NL: False, BE: False, FR: False, OLD: False}
    assert chosen(terminal.done("divisions", "--choose", str(NL), str(FR))) == {
        NL: True,
        BE: False,
        FR: True,
        OLD: False,
    }
    assert chosen(terminal.done("divisions", "--choose-all")) == {NL: True, BE: True, FR: True, OLD: False}


def test_one_refused_code_leaves_the_choice_as_it_was(terminal: Terminal) -> None:
    terminal.set_up(NL, FR)
    outcome = terminal.call("divisions", "--choose", str(BE), str(SECRET))
    assert outcome.code == 1
    assert f"may not see company {SECRET}" in outcome.complaint
    assert "Permitted companies" in outcome.complaint
    assert chosen(terminal.done("divisions")) == {NL: True, BE: False, FR: True, OLD: False}


def test_a_company_of_another_integration_is_refused_with_its_name(terminal: Terminal) -> None:
    terminal.set_up(NL)
    terminal.done("authorise", "--connection", CONNECTION, "--integration", "second", "--code", terminal.code())
    outcome = terminal.call("divisions", "--integration", "second", "--choose", str(NL), str(BE))
    assert outcome.code == 1
    assert f"{NL} (by {CONNECTION}" in outcome.complaint
    undecided = terminal.call("divisions")
    assert undecided.code == 1
    assert f"There are {CONNECTION}, second. What to do: Give --integration NAME." in undecided.complaint
    assert chosen(terminal.done("divisions", "--integration", "second")) == dict.fromkeys((NL, BE, FR, OLD), False)


def test_divisions_before_any_integration_says_what_comes_first(terminal: Terminal) -> None:
    outcome = terminal.call("divisions")
    assert (outcome.code, "run `authorise` first" in outcome.complaint) == (1, True)


# -- sync


def figures(outcome: Outcome) -> dict[tuple[int, str], dict[str, str]]:
    """The printed table of a sync, by division and entity."""
    header = next(line for line in outcome.out.splitlines() if line.startswith("┃"))
    names = [cell.strip() for cell in header.split("┃")[1:-1]]
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in outcome.out.splitlines() if "│" in line]
    return {(int(row[0]), row[1]): dict(zip(names, row, strict=True)) for row in rows}


def test_a_user_pulls_everything_and_then_nothing_new(terminal: Terminal) -> None:
    terminal.set_up(NL, BE)
    first = terminal.run("sync")
    assert (first.code, first.err) == (0, "")
    table = figures(first)
    assert list(table) == [(division, entity) for division in (NL, BE) for entity in (*ENTITIES, "deletions")]
    assert (table[NL, "gl_accounts"]["Inserted"], table[NL, "cost_centers"]["Calls"]) == ("70", "2")
    assert terminal.scalar("SELECT count(*) FROM exact_online.gl_accounts") == 140
    second = figures(terminal.done("sync"))
    assert {(row["Inserted"], row["Updated"], row["Deleted"]) for row in second.values()} == {("0", "0", "0")}
    assert (second[NL, "gl_accounts"]["Mode"], second[NL, "gl_accounts"]["Calls"]) == ("incremental", "1")


def test_a_sync_can_be_of_one_entity_of_one_company_in_full(terminal: Terminal) -> None:
    terminal.set_up(NL, BE)
    terminal.done("sync", "--entity", "gl_accounts", "--division", str(BE))
    table = figures(terminal.done("sync", "--entity", "gl_accounts", "--division", str(BE), "--mode", "full"))
    assert {key for key in table if key[1] != "deletions"} == {(BE, "gl_accounts")}
    assert (table[BE, "gl_accounts"]["Mode"], table[BE, "gl_accounts"]["Unchanged"]) == ("full", "70")
    assert terminal.scalar("SELECT count(*) FROM exact_online.gl_accounts WHERE division = 1000001") == 0


def test_an_implausible_deletion_waits_for_the_user_to_confirm_it(terminal: Terminal) -> None:
    terminal.set_up(NL)
    terminal.done("sync", "--entity", "cost_centers")
    for record in terminal.simulator.truth(NL, "Costcenters")[:40]:
        terminal.simulator.delete(NL, "Costcenters", record["ID"])
    outcome = terminal.call("sync", "--entity", "cost_centers", "--mode", "full")
    assert outcome.code == 1
    assert "would delete 40 of the 61 live ones" in outcome.complaint
    assert "--confirm-deletions" in outcome.complaint
    assert terminal.status()[NL, "cost_centers"]["rows"] == 61
    terminal.done("sync", "--entity", "cost_centers", "--mode", "full", "--confirm-deletions")
    assert terminal.status()[NL, "cost_centers"]["rows"] == 21


WRONG_USES = (
    ("sync", "--entity", "cost_unit"),
    ("sync", "--mode", "partial"),
    ("sync", "--division", "Demo"),
    ("authorise",),
    ("authorise", "--connection", "c", "--code", "a", "--redirected", "b"),
    ("divisions", "--choose", "1", "--choose-all"),
    ("simulate",),
    ("export-everything",),
    (),
)


def test_wrong_use_exits_with_2_and_shows_the_usage(terminal: Terminal) -> None:
    for arguments in WRONG_USES:
        outcome = terminal.call(*arguments)
        assert outcome.code == 2, arguments
        assert outcome.err.startswith("usage: exactsync")


def test_a_sync_of_what_is_not_set_up_says_so(terminal: Terminal) -> None:
    terminal.set_up(NL)
    for arguments, complaint in (
        (("--integration", "nope"), "There is no integration nope."),
        (("--division", str(FR)), f"Company {FR} is not chosen"),
    ):
        outcome = terminal.call("sync", *arguments)
        assert outcome.code == 1
        assert complaint in outcome.complaint
        assert "What to do: " in outcome.complaint
    assert terminal.scalar("SELECT count(*) FROM exactsync.load_log") == 0


def test_one_forbidden_company_does_not_stop_the_others(terminal: Terminal) -> None:
    terminal.set_up(NL, BE, FR)
    terminal.simulator.refuse_division(BE, "NoDivisionAccess")
    outcome = terminal.call("sync", "--entity", "cost_units", "vat_codes")
    assert outcome.code == 1
    assert {division for division, _ in figures(outcome)} == {NL, FR}
    complaints = [line for line in outcome.err.splitlines() if line.startswith("exactsync: ")]
    assert len(complaints) == 3  # two entities and the deletions
    for complaint in complaints:
        assert f"integration {CONNECTION}, division {BE}, entity " in complaint
        assert "What to do: Give the Exact user access to this company" in complaint
    assert terminal.scalar("SELECT count(*) FROM exact_online.cost_units") == 5
    terminal.simulator.refuse_division(BE, None)
    terminal.done("sync", "--entity", "cost_units", "vat_codes")
    assert terminal.scalar("SELECT count(*) FROM exact_online.cost_units") == 8


def test_a_company_that_is_no_longer_permitted_is_named_with_the_way_out(terminal: Terminal) -> None:
    terminal.set_up(NL, BE)
    terminal.simulator.permit(BE, permitted=False)
    terminal.call("sync", "--entity", "cost_units")  # the refusals make the list of companies doubtful
    outcome = terminal.call("sync", "--entity", "cost_units")
    assert outcome.code == 1
    assert f"division {BE}: Exact no longer lists company Demo Belgium" in outcome.complaint
    assert "divisions --choose" in outcome.complaint
    assert (NL, "cost_units") in figures(outcome)


def test_when_the_day_is_used_up_the_user_is_told_until_when_and_the_next_run_goes_on(terminal: Terminal) -> None:
    terminal.simulator.configure(calls_per_day=4, day_s=1e9)
    terminal.set_up(NL)
    outcome = terminal.run("sync")
    assert outcome.code == 75
    assert re.search(r"Exact's calls of this day are used up, until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", outcome.err)
    assert "Traceback" not in outcome.err
    assert terminal.simulator.violations() == []
    terminal.simulator.configure(calls_per_day=1000)
    terminal.tomorrow()
    terminal.done("sync")
    assert terminal.status()[NL, "gl_accounts"]["rows"] == 70


def test_during_maintenance_the_user_is_told_to_come_back(terminal: Terminal) -> None:
    terminal.set_up(NL)
    page = answer(text_response(MAINTENANCE, status=503, content_type="text/html"))
    terminal.simulator.plant(Fault(endpoint="hrm/Costunits", action=page, occurrences=frozenset()))
    outcome = terminal.call("sync", "--entity", "cost_units")
    assert outcome.code == 75
    assert "maintenance page" in outcome.complaint
    assert f"integration {CONNECTION}, division {NL}, entity cost_units, page 1" in outcome.complaint
    assert "<html>" not in outcome.err
    terminal.simulator.clear_faults()
    assert figures(terminal.done("sync", "--entity", "cost_units"))[NL, "cost_units"]["Inserted"] == "3"


def test_what_passes_by_itself_does_not_hide_what_needs_a_person(terminal: Terminal) -> None:
    terminal.set_up(NL, FR)
    page = answer(text_response(MAINTENANCE, status=503, content_type="text/html"))
    terminal.simulator.plant(Fault(endpoint="hrm/Costunits", division=NL, action=page, occurrences=frozenset()))
    terminal.simulator.refuse_division(FR, "LicenseExpired")
    outcome = terminal.call("sync", "--entity", "cost_units")
    assert outcome.code == 1
    assert "maintenance page" in outcome.err
    assert "Renew the company's Exact licence" in outcome.err


# -- status


def test_status_tells_people_and_machines_how_every_data_set_stands(terminal: Terminal) -> None:
    terminal.set_up(NL, FR)
    terminal.done("sync", "--division", str(NL))
    terminal.simulator.refuse_division(FR, "DivisionBlocked")
    terminal.call("sync", "--division", str(FR), "--entity", "cost_units")
    status = terminal.status()
    assert set(status) == {(division, entity) for division in (NL, FR) for entity in (*ENTITIES, "deletions")}
    assert status[NL, "gl_accounts"]["rows"] == 70
    assert status[NL, "gl_accounts"]["watermark"] > 2**53
    assert (status[NL, "gl_accounts"]["grant"], status[NL, "gl_accounts"]["message"]) == ("active", None)
    assert status[FR, "cost_units"]["outcome"] == "CompanyRefusedError"
    assert "Exact has blocked this company" in status[FR, "cost_units"]["message"]
    assert status[FR, "suppliers"]["attempted_at"] is None
    shown = terminal.done("status").out
    assert all(word in shown for word in (*ENTITIES, "deletions", "[/b] & Co [red]", "never", "Exact has blocked"))


# -- simulate


def test_the_simulator_can_be_tried_by_hand(bare_terminal: Terminal) -> None:
    process = bare_terminal.start("simulate", "--port", "0", "--redirect-uri", "http://localhost:8080/back")
    try:
        url = re.search(r"http://\S+", process.stdout.readline())[0]
        with httpx.Client(transport=httpx.HTTPTransport(retries=5)) as visitor:
            assert visitor.get(f"{url}/_simulator/violations").json() == []
        assert "redirect URI http://localhost:8080/back" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) in (0, 1)
    finally:
        process.kill()
        process.communicate()


# -- an environment that is not right

COMMANDS = (
    ("migrate",),
    ("authorise", "--connection", CONNECTION, "--code", "any"),
    ("divisions",),
    ("sync",),
    ("status",),
)
NOWHERE = "postgresql://exactsync:database-password@127.0.0.1:9/warehouse"


def assert_one_clear_line(outcome: Outcome, *hints: str, code: int = 1) -> None:
    assert outcome.code == code
    assert outcome.err == outcome.complaint + "\n"
    assert "What to do: " in outcome.complaint
    assert all(hint in outcome.complaint for hint in hints)
    assert "database-password" not in outcome.err


UNUSABLE = (
    ({"EXACTSYNC_WAREHOUSE_URL": ""}, 1, "EXACTSYNC_WAREHOUSE_URL"),
    ({"EXACTSYNC_WAREHOUSE_URL": "mysql://exactsync:database-password@127.0.0.1/warehouse"}, 1, "not PostgreSQL"),
    ({"EXACTSYNC_WAREHOUSE_URL": "postgresql://exactsync:database-password@[::1/w"}, 1, "cannot be read"),
    ({"EXACTSYNC_WAREHOUSE_URL": "postgresql://exactsync:database-password@host:port/w"}, 1, "cannot be read"),
    ({"EXACTSYNC_WAREHOUSE_URL": NOWHERE}, 75, "127.0.0.1"),
    ({"EXACTSYNC_STATE_URL": NOWHERE}, 75, "127.0.0.1"),
)


def test_a_database_that_cannot_be_used_is_one_clear_line_of_every_command(terminal: Terminal) -> None:
    for environ, code, hint in UNUSABLE:
        for command in COMMANDS:
            assert_one_clear_line(terminal.call(*command, **environ), hint, code=code)


def test_a_database_that_is_not_migrated_is_one_clear_line(bare_terminal: Terminal) -> None:
    for command in COMMANDS:
        if command != ("migrate",):
            assert_one_clear_line(bare_terminal.call(*command), "Run `python -m exactsync migrate`")


def test_keys_that_open_nothing_are_one_clear_line(terminal: Terminal) -> None:
    terminal.set_up(NL)
    for keys in ("", "not-a-fernet-key", Fernet.generate_key().decode()):
        outcome = terminal.call("sync", EXACTSYNC_TOKEN_KEYS=keys)
        assert_one_clear_line(outcome, "EXACTSYNC_TOKEN_KEYS")
        assert not keys or keys not in outcome.err


def test_a_consent_is_not_wasted_when_it_could_not_be_kept(terminal: Terminal) -> None:
    consent = ("authorise", "--connection", CONNECTION, "--code", terminal.code())
    for keys in ("", "not-a-fernet-key"):
        assert_one_clear_line(terminal.call(*consent, EXACTSYNC_TOKEN_KEYS=keys), "EXACTSYNC_TOKEN_KEYS")
    terminal.done(*consent)


def test_a_connection_that_cannot_be_used_is_one_clear_line(terminal: Terminal) -> None:
    for connection, hint in (
        ("{broken", "cannot be read"),
        ('{"host": "http://127.0.0.1", "login": "id", "password": "app-password"}', "redirect_uri"),
        ("exact-online://id:app-password@127.0.0.1:x/", "cannot be read"),
    ):
        environ = {"AIRFLOW_CONN_EXACT_ONLINE_DEFAULT": connection}
        outcome = terminal.call("authorise", "--connection", CONNECTION, "--code", "any", **environ)
        assert_one_clear_line(outcome, CONNECTION, hint)
        assert "app-password" not in outcome.err


def test_an_exact_that_cannot_be_reached_is_one_clear_line(terminal: Terminal) -> None:
    terminal.add_connection(CONNECTION, DEMO_APP, host="http://127.0.0.1:9")
    outcome = terminal.call("authorise", "--connection", CONNECTION, "--code", "any")
    assert_one_clear_line(outcome, "cannot be reached")
    assert terminal.scalar("SELECT count(*) FROM exactsync.grants") == 0


@pytest.mark.parametrize(
    ("option", "told", "code"),
    [
        ("role=exactsync_reader", "permission denied", 1),
        ("default_transaction_read_only=on", "takes no writes", 75),
    ],
)
def test_a_database_that_lets_us_do_nothing_is_no_traceback(
    terminal: Terminal, option: str, told: str, code: int
) -> None:
    url = f"{terminal.environ['EXACTSYNC_WAREHOUSE_URL']}?options=-c%20{option}"
    assert_one_clear_line(terminal.call("base", "files", EXACTSYNC_WAREHOUSE_URL=url), told, code=code)
