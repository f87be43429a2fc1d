"""`make up` and `make down`: the stack in a process of its own that outlives the command."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from exactsync.demo.airflow import LOGIN, PASSWORD
from exactsync.demo.processes import ProcessError, owner_of, stop_recorded
from exactsync.demo.stack import Stack
from exactsync.embedded import PostgresServer

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path("var/stack")
LOG, LOCK = FOLDER.with_suffix(".log"), FOLDER.with_suffix(".lock")
READY = FOLDER / "ready.json"
START_TIMEOUT_S, STOP_TIMEOUT_S = 180.0, 90.0
DIRECTIONS = """
  Airflow       {airflow}   login {login}, password {password}
  Connections   {airflow}/plugin/accounting-setup
  Warehouse     {warehouse}
  Exact Online  {exact}   (simulated)
  Spendesk      {spendesk}   (simulated)

The app is authorised and every company chosen; exact_online_sync runs hourly, or when you trigger it. The page
Accounting setup shows how it stands, and changes it. Once it has run, spendesk_payables brings in what is to be booked,
and exact_online_export books it: the page Exports shows each payable.
`make down` stops everything.
"""


def bring_up() -> int:
    """Start the stack unless it runs, print where it is, and return the exit code."""
    console = Console(highlight=False, soft_wrap=True)
    with _alone():
        if owner_of(FOLDER) is None or not READY.exists():
            console.print(f"Starting PostgreSQL, simulated Exact Online and Spendesk, and Airflow below {FOLDER} ...")
            _start()
    addresses = json.loads(READY.read_text())
    console.print(DIRECTIONS.format(**addresses, login=LOGIN, password=PASSWORD), markup=False)
    return 0


def bring_down() -> int:
    """Stop the stack, or what is left of it, and return the exit code."""
    owner = owner_of(FOLDER)
    if owner:
        owner.terminate()
        owner.wait(STOP_TIMEOUT_S)
    stop_recorded(FOLDER)
    PostgresServer(FOLDER / "postgres").stop()
    READY.unlink(missing_ok=True)
    Console().print("Stopped." if owner else "Nothing was running.")
    return 0


def serve() -> int:
    """Run the stack until a signal ends it, or one of its processes ends by itself."""
    with Stack(FOLDER, scheduled=True, spends=True) as stack:
        stack.wait_until_ready()
        addresses = {
            "airflow": stack.airflow.public_url,
            "exact": stack.exact_url,
            "spendesk": stack.spendesk_url,
            "warehouse": stack.warehouse["AIRFLOW_CONN_WAREHOUSE_DEFAULT"],
        }
        draft = READY.with_suffix(".draft")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(addresses))
        draft.rename(READY)
        while True:
            stack.processes.check()
            time.sleep(1)


@contextmanager
def _alone() -> Iterator[None]:
    """Have whoever starts the stack meanwhile wait, and find it at work."""
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start() -> None:
    READY.unlink(missing_ok=True)
    with LOG.open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "exactsync.demo", "serve"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(server)
    except BaseException:
        server.terminate()
        server.wait()
        raise


def _wait(server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not READY.exists():
        if server.poll() is not None or time.monotonic() > deadline:
            raise ProcessError(f"the stack did not start; its log {LOG} ends:\n{LOG.read_text()[-3000:]}")
        time.sleep(0.2)
