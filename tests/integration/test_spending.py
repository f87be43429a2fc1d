"""What Spendesk tells arrives whole, once, and goes on where it was put off."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from exactsync.errors import (
    DefectError,
    QuotaExhaustedError,
    SkippableRecordError,
    SnapshotPendingError,
    SpendeskUnavailableError,
)
from exactsync.payable import Payable
from exactsync.payables.spending import Spending, Told
from exactsync.secret import Secret
from exactsync.simulator import Clock, Simulator, SimulatorTransport
from exactsync.simulator.messages import Request, Response, json_response
from exactsync.simulator.spendesk import SpendeskSettings, SpendeskSimulator, company_of
from exactsync.spendesk.account import SpendeskAccount
from exactsync.spendesk.client import SpendeskClient
from exactsync.spendesk.limits import CallLimits
from exactsync.warehouse.engine import create_engine
from tests.unit.spendesk.conftest import Frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

SOURCE = "spendesk_default"


@pytest.fixture(scope="module")
def exact() -> Simulator:
    return Simulator()


@pytest.fixture
def spendesk(exact: Simulator) -> SpendeskSimulator:
    return SpendeskSimulator(company_of(exact, 1000001), SpendeskSettings(payables=120), clock=Clock())


@pytest.fixture
def engine(migrated_database: str) -> Iterator[Engine]:
    engine = create_engine(migrated_database)
    yield engine
    engine.dispose()


def _process(spendesk: SpendeskSimulator, engine: Engine, *, patience_s: float) -> Spending:
    """Return an account as a process finds it that has made no call yet."""
    account = SpendeskAccount(
        connection_id=SOURCE,
        base_url="https://public-api.spendesk.com",
        client_id=spendesk.settings.client_id,
        client_secret=Secret(spendesk.settings.client_secret),
    )
    clock = spendesk.clock
    limits = CallLimits(now=clock.now, sleep=clock.advance)
    transport = SimulatorTransport(spendesk)
    client = SpendeskClient(account, transport=transport, limits=limits, now=clock.now, sleep=clock.advance)
    return Spending(engine, client, SOURCE, patience_s=patience_s)


@pytest.fixture
def spending(spendesk: SpendeskSimulator, engine: Engine) -> Spending:
    return _process(spendesk, engine, patience_s=600)


def _today(spendesk: SpendeskSimulator) -> date:
    return spendesk.clock.utc().date()


def _receive(spending: Spending, spendesk: SpendeskSimulator, engine: Engine, *, run_id: str = "run") -> Told:
    """Read everything, coming back as often as Spendesk asks for."""
    told: Told | None = None
    started = _today(spendesk)
    for _ in range(30):
        try:
            told = spending.receive_payables(started - timedelta(days=80), started, run_id=run_id)
            break
        except SnapshotPendingError:
            _let_pass(61, spendesk, engine)
    assert told is not None
    return told


def _let_pass(seconds: int, spendesk: SpendeskSimulator, engine: Engine) -> None:
    spendesk.clock.advance(seconds)
    with engine.begin() as connection:
        connection.execute(
            text("""
            UPDATE exactsync.spendesk_snapshots SET asked_at = asked_at - make_interval(secs => :seconds),
            polled_at = polled_at - make_interval(secs => :seconds)
            """),
            {"seconds": seconds},
        )


def _rows(engine: Engine, query: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text(query)))


def test_every_payable_arrives_with_its_lines_to_the_cent(
    spending: Spending, spendesk: SpendeskSimulator, engine: Engine
) -> None:
    _receive(spending, spendesk, engine)
    truth = {str(one["id"]): one for one in spendesk.payables()}
    stored = _rows(engine, "SELECT * FROM spendesk.payables")
    assert {row.id for row in stored} == set(truth)
    for row in stored:
        digits = 0 if row.currency == "JPY" else 2
        assert row.amount == Decimal(truth[row.id]["amount"]).scaleb(-digits)
        assert row.payable_date == truth[row.id]["payableDate"]
        assert row.problem is None
    sums = _rows(engine, "SELECT payable_id, sum(gross) AS gross, count(*) AS n FROM spendesk.payable_lines GROUP BY 1")
    assert {row.payable_id: row.n for row in sums} == {key: len(one["lineItems"]) for key, one in truth.items()}
    settled = _rows(engine, "SELECT payable_id FROM spendesk.payable_allocations")
    assert sorted(row.payable_id for row in settled) == sorted(k for k, one in truth.items() if one["allocations"])
    assert spendesk.violations() == []


def test_a_run_asks_one_snapshot_at_a_time_and_goes_on_where_it_was_put_off(
    spending: Spending, spendesk: SpendeskSimulator, engine: Engine
) -> None:
    _receive(spending, spendesk, engine)
    created = [path for path, status in spendesk.calls() if status == 201]
    assert len(created) == 3
    calls = len(spendesk.calls())
    assert spending.receive_payables(_today(spendesk) - timedelta(days=80), _today(spendesk), run_id="run").read == 120
    assert len(spendesk.calls()) == calls


def test_the_next_run_gets_news_and_writes_nothing_else(
    spending: Spending, spendesk: SpendeskSimulator, engine: Engine
) -> None:
    _receive(spending, spendesk, engine)
    before = _rows(engine, "SELECT id, xmin::text FROM spendesk.payables ORDER BY id")
    edited = spendesk.payables()[4]["id"]
    spendesk.edit(edited, description="Edited", amount=12345)
    (new,) = spendesk.add(1)
    told = _receive(spending, spendesk, engine, run_id="next")
    assert (told.read, told.changed) == (121, 2)
    after = _rows(engine, "SELECT id, xmin::text FROM spendesk.payables ORDER BY id")
    assert {row.id for row in set(after) - set(before)} == {str(edited), str(new)}


def test_a_payable_that_cannot_be_read_is_kept_as_it_is_and_the_others_go_on(
    spending: Spending, spendesk: SpendeskSimulator, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    odd = spendesk.payables()[3]["id"]
    spendesk.edit(odd, type="barter", description="U+0000 \0 inside")
    told = _receive(spending, spendesk, engine)
    assert (told.read, told.unreadable) == (120, 1)
    (row,) = _rows(
        engine, "SELECT id, problem, raw ->> 'type' AS type FROM spendesk.payables WHERE problem IS NOT NULL"
    )
    assert (row.id, row.type) == (str(odd), "barter")
    assert "not known here: 'barter'" in caplog.text
    spendesk.edit(odd, type="physicalCard")
    _receive(spending, spendesk, engine, run_id="next")
    assert _rows(engine, "SELECT FROM spendesk.payables WHERE problem IS NOT NULL") == []


def test_a_snapshot_that_spendesk_could_not_make_is_asked_for_anew(
    spending: Spending, spendesk: SpendeskSimulator, engine: Engine
) -> None:
    today = _today(spendesk)
    with pytest.raises(SnapshotPendingError, match="making the snapshot of"):
        spending.receive_payables(today, today, run_id="run")
    _let_pass(100, spendesk, engine)
    spendesk.interfere(lambda request, proceed: json_response({"status": "ERROR"}))
    with pytest.raises(DefectError, match="could not make a snapshot"):
        spending.receive_payables(today, today, run_id="run")
    with pytest.raises(SnapshotPendingError):
        spending.receive_payables(today, today, run_id="run")
    assert len([path for path, status in spendesk.calls() if status == 201]) == 2


def test_a_snapshot_that_a_killed_worker_asked_for_is_waited_for(
    spending: Spending, spendesk: SpendeskSimulator, engine: Engine
) -> None:
    today = _today(spendesk)
    spendesk.interfere(_answer, _kill_the_worker)
    with pytest.raises(Killed):
        spending.receive_payables(today, today, run_id="run")
    with pytest.raises(SnapshotPendingError, match="Another snapshot is being generated"):
        spending.receive_payables(today, today, run_id="run")
    _let_pass(100, spendesk, engine)
    with pytest.raises(SnapshotPendingError):
        spending.receive_payables(today, today, run_id="run")


def test_a_spendesk_that_is_at_another_snapshot_without_end_fails_the_run_and_the_next_one_gets_everything(
    spending: Spending, spendesk: SpendeskSimulator, engine: Engine
) -> None:
    def refuse(request: Request, proceed: Callable[[], Response]) -> Response:
        if request.path.endswith("/snapshots/payables"):
            return json_response({"message": "another snapshot is being generated"}, status=409)
        spendesk.interfere(refuse)
        return proceed()

    today = _today(spendesk)
    for minutes in (118, 3):
        spendesk.interfere(refuse)
        with pytest.raises(SnapshotPendingError, match="answered 409"):
            spending.receive_payables(today - timedelta(days=80), today, run_id="run")
        _let_pass(minutes * 60, spendesk, engine)
    spendesk.interfere(refuse)
    with pytest.raises(SpendeskUnavailableError, match=r"makes no snapshot of .* for too long"):
        spending.receive_payables(today - timedelta(days=80), today, run_id="run")
    assert _receive(spending, spendesk, engine, run_id="next").read == 120


def test_what_is_to_be_booked_comes_with_its_receipts_and_what_matches_its_supplier(
    spending: Spending, spendesk: SpendeskSimulator, engine: Engine
) -> None:
    _receive(spending, spendesk, engine)
    assert spending.payables() == []
    spending.receive_suppliers()
    spending.receive_attachments()
    found = {payable.id: payable for payable in spending.payables()}
    truth = {str(one["id"]): one for one in spendesk.payables()}
    assert found.keys() == truth.keys()
    for key, payable in found.items():
        receipts = truth[key]["attachments"]
        assert [receipt.checksum for receipt in payable.receipts] == [one["checksum"] for one in receipts]
        if payable.counterparty.kind == "supplier" and truth[key]["counterparty"]["vatNumber"]:
            assert payable.counterparty.vat_number == truth[key]["counterparty"]["vatNumber"]
    assert all(Payable.from_json(payable.to_json()) == payable for payable in found.values())
    assert spendesk.violations() == []


def test_receipts_are_listed_again_only_for_what_has_changed(
    spending: Spending, spendesk: SpendeskSimulator, engine: Engine
) -> None:
    _receive(spending, spendesk, engine)
    assert spending.receive_attachments().read == 120
    assert spending.receive_attachments().read == 0
    spendesk.edit(spendesk.payables()[0]["id"], description="Edited")
    _receive(spending, spendesk, engine, run_id="next")
    assert spending.receive_attachments().read == 1


class Killed(BaseException):
    """The process is gone."""


def test_five_hundred_receipts_take_minutes_that_no_worker_sits_out_and_a_kill_costs_one_call(
    exact: Simulator, engine: Engine
) -> None:
    time = Frozen(datetime.now(UTC).timestamp())
    settings = SpendeskSettings(payables=500, faulty=0, latency_s=0.2)
    spendesk = SpendeskSimulator(company_of(exact, 1000001), settings, clock=Clock(time, sleep=time.sleep))
    _receive(_process(spendesk, engine, patience_s=600), spendesk, engine)
    spendesk.clock.advance(60)
    started, working_s, wakes = spendesk.clock.now(), 0.0, 0
    while True:
        wakes += 1
        woken = spendesk.clock.now()
        try:
            if wakes == 4:
                spendesk.interfere(*[_answer] * 20, _kill_the_worker)
            assert _process(spendesk, engine, patience_s=0).receive_attachments().read > 0
            break
        except QuotaExhaustedError as put_off:
            working_s += spendesk.clock.now() - woken
            spendesk.clock.advance((put_off.retry_at - datetime.now(UTC)).total_seconds() + 10)
        except Killed:
            spendesk.clock.advance(60)  # Airflow's delay before the next try
    asked = Counter(path for path, _ in spendesk.calls() if path.endswith("/attachments"))
    assert len(asked) == 500
    assert set(asked.values()) == {1}  # besides the one whose answer the killed worker took along
    assert spendesk.violations() == []
    assert spendesk.clock.now() - started < 14 * 60
    assert wakes <= 12
    assert working_s < 120


def _answer(_request: Any, proceed: Any) -> Any:
    return proceed()


def _kill_the_worker(_request: Any, proceed: Any) -> Any:
    proceed()
    raise Killed


def test_a_receipt_can_be_fetched_long_after_it_was_listed(
    spending: Spending, spendesk: SpendeskSimulator, engine: Engine
) -> None:
    _receive(spending, spendesk, engine)
    spending.receive_attachments()
    payable = next(one for one in spending.payables() if one.receipts)
    spendesk.clock.advance(90_000)
    (truth,) = (one for one in spendesk.payables() if str(one["id"]) == payable.id)
    assert spending.fetch(payable.receipts[0]) == truth["attachments"][0]["content"]
    spendesk.edit(truth["id"], attachments=[])
    with pytest.raises(SkippableRecordError, match="does not have this receipt any more"):
        spending.fetch(payable.receipts[0])


def test_no_address_of_a_receipt_is_stored(spending: Spending, spendesk: SpendeskSimulator, engine: Engine) -> None:
    _receive(spending, spendesk, engine)
    spending.receive_attachments()
    assert _rows(engine, "SELECT FROM spendesk.attachments AS a WHERE a::text LIKE '%signature%'") == []


def test_suppliers_and_settlements_are_stored_and_unchanged_ones_left_alone(
    spending: Spending, spendesk: SpendeskSimulator, engine: Engine
) -> None:
    assert spending.receive_suppliers() == Told(read=40, changed=40)
    assert spending.receive_suppliers() == Told(read=40, changed=0)
    told = spending.receive_settlements()
    assert told.read == told.changed > 30
    assert spending.receive_settlements().changed == 0
    yen = _rows(engine, "SELECT amount, raw FROM spendesk.settlements WHERE currency = 'JPY'")
    assert all(row.amount == row.raw["amount"] for row in yen)
    assert yen


def test_the_bookkeeping_status_goes_back(spending: Spending, spendesk: SpendeskSimulator) -> None:
    first, second = (str(one["id"]) for one in spendesk.payables()[:2])
    spending.report(first, "exported", None)
    spending.report(second, "failedToExport", "Periode gesloten")
    assert [(str(one["id"]), one["status"], one["reason"]) for one in spendesk.reports()] == [
        (first, "exported", None),
        (second, "failedToExport", "Periode gesloten"),
    ]
