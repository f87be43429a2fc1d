"""Payables are booked once, while answers are lost, Exact commits late, and workers die."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from exactsync.payables.outbox import Outbox
from exactsync.warehouse.engine import create_engine
from exactsync.warehouse.migrate import migrate
from tests.torture.conftest import DIVISION
from tests.torture.restarts import crash, own_server
from tests.torture.workers_export import SETTINGS, Ledgers, export_all, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from exactsync.embedded import PostgresServer
    from exactsync.simulator import Settings
    from tests.torture.conftest import World


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresServer]:
    """A PostgreSQL of its own, for it will crash."""
    with own_server(tmp_path / "postgres") as started:
        yield started


@pytest.fixture
def migrated_database(server: PostgresServer) -> str:
    """The URL of a database with our schema in it, on that server."""
    url = server.create_database("exactsync_torture")
    engine = create_engine(url)
    migrate(engine)
    engine.dispose()
    return url


@pytest.mark.timeout(7200)
def test_every_payable_is_booked_once_with_its_receipt_whatever_goes_wrong(
    make_world: Callable[[Settings], World], server: PostgresServer, seed: int, is_long: bool
) -> None:
    payables, workers, within_s = (2_000, 8, 3_600.0) if is_long else (200, 4, 600.0)
    world = make_world(SETTINGS)
    struck = export_all(
        world,
        payables,
        workers=workers,
        random=Random(f"{seed} exports"),
        within_s=within_s,
        restart=lambda: crash(server),
    )
    world.simulator.commit_late_changes()
    rows = Outbox(world.engine).rows()
    ledgers = Ledgers.of(world)
    references = {row.reference: row for row in rows}
    entries, documents, attachments = (
        world.simulator.truth(DIVISION, name) for name in ("PurchaseEntries", "Documents", "DocumentAttachments")
    )
    booked = Counter(entry["ExternalLinkReference"] for entry in entries)
    assert booked == Counter(references.keys()), "an entry is missing, or there twice"
    assert Counter(document["Subject"].split()[-1] for document in documents) == Counter(references.keys())
    assert Counter(attachment["FileName"][:19] for attachment in attachments) == Counter(references.keys())
    assert len({attachment["Document"] for attachment in attachments}) == payables
    for entry in entries:
        row = references[entry["ExternalLinkReference"]]
        assert (row.entry_id, row.entry_number) == (entry["EntryID"], entry["EntryNumber"])
        assert Decimal(str(entry["AmountFC"])) == row.amount == ledgers.payable(int(row.payable_id)).amount
    assert world.simulator.violations() == []
    with world.engine.connect() as connection:
        doubts = connection.execute(
            text("SELECT count(*) FROM exactsync.payables_outbox_history WHERE to_state = 'in_doubt'")
        ).scalar_one()
    tell(struck, f"{payables} payables by {workers} workers: {len(entries)} entries, {doubts} doubts, none left")
