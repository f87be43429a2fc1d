"""Connections to a database that restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from exactsync.warehouse import engine as engine_module
from exactsync.warehouse.engine import create_engine

if TYPE_CHECKING:
    import pytest

KILL_OTHERS = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ANY(:pids)")


def test_connections_that_were_lost_while_they_rested_are_replaced_unnoticed(
    migrated_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "RESTED_S", 0.0)
    ours, others = create_engine(migrated_database), create_engine(migrated_database)
    try:
        with ours.connect() as one, ours.connect() as other:
            pids = [each.scalar(text("SELECT pg_backend_pid()")) for each in (one, other)]
        with others.connect() as killer:
            killer.execute(KILL_OTHERS, {"pids": pids})
        with ours.connect() as one, ours.connect() as other:
            assert not {each.scalar(text("SELECT pg_backend_pid()")) for each in (one, other)} & set(pids)
    finally:
        ours.dispose()
        others.dispose()
