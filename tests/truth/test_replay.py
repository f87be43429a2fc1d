"""Three hundred changes with a sync after every tenth: true at each step, and again when history is asked later."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from tests.truth.books import Books
from tests.truth.replay import CHANGES_A_STEP, COMPANY, KINDS, SETTINGS, Replay, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable

    from exactsync.simulator import Settings
    from tests.integration.conftest import Installation

STEPS = 30


def test_three_hundred_changes_are_true_after_every_tenth_and_history_tells_each_step_again(
    install: Callable[[Settings], Installation], seed: int
) -> None:
    """A day passes before each sync, for lists are compared daily and until then show what they were."""
    books = Books(install(replace(SETTINGS, seed=seed)), [COMPANY.code])
    books.sync()
    assert books.compare().differences == []
    sequence = Sequence(books.simulator, Random(seed))
    again = f"pytest tests/truth/test_replay.py --seed={seed}"
    replay = Replay(sequence, books.installation.engine, books.compare, again=again)
    for _ in range(STEPS):
        replay.take_step(books.sync)
    assert replay.ask_history() == STEPS
    assert (len(sequence.told), set(sequence.kinds)) == (STEPS * CHANGES_A_STEP, KINDS)
    assert books.simulator.violations() == []
