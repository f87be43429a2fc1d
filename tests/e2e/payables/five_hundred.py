"""Five hundred payables of every type, sixty of them faulty: `make e2e-payables`, and a stage of `make soak`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from exactsync.demo.stack import Stack
from exactsync.entities import entities
from tests.e2e.payables.bookkeeping import ABROAD, HOME, Accounts, Scheduled, a_day_of_payables_is_booked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOOD, FAULTY = 440, 60


@pytest.fixture
def accounts() -> Accounts:
    return Accounts()


@pytest.fixture
def stack(tmp_path: Path, accounts: Accounts) -> Iterator[Stack]:
    """A stack whose scheduler lets assets trigger DAGs, with connections to the accounts."""
    with Stack(tmp_path / "stack", scheduled=True, connections=accounts.connections) as running:
        yield running


@pytest.mark.timeout(1800)
def test_every_good_payable_is_at_exact_once_and_every_faulty_one_says_why(
    stack: Stack, exact: Any, accounts: Accounts
) -> None:
    stack.exactsync("divisions", "--choose", str(HOME), str(ABROAD))
    a_day_of_payables_is_booked(Scheduled(stack), exact, accounts, good=GOOD, faulty=FAULTY, unknown=entities())
