"""The call ledger on a real PostgreSQL, against the database's own clock."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from exactsync.budget import Answer, Refusal, Reservation, WindowReading
from exactsync.warehouse.engine import create_engine
from exactsync.warehouse.ledger import PostgresLedger

APP, DIVISION, ENDPOINT = "start.exactonline.nl/client-1", 7, "crm/Accounts"


class Desk:
    """One ledger, and answers as Exact would give them now."""

    def __init__(self, engine, **options) -> None:
        self.engine = engine
        self.ledger = PostgresLedger(engine, **options)
        self.used = 0

    def reserve(self, *, division=DIVISION, endpoint=ENDPOINT, purpose="sync", lease_s=90.0, app=APP):
        return self.ledger.reserve(app, division, endpoint, purpose=purpose, lease_s=lease_s)

    def now(self) -> float:
        with self.engine.connect() as connection:
            return float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())

    def answer(self, status: int = 200, *, used: int | None = None, ends_in_s: float = 40.0) -> Answer:
        self.used = self.used + 1 if used is None else used
        now = self.now()
        self.resets_at = getattr(self, "resets_at", now + ends_in_s)
        return Answer(
            status=status,
            exact_time=float(int(now)),
            minute=WindowReading(limit=60, remaining=60 - self.used, resets_at=self.resets_at),
            day=WindowReading(limit=5000, remaining=5000 - self.used, resets_at=now // 86400 * 86400 + 86400),
        )

    def call(self, status: int = 200, **options) -> None:
        """Make one call and learn from its answer."""
        self.ledger.settle(self.reserve(**options), self.answer(status))

    def row(self):
        with self.engine.connect() as connection:
            return connection.execute(text("SELECT * FROM exactsync.call_ledger WHERE division = 7")).one()

    def in_flight(self) -> int:
        with self.engine.connect() as connection:
            return connection.execute(text("SELECT count(*) FROM exactsync.calls_in_flight")).scalar_one()


@pytest.fixture
def engine(migrated_database):
    engine = create_engine(migrated_database)
    yield engine
    engine.dispose()


@pytest.fixture
def desk(engine):
    return Desk(engine)


def test_the_first_call_of_a_minute_goes_alone_and_the_others_follow_its_answer(desk):
    first = desk.reserve()
    assert desk.reserve().reason == "busy"
    desk.ledger.settle(first, desk.answer())
    assert isinstance(desk.reserve(), Reservation)
    assert isinstance(desk.reserve(), Reservation)


def test_sixty_calls_and_no_more_are_given_out_at_once(desk):
    desk.call()
    with ThreadPoolExecutor(4) as workers:
        plans = list(workers.map(lambda n: desk.reserve(endpoint=f"e{n}"), range(80)))
    given = [plan for plan in plans if isinstance(plan, Reservation)]
    assert len(given) <= 59
    for reservation in given:
        desk.ledger.settle(reservation, desk.answer())
    while isinstance(plan := desk.reserve(), Reservation):
        desk.ledger.settle(plan, desk.answer())
    assert plan.reason == "minute"
    assert 30 < plan.wait_s < 42
    assert desk.used == 60
    assert desk.row().calls == 60


def test_divisions_and_apps_have_budgets_of_their_own(desk):
    desk.reserve()
    assert isinstance(desk.reserve(division=8), Reservation)
    assert isinstance(desk.reserve(app="start.exactonline.nl/client-2"), Reservation)


def test_the_dead_block_no_one_when_their_lease_is_over(desk):
    desk.reserve(lease_s=0.2)
    assert desk.reserve().reason == "busy"
    time.sleep(0.25)
    assert isinstance(desk.reserve(), Reservation)


def test_calls_of_killed_workers_are_usable_again_in_the_next_window(engine):
    desk = Desk(engine, landing_s=0.1)
    desk.ledger.settle(desk.reserve(), desk.answer(ends_in_s=4.0))
    killed = [desk.reserve(lease_s=60) for _ in range(20)]
    assert all(isinstance(plan, Reservation) for plan in killed)
    time.sleep(5.0)
    assert isinstance(desk.reserve(), Reservation)
    assert desk.row().minute_used <= 1


def outlive_a_hoarder(desk: Desk) -> Refusal:
    """Let a worker reserve calls and die, right before another minute begins, and use up what is left of that one."""
    desk.call()
    while isinstance(plan := desk.reserve(lease_s=60), Reservation):
        last = plan
    desk.resets_at += 60
    desk.ledger.settle(last, desk.answer(used=1))
    while isinstance(plan := desk.reserve(), Reservation):
        desk.ledger.settle(plan, desk.answer())
    return plan


def test_calls_that_a_worker_reserved_right_before_it_died_are_usable_again_in_the_same_minute(engine):
    desk = Desk(engine, landing_s=3.0)
    full = outlive_a_hoarder(desk)
    assert full.reason == "minute"
    assert full.wait_s <= 3.0
    time.sleep(full.wait_s)
    assert isinstance(desk.reserve(), Reservation)
    assert desk.row().minute_used == desk.used + 1
    assert desk.reserve().reason == "busy"  # it goes alone: its answer tells how the minute stands


def test_a_minute_that_exact_has_closed_stays_closed_whoever_died(engine):
    desk = Desk(engine, landing_s=3.0)
    full = outlive_a_hoarder(desk)
    foreign = Reservation(id=0, app_key=APP, division=DIVISION, endpoint=ENDPOINT)
    desk.ledger.settle(foreign, desk.answer(429, used=60))
    time.sleep(full.wait_s)
    assert desk.reserve().reason == "minute"


def test_a_call_that_was_not_sent_costs_nothing(desk):
    desk.call()
    desk.ledger.release(desk.reserve())
    assert desk.row().minute_used == 1
    assert desk.in_flight() == 0


def test_a_lost_connection_stays_counted_but_holds_no_one_up(desk):
    desk.ledger.settle(desk.reserve(), Answer())
    assert isinstance(desk.reserve(), Reservation)
    assert desk.row().minute_used == 2


def test_settling_after_the_lease_and_its_clean_up_is_harmless(desk):
    late = desk.reserve(lease_s=0.0)
    with desk.engine.begin() as connection:
        connection.execute(text("DELETE FROM exactsync.calls_in_flight"))
    desk.ledger.settle(late, desk.answer())
    desk.ledger.release(late)
    assert desk.row().minute_used == 1


def test_a_foreign_consumer_makes_us_go_one_by_one(desk):
    desk.ledger.settle(desk.reserve(), desk.answer(used=20))
    assert isinstance(desk.reserve(), Reservation)
    assert desk.reserve().reason == "busy"


def test_while_others_use_the_app_the_dead_hold_no_one_up_once_their_call_must_have_landed(engine):
    desk = Desk(engine, landing_s=0.2)
    desk.ledger.settle(desk.reserve(), desk.answer(used=20))
    desk.reserve(lease_s=300)
    assert desk.reserve().reason == "busy"
    time.sleep(0.25)
    assert isinstance(desk.reserve(), Reservation)


def test_a_429_without_headers_closes_the_minute_once(desk):
    desk.call()
    desk.ledger.settle(desk.reserve(), Answer(status=429))
    assert desk.reserve().reason == "minute"
    assert desk.row().throttled == 1


def test_a_429_of_the_day_leaves_the_reserve_of_no_one(desk):
    desk.call()
    resets_at = desk.now() // 86400 * 86400 + 86400
    day = WindowReading(limit=5000, remaining=0, resets_at=resets_at)
    desk.ledger.settle(desk.reserve(), Answer(status=429, exact_time=float(int(desk.now())), day=day))
    plan = desk.reserve(purpose="export")
    assert plan.reason == "day"
    assert plan.wait_s == pytest.approx(resets_at - desk.now(), abs=5)


def test_without_headers_the_clock_minute_holds(desk):
    plan = desk.reserve()
    desk.ledger.settle(plan, Answer(status=200))
    for _ in range(59):
        plan = desk.reserve()
        if isinstance(plan, Refusal):
            break
        desk.ledger.settle(plan, Answer(status=200))
    assert desk.row().minute_used <= 60
    assert desk.row().minute_resets_at % 60 == 0


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_an_endpoint_is_left_alone_before_its_tenth_error_in_an_hour(desk, status):
    for _ in range(9):
        desk.call(status)
    plan = desk.reserve()
    assert plan.reason == "errors"
    assert 3500 < plan.wait_s <= 3600
    assert isinstance(desk.reserve(endpoint="vat/VATCodes"), Reservation)


def test_errors_are_forgotten_after_an_hour(desk):
    for _ in range(9):
        desk.call(400)
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE exactsync.call_errors SET occurred_at = occurred_at - 3600"))
    desk.call(400)
    with desk.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM exactsync.call_errors")).scalar_one() == 1


def test_with_errors_about_the_last_steps_are_taken_one_by_one(desk):
    for _ in range(8):
        desk.call(404)
    assert isinstance(desk.reserve(), Reservation)
    assert desk.reserve().reason == "busy"
