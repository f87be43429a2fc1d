"""What must hold after every run, whoever died in it."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from sqlalchemy import text

from exactsync.warehouse.engine import create_engine
from tests.truth.oracle import Oracle

if TYPE_CHECKING:
    from collections.abc import Callable

    from exactsync.demo.simulated_exact import SimulatedExact
    from exactsync.demo.stack import Stack

DIVISIONS = (1000001, 1000002, 1000003)
PARSERS: dict[str, Callable[[str], object]] = {
    "guid": UUID,
    "moment": datetime.fromisoformat,
    "day": date.fromisoformat,
}
HELD = {
    "leases are held": "SELECT count(*) FROM exactsync.leases WHERE expires_at > clock_timestamp()",
    "loads are open": "SELECT count(*) FROM exactsync.loads",
    "grants are not active": "SELECT count(*) FROM exactsync.grants WHERE status <> 'active'",
    "grants wait for an answer": "SELECT count(*) FROM exactsync.grants WHERE intent_owner IS NOT NULL",
    "integrations are not healthy": "SELECT count(*) FROM exactsync.integrations WHERE state <> 'healthy'",
    "records are in quarantine": "SELECT count(*) FROM exactsync.quarantine",
    "transactions are idle": (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
    ),
    "locks are waited for": "SELECT count(*) FROM pg_locks WHERE NOT granted",
}
"""What is counted, and must be none."""


class Truth:
    """What a simulator in another process holds, as the oracle wants it: typed."""

    def __init__(self, exact: SimulatedExact) -> None:
        self._exact = exact

    def truth(self, division: int, entity_set: str) -> list[dict[str, Any]]:
        """Return every record of an entity set."""
        answer = self._exact.truth(division, entity_set)
        parsers = {name: PARSERS[kind] for name, kind in answer["kinds"].items() if kind in PARSERS}
        return [
            {
                name: parsers[name](value) if name in parsers and value is not None else value
                for name, value in each.items()
            }
            for each in answer["records"]
        ]


class Invariants:
    """Compares the warehouse with Exact, and looks for what nobody holds any more and nobody gave back."""

    def __init__(self, stack: Stack, exact: SimulatedExact) -> None:
        self._exact = exact
        self._oracle = Oracle(cast("Any", Truth(exact)), DIVISIONS)
        self._url = stack.environment["EXACTSYNC_WAREHOUSE_URL"]

    def refreshes(self) -> int:
        """Return how often a token was replaced: each time by one worker, for all."""
        engine = create_engine(self._url)
        try:
            with engine.connect() as connection:
                return int(connection.execute(text("SELECT sum(refreshes) FROM exactsync.grants")).scalar_one())
        finally:
            engine.dispose()

    def check(self) -> tuple[int, list[str]]:
        """Return how many rows were compared, and everything that is wrong."""
        engine = create_engine(self._url)
        try:
            with engine.connect() as connection:
                verdict = self._oracle.check(connection)
                held = {what: connection.execute(text(count)).scalar_one() for what, count in HELD.items()}
        finally:
            engine.dispose()
        return verdict.rows + verdict.deleted, [
            *(str(difference) for difference in verdict.differences[:20]),
            *(f"{number} {what}" for what, number in held.items() if number),
            *(f"a rule of Exact was broken: {rule}" for rule in self._exact.broken_rules()),
        ]
