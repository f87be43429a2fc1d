"""Processes that share one grant and one call budget, and can be killed or stopped at any moment like real ones.

They are forked from a server that has the library imported already, so that each costs milliseconds.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil
from sqlalchemy import text

from exactsync import failpoints
from exactsync.credentials import App, app_from_connection
from exactsync.errors import ReauthorisationRequiredError, RetryLaterError
from exactsync.exact import grant
from exactsync.exact.client import ExactClient
from exactsync.exact.odata import after_timestamp, query
from exactsync.warehouse.engine import create_engine
from exactsync.warehouse.ledger import PostgresLedger
from exactsync.warehouse.tokens import PostgresTokenStore
from tests.torture.conftest import CONNECTION, DIVISION, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from multiprocessing.synchronize import Barrier

END_S = 60.0
"""How long a process may take to end."""
CLAIM_S = 0.25
"""In these processes, how long a claim may take before it is given back: short, to see them give it back."""
NAP_S = 0.04

_context = multiprocessing.get_context("forkserver")
_PRELOADED = ["exactsync.deployment", "exactsync.environment", "exactsync.normalise", "tests.torture.workers_export"]
_context.set_forkserver_preload(_PRELOADED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every worker knows: the app, the database, and which grant is shared."""

    app: App
    database: str
    key: str
    grant_id: int

    @classmethod
    def of(cls, world: World) -> Desk:
        with world.engine.connect() as connection:
            grant_id = int(connection.execute(text("SELECT id FROM exactsync.grants")).scalar_one())
        return cls(
            app=app_from_connection(CONNECTION, world.environment[f"AIRFLOW_CONN_{CONNECTION.upper()}"]),
            database=world.environment["EXACTSYNC_WAREHOUSE_URL"],
            key=world.environment["EXACTSYNC_TOKEN_KEYS"],
            grant_id=grant_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One worker's part of the calls; times are scaled as the simulator's minute is."""

    endpoint: str
    calls: int
    minute_s: float
    hoarded: int = 0
    """How many calls it reserves after its own, and never makes."""
    begins_at: float = 0.0
    """It begins when this share of one of Exact's minutes has passed."""

    @property
    def landing_s(self) -> float:
        """Half a minute of the scaled ones."""
        return self.minute_s / 2


def starting_line(runners: int) -> Barrier:
    """Return where so many processes wait for each other."""
    return _context.Barrier(runners)


class Worker:
    """One process at work on a job; what the job returns is what it tells."""

    def __init__(self, job: Callable[..., Any], *details: object, planted: str = "") -> None:
        self._planted = planted
        self._line, their_end = _context.Pipe()
        self._process: BaseProcess = _context.Process(
            target=_work, args=(job, details, planted, their_end), daemon=True, name=job.__name__
        )
        self._process.start()
        their_end.close()
        self.pid = self._process.pid or 0
        self._status = psutil.Process(self.pid)

    @property
    def fate(self) -> str:
        """The point at which it is to fall."""
        return self._planted.partition("=")[0]

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    @property
    def is_stopped(self) -> bool:
        try:
            return bool(self._status.status() == psutil.STATUS_STOPPED)
        except psutil.NoSuchProcess:
            return False

    def kill(self) -> None:
        """End it as `kill -9` does, and return when it is gone."""
        self._process.kill()
        self._process.join(END_S)

    def require_killed(self) -> None:
        """Check that it came to its end by `kill -9` and nothing else.

        Raises:
            RuntimeError: by something that it did not expect.
        """
        if (code := self._process.exitcode) != -signal.SIGKILL:
            raise RuntimeError(f"process {self.pid} ended with {code}")

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def dismiss(self) -> None:
        """Ask it to come to an end."""
        with suppress(BrokenPipeError):  # it is dead
            self._line.send("enough")

    def hear(self, within_s: float = END_S) -> Any:
        """Wait for what it tells at its end; None if it was killed.

        Raises:
            TimeoutError: it told nothing and did not end.
        """
        if not self._line.poll(timeout=within_s):
            raise TimeoutError(f"process {self.pid} does not end")
        try:
            told = self._line.recv()
        except (EOFError, ConnectionResetError):
            return None
        self._process.join(END_S)
        return told


def _work(job: Callable[..., Any], details: tuple[Any, ...], planted: str, line: Connection) -> None:
    failpoints.plant(planted)
    line.send(job(line, *details))


def ask_for_tokens(line: Connection, desk: Desk) -> str:
    """Ask for a token until dismissed, or alone in the world; return who Exact takes the last one's bearer for."""
    grant.LEASE_MARGIN_S = CLAIM_S  # type: ignore[misc]
    engine = create_engine(desk.database)
    tokens = grant.AccessTokens(desk.app, desk.grant_id, PostgresTokenStore(engine, [desk.key]))
    while not line.poll():
        try:
            tokens.access_token()
        except (RetryLaterError, ReauthorisationRequiredError):
            time.sleep(NAP_S)
        time.sleep(random.uniform(0, NAP_S))
    with ExactClient(desk.app, tokens, PostgresLedger(engine)) as client:
        return str(client.me()["UserID"])


def make_calls(_line: Connection, desk: Desk, share: Share, start: Barrier | None = None) -> int:
    """Make calls until all have succeeded; return how often one had to be given up and made again later.

    With a `start`, it waits there twice: when it is ready, and until all may begin.
    """
    engine = create_engine(desk.database)
    tokens = grant.AccessTokens(desk.app, desk.grant_id, PostgresTokenStore(engine, [desk.key]))
    ledger = PostgresLedger(engine, minute_s=share.minute_s, landing_s=share.landing_s)
    is_sync = share.endpoint.startswith("sync/")
    params = query(select=["ID"], filter_=after_timestamp(None) if is_sync else None)
    made = given_up = 0
    if start is not None:
        start.wait(END_S)
        start.wait(END_S)
    while share.begins_at and not share.begins_at <= time.time() / share.minute_s % 1 < share.begins_at + 0.1:
        time.sleep(NAP_S)
    with ExactClient(desk.app, tokens, ledger, patience_s=10 * share.minute_s) as client:
        while made < share.calls:
            try:
                client.get(share.endpoint, division=DIVISION, params=params)
                made += 1
            except RetryLaterError:
                given_up += 1
    for _ in range(share.hoarded):
        ledger.reserve(desk.app.key, DIVISION, share.endpoint, purpose="sync", lease_s=END_S)
    if share.hoarded:
        os.kill(os.getpid(), signal.SIGKILL)
    return given_up
