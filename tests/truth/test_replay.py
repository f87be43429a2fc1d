"""Three hundred changes with a sync after every tenth: true at each step, and again when history is asked later."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from exactsync.simulator import Company, Settings
from exactsync.simulator.faults import FAULTS, Fault
from tests.truth.books import Books
from tests.truth.columns import LISTS
from tests.truth.replay import Moment, Sequence, differences_as_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Installation

STEPS = 30
CHANGES_A_STEP = 10
KINDS = {"insert", "update", "delete", "supplier", "no supplier", "archive", "unarchive", "move"}
COMPANY = Company(
    code=1000001, name="Demo Holding", country="NL", sizes=dict.fromkeys((table.entity_set for table in LISTS), 18)
)
DIVISIONS = [COMPANY.code]


def test_three_hundred_changes_are_true_after_every_tenth_and_history_tells_each_step_again(
    install: Callable[[Settings], Installation], seed: int
) -> None:
    """A day passes before each sync, for lists are compared daily and until then show what they were."""
    settings = Settings(seed=seed, hostile=0.3, companies=(COMPANY,), calls_per_minute=5000, calls_per_day=100_000)
    books = Books(install(settings), DIVISIONS)
    random = Random(seed)
    sequence = Sequence(books.simulator, DIVISIONS, random)
    books.sync()
    assert books.compare().differences == []
    moments = []
    for step in range(1, STEPS + 1):
        for _ in range(CHANGES_A_STEP):
            sequence.change()
        if step % 5 == 0:
            sync_while_rows_change(books, random)
        books.sync()
        verdict = books.compare()
        assert verdict.differences == [], failure(seed, step, sequence)
        with books.installation.engine.connect() as connection:
            at = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        moments.append(Moment(at=at, rows=verdict.expected))
    with books.installation.engine.connect() as connection:
        for step, moment in enumerate(moments, start=1):
            assert differences_as_of(connection, moment, DIVISIONS) == [], failure(seed, step, sequence)
    assert (len(sequence.told), set(sequence.kinds)) == (STEPS * CHANGES_A_STEP, KINDS)
    assert books.simulator.violations() == []


def sync_while_rows_change(books: Books, random: Random) -> None:
    """Sync while a row of some lists changes behind the page that it was read on."""
    for table in random.sample(LISTS, k=3):
        books.simulator.plant(Fault(endpoint=table.endpoint, action=FAULTS["row_changed"]()))
    books.sync()
    books.simulator.clear_faults()


def failure(seed: int, step: int, sequence: Sequence) -> str:
    """Say how to see it again, and what had been done until then."""
    done = "\n".join(sequence.told[: step * CHANGES_A_STEP])
    return f"seed {seed}, step {step}: pytest tests/truth/test_replay.py --seed={seed}\n{done}"
