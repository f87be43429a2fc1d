"""Whatever the demo starts, it ends: with descendants, after failures, and after it was killed itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from exactsync.demo import processes as module
from exactsync.demo.processes import ProcessError, Processes, owner_of, stop_recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
PRINT_AND_SLEEP = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
OWNER = """
import sys, time
from pathlib import Path
from exactsync.demo.processes import Processes
processes = Processes(Path(sys.argv[1]), {})
processes.start("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"])
time.sleep(60)
"""


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    """Processes that are stopped whatever happens."""
    processes = Processes(tmp_path, {"PATH": os.defpath})
    yield processes
    processes.stop()


def first_number(log: Path) -> int:
    """Wait until a process has printed a number, and return it."""
    deadline = time.monotonic() + 10
    while not (log.exists() and log.read_text().endswith("\n")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return int(log.read_text().split()[0])


def wait_until(is_reached: Callable[[], bool]) -> None:
    """Wait until a signal has done what it does."""
    deadline = time.monotonic() + 10
    while not is_reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def lives(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("same_session", [True, False])
def test_a_grandchild_ends_with_its_parent(processes: Processes, same_session: bool) -> None:
    processes.start("parent", parent(same_session=same_session))
    grandchild = first_number(processes.logs / "parent.log")
    processes.stop()
    assert not lives(grandchild)


def test_a_grandchild_whose_parent_has_died_ends_too(processes: Processes) -> None:
    processes.start("parent", parent(same_session=True, patience_s=0))
    grandchild = first_number(processes.logs / "parent.log")
    processes._running["parent"].wait(timeout=10)
    with pytest.raises(ProcessError, match="parent ended by itself"):
        processes.check()
    assert lives(grandchild)
    processes.stop()
    assert not lives(grandchild)


def test_a_process_that_is_deaf_to_the_request_is_killed(processes: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_PATIENCE_S", 0.2)
    deaf = "import os, signal, time; signal.signal(15, signal.SIG_IGN); print(os.getpid(), flush=True)"
    processes.start("deaf", [sys.executable, "-c", f"{deaf}; time.sleep(60)"])
    pid = first_number(processes.logs / "deaf.log")
    processes.stop()
    assert not lives(pid)


@pytest.mark.parametrize("same_session", [True, False])
def test_one_process_dies_with_all_that_it_started_and_is_not_missed(processes: Processes, same_session: bool) -> None:
    processes.start("survivor", SLEEP)
    processes.start("victim", parent(same_session=same_session))
    grandchild = first_number(processes.logs / "victim.log")
    processes.kill("victim")
    assert not lives(grandchild)
    processes.check()
    processes.start("victim", SLEEP)  # and may come back
    processes.check()


def test_a_suspended_process_does_nothing_until_it_is_resumed(processes: Processes) -> None:
    processes.start("parent", parent(same_session=True))
    grandchild = psutil.Process(first_number(processes.logs / "parent.log"))
    processes.suspend("parent")
    wait_until(lambda: grandchild.status() == psutil.STATUS_STOPPED)
    processes.check()
    processes.resume("parent")
    wait_until(lambda: grandchild.status() != psutil.STATUS_STOPPED)
    processes.suspend("parent")
    processes.kill("parent")
    assert not lives(grandchild.pid)


def test_a_process_may_have_an_environment_of_its_own(processes: Processes) -> None:
    shown = "import os; print(os.environ.get('OF_ITS_OWN'))"
    own = {"OF_ITS_OWN": "yes"}
    assert processes.run("own", [sys.executable, "-c", shown], environment=own) == "yes\n"
    assert processes.run("shared", [sys.executable, "-c", shown]) == "None\n"


def test_processes_of_others_are_left_alone(processes: Processes) -> None:
    with subprocess.Popen(SLEEP) as ours:
        processes.start("sleeper", SLEEP)
        processes.stop()
        assert ours.poll() is None
        ours.kill()


def test_a_command_that_fails_shows_the_end_of_its_log(processes: Processes) -> None:
    assert processes.run("echo", [sys.executable, "-c", "print('fine')"]) == "fine\n"
    with pytest.raises(ProcessError, match=r"(?s)broken failed \(exit code 1\).*no such luck.*broken\.log"):
        processes.run("broken", [sys.executable, "-c", "raise SystemExit('no such luck')"])


def test_a_command_that_takes_too_long_is_ended_with_all_that_it_started(processes: Processes) -> None:
    with pytest.raises(ProcessError, match=r"(?s)slow did not end within 2 s.*slow\.log"):
        processes.run("slow", ["/bin/sh", "-c", f'{sys.executable} -c "{PRINT_AND_SLEEP}" >&2; true'], timeout_s=2)
    assert not lives(first_number(processes.logs / "slow.log"))


def test_what_a_killed_owner_left_behind_is_ended_by_the_next(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", OWNER, tmp_path]) as owner:
        record = tmp_path / "processes.json"
        while not record.exists() or len(json.loads(record.read_text() or "[]")) < 2:
            time.sleep(0.02)
        (owner_pid, _), (left_behind, _) = json.loads(record.read_text())
        assert owner_pid == owner.pid
        with pytest.raises(ProcessError, match=f"process {owner.pid} is at work"):
            stop_recorded(tmp_path)
        owner.kill()
    assert owner_of(tmp_path) is None
    assert lives(left_behind)
    stop_recorded(tmp_path)
    assert not lives(left_behind)
    assert not record.exists()


def test_a_recorded_id_that_belongs_to_somebody_else_by_now_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(SLEEP, start_new_session=True) as stranger:
        (tmp_path / "processes.json").write_text(json.dumps([(1, 0.5), (stranger.pid, 0.5)]))
        stop_recorded(tmp_path)
        assert stranger.poll() is None
        stranger.kill()


def parent(*, same_session: bool, patience_s: float = 60) -> list[str]:
    """Return a command that starts a child, prints its id, and lives on for a while."""
    return [
        sys.executable,
        "-c",
        f"import subprocess, time\n"
        f"child = subprocess.Popen({SLEEP!r}, start_new_session={not same_session})\n"
        f"print(child.pid, flush=True)\n"
        f"time.sleep({patience_s})",
    ]
