"""Kill the process at every step: the next attempt ends with the truth, and asks at most one staged page again."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from math import ceil
from random import Random
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from exactsync.environment import read_deployment
from exactsync.failpoints import POINTS
from exactsync.simulator import Company, Rule, Settings
from exactsync.warehouse.engine import create_engine
from exactsync.warehouse.guard import DELETION_SHARE
from tests.torture.conftest import DIVISION, World
from tests.torture.sacrifice import SYNC_POINTS, Work, Worker, do
from tests.truth.columns import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.truth.columns import Table
    from tests.truth.oracle import Difference

SIZES = {"GLAccounts": 40, "VATCodes": 10, "Costcenters": 35, "Costunits": 5, "Accounts": 60}
PAGE_SIZE = 10
SETTINGS = Settings(
    hostile=0.3,
    calls_per_minute=100_000,
    bulk_page_size=PAGE_SIZE,
    single_page_size=PAGE_SIZE,
    companies=(Company(code=DIVISION, name="Demo Holding", country="NL", sizes=SIZES),),
)
EVERY_STEP = ("gl_accounts", "vat_codes", "cost_centers", "cost_units", "suppliers", "deletions")
KINDS = {"sync feed": ("suppliers", "deletions"), "list": ("cost_centers", "deletions")}
TABLES_OF = {kind: [table for table in TABLES if table.name in steps] for kind, steps in KINDS.items()}
TABLES_OF_ALL = [table for table in TABLES if table.name in EVERY_STEP]
ENDPOINTS = {"sync feed": "sync/CRM/Accounts", "list": "hrm/Costcenters"}
PAGES = {"sync feed": ceil(SIZES["Accounts"] / PAGE_SIZE), "list": ceil(SIZES["Costcenters"] / PAGE_SIZE)}
PAGES_OF_NEXT = {"sync feed": 1, "list": PAGES["list"]}
"""What a load costs whose predecessor was published."""
IN_HAND = 2
"""Pages that may be lost by a kill, none of them staged: one being written, the next one being fetched."""


@pytest.fixture
def world(make_world: Callable[[Settings], World], seed: int) -> World:
    return make_world(replace(SETTINGS, seed=SETTINGS.seed + seed))


def work(world: World, *steps: str, planted: str = "") -> Work:
    return Work(environment=world.environment, division=DIVISION, steps=steps, planted=planted)


def live_differences(world: World, tables: Sequence[Table] = TABLES_OF_ALL) -> list[Difference]:
    """What is wrong with what readers see; a row may come and go at Exact while nobody was there to read it."""
    return [difference for difference in world.judge(tables).differences if not difference.is_deleted]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("point", SYNC_POINTS)
def test_killed_at_a_failpoint_the_next_attempt_ends_with_the_truth(world: World, point: str, kind: str) -> None:
    visit = 3 if point.startswith("stage") else 1
    worker = Worker(work(world, *KINDS[kind], planted=f"{point}=kill:{visit}"))
    assert worker.wait(), f"{point} was not reached: {worker.error()}"
    assert do(work(world, *KINDS[kind])) == ""
    assert live_differences(world, TABLES_OF[kind]) == []

    asked = world.simulator.count_calls(ENDPOINTS[kind], DIVISION)
    published_before = point == "publish.committed" or point.startswith("deletions")
    again = asked - PAGES[kind] - published_before * PAGES_OF_NEXT[kind]
    sys.stdout.write(f"killed at {point}, visit {visit} ({kind}): {again} pages asked again\n")
    assert again <= IN_HAND

    world.simulator.random_changes(20, seed=POINTS.index(point))
    let_a_day_pass(world)
    assert do(work(world, *KINDS[kind])) == ""
    assert live_differences(world, TABLES_OF[kind]) == []
    assert world.simulator.violations() == []


@pytest.mark.parametrize("planted", ["stage.committed=kill:3", "stage.copied=kill:6", "publish.merged=kill:1"])
def test_killed_in_a_filtered_first_load_the_next_attempt_goes_on_there(
    make_world: Callable[[Settings], World], planted: str
) -> None:
    few = Company(code=DIVISION, name="Demo Holding", country="NL", sizes={"Accounts": 6_000}, suppliers=0.008)
    world = make_world(replace(SETTINGS, hostile=0.0, companies=(few,), bulk_page_size=1_000))
    world.environment["EXACTSYNC_FIRST_LOAD"] = "planned"
    relations = world.simulator.truth(DIVISION, "Accounts")
    changed, ended, gone = [one["ID"] for one in relations[1:] if one["IsSupplier"]][:3]
    world.simulator.update(DIVISION, "Accounts", relations[0]["ID"], {"City": "Urk"})
    assert Worker(work(world, "suppliers", planted=planted)).wait(), f"{planted} was not reached"
    world.simulator.update(DIVISION, "Accounts", changed, {"Name": "Anders"})
    world.simulator.set_supplier(DIVISION, ended, is_supplier=False)
    world.simulator.delete(DIVISION, "Accounts", gone)
    assert do(work(world, "suppliers", "deletions")) == ""
    assert do(work(world, "suppliers", "deletions")) == ""
    suppliers = [table for table in TABLES if table.name == "suppliers"]
    # what never came by the feed has no Timestamp
    assert [one for one in live_differences(world, suppliers) if one.column != "_source_timestamp"] == []
    assert world.simulator.count_calls("sync/CRM/Accounts", DIVISION) <= 4
    assert world.simulator.violations() == []


def test_killed_at_random_moments_the_end_is_the_truth(world: World, seed: int) -> None:
    """Kill syncs one after the other, each at a random moment of its work, while Exact goes on changing."""
    random = Random(20 + seed)
    # a hundred changes may delete most of a list of ten: as many as a person would have to confirm
    everything = replace(work(world, *EVERY_STEP), environment={**world.environment, DELETION_SHARE: "1"})
    for kill in range(20):
        worker = Worker(everything)
        time.sleep(random.uniform(0.0, 0.5))
        worker.kill()
        fell = "at work" if worker.wait() else "after the end"
        sys.stdout.write(f"kill {kill + 1}: {fell}, {scalar(world, REMEMBERED)}\n")
        world.simulator.random_changes(5, seed=kill + 20 * seed)
    let_a_day_pass(world)
    assert do(everything) == ""  # ends the loads under way, whose first pages are as old as the kills
    let_a_day_pass(world)
    assert do(everything) == ""
    assert live_differences(world) == []
    assert [v for v in world.simulator.violations() if v.rule is not Rule.PARALLEL_READ] == []


def test_a_migration_killed_at_any_step_is_as_if_it_had_not_begun(empty_database: str) -> None:
    environment = {"EXACTSYNC_WAREHOUSE_URL": empty_database}
    for point in ("migrate.locked", "migrate.upgraded", "migrate.created"):
        killed = Work(environment=environment, division=DIVISION, steps=("migrate",), planted=f"{point}=kill")
        assert Worker(killed).wait()
        assert schemas(empty_database) == 0
    assert do(Work(environment=environment, division=DIVISION, steps=("migrate",))) == ""
    read_deployment(environment).check()


def schemas(url: str) -> int:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.scalar(text("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'exact%'"))
    engine.dispose()
    return int(found or 0)


def let_a_day_pass(world: World) -> None:
    """Make lists due for their daily comparison."""
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE exactsync.sync_state SET full_at = full_at - interval '1 day'"))


def scalar(world: World, query: str) -> str:
    with world.engine.connect() as connection:
        return str(connection.scalar(text(query)))


REMEMBERED = """
SELECT concat_ws(', ', count(*) || ' loads under way', (SELECT count(*) FROM exactsync.load_log) || ' loads published')
FROM exactsync.loads
"""
