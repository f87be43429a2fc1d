"""Child processes that are started together and of which none is left behind."""

from __future__ import annotations

import contextlib
import ctypes
import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

STOP_PATIENCE_S = 30.0
PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>


class ProcessError(RuntimeError):
    """A process of ours ended when it should not have, or failed."""


class Processes:
    """Processes by name, each in a session of its own, with a log of its own.

    A Ctrl-C in the terminal reaches only us, so that we can stop them in order. Who they and we are is written to
    `<folder>/processes.json`, so that `stop_recorded` can end them even after we were killed.

    Args:
        folder: Where the record and the folder `logs` are kept.
        environment: What every process is given.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.logs = folder / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self._record = folder / "processes.json"
        self._environment = dict(environment)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._strangers = {child.pid for child in psutil.Process().children()}
        _adopt_orphans()
        self._write_record()

    def run(self, name: str, command: Sequence[str], *, timeout_s: float = 120) -> str:
        """Run a command to its end and return what it printed to its standard output.

        Raises:
            ProcessError: it failed; the message holds the end of its log.
        """
        log = self._log(name)
        with log.open("ab") as errors:
            finished = subprocess.run(
                command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                timeout=timeout_s,
                check=False,
            )
            errors.write(finished.stdout)
        if finished.returncode:
            raise ProcessError(f"{name} failed (exit code {finished.returncode}):\n{self.tail(name)}")
        return finished.stdout.decode()

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start a process that runs until `stop`."""
        with self._log(name).open("ab") as log:
            process = subprocess.Popen(
                command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running[name] = process
        self._write_record()

    def check(self) -> None:
        """Raise ProcessError if a process has ended by itself."""
        for name, process in self._running.items():
            if process.poll() is not None:
                message = f"{name} ended by itself (exit code {process.returncode}):\n{self.tail(name)}"
                raise ProcessError(message)

    def tail(self, name: str, *, lines: int = 30) -> str:
        """Return the end of a process's log, and where the rest is."""
        text = self._log(name).read_text(errors="replace").splitlines()
        return "\n".join([*text[-lines:], f"(from {self._log(name)})"])

    def stop(self) -> None:
        """End everything that was started, with all descendants; a second call does nothing."""
        running = [psutil.Process(each.pid) for each in self._running.values() if each.poll() is None]
        end_families(running)
        orphans = [child for child in psutil.Process().children() if child.pid not in self._strangers]
        end_families(orphans)
        self._running.clear()
        self._record.unlink(missing_ok=True)

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def _write_record(self) -> None:
        ours = [psutil.Process(), *(psutil.Process(each.pid) for each in self._running.values())]
        self._record.write_text(json.dumps([(process.pid, process.create_time()) for process in ours]))


def owner_of(folder: Path) -> psutil.Process | None:
    """Return the living process that runs `Processes` in a folder."""
    owner, *_ = _recorded(folder) or [None]
    return owner


def stop_recorded(folder: Path) -> None:
    """End the processes that a killed owner of `folder` could not end any more.

    Raises:
        ProcessError: the owner lives.
    """
    if owner := owner_of(folder):
        raise ProcessError(f"process {owner.pid} is at work in {folder}. What to do: stop that one first.")
    end_families([process for process in _recorded(folder) if process])
    (folder / "processes.json").unlink(missing_ok=True)


def end_families(processes: Sequence[psutil.Process]) -> None:
    """Ask processes to end, wait, and kill what remains of them and of their descendants."""
    families = list(processes)
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            families += process.children(recursive=True)
            process.terminate()
    _, stubborn = psutil.wait_procs(families, timeout=STOP_PATIENCE_S)
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=5)


def _recorded(folder: Path) -> list[psutil.Process | None]:
    """Return the owner and its processes; None stands for one that has ended."""
    record = folder / "processes.json"
    written = json.loads(record.read_text()) if record.exists() else []
    return [_process_of(pid, born) for pid, born in written]


def _process_of(pid: int, born: float) -> psutil.Process | None:
    """Return the process with this id, unless the id belongs to a younger one by now."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return process if process.create_time() == born else None
    return None


def exit_on_signals() -> None:
    """Turn SIGTERM and SIGHUP into a normal way out, so that every `finally` runs."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: sys.exit(128 + received))


def _adopt_orphans() -> None:
    """Become the parent of descendants whose parent dies, where the system can (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
