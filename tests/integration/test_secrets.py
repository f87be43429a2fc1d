"""No secret is ever printed, or stored in the clear: not at DEBUG, not in a traceback, not when Exact repeats it."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode, urlsafe_b64encode
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest
from sqlalchemy import text

from exactsync.simulator import Company, Settings, Simulator, SimulatorServer
from exactsync.simulator.faults import Fault
from exactsync.simulator.messages import Request, Response, json_response
from exactsync.warehouse.engine import create_engine
from tests.integration.command_line import CONNECTION, PATIENCE_S, CommandLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

WORKER = Path(__file__).with_name("loud_worker.py")
NL, BE = 1000001, 1000002
SIZES = {"GLAccounts": 30, "VATCodes": 4, "Costcenters": 65, "Costunits": 3, "Accounts": 20}
SETTINGS = Settings(
    token_lifetime_s=1,
    companies=(
        Company(code=NL, name="Demo Holding", country="NL", sizes=SIZES),
        Company(code=BE, name="Demo Belgium", country="BE", sizes=SIZES),
    ),
)
TOKEN_ENDPOINT = "/api/oauth2/token"
REFUSALS = {"hrm/Costcenters": 400, "hrm/Costunits": 403, "vat/VATCodes": 404, "sync/Deleted": 401}
QUARANTINE = text(
    "INSERT INTO exactsync.quarantine (division, entity, record_key, reason, record, load_id) "
    "VALUES (1, 'suppliers', :key, :reason, :record, 1)"
)


def spellings(secret: str) -> dict[str, str]:
    """How a secret may stand in a text: also in the middle of something longer that was encoded as a whole."""
    raw = secret.encode()
    middle = len(secret) // 2
    found = {
        "raw": secret,
        "first half": secret[:middle],
        "second half": secret[middle:],
        "percent": quote(secret, safe=""),
        "percent, path": quote(secret),
        "form": quote_plus(secret),
    }
    for offset in range(3):
        whole = slice(-(-offset * 8 // 6), (offset + len(raw)) * 8 // 6)  # characters that hold nothing but the secret
        padded = b"\0" * offset + raw
        found[f"base64 at {offset}"] = b64encode(padded).decode()[whole]
        found[f"URL-safe base64 at {offset}"] = urlsafe_b64encode(padded).decode()[whole]
    return found


def hits(haystack: str, secrets: list[str]) -> list[tuple[int, str]]:
    """Which secrets (by number: a message must not leak them either) are found, and how they are spelled."""
    return [
        (number, name)
        for number, secret in enumerate(secrets)
        for name, text in spellings(secret).items()
        if text in haystack
    ]


def dump(database_url: str) -> str:
    """Every value of every row of every table that is not PostgreSQL's own."""
    engine = create_engine(database_url)
    with engine.connect() as connection:
        rows = "\n".join(_rows(connection))
    engine.dispose()
    return rows


def _rows(connection: Connection) -> Iterator[str]:
    tables = connection.exec_driver_sql(
        "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) FROM information_schema.tables "
        "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
    ).scalars()
    for table in tables.all():
        for row in connection.exec_driver_sql(f"TABLE {table}"):
            yield " ".join(map(_text, row))


def _text(value: object) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, memoryview | bytes) else str(value)


class Session:
    """A loud worker, and the file that gets all it prints."""

    def __init__(self, process: subprocess.Popen[str], printed: Path) -> None:
        self._process = process
        self._printed = printed
        self._answers: list[str] = []

    def tell(self, order: str, *arguments: Any) -> str:
        """Have an order carried out; return how that ended."""
        self._process.stdin.write(json.dumps([order, arguments]) + "\n")
        self._process.stdin.flush()
        self._answers.append(json.loads(self._process.stdout.readline()))
        return self._answers[-1]

    def crash(self, text: str) -> None:
        """Let the worker die of an exception that nobody catches."""
        self._process.communicate(json.dumps(["crash", [text]]) + "\n", timeout=PATIENCE_S)
        assert self._process.returncode == 1

    @property
    def printed(self) -> str:
        return self._printed.read_text() + "\n".join(self._answers)


@contextmanager
def loud_session(user: CommandLine, printed: Path) -> Iterator[Session]:
    with printed.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, WORKER],
            env=user.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
        )
        try:
            yield Session(process, printed)
        finally:
            process.kill()
            process.communicate()


@pytest.fixture
def user(migrated_database: str) -> Iterator[CommandLine]:
    with SimulatorServer(Simulator(SETTINGS)) as server:
        yield CommandLine(server, migrated_database)


def repeat_secrets(status: int) -> Callable[[Request, object], Response]:
    """Answer with everything that the request should have kept to itself, in every spelling."""

    def act(request: Request, _proceed: object) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        secrets = [value for value in (token, *request.form().values()) if len(value) > 20]
        said = " ".join(text for secret in secrets for text in (secret, quote_plus(secret), encoded(secret)))
        if token:
            return json_response({"error": {"code": "", "message": {"lang": "", "value": said}}}, status=status)
        return json_response({"error": said, "error_description": said}, status=status)

    return act


