"""Work in a process of its own, which may be killed at a failpoint or at any moment.

The processes are forked from a server that has the library imported already, so that each costs milliseconds.
"""

from __future__ import annotations

import multiprocessing
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exactsync import failpoints
from exactsync.environment import read_deployment
from exactsync.errors import ExactSyncError
from exactsync.load import DivisionRef, Run

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from exactsync.deployment import Deployment
    from exactsync.load import Mode

PATIENCE_S = 60.0
SYNC_POINTS = [point for point in failpoints.POINTS if not point.startswith(("refresh", "migrate", "export"))]
"""Where a sync can be killed; what else can is killed in tests of its own."""

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["exactsync.deployment", "exactsync.environment", "exactsync.normalise", "httpcore"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a process is to do: bring these data sets of one division up to date, or its deletions, or migrate."""

    environment: dict[str, str]
    division: int
    steps: tuple[str, ...]
    """Names of entities, `deletions` or `migrate`, in this order."""
    planted: str = ""
    mode: Mode = "incremental"
    holder: str = "task"


class Worker:
    """One process at work."""

    def __init__(self, work: Work) -> None:
        self._answers = _context.SimpleQueue()
        self._process: BaseProcess = _context.Process(target=_do, args=(work, self._answers), daemon=True)
        self._process.start()

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self._process.kill()

    def wait(self) -> bool:
        """Wait for its end; return whether it was killed."""
        self._process.join(PATIENCE_S)
        if self._process.exitcode is None:
            self._process.kill()
            raise TimeoutError("the process did not end")
        return self._process.exitcode == -signal.SIGKILL

    def error(self) -> str:
        """Return the error that it met, as text; empty if none."""
        return self._answers.get() if not self._answers.empty() else ""


def do(work: Work) -> str:
    """Do work in a process that lives; return the error it met, empty if none."""
    worker = Worker(work)
    worker.wait()
    return worker.error()


def _do(work: Work, answers: Any) -> None:
    failpoints.plant(work.planted)
    deployment = read_deployment(work.environment, patience_s=PATIENCE_S)
    ref = DivisionRef(integration="exact_online_default", division=work.division, name="Demo", country="NL")
    try:
        for step in work.steps:
            _take(deployment, step, ref, Run(run_id="torture", holder=f"{work.holder}/{step}"), work.mode)
    except (ExactSyncError, failpoints.FailpointError) as error:
        answers.put(f"{type(error).__name__}: {error}")


def _take(deployment: Deployment, step: str, ref: DivisionRef, run: Run, mode: Mode) -> None:
    if step == "migrate":
        deployment.migrate()
    elif step == "deletions":
        deployment.apply_deletions(ref, run=run)
    else:
        deployment.sync(ref, step, mode=mode, run=run)
