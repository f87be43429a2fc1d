"""A crew of whom each falls sooner or later, at a failpoint or at a random moment, and is replaced by another."""

from __future__ import annotations

import time
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from tests.torture.workers import CLAIM_S, Desk, Worker, ask_for_tokens

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

POINTS = ("refresh.claimed", "refresh.answered", "refresh.stored")
ACTIONS = ("kill", "kill", "stop")


class Crew:
    """The workers on one grant.

    Args:
        desk: what they share.
        size: how many there are at any time.
        random: where their fates come from.
        fell: counts where workers were killed or stopped.
        tell_where: tells what a worker who has just been killed was doing.
    """

    def __init__(
        self, desk: Desk, *, size: int, random: Random, fell: Counter[str], tell_where: Callable[[Worker], str]
    ) -> None:
        self._desk = desk
        self._random = random
        self._fell = fell
        self._tell_where = tell_where
        self._killed: dict[Worker, str] = {}
        """Those whom we killed, and where."""
        self._stopped: dict[Worker, float] = {}
        """Since when workers are stopped."""
        self._due: list[tuple[float, Callable[[], None]]] = []
        """What is to happen at a moment to come."""
        self._awaited: set[Worker] = set()
        self._workers = [self._hire() for _ in range(size)]

    @property
    def is_at_rest(self) -> bool:
        """Whether nobody is stopped and nothing is about to happen to anyone."""
        return not self._stopped and not self._due

    @property
    def is_answer_to_come(self) -> bool:
        """Whether someone lives who has the next pair in its hand, and may store it before anyone consents anew."""
        return any(worker.is_alive for worker in self._awaited)

    def await_answer_of(self, worker: Worker) -> None:
        """Let a stopped worker with the next pair in its hand go on before anyone consents anew."""
        self._awaited.add(worker)

    def look_after(self) -> None:
        """Do what is due, replace the dead, and let the stopped go on after a while, before they die, too."""
        self._do_what_is_due()
        for place, worker in enumerate(self._workers):
            if not worker.is_alive:
                self._fell[self._killed.pop(worker, f"killed at {worker.fate}")] += 1
                self._stopped.pop(worker, None)
                self._awaited.discard(worker)
                self._workers[place] = self._hire()
            elif worker not in self._stopped and worker.is_stopped:
                self._stopped[worker] = time.monotonic()
                self._fell[f"stopped at {worker.fate}"] += 1
                self._later(CLAIM_S + self._random.uniform(0.02, 0.3), partial(self._resume, worker))

    def find(self, pid: int) -> Worker | None:
        """Return who has this process id, if they are not replaced yet."""
        return next((worker for worker in self._workers if worker.pid == pid), None)

    def is_stopped_for_long(self, worker: Worker) -> bool:
        """Whether a worker has been stopped for longer than it may hold a claim before it asks."""
        return worker in self._stopped and time.monotonic() - self._stopped[worker] > CLAIM_S

    def kill_within(self, wait_s: float, choose: Callable[[], Worker | None]) -> None:
        """Kill the chosen worker, or anyone if none is, at a random moment that is at most so far away."""
        self._later(self._random.uniform(0, wait_s), lambda: self._kill_one(choose()))

    def relieve(self) -> Counter[str]:
        """Replace all by workers who do their work once and come to an end; count what they tell."""
        for place, worker in enumerate(self._workers):
            worker.kill()
            self._workers[place] = Worker(ask_for_tokens, self._desk)
            self._workers[place].dismiss()
        return Counter(worker.hear() for worker in self._workers)

    def disband(self) -> None:
        """End every process."""
        for worker in self._workers:
            worker.kill()

    def _hire(self) -> Worker:
        """Every worker carries its fate: at which point of which of its refreshes it will fall."""
        point, action = self._random.choice(POINTS), self._random.choice(ACTIONS)
        return Worker(ask_for_tokens, self._desk, planted=f"{point}={action}:{self._random.randint(1, 3)}")

    def _resume(self, worker: Worker) -> None:
        del self._stopped[worker]
        if worker.fate == "refresh.answered":
            self._awaited.add(worker)
        worker.resume()
        self._later(self._random.uniform(0.05, 0.3), partial(self._kill, worker))

    def _kill_one(self, chosen: Worker | None) -> None:
        victim = chosen or self._random.choice(self._workers)
        if victim not in self._stopped:
            self._kill(victim)

    def _kill(self, worker: Worker) -> None:
        if not worker.is_alive:
            return
        worker.kill()
        self._killed[worker] = f"killed at random, {self._tell_where(worker)}"

    def _later(self, wait_s: float, happen: Callable[[], None]) -> None:
        self._due.append((time.monotonic() + wait_s, happen))

    def _do_what_is_due(self) -> None:
        now = time.monotonic()
        due = [entry for entry in self._due if entry[0] <= now]
        self._due = [entry for entry in self._due if entry[0] > now]
        for _, happen in due:
            happen()
