"""Payables come into the outbox once each, whatever source they come from."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from exactsync.errors import ConfigurationError, SnapshotPendingError
from exactsync.payables.intake import Intake, no_account
from exactsync.payables.outbox import Outbox
from exactsync.payables.rows import Actor
from exactsync.secret import Secret
from exactsync.simulator import Simulator, SimulatorTransport
from exactsync.simulator.spendesk import SpendeskSettings, SpendeskSimulator, company_of
from exactsync.spendesk.account import SpendeskAccount
from exactsync.warehouse.engine import create_engine
from tests.unit.payables.files.test_reading import TWO_LINES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

SOMEBODY = Actor(name="test")


@pytest.fixture
def engine(migrated_database: str) -> Iterator[Engine]:
    engine = create_engine(migrated_database)
    yield engine
    engine.dispose()


@pytest.fixture
def spendesk() -> SpendeskSimulator:
    settings = SpendeskSettings(payables=40, faulty=0, snapshot_ready_s=0, shortest_poll_s=0)
    return SpendeskSimulator(company_of(Simulator(), 1000001), settings)


@pytest.fixture
def intake(engine: Engine, spendesk: SpendeskSimulator) -> Intake:
    def find_account(connection_id: str) -> SpendeskAccount:
        return SpendeskAccount(
            connection_id=connection_id,
            base_url="https://public-api.spendesk.com",
            client_id=spendesk.settings.client_id,
            client_secret=Secret(spendesk.settings.client_secret),
            calls_per_minute=10_000,
        )

    spendesk.configure(calls_per_minute=10_000)
    return Intake(engine, find_account, SimulatorTransport(spendesk))


def _set_up(engine: Engine, source: str, kind: str, *, address: str | None = None, start: str | None = None) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("""
            INSERT INTO exactsync.payable_sources (source, kind, address, start_date, actor)
            VALUES (:source, :kind, :address, :start, 'test')
            """),
            {"source": source, "kind": kind, "address": address, "start": start},
        )


def _listen(intake: Intake, engine: Engine, source: str, run_id: str) -> None:
    with intake.spending(source) as spending:
        spending.receive_suppliers()
        first, last = intake.days(source, lookback_days=100)
        for _ in range(20):
            try:
                spending.receive_payables(first, last, run_id=run_id)
                break
            except SnapshotPendingError:
                with engine.begin() as connection:
                    connection.execute(
                        text("UPDATE exactsync.spendesk_snapshots SET asked_at = asked_at - '1h'::interval")
                    )
        spending.receive_attachments()


def test_what_spendesk_tells_again_and_again_is_in_the_outbox_once(
    intake: Intake, engine: Engine, spendesk: SpendeskSimulator
) -> None:
    _set_up(engine, "spendesk_default", "spendesk")
    _listen(intake, engine, "spendesk_default", "one")
    assert intake.take("spendesk_default", actor=SOMEBODY).received.new == 40
    spendesk.edit(spendesk.payables()[0]["id"], description="Edited")
    _listen(intake, engine, "spendesk_default", "two")
    again = intake.take("spendesk_default", actor=SOMEBODY).received
    assert (again.new, again.same, again.replaced) == (0, 39, 1)
    assert len(Outbox(engine).rows()) == 40


def test_what_was_spent_before_the_cut_over_stays_out(
    intake: Intake, engine: Engine, spendesk: SpendeskSimulator
) -> None:
    start = spendesk.clock.utc().date() - timedelta(days=30)
    _set_up(engine, "spendesk_default", "spendesk", start=str(start))
    _listen(intake, engine, "spendesk_default", "one")
    intake.take("spendesk_default", actor=SOMEBODY)
    late = [one for one in spendesk.payables() if one["payableDate"] >= start]
    assert 0 < len(late) < 40
    assert {row.payable_id for row in Outbox(engine).rows()} == {str(one["id"]) for one in late}


def test_files_are_taken_in_and_what_is_wrong_with_them_is_told(
    engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "march.csv").write_text(TWO_LINES.replace("2026-03-30", "soon"))
    _set_up(engine, "files", "files", address=str(tmp_path))
    intake = Intake(engine, no_account)
    taken = intake.take("files", actor=SOMEBODY)
    assert taken.received.new == 1
    assert [str(one) for one in taken.refused] == [
        "march.csv, line 4, payable_date: 'soon' is no day: write 2026-03-29"
    ]
    (tmp_path / "march.csv").write_text(TWO_LINES)
    taken = intake.take("files", actor=SOMEBODY)
    assert (taken.received.new, taken.received.same, taken.refused) == (1, 1, ())


def test_what_is_not_set_up_is_named_with_the_way_out(intake: Intake, engine: Engine) -> None:
    with pytest.raises(ConfigurationError, match="Nothing is set up for payables of nobody"):
        intake.take("nobody", actor=SOMEBODY)
    _set_up(engine, "files", "files")
    with pytest.raises(ConfigurationError, match="The source files has no address"):
        intake.take("files", actor=SOMEBODY)
    with pytest.raises(ConfigurationError, match="Connection spendesk_x is not known here"):
        no_account("spendesk_x")
