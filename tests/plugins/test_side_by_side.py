"""Several items at once: no more than allowed, each with the caller's context, none after the caller has gone."""

from __future__ import annotations

import time
from contextvars import ContextVar
from threading import Barrier, Lock, get_ident

import pytest

from exactsync_airflow.side_by_side import side_by_side

told: ContextVar[str] = ContextVar("told")


def test_as_many_are_worked_on_at_once_as_allowed_and_no_more() -> None:
    at_work, most, lock, all_here = 0, 0, Lock(), Barrier(3, timeout=10)

    def work(number: int) -> int:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        all_here.wait()  # breaks unless three are at work
        with lock:
            at_work -= 1
        return number * number

    assert sorted(side_by_side(work, range(9), threads=3)) == [(number, number**2) for number in range(9)]
    assert most == 3


def test_work_knows_what_the_caller_knows() -> None:
    told.set("the caller's")
    assert {found for _, found in side_by_side(lambda _: told.get("nothing"), range(4), threads=2)} == {"the caller's"}


@pytest.mark.parametrize(("items", "threads"), [([1], 4), ([1, 2], 1)])
def test_what_needs_no_threads_stays_in_the_callers(items: list[int], threads: int) -> None:
    assert {at for _, at in side_by_side(lambda _: get_ident(), items, threads=threads)} == {get_ident()}


def test_nothing_more_is_begun_once_the_caller_has_gone() -> None:
    begun: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        time.sleep(0.05)

    results = side_by_side(work, range(100), threads=2)
    next(results)
    results.close()
    at_the_end = len(begun)
    time.sleep(0.2)
    assert len(begun) <= at_the_end + 1 < 100
