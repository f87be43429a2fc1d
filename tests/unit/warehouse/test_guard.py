"""The deletion guard at its edges: what may go unasked, and what needs a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exactsync.errors import ConfigurationError, GuardError
from exactsync.warehouse.guard import USUAL_SHARE, DeletionGuard, read_share

if TYPE_CHECKING:
    from exactsync.load import Mode


def ask(*, doomed: int, live: int, mode: Mode = "full", is_confirmed: bool = False) -> None:
    """Have a load delete so many of the live rows: a full one because they are absent, another as no members."""
    is_full = mode == "full"
    DeletionGuard(is_confirmed=is_confirmed).require_plausible(
        mode=mode, members=live - doomed if is_full else 0, absent=doomed if is_full else 0, doomed=doomed, live=live
    )


@pytest.mark.parametrize(
    ("doomed", "live"), [(1, 2), (5, 6), (5, 20), (20, 100), (6, 30)], ids=lambda number: str(number)
)
def test_a_few_rows_go_unasked_and_so_does_just_the_share(doomed: int, live: int) -> None:
    ask(doomed=doomed, live=live)


@pytest.mark.parametrize(("doomed", "live"), [(6, 29), (21, 100), (6, 6), (60, 60)])
def test_one_row_more_than_the_share_needs_a_person(doomed: int, live: int) -> None:
    with pytest.raises(GuardError, match=rf"would delete {doomed} of the {live} live ones"):
        ask(doomed=doomed, live=live)
    ask(doomed=doomed, live=live, is_confirmed=True)


@pytest.mark.parametrize("live", [1, 5])
def test_the_last_rows_of_a_table_need_a_person_however_few(live: int) -> None:
    with pytest.raises(GuardError, match=r"\(full, 0 rows\).*leaving the table empty\. Nothing was changed"):
        ask(doomed=live, live=live)


def test_a_run_that_read_no_member_may_delete_a_few_who_are_none_any_more() -> None:
    ask(doomed=3, live=40, mode="incremental")


@pytest.mark.parametrize("value", ["-0.1", "1.01", "20%", "nan", "inf", " "])
def test_a_share_that_is_none_is_refused_before_anything_is_read(value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"EXACTSYNC_DELETION_SHARE is not a share\..*from 0 to 1"):
        read_share(value)


def test_a_share_is_a_number_from_0_to_1_and_the_usual_one_unless_set() -> None:
    assert [read_share(value) for value in (None, "", "0", "0.35", "1")] == [USUAL_SHARE, USUAL_SHARE, 0, 0.35, 1]
