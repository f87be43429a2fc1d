"""The long versions of all tortures, one after the other, until the time is over. Run by `make soak`.

Every stage is shown as it goes on. At the end of the time the stage under way is cut short, which is no failure. The
exit code is 1 if any stage failed; each names the command that runs it again with the same dice.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Literal

from exactsync.embedded import PostgresServer

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
POSTGRES = "EXACTSYNC_TEST_POSTGRES_URL"
CLEANING_UP_S = 60.0
SEEDS_OF_REPLAY = 10
PYTEST = ("-m", "pytest", "-q", "-s", "--timeout=7200")

Outcome = Literal["passed", "failed", "cut short"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One run of some of the tests."""

    name: str
    arguments: tuple[str, ...]
    """Of the Python interpreter, in the project's folder."""


def stages(seed: int) -> Iterator[Stage]:
    """Yield a quick round first, then each long version once, then rounds with other dice without end."""
    for number in count():
        if number == 1:
            yield from _long_versions(seed)
        yield from _round(seed + number)


def _long_versions(seed: int) -> Iterator[Stage]:
    for number in range(seed, seed + SEEDS_OF_REPLAY):
        replay = ("tests/torture/test_replay_in_trouble.py", "--long", f"--seed={number}")
        yield Stage(f"three hundred changes in trouble, seed {number}", (*PYTEST, *replay))
    workers = ("tests/torture/test_workers.py", "--long", f"--seed={seed}")
    yield Stage("1,000 expiries and ten times the calls", (*PYTEST, *workers))
    exports = ("tests/torture/test_exports.py", "--long", f"--seed={seed}")
    yield Stage("2,000 exports", (*PYTEST, *exports))
    yield Stage("500 payables in a real scheduler", (*PYTEST, "tests/e2e/payables/five_hundred.py"))
    fuzzing = ("tests/fuzz", "--long", f"--seed={seed}")
    yield Stage("more than 100,000 hostile inputs", (*PYTEST, *fuzzing))
    yield Stage("sabotage", ("-m", "tests.torture.sabotage", "--table", "docs/sabotage.md"))
    yield Stage(
        "every fault, every failpoint",
        (*PYTEST, "tests/torture", "-k", "not test_workers and not test_exports", f"--seed={seed}"),
    )


def _round(seed: int) -> Iterator[Stage]:
    dice = f"--seed={seed}"
    yield Stage(f"kills at random moments, seed {seed}", (*PYTEST, "tests/torture/test_kills.py", "-k", "random", dice))
    yield Stage(f"kills in refreshes, seed {seed}", (*PYTEST, "tests/torture/test_workers.py", "-k", "refreshed", dice))
    yield Stage(f"exports, seed {seed}", (*PYTEST, "tests/torture/test_exports.py", dice))
    yield Stage(f"the truth, seed {seed}", (*PYTEST, "tests/truth", dice))


def main() -> int:
    """Run stages until the time is over; return 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--minutes", type=float, default=60.0, help="how long to go on (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10_000), help="of the first round's dice")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("soak: told to stop"))  # by way of every clean-up
    end_at = time.monotonic() + 60 * options.minutes
    outcomes: list[tuple[Stage, Outcome, float]] = []
    with tempfile.TemporaryDirectory(prefix="exactsync-soak-") as folder, _postgres(folder) as url:
        for stage in stages(options.seed):
            started = time.monotonic()
            if started >= end_at:
                break
            _say(f"\n== {stage.name} ({(end_at - started) / 60:.0f} minutes left)")
            outcome = _run(stage, url, end_at)
            outcomes.append((stage, outcome, time.monotonic() - started))
    _summarise(outcomes)
    return 1 if any(outcome == "failed" for _, outcome, _ in outcomes) else 0


@contextmanager
def _postgres(folder: str) -> Iterator[str]:
    """Yield the URL of a server for all stages: the given one, or an embedded one that no stage can leave behind."""
    if given := os.environ.get(POSTGRES):
        yield given
        return
    with PostgresServer(folder, durable=False) as server:
        yield server.url()


def _run(stage: Stage, postgres_url: str, end_at: float) -> Outcome:
    process = subprocess.Popen(
        [sys.executable, *stage.arguments],
        cwd=ROOT,
        env=os.environ | {POSTGRES: postgres_url},
        start_new_session=True,
    )
    try:
        code = process.wait(max(0.0, end_at - time.monotonic()))
    except subprocess.TimeoutExpired:
        return "cut short"
    finally:
        _end(process)
    return "failed" if code else "passed"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let a stage and all that it started come to an end, if they have not."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(CLEANING_UP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _summarise(outcomes: list[tuple[Stage, Outcome, float]]) -> None:
    _say("\n== What came of it")
    for stage, outcome, seconds in outcomes:
        _say(f"{outcome:9}  {seconds:6.0f} s  {stage.name}")
        if outcome == "failed":
            _say(f"{'':21}again: python {' '.join(stage.arguments)}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
