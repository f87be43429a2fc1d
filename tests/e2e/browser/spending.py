"""What a company has spent, as it waits in the outbox: what the mapping of payables is for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from exactsync.payable import Counterparty, Kind, Line, Payable, Share
from exactsync.payables.receiving import receive
from exactsync.payables.rows import Actor
from exactsync.warehouse.engine import create_engine
from tests.e2e.browser.trouble import execute

if TYPE_CHECKING:
    from exactsync.demo.stack import Stack

SOURCE: Final = "spendesk_default"
HOSTILE: Final = "<img src=x onerror='globalThis.wasTakenIn = 1'>"
DE_VRIES = Counterparty(kind="supplier", id="sup-1042", name="Kantoorboekhandel De Vries", vat_number="NL001234567B01")
BAHN = Counterparty(kind="supplier", id="sup-2077", name="Deutsche Bahn AG", country="DE")
ZOE = Counterparty(kind="employee", id="emp-17", name="Zoë Jansen")
STRANGER = Counterparty(kind="supplier", id="sup-3000", name=HOSTILE)
_SPENT: Final = (
    (Kind.INVOICE, DE_VRIES, "4310", "NL21", 12),
    (Kind.CARD, BAHN, "6251", "DE19", 5),
    (Kind.CARD, STRANGER, "6251", None, 1),
    (Kind.EXPENSE_CLAIM, ZOE, None, "NL09", 3),
)
WRITTEN_WITH_SQL: Final = f"""
    INSERT INTO exactsync.payable_mappings (source, kind, key, target, set_by) VALUES
    ('{SOURCE}', 'account', '6134', '99999', 'controller'),
    ('{SOURCE}', 'journal', 'reciept', '60', 'controller')
"""


def spend(stack: Stack) -> None:
    """Let payables arrive, and somebody map with SQL, not all of it right."""
    engine = create_engine(stack.environment["EXACTSYNC_WAREHOUSE_URL"])
    receive(engine, _payables(), actor=Actor(name="test"))
    engine.dispose()
    execute(stack, WRITTEN_WITH_SQL)


def _payables() -> list[Payable]:
    return [
        _payable(f"{number}-{copy}", kind, who, account, vat_account)
        for number, (kind, who, account, vat_account, copies) in enumerate(_SPENT)
        for copy in range(copies)
    ]


def _payable(key: str, kind: Kind, who: Counterparty, account: str | None, vat_account: str | None) -> Payable:
    net, vat = Decimal(100), Decimal(21)
    return Payable(
        source=SOURCE,
        id=key,
        kind=kind,
        source_kind=kind,
        number=f"2026-{key}",
        description="Supplies",
        counterparty=who,
        payable_date=date(2026, 3, 2),
        accounting_date=None,
        due_date=None,
        currency="EUR",
        amount=net + vat,
        functional_currency="EUR",
        functional_amount=net + vat,
        exchange_rate=None,
        lines=(
            Line(
                ordinal=1,
                description="Supplies",
                account_code=account,
                vat_account_code=vat_account,
                vat_rate=None,
                net=net,
                vat=vat,
                gross=net + vat,
                shares=(Share(amount=None, values={"Team": "Marketing"}),),
            ),
        ),
    )
