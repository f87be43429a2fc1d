"""Every fault at every place: a run ends right or says what to do, nothing is half done, and the next one is right."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT
from tests.torture.matrix import play
from tests.torture.matrix_cells import DATA_SETS, FAULTS_OF_READING, SETTINGS, DataSet, cells
from tests.torture.matrix_outages import STEPS, play_outage
from tests.torture.matrix_world import Worlds, travelling_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import DatabaseServer
    from tests.torture.matrix_world import TravellingWorld

FAULTS_BY_KIND = [
    pytest.param(fault, data_set, id=f"{fault}-{data_set.kind}")
    for fault in FAULTS_OF_READING
    for data_set in DATA_SETS
    if list(cells(fault, data_set))
]


@pytest.fixture(scope="module")
def worlds(postgres_server: DatabaseServer) -> Iterator[Worlds]:
    with (
        travelling_template(postgres_server) as template,
        closing(Worlds(postgres_server, template, SETTINGS)) as worlds,
    ):
        yield worlds


@pytest.fixture
def world(worlds: Worlds, data_set: DataSet) -> Iterator[TravellingWorld]:
    with worlds.borrow(data_set.kind) as world:
        yield world


@pytest.mark.parametrize(("fault", "data_set"), FAULTS_BY_KIND)
def test_wherever_a_fault_strikes_the_end_is_the_truth(world: TravellingWorld, fault: str, data_set: DataSet) -> None:
    wrong = {}
    for cell in cells(fault, data_set):
        try:
            outcome = play(world, cell)
        except AssertionError as error:
            outcome = wrong[str(cell)] = f"WRONG: {error}"
        sys.stdout.write(f"{fault}, {data_set.kind}, {cell}: {outcome}\n")
    assert wrong == {}


def test_whenever_the_database_goes_away_the_end_is_the_truth(worlds: Worlds) -> None:
    with worlds.borrow(DATA_SETS[0].kind) as world:
        for step in STEPS:
            sys.stdout.write(f"the database goes away at {step}: {play_outage(world, step)}\n")


def test_the_page_of_faults_knows_each_of_them() -> None:
    page = (ROOT / "docs" / "faults.md").read_text()
    missing = [name for name in (*FAULTS_OF_READING, *STEPS) if f"| `{name}` |" not in page]
    assert missing == [], "write it anew: python -m tests.torture.matrix --table docs/faults.md"
