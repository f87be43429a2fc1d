"""Our own database goes away at a step of a run: what becomes of the run, and of the next."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest import mock

from exactsync import failpoints
from exactsync.errors import DatabaseUnavailableError
from tests.torture.conftest import CONNECTION, DIVISION
from tests.torture.matrix import attempt, bring_up_to_date, change, require_nothing_half_done
from tests.torture.matrix_cells import DATA_SETS
from tests.torture.matrix_world import TOKEN_LIFE_S

if TYPE_CHECKING:
    from tests.torture.matrix_world import TravellingWorld

STEPS = [point for point in failpoints.POINTS if not point.startswith(("migrate", "export"))]


def play_outage(world: TravellingWorld, step: str) -> str:
    """Cut every connection to the database when a step has been taken; return what happened in a few words.

    Raises:
        AssertionError: something is not as it must be.
    """
    data_set, cuts = DATA_SETS[0], []

    def cut(*_: object) -> None:
        cuts.append(step)
        world.cut_connections()

    world.calm_down()
    bring_up_to_date(world, data_set)
    world.is_settled = False
    changed = change(world, data_set)
    world.travel(TOKEN_LIFE_S)
    before = world.visible(data_set.table)
    with mock.patch.object(failpoints, "_act", cut):
        failpoints.plant(f"{step}=fail")
        error = attempt(world, data_set)
        failpoints.plant("")
    assert cuts == [step], f"{step} was not reached"
    if error is not None:
        where, text = error.location, str(error)
        assert isinstance(error, DatabaseUnavailableError), error
        assert (where.integration, where.division) == (CONNECTION, DIVISION)
        assert where.entity in {data_set.name, "deletions"}
        assert "What to do: " in text
        require_nothing_half_done(world, data_set, before, changed)
        world.do_as_told(error)
    assert attempt(world, data_set) is None
    assert world.differences(data_set.table) == []
    assert world.simulator.violations() == []
    world.is_settled = True
    return "right" if error is None else "later"
