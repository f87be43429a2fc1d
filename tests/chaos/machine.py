"""What the processes of Airflow find different from production: retries wait less, and names may not resolve.

They import it as `airflow_local_settings`, Airflow's own place for policies.
"""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

__all__ = ["task_policy"]

NAMES = "CHAOS_UNRESOLVED"
"""A file that holds the port of a service whose name does not resolve, as long as it is there."""
RETRY_DELAY = timedelta(seconds=2)
"""1 minute in production."""
LONGEST_RETRY_DELAY = timedelta(seconds=10)
_resolve = socket.getaddrinfo


def task_policy(task: Any) -> None:
    """Let each task be retried soon."""
    task.retry_delay = RETRY_DELAY
    task.max_retry_delay = LONGEST_RETRY_DELAY


def _resolve_or_not(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
    unresolved = Path(os.environ[NAMES])
    if unresolved.exists() and unresolved.read_text() == str(port):
        with struck_names(unresolved).open("a") as struck:
            struck.write(".")
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    return _resolve(host, port, *args, **kwargs)


def struck_names(unresolved: Path) -> Path:
    """Return the file that has a byte for each name that did not resolve."""
    return unresolved.with_suffix(".struck")


if NAMES in os.environ:
    socket.getaddrinfo = _resolve_or_not
