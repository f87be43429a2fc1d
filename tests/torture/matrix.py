"""Every fault that Exact is known for, at every place where it can strike: what becomes of the run, and of the next.

`python -m tests.torture.matrix --table FILE` plays all of it and writes the table as Markdown.
"""

from __future__ import annotations

import traceback
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any
from unittest import mock

from exactsync.errors import (
    ConfigurationError,
    DefectError,
    ExactSyncError,
    QuotaExhaustedError,
    ReauthorisationRequiredError,
    RetryLaterError,
)
from exactsync.exact.calls import ATTEMPTS
from exactsync.simulator import Rule
from exactsync.simulator.faults import FAULTS, Fault, WayOut
from exactsync.simulator.oauth import TOKEN_PATH
from exactsync.warehouse.publish import publish
from tests.integration.test_secrets import hits
from tests.torture.conftest import CONNECTION, DIVISION
from tests.torture.matrix_cells import RECORDS, SETTINGS, Cell, DataSet, Place
from tests.torture.matrix_world import TOKEN_LIFE_S

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from exactsync.load import Mode
    from tests.torture.matrix_world import TravellingWorld

TOLERATED: dict[WayOut, tuple[type[ExactSyncError], ...]] = {
    WayOut.TRANSPARENT: (),
    WayOut.QUARANTINE: (),
    WayOut.RETRY_LATER: (RetryLaterError, DefectError),
    WayOut.PERSON: (RetryLaterError, DefectError, ConfigurationError, ReauthorisationRequiredError),
}
WORDS = {
    QuotaExhaustedError: "wait",
    RetryLaterError: "later",
    ReauthorisationRequiredError: "consent",
    ConfigurationError: "mend",
    DefectError: "report",
}
NEVER = "—"


def play(world: TravellingWorld, cell: Cell) -> str:
    """Let a fault strike, do what the errors say, and see the truth come out; return what happened in a few words.

    Raises:
        AssertionError: something is not as it must be.
    """
    data_set = cell.data_set
    world.calm_down()
    bring_up_to_date(world, data_set)
    world.is_settled = False
    changed = change(world, data_set)
    if cell.place is Place.TOKEN:
        world.travel(TOKEN_LIFE_S)
    before, truth = world.visible(data_set.table), _truth(world, data_set)
    with _planted(world, cell):
        error = attempt(world, data_set)
    struck = world.simulator.planted_faults()[0].struck
    world.simulator.clear_faults()
    touched = {key for key, record in _truth(world, data_set).items() ^ truth.items()}
    if error is None:
        wrong = {str(difference.key[1]) for difference in world.differences(data_set.table) if difference.key}
        word = _judge(cell, wrong, touched, struck)
        if word == "set aside" and not world.scalar("SELECT count(*) FROM exactsync.quarantine"):
            word = "as sent"
    else:
        require_clear(world, cell, error)
        require_nothing_half_done(world, data_set, before, changed | touched)
        word = _word(error)
    story = [word, *_recover(world, cell, error)]
    _require_lawful(world, cell, struck)
    world.is_settled = True
    return " → ".join(story) if struck else NEVER


def bring_up_to_date(world: TravellingWorld, data_set: DataSet) -> None:
    """Publish as many records as there are at first, in pages that hold them all."""
    simulator, table = world.simulator, data_set.table
    if world.is_settled and len(simulator.truth(DIVISION, table.entity_set)) == RECORDS:
        return
    simulator.configure(bulk_page_size=1000, single_page_size=1000)
    for _ in range(RECORDS - len(simulator.truth(DIVISION, table.entity_set))):
        simulator.insert(DIVISION, table.entity_set)
    world.sync(table.name, mode="full")
    if data_set.is_logged:
        world.apply_deletions()
    assert world.differences(table) == [], "it was not right before the fault"
    simulator.configure(bulk_page_size=SETTINGS.bulk_page_size, single_page_size=SETTINGS.single_page_size)


def change(world: TravellingWorld, data_set: DataSet) -> set[str]:
    """Change, or delete, every record, so that there are three pages of news; return their keys."""
    simulator, entity_set = world.simulator, data_set.table.entity_set
    keys = [record["ID"] for record in simulator.truth(DIVISION, entity_set)]
    for number, key in enumerate(keys):
        if data_set.is_deletions:
            simulator.delete(DIVISION, entity_set, key)
        else:
            simulator.update(DIVISION, entity_set, key, {data_set.text: f"{number} at {simulator.clock.now()}"})
    return set(map(str, keys))


