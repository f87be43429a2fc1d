"""Failpoints: off unless planted, and then at the visit that was named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import exactsync
from exactsync import failpoints

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _nothing_stays_planted() -> Iterator[None]:
    yield
    failpoints.plant("")


def test_nothing_happens_unless_something_is_planted() -> None:
    for point in failpoints.POINTS:
        failpoints.reach(point)


def test_a_failpoint_strikes_at_the_visit_that_was_named() -> None:
    failpoints.plant("stage.committed=fail:2")
    failpoints.reach("stage.committed")
    with pytest.raises(failpoints.FailpointError, match=r"stage\.committed"):
        failpoints.reach("stage.committed")
    failpoints.reach("stage.committed")


@pytest.mark.parametrize("text", ["nowhere=kill", "stage.committed=explode", "stage.committed", "stage.copied=fail:x"])
def test_a_misspelt_failpoint_is_refused_rather_than_ignored(text: str) -> None:
    with pytest.raises(ValueError, match="is not POINT=kill"):
        failpoints.plant(text)


def test_every_failpoint_stands_somewhere_in_the_library() -> None:
    sources = "".join(path.read_text() for path in Path(exactsync.__file__).parent.rglob("*.py"))
    assert set(re.findall(r'reach\("([a-z.]+)"\)', sources)) == set(failpoints.POINTS)
