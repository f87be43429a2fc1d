"""Payables in every state, brought there by the library itself: what the page Exports is for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import text

from exactsync.load import Run
from exactsync.payable import Kind
from exactsync.payables.claims import Booked, Claims
from exactsync.payables.lifecycle import Action
from exactsync.payables.outbox import Outbox
from exactsync.payables.patience import Patience
from exactsync.payables.preparing import prepare
from exactsync.payables.rows import Actor, Key
from exactsync.payables.wanted import Wanted
from exactsync.warehouse.engine import create_engine
from tests.unit.payables.company import ACME, BOOKS, LINE, check, invoice, mapping_of

if TYPE_CHECKING:
    from exactsync.demo.stack import Stack
    from exactsync.payable import Payable
    from exactsync.payables.claims import Claim

SOURCE: Final = "spendesk_default"
INTEGRATION: Final = "exact_online_default"
DIVISION: Final = 1000001
HOLDER: Final = "exact_online_export/manual__2026-11-22T18:00:00+00:00/export/0"
MARA: Final = Actor(name="mara")
SPENDESK: Final = Actor(name="spendesk_payables/manual__2026-11-22T17:00:00+00:00/receive/-1")
PREPARER: Final = Actor(name="exact_online_export/manual__2026-11-22T18:00:00+00:00/prepare/-1")
PRECISE: Final = Patience(settle_s=300.0, again_s=60.0, lease_s=3600.0)
REFUSED: Final = "Grootboekrekening 4500: Het dagboek 60 is geblokkeerd voor handmatige boekingen."
BOOKED_OTHERWISE: Final = (
    "Exact has booked it as entry 26700408, but not as it was sent. Line 1, cost centre: sent SAL, booked nothing. "
    "Correct the entry at Exact, and retry; or mark the payable as exported."
)
SUPPLIERS: Final = ("Meubelmakers B.V.", "Drukkerij De Letter", "Café Central", "NS Groep", "Coolblue", "Stroom & Co")
BOOKED: Final = 112


def fill(stack: Stack, *, newcomer: str = "Bakkerij Jansen") -> None:
    """Let payables of all kinds have come, and have gone as far as such payables go.

    Args:
        stack: where they come to.
        newcomer: what a supplier calls itself that nobody knows.
    """
    engine = create_engine(stack.environment["EXACTSYNC_WAREHOUSE_URL"])
    try:
        _Office(engine).work(newcomer)
    finally:
        engine.dispose()


class _Office:
    """Who receives, exports and decides."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._outbox = Outbox(engine)
        self._claims = Claims(engine, Run(run_id="manual__2026-11-22T18:00:00+00:00", holder=HOLDER), PRECISE)

    def work(self, newcomer: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(
                text("""
                INSERT INTO exactsync.payable_sources (source, kind, integration, division, actor)
                VALUES (:source, 'spendesk', :integration, :division, 'mara')
                """),
                {"source": SOURCE, "integration": INTEGRATION, "division": DIVISION},
            )
        self._receive(*(_payable(number) for number in range(BOOKED)))
        for number in range(BOOKED):
            screen = f"https://start.exactonline.nl/docs/DocView.aspx?DocumentID={UUID(int=number + 500)}"
            entry = Booked(entry_id=UUID(int=number + 1), number=26700000 + number, document_id=None, link=screen)
            self._claims.exported(self._take(f"p-{number}"), entry, why=f"Booked as entry {entry.number}.")
        self._receive(
            *_BLOCKED, _payable(302, who={"id": "s-9", "name": newcomer}), _ON_THE_WAY, *_FAILED, *_DOUBTFUL, *_DECIDED
        )
        for payable in _FAILED:
            self._claims.failed(self._take(payable.id), REFUSED)
        looked_for, left = (self._take(payable.id) for payable in _DOUBTFUL)
        self._claims.doubted(looked_for, "No answer came within 60 seconds.", again_in_s=300.0)
        self._claims.doubted(left, BOOKED_OTHERWISE, again_in_s=None)
        booked_by_hand, wrong_team = (Key(SOURCE, payable.id) for payable in _DECIDED)
        self._outbox.act(booked_by_hand, Action.MARK_EXPORTED, why="Booked by hand as entry 26700412.", actor=MARA)
        self._outbox.act(wrong_team, Action.SEND_BACK, why="It belongs to the Belgian company.", actor=MARA)
        self._take(_ON_THE_WAY.id)
        self._receive(*(_payable(number) for number in range(200, 207)))
        self._outbox.receive([replace(_payable(BOOKED - 1), description="Chairs, and a table")], actor=SPENDESK)

    def _receive(self, *payables: Payable) -> None:
        self._outbox.receive(payables, actor=SPENDESK)
        prepare(self._engine, SOURCE, lambda payable: check(payable, _MAPPING, BOOKS), actor=PREPARER)

    def _take(self, payable_id: str) -> Claim:
        claim = self._claims.take(INTEGRATION, DIVISION, Wanted(payables=[payable_id]))
        assert claim, payable_id
        return claim


def _payable(number: int, **changes: Any) -> Payable:
    """Return a payable that can be booked; each number is another one."""
    place = number % len(SUPPLIERS)
    net = Decimal(f"{37 + number * 13 % 991}.{number * 7 % 100:02}")
    vat = (net * Decimal("0.21")).quantize(Decimal("0.01"))
    is_back = number % 17 == 5
    amounts = (
        {"net": -net, "vat": -vat, "gross": -net - vat} if is_back else {"net": net, "vat": vat, "gross": net + vat}
    )
    currency = "GBP" if number % 11 == 3 else "EUR"
    usual: dict[str, Any] = {
        "id": f"p-{number}",
        "kind": Kind.CREDIT_NOTE if is_back else Kind.INVOICE,
        "number": f"F-{2026_0001 + number}",
        "description": ("Chairs", "Business cards", "Dinner with a customer", "Train to Utrecht")[number % 4],
        "payable_date": date(2026, 3, 29) - timedelta(days=number % 28),
        "who": {"id": f"s-{place}", "name": SUPPLIERS[place]},
        "amount": amounts["gross"],
        "functional_amount": amounts["gross"],
        "currency": currency,
        "exchange_rate": Decimal("1.17") if currency == "GBP" else None,
        "line": {**amounts, "shares": changes.pop("shares", LINE.shares)},
    }
    if currency == "GBP":
        usual["functional_amount"] = (amounts["gross"] * Decimal("1.17")).quantize(Decimal("0.01"))
    return invoice(**{**usual, **changes})


_MAPPING = mapping_of(*(("supplier", f"s-{place}", str(ACME)) for place in range(len(SUPPLIERS))))
_BLOCKED = (
    _payable(300, receipts=()),
    _payable(301, shares=(replace(LINE.shares[0], values={"Cost center": "Marketing"}),)),
    _payable(304, accounting_date=date(2026, 4, 2)),
    _payable(7, id="p-305"),  # the invoice of p-7 once more
)
_ON_THE_WAY = _payable(400)
_FAILED = (_payable(401), _payable(402))
_DOUBTFUL = (_payable(404), _payable(405))
_DECIDED = (_payable(406), _payable(407))
