"""Child processes that are started together and of which none is left behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

STOP_PATIENCE_S = 30.0
GRACE_S = 2.0  # for descendants to notice that they are alone
BORN_WITHIN_S = 2.0  # when a process began is counted from the boot, whose time the kernel tells in whole seconds


class ProcessError(RuntimeError):
    """A process of ours ended when it should not have, or failed."""


class Processes:
    """Processes by name, each in a session of its own, with a log of its own.

    A Ctrl-C in the terminal reaches only us, so that we can stop them in order. Who they and we are is written to
    `<folder>/processes.json`, so that `stop_recorded` can end them even after we were killed.

    Args:
        folder: Where the record and the folder `logs` are kept.
        environment: What every process is given that gets no environment of its own.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.logs = folder / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self._record = folder / "processes.json"
        self.environment = dict(environment)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._write_record()

    def run(
        self,
        name: str,
        command: Sequence[str],
        *,
        timeout_s: float = 120,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Run a command to its end and return what it printed to its standard output.

        Raises:
            ProcessError: it failed, or took longer than `timeout_s`; the message holds the end of its log.
        """
        log = self._log(name)
        with log.open("ab") as errors:
            process = subprocess.Popen(
                command,
                env=self.environment if environment is None else environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
            try:
                printed, _ = process.communicate(timeout=timeout_s)
            except BaseException as error:
                _kill_session(process)
                if isinstance(error, subprocess.TimeoutExpired):
                    message = f"{name} did not end within {timeout_s:.0f} s:\n{self.tail(name)}"
                    raise ProcessError(message) from None
                raise
            errors.write(printed)
        if process.returncode:
            raise ProcessError(f"{name} failed (exit code {process.returncode}):\n{self.tail(name)}")
        return printed.decode()

    def start(self, name: str, command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> None:
        """Start a process that runs until `stop`."""
        with self._log(name).open("ab") as log:
            process = subprocess.Popen(
                command,
                env=self.environment if environment is None else environment,
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

    def suspend(self, name: str) -> None:
        """Halt a process and all its descendants where they are, until `resume` or their end."""
        for process in _members([self._running[name].pid]):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()

    def resume(self, name: str) -> None:
        """Let a suspended process and all its descendants go on."""
        for process in _members([self._running[name].pid]):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()

    def kill(self, name: str) -> None:
        """End a process and all its descendants at once, as a machine that loses its power does."""
        _kill_session(self._running.pop(name))
        self._write_record()

    def stop(self) -> None:
        """End everything that was started, with all descendants; a second call does nothing."""
        _end_sessions([each.pid for each in self._running.values()])
        for process in self._running.values():
            process.wait()
        self._running.clear()
        self._record.unlink(missing_ok=True)

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def _write_record(self) -> None:
        ours = [psutil.Process(), *(psutil.Process(each.pid) for each in self._running.values())]
        self._record.write_text(json.dumps([(process.pid, process.create_time()) for process in ours]))


def owner_of(folder: Path) -> psutil.Process | None:
    """Return the living process that runs `Processes` in a folder."""
    recorded = _recorded(folder)
    return _living(*recorded[0]) if recorded else None


def stop_recorded(folder: Path) -> None:
    """End the processes that a killed owner of `folder` could not end any more.

    Raises:
        ProcessError: the owner lives.
    """
    if owner := owner_of(folder):
        raise ProcessError(f"process {owner.pid} is at work in {folder}. What to do: stop that one first.")
    _end_sessions([pid for pid, born in _recorded(folder)[1:] if _living(pid, born) or not psutil.pid_exists(pid)])
    (folder / "processes.json").unlink(missing_ok=True)


def _recorded(folder: Path) -> list[tuple[int, float]]:
    """Return ids and times of birth: the owner's, then those of its processes."""
    record = folder / "processes.json"
    return [(pid, born) for pid, born in json.loads(record.read_text())] if record.exists() else []


def _living(pid: int, born: float) -> psutil.Process | None:
    """Return the process with this id, unless the id belongs to a younger one by now."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        if abs(process.create_time() - born) < BORN_WITHIN_S and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


def _end_sessions(leaders: Sequence[int]) -> None:
    """Ask the leaders of sessions to end, wait for them, and kill what they leave behind."""
    members = _members(leaders)
    asked = [process for process in members if process.pid in leaders]
    for process in asked:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    psutil.wait_procs(asked, timeout=STOP_PATIENCE_S)
    _, remaining = psutil.wait_procs(members, timeout=GRACE_S)
    while remaining:
        _kill(remaining)
        remaining = _members(leaders)


def _kill_session(leader: subprocess.Popen[bytes]) -> None:
    """Kill a process and all its descendants, if they have not ended; and wait for it."""
    while members := _members([leader.pid]):
        _kill(members)
    leader.wait()


def _kill(members: Sequence[psutil.Process]) -> None:
    for process in members:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(members, timeout=GRACE_S)


def _members(leaders: Sequence[int]) -> list[psutil.Process]:
    """Return the living processes of these sessions, and the children that opened sessions of their own.

    A session outlives its leader: this finds a child even when its parent is gone.
    """
    found = {process for process in psutil.process_iter() if _session_of(process.pid) in leaders}
    for process in list(found):
        with contextlib.suppress(psutil.NoSuchProcess):
            found.update(process.children(recursive=True))
    return [process for process in found if _is_alive(process)]


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def exit_on_signals() -> None:
    """Turn SIGTERM and SIGHUP into a normal way out, so that every `finally` runs."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: sys.exit(128 + received))
