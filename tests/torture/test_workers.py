"""Many processes share one grant and one call budget, while they are killed, stopped, and not alone."""

from __future__ import annotations

import sys
from math import ceil
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from exactsync.simulator import DEMO_USER, Company, Fault, Rule, Settings
from exactsync.simulator.faults import client_clock_off, foreign_consumer
from tests.torture.conftest import DIVISION, World
from tests.torture.workers_budget import Minutes, spend
from tests.torture.workers_grant import GrantTorture

if TYPE_CHECKING:
    from collections.abc import Callable

    from exactsync.simulator.faults.planting import Call
    from exactsync.simulator.messages import Request, Response

COMPANIES = (Company(code=DIVISION, name="Demo Holding", country="NL", sizes={"GLAccounts": 5, "VATCodes": 5}),)
WORKERS = 16
LIMIT = 60
FOREIGN_CALLS = 20
SMALL_LIMIT = 24
"""So few calls a minute that even a busy machine can make them all."""
HOARDED = SMALL_LIMIT // 3
"""As many as are given out together after one call."""


@pytest.fixture
def make_office(make_world: Callable[[Settings], World]) -> Callable[..., World]:
    """Set up a world with a minute of so many seconds, and calls in it."""
    return lambda minute_s, limit=LIMIT: make_world(
        Settings(companies=COMPANIES, calls_per_minute=limit, minute_s=minute_s)
    )


@pytest.fixture
def times(is_long: bool) -> int:
    """How many times as long as in `make test` a torture of the budget takes."""
    return 10 if is_long else 1


def at_most(calls: int, limit: int = LIMIT) -> int:
    """How many minutes so many calls may take: the first one may be nearly over when they begin."""
    return ceil(calls / limit) + 1


def told(what: str, minutes: Minutes) -> Minutes:
    sys.stdout.write(f"{what}: {minutes}\n")
    return minutes


@pytest.mark.timeout(7200)
def test_each_token_is_refreshed_once_and_lost_only_by_a_death_that_one_probe_finds_out(
    make_world: Callable[[Settings], World], seed: int, is_long: bool
) -> None:
    world = make_world(Settings(companies=COMPANIES))
    expiries = 1000 if is_long else 50
    figures = GrantTorture(world, workers=WORKERS, seed=seed).run(expiries)
    sys.stdout.write(f"{figures}\n")

    lost = figures.rotated - figures.stored
    assert figures.expiries == figures.rotated == expiries  # each token was refreshed, and once
    assert figures.consents == {"used": lost}  # each loss was found out, and nothing else taken for one
    assert figures.probes <= figures.orphans  # who asked again had a reason to
    assert figures.refused >= lost + figures.late
    assert figures.unfounded == 0
    assert {violation.rule for violation in world.simulator.violations()} <= {Rule.OLD_REFRESH_TOKEN}
    assert len(world.simulator.violations()) == figures.refused
    assert figures.users == {str(DEMO_USER.id): WORKERS}  # in the end all work with the last token


def test_eight_workers_use_each_minute_in_full_and_never_meet_a_429(
    make_office: Callable[..., World], times: int
) -> None:
    office = make_office(5.0)
    minutes = told("alone", spend(office, 400 * times))
    assert (minutes.refused.total(), minutes.given_up) == (0, 0)
    assert minutes.number <= at_most(400 * times)
    assert office.simulator.violations() == []


def forget_the_budget(office: World) -> None:
    with office.engine.begin() as connection:
        connection.execute(text("DELETE FROM exactsync.call_ledger"))


@pytest.mark.parametrize("off_s", [245.0, -245.0])
def test_a_clock_245_s_off_costs_at_most_one_429_a_minute(
    make_office: Callable[..., World], times: int, off_s: float
) -> None:
    office = make_office(8.0)  # `Date` has whole seconds: a minute must be much longer than what they leave open
    office.simulator.plant(Fault(action=client_clock_off(seconds=off_s)))
    forget_the_budget(office)  # the clock has always been off: nothing was learnt from it when it was right
    minutes = told(f"clock {off_s:+.0f} s off", spend(office, 80 * times))
    assert max(minutes.refused.values(), default=0) <= 1


@pytest.mark.parametrize("off_s", [245.0, -245.0])
def test_a_clock_that_is_set_meanwhile_costs_at_most_one_429_a_minute(
    make_office: Callable[..., World], times: int, off_s: float
) -> None:
    office = make_office(5.0)  # 49 minutes are 245 s: what is left of the minute stays the same

    def set_clock(_request: Request, call: Call) -> Response:
        office.simulator.plant(Fault(action=client_clock_off(seconds=off_s)))
        return call()

    early_in_a_minute = frozenset({LIMIT + 5})
    office.simulator.plant(Fault(action=set_clock, division=DIVISION, occurrences=early_in_a_minute))
    minutes = told(f"clock set by {off_s:+.0f} s", spend(office, 160 * times))
    assert max(minutes.refused.values(), default=0) <= 1
    assert len(minutes.made) <= at_most(160 * times) + 2


@pytest.mark.parametrize("at", [0.0, 0.2, 0.5], ids=["from the start", "soon after", "in the middle"])
def test_with_a_foreign_consumer_there_is_at_most_one_429_a_minute(
    make_office: Callable[..., World], times: int, at: float
) -> None:
    office = make_office(2.0)
    office.simulator.plant(Fault(action=foreign_consumer(calls=FOREIGN_CALLS, at=at)))
    minutes = told("with a foreign consumer", spend(office, 80 * times))
    assert max(minutes.refused.values(), default=0) <= 1
    assert max(minutes.made.values()) <= LIMIT - FOREIGN_CALLS * (at == 0)
    assert office.simulator.violations() == []


def test_what_a_killed_worker_had_reserved_is_usable_again_in_the_next_minute(
    make_office: Callable[..., World], times: int
) -> None:
    office = make_office(10.0, SMALL_LIMIT)
    calls = 32 * times
    minutes = told(
        f"{HOARDED} reservations of a worker that died late in a minute",
        spend(office, calls, hoarded=HOARDED, hoarded_at=0.75),
    )
    assert (minutes.refused.total(), minutes.given_up) == (0, 0)
    assert minutes.made[min(minutes.made) + 1] > SMALL_LIMIT - HOARDED
    assert minutes.number <= at_most(1 + HOARDED + calls, SMALL_LIMIT)


def test_with_a_foreign_consumer_a_killed_worker_holds_no_one_up_beyond_its_minute(
    make_office: Callable[..., World],
) -> None:
    office = make_office(2.0)
    office.simulator.plant(Fault(action=foreign_consumer(calls=FOREIGN_CALLS)))
    spend(office, 16)  # teaches the ledger that others use the app
    minutes = told("a dead worker besides a foreign consumer", spend(office, 16, hoarded=1))
    assert minutes.given_up == 0
    assert len(minutes.made) <= at_most(16 + 1) + 1
