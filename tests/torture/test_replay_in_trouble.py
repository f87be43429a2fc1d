"""Changes replayed while Exact and the host are at their worst: true after each step, and in history ever after."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from sqlalchemy import text

from exactsync.simulator import Rule
from exactsync.simulator.faults import FAULTS, Fault, late_commit
from tests.torture.conftest import DIVISION
from tests.torture.sacrifice import SYNC_POINTS, Work, Worker, do
from tests.truth.columns import LISTS, TABLES
from tests.truth.replay import SETTINGS, Replay, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable

    from exactsync.simulator import Settings
    from exactsync.simulator.faults import Effect
    from tests.torture.conftest import World
    from tests.truth.columns import Table

STEPS, STEPS_IF_LONG = 4, 30
PAGE_SIZE = 12
FAILURES = ("bad_gateway", "bad_request", "cut_json", "dropped_after", "server_error")
EVERYTHING = (
    *(table.name for table in TABLES if not table.parent),
    "deletions",
    *(table.name for table in TABLES if table.parent),
)


class Troubles:
    """What may happen in a sync; each trouble ends with a warehouse that the next sync must bring to the truth."""

    def __init__(self, world: World, sequence: Sequence) -> None:
        self._world = world
        self._simulator = world.simulator
        self._sequence = sequence
        self._random = sequence.random
        self._kinds = (self._kill, self._fail_a_page, self._change_behind_pages, self._commit_late)
        self.struck: Counter[str] = Counter()

    def strike(self, number: int) -> None:
        """Let the next kind of trouble befall a sync, on a new day or on the same one."""
        if self._random.random() < 0.5:
            self._let_a_day_pass()
        trouble = self._kinds[number % len(self._kinds)]
        self.struck[trouble.__name__] += trouble()

    def sync(self) -> None:
        """Pull everything, as the first run of a day does."""
        self._let_a_day_pass()
        self._work()

    def _kill(self) -> bool:
        planted = f"{self._random.choice(SYNC_POINTS)}=kill:{self._random.randint(1, 12)}"
        was_killed = Worker(self._order(planted=planted)).wait()
        self._tell(f"{planted} {'befell' if was_killed else 'did not befall'} a sync")
        self._world.settle()
        return was_killed

    def _fail_a_page(self) -> bool:
        table, failure, page = self._choose(), self._random.choice(FAILURES), self._random.randint(1, 2)
        met, struck = self._sync_with({table.endpoint: FAULTS[failure]()}, page)
        self._tell(f"{failure} at page {page} of {table.name}, which {'struck' if struck else 'did not come'}: {met}")
        return struck

    def _change_behind_pages(self) -> bool:
        tables = self._random.sample(LISTS, k=3)
        met, struck = self._sync_with({table.endpoint: FAULTS["row_changed"]() for table in tables}, 1)
        self._tell(f"rows changed behind their page in {', '.join(table.name for table in tables)}")
        assert met == ""
        return struck

    def _commit_late(self) -> bool:
        """Only a comparison in full brings what a sync feed has passed."""
        table = self._random.choice([table for table in LISTS if table.has_timestamps])
        met, struck = self._sync_with({table.endpoint: late_commit(calls=None)}, 1)
        self._tell(f"a row of {table.name} was committed late")
        assert met == ""
        self._work()
        assert do(replace(self._order(), steps=(table.name,), mode="full")) == ""
        return struck

    def _sync_with(self, faults: dict[str, Effect], page: int) -> tuple[str, bool]:
        """Sync while these faults strike, by endpoint; return the error that it met, and whether any struck."""
        for endpoint, action in faults.items():
            self._simulator.plant(Fault(endpoint=endpoint, action=action, occurrences=frozenset({page})))
        met = do(self._order())
        struck = any(planted.struck for planted in self._simulator.planted_faults())
        self._simulator.clear_faults()  # which commits what is late
        return met, struck

    def _work(self) -> None:
        assert do(self._order()) == ""

    def _order(self, planted: str = "") -> Work:
        return Work(environment=self._world.environment, division=DIVISION, steps=EVERYTHING, planted=planted)

    def _choose(self) -> Table:
        return self._random.choice(LISTS)

    def _let_a_day_pass(self) -> None:
        with self._world.engine.begin() as connection:
            connection.execute(text("UPDATE exactsync.sync_state SET full_at = full_at - interval '1 day'"))

    def _tell(self, what: str) -> None:
        self._sequence.tell("trouble", what)


def test_changes_replayed_in_trouble_are_true_after_each_step_and_in_history(
    make_world: Callable[[Settings], World], seed: int, is_long: bool
) -> None:
    world = make_world(replace(SETTINGS, seed=seed, bulk_page_size=PAGE_SIZE, single_page_size=PAGE_SIZE))
    sequence = Sequence(world.simulator, Random(seed))
    troubles = Troubles(world, sequence)
    troubles.sync()
    assert world.judge().differences == []
    again = f"pytest tests/torture/test_replay_in_trouble.py{' --long' if is_long else ''} --seed={seed}"
    replay = Replay(sequence, world.engine, world.judge, again=again)
    steps = STEPS_IF_LONG if is_long else STEPS
    for step in range(steps):

        def sync(number: int = step) -> None:
            troubles.strike(number)
            troubles.sync()

        replay.take_step(sync)
    assert replay.ask_history() == steps
    sys.stdout.write(f"troubles that struck: {dict(troubles.struck)}\n")
    assert len(troubles.struck) == 4
    assert [one for one in world.simulator.violations() if one.rule is not Rule.PARALLEL_READ] == []
