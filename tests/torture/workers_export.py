"""Processes that export the same payables, die, and are replaced; an Exact that loses what it is asked and told."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from exactsync.budget import Reservation
from exactsync.errors import ExactSyncError
from exactsync.exact.client import ExactClient
from exactsync.exact.grant import AccessTokens
from exactsync.load import Run
from exactsync.payable import Receipt
from exactsync.payables.claims import Claims
from exactsync.payables.entry import Booking, LineBooking
from exactsync.payables.export import Exporter
from exactsync.payables.lifecycle import Action, State
from exactsync.payables.outbox import Outbox
from exactsync.payables.patience import Patience
from exactsync.payables.preflight import Checked
from exactsync.payables.preparing import prepare
from exactsync.payables.rows import Actor
from exactsync.payables.wanted import Wanted
from exactsync.simulator import Company, Fault, Settings
from exactsync.simulator.faults import (
    committed_late,
    dropped_after,
    dropped_before,
    failed_after,
    limit_without_headers,
    server_error,
)
from exactsync.warehouse.engine import clear_outages, create_engine
from exactsync.warehouse.tokens import PostgresTokenStore
from tests.torture.conftest import CONNECTION, DIVISION
from tests.torture.workers import Desk, Worker
from tests.unit.payables.company import LINE, invoice

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from multiprocessing.connection import Connection
    from random import Random
    from uuid import UUID

    from exactsync.payable import Payable
    from exactsync.payables.claims import Claim
    from exactsync.simulator.faults.planting import Call
    from exactsync.simulator.messages import Request, Response
    from tests.torture.conftest import World

SOURCE = "spendesk_default"
SETTINGS = Settings(
    companies=(
        Company(
            code=DIVISION,
            name="Demo Holding",
            country="NL",
            sizes={"GLAccounts": 30, "Journals": 8, "Accounts": 12, "FinancialPeriods": 108, "PaymentConditions": 3},
            suppliers=1.0,
        ),
    ),
    calls_per_minute=1_000_000,
    calls_per_day=10_000_000,
)
SCALE = 100
"""A second here is so many seconds of the world's."""
LATEST_S = 120 / SCALE
MINUTE_S = 60 / SCALE
PATIENCE = Patience(settle_s=4.0, again_s=0.4, lease_s=4.0, send_within_s=1.0, turn_s=2.0, turn_wait_s=0.4)
"""Scaled less than Exact's delays: a busy machine must not make Exact later than it is said to be."""
FAULTS = {
    "answer lost after commit": (0.10, dropped_after()),
    "dropped before commit": (0.10, dropped_before()),
    "committed late": (0.05, None),
    "500 in Exact's words": (0.02, server_error(text="Ongeldige referentie: Btw-code")),
    "504 after commit": (0.02, failed_after(status=504)),
    "429": (0.03, limit_without_headers()),
}
"""What becomes of POSTs, by share of them all."""
POINTS = ("ready", "intended", "answered", "noted", "looked", "documented", "attached", "recorded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledgers:
    """What entries name at Exact."""

    journal: str
    account: UUID
    suppliers: tuple[UUID, ...]
    day: date

    @classmethod
    def of(cls, world: World) -> Ledgers:
        truth = partial(world.simulator.truth, DIVISION)
        suppliers = [
            one for one in truth("Accounts") if one["IsSupplier"] and not one["Blocked"] and not one["EndDate"]
        ]
        accounts = [one for one in truth("GLAccounts") if not (one["IsBlocked"] or one["VATCode"])]
        return cls(
            journal=next(
                one["Code"] for one in truth("Journals") if one["Type"] == 22 and not one["IsBlocked"]
            ).strip(),
            account=accounts[0]["ID"],
            suppliers=tuple(one["ID"] for one in suppliers),
            day=truth("FinancialPeriods")[0]["StartDate"],
        )

    def book(self, payable: Payable) -> Checked:
        """Book a payable, which is right."""
        supplier = self.suppliers[int(payable.id) % len(self.suppliers)]
        lines = (LineBooking(account=self.account, vat_code=None),)
        return Checked(booking=Booking(journal=self.journal, supplier=supplier, currency="EUR", lines=lines))

    def payable(self, number: int) -> Payable:
        """Return the payable of a number, with an amount and a receipt of its own."""
        amount = Decimal(100 + number) + Decimal("0.21")
        line = replace(LINE, net=amount, vat=Decimal(0), gross=amount, shares=())
        return invoice(
            id=str(number),
            number=f"2026-{number}",
            payable_date=self.day,
            due_date=None,
            amount=amount,
            functional_amount=amount,
            lines=(line,),
            receipts=(Receipt(url=str(number), media_type="application/pdf", checksum=str(number)),),
        )


class Boundless:
    """A budget that is never used up: its own tortures are elsewhere."""

    def reserve(self, app_key: str, division: int, endpoint: str, **_: object) -> Reservation:
        return Reservation(id=0, app_key=app_key, division=division, endpoint=endpoint)

    def settle(self, *_: object) -> None:
        """Nothing."""

    def release(self, *_: object) -> None:
        """Nothing."""


class Drawer:
    """Receipts: each is like no other."""

    def fetch(self, receipt: Receipt) -> bytes:
        return b"%PDF-1.7 " + receipt.url.encode()


class ScaledClaims(Claims):
    """Claims that wait for Exact's next minute, after a 429, as long as a minute is here."""

    def released(self, claim: Claim, *, why: str, again_in_s: float) -> None:
        super().released(claim, why=why, again_in_s=min(again_in_s, MINUTE_S))


def export_payables(line: Connection, desk: Desk, ledgers: Ledgers) -> str:
    """Export whatever may be exported until dismissed."""
    engine = create_engine(desk.database)
    run = Run(run_id="torture", holder=f"worker {os.getpid()}")
    claims = ScaledClaims(engine, run, PATIENCE)
    tokens = AccessTokens(desk.app, desk.grant_id, PostgresTokenStore(engine, [desk.key]))
    with ExactClient(desk.app, tokens, Boundless(), purpose="export", sleep=lambda _s: time.sleep(0.01)) as client:
        exporter = Exporter(
            engine,
            claims,
            client,
            book=ledgers.book,
            receipts=lambda _source: Drawer(),
            patience=PATIENCE,
            run=run,
        )
        while not line.poll():
            try:
                with clear_outages():
                    claim = claims.take(CONNECTION, DIVISION, Wanted())
                    if claim:
                        exporter.export(claim)
                    else:
                        time.sleep(0.1)
            except ExactSyncError:
                time.sleep(0.1)
    return "done"


class Roulette:
    """What becomes of each POST."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.struck: Counter[tuple[str, str]] = Counter()

    def __call__(self, request: Request, call: Call) -> Response:
        drawn = self._random.random()
        for name, (share, action) in FAULTS.items():
            if (drawn := drawn - share) < 0:
                self.struck[name, request.path.rpartition("/")[2]] += 1
                late = committed_late(seconds=self._random.uniform(0, LATEST_S))
                return (action or late)(request, call)
        return call()


def export_all(
    world: World, payables: int, *, workers: int, random: Random, within_s: float, restart: Callable[[], None]
) -> Counter[tuple[str, str]]:
    """Let workers export so many payables while everything goes wrong; return faults by kind and place.

    Raises:
        TimeoutError: some are not booked.
        RuntimeError: a worker ended otherwise than by being killed.
    """
    ledgers, desk, outbox = Ledgers.of(world), Desk.of(world), Outbox(world.engine)
    _set_up(world)
    actor = Actor(name="torture")
    outbox.receive([ledgers.payable(number) for number in range(payables)], actor=actor)
    prepare(world.engine, SOURCE, ledgers.book, actor=actor)
    roulette = Roulette(random)
    world.simulator.plant(Fault(action=roulette, occurrences=frozenset(), writes_only=True))
    crew = [_hire(desk, ledgers, random) for _ in range(workers)]
    ends_at = time.monotonic() + within_s
    is_restarted = False
    try:
        while not _is_done(outbox, payables):
            if time.monotonic() > ends_at:
                raise TimeoutError(_standing(outbox))
            time.sleep(0.3)
            if failed := outbox.rows(Wanted(states=[State.FAILED])):
                for row in failed:
                    outbox.act(row.key, Action.RETRY, why="mended at Exact", actor=actor)
                roulette.struck["retried by a person", ""] += len(failed)
                prepare(world.engine, SOURCE, ledgers.book, actor=actor)
            if not is_restarted and _standing(outbox).get(State.EXPORTED, 0) > payables // 3:
                restart()
                is_restarted = True
                roulette.struck["database crashed and restarted", ""] += 1
            if random.random() < 0.1:
                random.choice(crew).kill()
                roulette.struck["worker killed at random", ""] += 1
            for place, worker in enumerate(crew):
                if not worker.is_alive:
                    worker.require_killed()
                    roulette.struck["worker replaced", ""] += 1
                    crew[place] = _hire(desk, ledgers, random)
    finally:
        for worker in crew:
            worker.kill()
    return roulette.struck


def _hire(desk: Desk, ledgers: Ledgers, random: Random) -> Worker:
    """Every other worker carries its fate."""
    fate = f"export.{random.choice(POINTS)}=kill:{random.randint(1, 25)}" if random.random() < 0.5 else ""
    return Worker(export_payables, desk, ledgers, planted=fate)


def _set_up(world: World) -> None:
    with world.engine.begin() as connection:
        connection.execute(
            text("""
            INSERT INTO exactsync.payable_sources (source, kind, integration, division, actor)
            VALUES (:source, 'spendesk', :integration, :division, 'torture')
            """),
            {"source": SOURCE, "integration": CONNECTION, "division": DIVISION},
        )


def _is_done(outbox: Outbox, payables: int) -> bool:
    return _standing(outbox) == {State.EXPORTED: payables}


def _standing(outbox: Outbox) -> Any:
    return {total.state: total.payables for total in outbox.totals()}


def tell(struck: Counter[tuple[str, str]], summary: str) -> None:
    """Print the table of faults and what came of it."""
    for (name, place), number in sorted(struck.items()):
        sys.stdout.write(f"{name:32} {place:22} {number:5}\n")
    sys.stdout.write(f"{summary}\n")
