"""A PostgreSQL of a torture's own, which crashes in the middle and comes back where its clients expect it."""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from exactsync.embedded import PostgresServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AWAY_S = 1.0
_SETTINGS = {"fsync": "off", "full_page_writes": "off"}
"""The machine does not crash. But commits are not asynchronous: what a server had told as committed would be lost."""


@contextmanager
def own_server(folder: Path, **settings: str) -> Iterator[PostgresServer]:
    """Yield a running server that always has the same port, with further settings."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with PostgresServer(folder, settings={**_SETTINGS, **settings, "port": str(port)}) as server:
        yield server


def crash(server: PostgresServer) -> None:
    """Let a server end at once, as `pg_ctl stop -m immediate` does, be away for a while, and recover."""
    if server.pid is None:
        raise RuntimeError("it does not run")
    os.kill(server.pid, signal.SIGQUIT)
    server.stop()
    time.sleep(AWAY_S)
    server.start()
