"""A source set up for one company, an outbox, and exporters that find Exact as the test wants it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from exactsync.load import Run
from exactsync.payables.claims import Claims
from exactsync.payables.export import Exporter
from exactsync.payables.outbox import Outbox
from exactsync.payables.patience import Patience
from exactsync.payables.preflight import check
from exactsync.payables.preparing import prepare
from exactsync.payables.rows import Actor, Key, Row
from exactsync.payables.sources import read_mapping, read_sources
from exactsync.payables.wanted import Wanted
from exactsync.warehouse.engine import create_engine
from tests.payables.exact import FakeExact
from tests.unit.payables.company import BOOKS, DIVISION, ROWS, invoice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from exactsync.payable import Payable, Receipt
    from exactsync.payables.preflight import Checked

SOURCE = "spendesk_default"
INTEGRATION = "exact_online_default"
PDF = b"%PDF-1.7 a receipt"
HUMAN = Actor(name="mara")


@dataclass
class Drawer:
    """Where receipts are."""

    contents: dict[str, bytes] = field(default_factory=dict)

    def fetch(self, receipt: Receipt) -> bytes:
        return self.contents.get(receipt.url, PDF + receipt.url.encode())


@dataclass
class Office:
    """Everything an export works with."""

    engine: Engine
    exact: FakeExact = field(default_factory=FakeExact)
    drawer: Drawer = field(default_factory=Drawer)
    patience: Patience = field(default_factory=lambda: Patience(settle_s=300.0, again_s=60.0, lease_s=420.0))

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.engine)

    def book(self, payable: Payable) -> Checked:
        with self.engine.connect() as connection:
            source = read_sources(connection)[SOURCE].source
            return check(payable, read_mapping(connection, source), BOOKS)

    def deliver(self, *payables: Payable) -> None:
        """Let payables come, and be checked."""
        self.outbox.receive(payables, actor=Actor(name="source"))
        self.prepare()

    def prepare(self) -> None:
        prepare(self.engine, SOURCE, self.book, actor=Actor(name="prepare"))

    def claims(self, owner: str = "worker", run: str = "run") -> Claims:
        return Claims(self.engine, Run(run_id=run, holder=owner), self.patience)

    def exporter(self, owner: str = "worker") -> Exporter:
        claims = self.claims(owner)
        return Exporter(
            self.engine,
            claims,
            self.exact,
            book=self.book,
            receipts=lambda _source: self.drawer,
            patience=self.patience,
            run=Run(run_id="run", holder=owner),
        )

    def export(self, owner: str = "worker", wanted: Wanted | None = None) -> int:
        """Export whatever may be exported now; return how many payables were taken up."""
        claims, exporter, taken = self.claims(owner), self.exporter(owner), 0
        while claim := claims.take(INTEGRATION, DIVISION, wanted or Wanted()):
            exporter.export(claim)
            taken += 1
        return taken

    def row(self, payable_id: str = "p-1") -> Row:
        (found,) = self.outbox.rows(Wanted(payables=[payable_id]))
        return found

    def whys(self, payable_id: str = "p-1") -> list[str]:
        return [step.why for step in self.outbox.history(Key(SOURCE, payable_id))]

    def pass_time(self, seconds: float) -> None:
        """Make everything seem that much older."""
        with self.engine.begin() as connection:
            for table, columns in _MOMENTS.items():
                moved = ", ".join(f"{one} = {one} - make_interval(secs => :seconds)" for one in columns)
                connection.execute(text(f"UPDATE exactsync.{table} SET {moved}"), {"seconds": seconds})

    def execute(self, statement: str, **parameters: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement), parameters)


_MOMENTS = {
    "payables_outbox": ("lease_until", "look_at", "doubt_since"),
    "export_steps": ("first_intent_at", "intent_at", "settles_at", "looked_at"),
}


def many(number: int, **changes: Any) -> list[Payable]:
    """Return so many invoices of different numbers."""
    return [invoice(id=f"p-{place}", number=f"2026-{place}", **changes) for place in range(1, number + 1)]


@pytest.fixture
def office(migrated_database: str) -> Iterator[Office]:
    """A source whose payables are booked in the company of the unit tests."""
    engine = create_engine(migrated_database)
    made = Office(engine)
    made.execute(
        """
        INSERT INTO exactsync.payable_sources (source, kind, integration, division, actor)
        VALUES (:source, 'spendesk', :integration, :division, 'test')
        """,
        source=SOURCE,
        integration=INTEGRATION,
        division=DIVISION,
    )
    for kind, key, target in ROWS:
        made.execute(
            "INSERT INTO exactsync.payable_mappings (source, kind, key, target) VALUES (:source, :kind, :key, :target)",
            source=SOURCE,
            kind=kind,
            key=key,
            target=target,
        )
    yield made
    engine.dispose()


def changed(payable: Payable, **changes: Any) -> Payable:
    """Return a payable as it is after an edit."""
    return replace(payable, **changes)