def _truth(world: TravellingWorld, data_set: DataSet) -> dict[str, str]:
    records = world.simulator.truth(DIVISION, data_set.table.entity_set)
    return {str(record["ID"]): repr(record) for record in records}


def _planted(world: TravellingWorld, cell: Cell) -> AbstractContextManager[Any]:
    """Plant the fault; at publish it befalls somebody else's call, between the last page and the publish."""
    endpoint = TOKEN_PATH if cell.place is Place.TOKEN else cell.data_set.endpoint
    first = 1 if cell.place in (Place.TOKEN, Place.PUBLISH) else cell.place.page
    occurrences = frozenset(range(first, first + (ATTEMPTS if cell.is_lasting else 1)))
    fault = Fault(
        action=FAULTS[cell.fault](),
        endpoint=endpoint,
        occurrences=occurrences,
        pages_only=cell.place is not Place.TOKEN,
    )

    def strike_and_publish(*args: Any, **kwargs: Any) -> Any:
        world.simulator.plant(fault)
        world.look_at(endpoint)
        return publish(*args, **kwargs)

    if cell.place is Place.PUBLISH:
        return mock.patch("exactsync.sync.publish", strike_and_publish)
    world.simulator.plant(fault)
    return nullcontext()


def attempt(world: TravellingWorld, data_set: DataSet, mode: Mode = "incremental") -> ExactSyncError | None:
    """Do what a run does about a data set; return the error that it ends with."""
    try:
        if not data_set.is_deletions:
            world.sync(data_set.name, mode=mode)
        if data_set.is_logged:
            world.apply_deletions()
    except ExactSyncError as error:
        return error
    return None


def _judge(cell: Cell, wrong: set[str], touched: set[str], struck: int) -> str:
    """Name the outcome of a run without an error, of which these records are not as they are at Exact now."""
    if cell.way_out is WayOut.QUARANTINE:
        assert len(wrong) <= struck
        return "set aside" if wrong else "right"
    assert wrong <= touched, f"wrong without having changed while the run went on: {wrong - touched}"
    return "next run" if wrong else "right"


def require_clear(world: TravellingWorld, cell: Cell, error: ExactSyncError) -> None:
    """Check that an error is of a kind that fits, says where and what to do, and holds no secret."""
    where, text = error.location, str(error)
    assert isinstance(error, TOLERATED[cell.way_out]), f"{type(error).__name__} for a fault that is {cell.way_out}"
    assert (where.integration, where.division) == (CONNECTION, DIVISION)
    assert where.entity in {cell.data_set.name, "deletions"}
    assert where.page in {cell.place.page, cell.place.page + 1}, text
    assert str(where) in text
    assert "What to do: " in text, text
    printed = "".join(traceback.format_exception(error))
    assert hits(text + repr(error) + printed, world.simulator.secrets()) == []


def require_nothing_half_done(
    world: TravellingWorld, data_set: DataSet, before: list[Any], expected_to_change: set[str]
) -> None:
    """Check that readers see what they saw before, or all that is new; of deletions each is the truth by itself."""
    if not data_set.is_deletions:
        assert world.visible(data_set.table) == before or not world.differences(data_set.table), "half done"
        return
    for difference in world.differences(data_set.table):
        assert difference.key
        assert difference.key[1] in expected_to_change
        assert not difference.column, "a row that is to be deleted has changed"


def _recover(world: TravellingWorld, cell: Cell, error: ExactSyncError | None) -> list[str]:
    """Take the ways out until a run ends right; return the words for what else that took."""
    data_set, words = cell.data_set, []
    for _ in range(2):
        if error is not None:
            world.do_as_told(error)
        error = attempt(world, data_set)
        if error is None:
            break
        require_clear(world, cell, error)
        words.append(_word(error))
    assert error is None, f"it never comes right: {error}"
    if world.differences(data_set.table) and cell.needs_full_read:
        assert attempt(world, data_set, "full") is None
        words.append("full read")
    assert world.differences(data_set.table) == []
    return words


def _require_lawful(world: TravellingWorld, cell: Cell, struck: int) -> None:
    """Check that no rule was broken, but for one probe after each answer that was lost with a new token in it."""
    may_probe = cell.place is Place.TOKEN and cell.way_out is WayOut.PERSON
    rules = [violation.rule for violation in world.simulator.violations()]
    probes = rules.count(Rule.OLD_REFRESH_TOKEN)
    assert probes <= struck * may_probe
    assert len(rules) == probes, world.simulator.violations()


def _word(error: ExactSyncError) -> str:
    return next(word for kind, word in WORDS.items() if isinstance(error, kind))


if __name__ == "__main__":
    from tests.torture.matrix_table import main

    main()
