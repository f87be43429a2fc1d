"""The role of workers: enough for all that an installation does from day to day, and for nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from sqlalchemy import exc, text

from exactsync.entities import entities
from exactsync.load import Run
from exactsync.payables.overview import Selection
from exactsync.simulator import Settings, Simulator
from exactsync.warehouse.roles import WORKER
from tests.integration.conftest import Installation

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def installation(migrated_database: str) -> Iterator[Installation]:
    """An installation whose every connection has the role of workers, and no other right."""
    as_worker = f"{migrated_database}?options={quote(f'-c role={WORKER.name}')}"
    made = Installation(Simulator(Settings()), as_worker)
    yield made
    made.close()


def test_a_worker_does_all_that_is_done_from_day_to_day(installation: Installation) -> None:
    assert installation.scalar("SELECT current_user") == WORKER.name
    deployment = installation.deployment
    deployment.check()
    installation.consent()
    deployment.choose("exact_online_default", [1000003])
    (company,) = deployment.connect().divisions
    for entity in entities():
        assert installation.sync(entity, company.division).outcome in {"published", "unchanged"}
    installation.let_days_pass()
    assert installation.sync("cost_centers", company.division, mode="full").outcome == "unchanged"
    installation.apply_deletions(company.division)
    deployment.check_quality("test")
    deployment.conclude()
    deployment.housekeeping.maintain()
    assert {row["outcome"] for row in deployment.status() if row["division"] == company.division} <= {
        "published",
        "unchanged",
    }
    assert deployment.sync_health()
    assert deployment.exports.overview(Selection()).rows == ()
    assert deployment.exporting.prepare(company, run=Run(run_id="test", holder="test")).prepared == 0


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE exact_online.suppliers",
        "TRUNCATE exact_online.suppliers",
        "ALTER TABLE exactsync.grants ADD COLUMN mine text",
        "CREATE TABLE exactsync.mine ()",
        "CREATE TABLE exact_online.mine ()",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "COPY exactsync.grants TO PROGRAM 'cat'",
    ],
)
def test_a_worker_changes_no_table(installation: Installation, statement: str) -> None:
    with installation.engine.connect() as connection, pytest.raises(exc.DBAPIError) as refused:
        connection.execute(text(statement))
    assert refused.value.orig.pgcode == "42501"
