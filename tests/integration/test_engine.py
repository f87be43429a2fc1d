"""A database that restarts, and one that is there and says no."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import exc, text

from exactsync.errors import ConfigurationError, DatabaseUnavailableError
from exactsync.warehouse import engine as engine_module
from exactsync.warehouse.engine import clear_outages, create_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

KILL_OTHERS = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ANY(:pids)")


@pytest.fixture
def ours(migrated_database: str) -> Iterator[Engine]:
    engine = create_engine(migrated_database)
    yield engine
    engine.dispose()


@pytest.fixture
def others(migrated_database: str) -> Iterator[Engine]:
    """What somebody else has."""
    engine = create_engine(migrated_database)
    yield engine
    engine.dispose()


def test_connections_that_were_lost_while_they_rested_are_replaced_unnoticed(
    ours: Engine, others: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "RESTED_S", 0.0)
    with ours.connect() as one, ours.connect() as other:
        pids = [each.scalar(text("SELECT pg_backend_pid()")) for each in (one, other)]
    with others.connect() as killer:
        killer.execute(KILL_OTHERS, {"pids": pids})
    with ours.connect() as one, ours.connect() as other:
        assert not {each.scalar(text("SELECT pg_backend_pid()")) for each in (one, other)} & set(pids)


def test_a_lock_that_another_session_holds_is_not_told_as_a_database_that_went_away(
    ours: Engine, others: Engine
) -> None:
    table = "exactsync.sync_state"
    with closing(others.raw_connection()) as analyst, closing(ours.raw_connection()) as waiting:
        analyst.cursor().execute(f"LOCK TABLE {table}")
        with pytest.raises(DatabaseUnavailableError, match="did not let go") as caught, clear_outages():
            waiting.cursor().execute(f"SET LOCAL lock_timeout = '10ms'; SELECT count(*) FROM {table}")
    assert "went away" not in caught.value.message
    assert "pg_locks" in str(caught.value)


def test_a_statement_that_a_timeout_cancels_is_told_as_that(ours: Engine) -> None:
    with ours.begin() as session:
        session.execute(text("SET LOCAL statement_timeout = '10ms'"))
        with pytest.raises(DatabaseUnavailableError, match="was cancelled") as caught, clear_outages():
            session.execute(text("SELECT pg_sleep(5)"))
    assert "statement_timeout" in str(caught.value)


def test_a_replica_that_takes_no_writes_is_told_as_that_and_tried_again(ours: Engine) -> None:
    with ours.begin() as session:
        session.execute(text("SET TRANSACTION READ ONLY"))
        with pytest.raises(DatabaseUnavailableError, match="takes no writes") as caught, clear_outages():
            session.execute(text("DELETE FROM exactsync.sync_state"))
    assert "primary" in str(caught.value)


def test_a_role_without_a_right_is_a_matter_of_settings(ours: Engine) -> None:
    with ours.begin() as session:
        session.execute(text("SET LOCAL ROLE exactsync_reader"))
        with pytest.raises(ConfigurationError, match="permission denied") as caught, clear_outages():
            session.execute(text("SELECT count(*) FROM exactsync.grants"))
    assert "exactsync_worker" in str(caught.value)


def test_what_is_neither_stays_what_it_is(ours: Engine) -> None:
    with ours.begin() as session, pytest.raises(exc.DataError), clear_outages():
        session.execute(text("SELECT 1 / 0"))
