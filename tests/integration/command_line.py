"""A person at a terminal: runs commands against a simulated Exact Online and a database of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
from cryptography.fernet import Fernet

from exactsync.simulator import DEMO_APP

if TYPE_CHECKING:
    from exactsync.simulator import RegisteredApp, SimulatorServer

CONNECTION = "exact_online_default"
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a command answered: its exit code and all it printed."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line that says what is wrong."""
        lines = [line for line in self.err.splitlines() if line.startswith("exactsync: ")]
        assert len(lines) == 1, self.err
        return lines[0]


class CommandLine:
    """Runs `python -m exactsync …` as a user does: in a process of its own, configured by its environment alone."""

    def __init__(self, server: SimulatorServer, warehouse_url: str) -> None:
        self.server = server
        self.warehouse_url = warehouse_url
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith(("EXACT", "AIRFLOW"))}
        self.environ |= {
            "EXACTSYNC_WAREHOUSE_URL": warehouse_url,
            "EXACTSYNC_TOKEN_KEYS": Fernet.generate_key().decode(),
        }
        self.add_connection(CONNECTION, DEMO_APP)

    def add_connection(self, connection_id: str, app: RegisteredApp, **changes: Any) -> None:
        """Tell the commands of an app, as Airflow's environment does."""
        connection = {
            "conn_type": "exact_online",
            "host": self.server.url,
            "login": app.client_id,
            "password": app.client_secret,
            "extra": {"redirect_uri": app.redirect_uris[0]},
        }
        self.environ[f"AIRFLOW_CONN_{connection_id.upper()}"] = json.dumps(connection | changes)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command and return its process; its output and input are pipes."""
        return subprocess.Popen(
            [sys.executable, "-m", "exactsync", *arguments],
            env=self.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> Outcome:
        """Run a command to its end."""
        return finish(self.start(*arguments))

    def consent(self, app: RegisteredApp = DEMO_APP, **parameters: str) -> str:
        """Allow the app at Exact, as a browser does; return the address that leads back."""
        query = {"client_id": app.client_id, "redirect_uri": app.redirect_uris[0], "response_type": "code"}
        answer = httpx.get(f"{self.server.url}/api/oauth2/auth", params={**query, "state": "s", **parameters})
        return answer.headers["location"]

    def code(self, app: RegisteredApp = DEMO_APP) -> str:
        """Allow the app at Exact; return the code alone, decoded."""
        return parse_qs(urlsplit(self.consent(app)).query)["code"][0]


def finish(process: subprocess.Popen[str], answer: str | None = None) -> Outcome:
    """Wait for a command's end; `answer` is what the user types."""
    try:
        out, err = process.communicate(answer, timeout=PATIENCE_S)
    finally:
        process.kill()
    return Outcome(code=process.returncode, out=out, err=err)