def encoded(secret: str) -> str:
    return b64encode(secret.encode()).decode()


def lose_connection(_request: Request, proceed: Callable[[], Response]) -> Response:
    answer = proceed()
    return answer.with_headers({"Content-Length": str(len(answer.body) + 100)})


def fail_in_every_way(user: CommandLine, session: Session) -> list[str]:
    """Let everything go wrong that involves a secret; return how each attempt ended."""
    simulator = user.server.simulator
    ended = []

    def attempt(order: str, *arguments: Any) -> None:
        ended.append(session.tell(order, *arguments))

    def plant(endpoint: str, action: Any, *occurrences: int) -> None:
        simulator.plant(Fault(endpoint=endpoint, action=action, occurrences=frozenset(occurrences)))

    plant(TOKEN_ENDPOINT, repeat_secrets(403))
    attempt("authorise", user.consent())
    simulator.clear_faults()
    attempt("authorise", "https://localhost/?code=stampNL001.never-was-one")
    assert session.tell("authorise", user.consent()) == "done"
    assert session.tell("sync", "gl_accounts") == "done"
    for endpoint, status in REFUSALS.items():
        plant(endpoint, repeat_secrets(status))
    plant("sync/CRM/Accounts", repeat_secrets(500), 1, 3)
    plant("sync/CRM/Accounts", lose_connection, 2)
    simulator.refuse_division(NL, "NoDivisionAccess")
    for entity in ("cost_centers", "cost_units", "vat_codes", "suppliers", "gl_accounts"):
        attempt("sync", entity)
    attempt("deletions")
    simulator.clear_faults()
    simulator.refuse_division(NL, None)
    session.tell("wait", SETTINGS.token_lifetime_s)
    plant(TOKEN_ENDPOINT, repeat_secrets(400))
    attempt("sync", "cost_units")
    simulator.clear_faults()
    simulator.revoke_grants()
    session.tell("wait", SETTINGS.token_lifetime_s)
    attempt("sync", "cost_units")
    return ended


def test_nothing_printed_and_nothing_stored_holds_a_secret_whatever_goes_wrong(
    user: CommandLine, tmp_path: Path
) -> None:
    simulator = user.server.simulator
    decoy = "stampNL001.dEcoy/that+nobody=knows!"
    commands = [
        user.run("--verbose", "authorise", "--connection", CONNECTION, "--redirected", user.consent()),
        user.run("--verbose", "divisions", "--choose-all"),
    ]
    assert [command.code for command in commands] == [0, 0]
    with loud_session(user, tmp_path / "printed") as session:
        ended = fail_in_every_way(user, session)
        assert all("Error: " in end for end in ended)
        *_, refresh_token, access_token = simulator.secrets()
        for careless in ("log", "fail"):
            session.tell(careless, refresh_token)
        session.tell("log", " ".join(f"decoy {text}" for text in spellings(decoy).values()))
        session.crash(access_token)
    printed = "".join(command.out + command.err for command in commands) + session.printed
    stored = dump(user.warehouse_url)

    secrets = [*simulator.secrets(), user.environ["EXACTSYNC_TOKEN_KEYS"]]
    sys.stdout.write(f"{len(secrets)} secrets in {len(spellings('x'))} spellings, {len(ended)} failures; ")
    sys.stdout.write(f"{len(printed)} characters printed, {len(stored)} stored\n")
    assert len(secrets) >= 12
    assert hits(printed, secrets) == []
    assert hits(stored, secrets) == []
    # What was searched is what was printed and stored, everything in it.
    assert {name for _, name in hits(printed, [decoy])} == set(spellings(decoy))
    for logger in ("httpcore.http11", "httpx", "sqlalchemy.engine", "careless"):
        assert f" DEBUG {logger}" in printed or f" INFO {logger}" in printed
    assert printed.count("Traceback (most recent call last)") >= len(ended) + 2
    assert printed.count("The call with *** went wrong") == 2
    assert 'Exact answered 400 to hrm/Costcenters: "*** ***' in stored


def test_the_search_finds_a_secret_in_every_spelling(user: CommandLine) -> None:
    secret = "stampNL001.r-aB/cD+eF==gH!"
    for name, spelled in spellings(secret).items():
        assert (0, name) in hits(f"…{spelled}…", [secret])
    for before in ("", "client:", "ab", "abc"):
        for encode in (b64encode, urlsafe_b64encode):
            encoded = encode(f"{before}{secret}:and more".encode()).decode()
            assert hits(f"Basic {encoded}", [secret]) != []
            assert hits(f"Basic {encoded}", ["stampNL001.r-another-one-altogether"]) == []
    engine = create_engine(user.warehouse_url)
    with engine.begin() as connection:
        for name, spelled in spellings(secret).items():
            connection.execute(QUARANTINE, {"key": name, "reason": name, "record": spelled.encode()})
    engine.dispose()
    assert {name for _, name in hits(dump(user.warehouse_url), [secret])} == set(spellings(secret))
