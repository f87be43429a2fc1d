"""What guards the truth where runs meet, die, stop half-way, or meet the two odd nights of a year."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest

from exactsync.errors import DatasetBusyError, QuotaExhaustedError
from exactsync.simulator.faults import Fault
from exactsync.warehouse.leases import LEASE_S, lease
from exactsync.warehouse.ledger import PostgresLedger
from exactsync.warehouse.tokens import PostgresTokenStore
from tests.torture.conftest import DIVISION
from tests.torture.matrix_world import TOKEN_LIFE_S, small_company, travelling_template, travelling_world
from tests.truth.columns import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from exactsync.load import LoadResult
    from exactsync.simulator.messages import Request, Response
    from tests.conftest import DatabaseServer
    from tests.torture.matrix_world import TravellingWorld

RECORDS, PAGES = 24, 8
SETTINGS = small_company(Accounts=RECORDS, Costcenters=RECORDS)
TABLE = {table.name: table for table in TABLES}
KINDS = {"sync feed": "suppliers", "list": "cost_centers"}
TEXT = {"suppliers": "Name", "cost_centers": "Description"}
MINUTE_S, DAY_S = 60.0, 86_400.0
OF_THE_DEAD_S = 280.0
"""How long a call that was reserved may be under way."""


@pytest.fixture(scope="module")
def template(postgres_server: DatabaseServer) -> Iterator[str]:
    with travelling_template(postgres_server) as name:
        yield name


@pytest.fixture
def world(postgres_server: DatabaseServer, template: str) -> Iterator[TravellingWorld]:
    with travelling_world(postgres_server, template, SETTINGS) as world:
        yield world


@pytest.mark.parametrize("entity", KINDS.values(), ids=KINDS)
def test_an_hourly_run_leaves_a_running_full_refresh_alone(world: TravellingWorld, entity: str) -> None:
    table = TABLE[entity]
    world.sync(entity)
    changed = world.simulator.truth(DIVISION, table.entity_set)[0]["ID"]
    reading, go_on = Event(), Event()

    def hold(_request: Request, proceed: Callable[[], Response]) -> Response:
        reading.set()
        assert go_on.wait(20)
        return proceed()

    world.simulator.plant(Fault(endpoint=table.endpoint, action=hold, occurrences=frozenset({3})))
    refreshed: list[LoadResult] = []
    refresh = Thread(target=lambda: refreshed.append(world.sync(entity, mode="full", holder="full refresh")))
    refresh.start()
    try:
        assert reading.wait(20)
        asked = world.simulator.count_calls(table.endpoint)
        world.simulator.update(DIVISION, table.entity_set, changed, {TEXT[entity]: "new"})
        with pytest.raises(DatasetBusyError, match=f"division {DIVISION}, entity {entity}: full refresh/") as refused:
            world.sync(entity, holder="hourly run")
        assert world.simulator.count_calls(table.endpoint) == asked
    finally:
        go_on.set()
        refresh.join()
    assert refused.value.holder.startswith("full refresh")
    assert [(result.mode, result.rows_read >= RECORDS) for result in refreshed] == [("full", True)]
    world.sync(entity, holder="hourly run")
    assert world.differences(table) == []
    assert world.simulator.violations() == []


@pytest.mark.parametrize("entity", KINDS.values(), ids=KINDS)
def test_a_first_load_larger_than_a_days_budget_goes_on_the_next_day_where_it_stopped(
    world: TravellingWorld, entity: str
) -> None:
    table, pages = TABLE[entity], []

    def see(request: Request, proceed: Callable[[], Response]) -> Response:
        answer = proceed()
        if answer.status == 200:
            pages.append(request.query)
        return answer

    world.simulator.plant(Fault(endpoint=table.endpoint, action=see, occurrences=frozenset()))
    world.simulator.configure(calls_per_day=5)
    world.travel(DAY_S)
    with pytest.raises(QuotaExhaustedError, match="What to do: Nothing, or spread the runs") as stopped:
        world.sync(entity)
    assert (stopped.value.window, stopped.value.location.page) == ("day", len(pages) + 1)
    assert 0 < len(pages) < PAGES
    assert world.visible(table) == []
    world.do_as_told(stopped.value)
    assert world.sync(entity).inserted == RECORDS
    assert len(pages) == len(set(pages)) == PAGES
    assert world.differences(table) == []
    assert world.simulator.violations() == []


def test_what_the_dead_held_is_free_again_when_its_time_is_over(world: TravellingWorld) -> None:
    """A worker on another host dies while it reads, with calls reserved and the refresh begun: nobody tells us."""
    table = TABLE["suppliers"]
    world.travel(TOKEN_LIFE_S)
    store = PostgresTokenStore(world.engine, world.deployment._access._token_keys)
    (grant,) = store.read_all()
    ledger = PostgresLedger(world.engine)
    dead = lease(world.engine, division=DIVISION, entity=table.name, holder="of the dead")
    dead.__enter__()
    assert store.claim(grant.id, grant.generation, owner="the dead", lease_s=OF_THE_DEAD_S)
    ledger.reserve(grant.app_key, DIVISION, table.endpoint, purpose="sync", lease_s=OF_THE_DEAD_S)

    world.travel(LEASE_S - MINUTE_S)
    with pytest.raises(DatasetBusyError, match="of the dead") as refused:
        world.sync(table.name)
    assert world.simulator.count_calls(table.endpoint) == 0
    world.do_as_told(refused.value)
    world.travel(MINUTE_S)
    assert world.sync(table.name).inserted == RECORDS
    assert world.differences(table) == []
    assert world.scalar("SELECT probes FROM exactsync.grants") == 1
    assert world.simulator.violations() == []


# -- the two odd nights

AUTUMN, SPRING = datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC)


@pytest.mark.parametrize("entity", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("night", [AUTUMN, SPRING], ids=["autumn", "spring"])
def test_records_changed_in_the_night_the_clocks_change_arrive_with_the_right_time(
    world: TravellingWorld, entity: str, night: datetime
) -> None:
    """Quarter by quarter from midnight to four, read every hour: no change is missed, no time is wrong."""
    table = TABLE[entity]
    world.sync(entity)
    keys = [record["ID"] for record in world.simulator.truth(DIVISION, table.entity_set)]
    for quarter in range(16):
        moment = night + timedelta(minutes=15 * quarter)
        world.simulator.update(DIVISION, table.entity_set, keys[quarter], {"Created": moment, "Modified": moment})
        if quarter % 4 == 3:
            world.sync(entity)
            assert world.differences(table) == []
    moments = [world.scalar(f"SELECT modified_at FROM exact_online.{entity} WHERE id = '{key}'") for key in keys[:16]]
    expected = [night + timedelta(minutes=15 * quarter) for quarter in range(16)]
    if night is AUTUMN:
        expected[4:8] = expected[:4]  # the wire says 02:00 to 02:45 twice, and both mean the first time
    assert moments == expected


def test_a_time_that_no_dutch_clock_ever_showed_becomes_the_end_of_the_skipped_hour(world: TravellingWorld) -> None:
    """Exact ought not to send it; if it does, the record is not lost for it."""
    record = world.simulator.truth(DIVISION, "Costcenters")[0]
    world.simulator.update(DIVISION, "Costcenters", record["ID"], {"Modified": SPRING + timedelta(minutes=30)})

    def skip(moment: datetime) -> bytes:
        return f"/Date({int(moment.timestamp() * 1000)})/".encode()

    def send_half_past_two(_request: Request, proceed: Callable[[], Response]) -> Response:
        answer = proceed()
        half_past_one, half_past_two = (SPRING + timedelta(hours=hour, minutes=30) for hour in (1, 2))
        return replace(answer, body=answer.body.replace(skip(half_past_one), skip(half_past_two)))

    world.simulator.plant(Fault(endpoint="hrm/Costcenters", action=send_half_past_two, occurrences=frozenset()))
    result = world.sync("cost_centers")
    found: Any = world.scalar(f"SELECT modified_at FROM exact_online.cost_centers WHERE id = '{record['ID']}'")
    assert (result.quarantined, found) == (0, SPRING + timedelta(hours=1))
