"""What a company has spent, as it waits in the outbox: what the mapping of payables is for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from exactsync.payable import Counterparty, Kind, Line, Payable, Share
from exactsync.payables.receiving import receive
from exactsync.payables.rows import Actor
from exactsync.warehouse.engine import create_engine
from tests.e2e.warehouse import execute, query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exactsync.demo.stack import Stack

SOURCE: Final = "spendesk_default"
HOSTILE: Final = "<img src=x onerror='globalThis.wasTakenIn = 1'>"
KNOWN: Final = "sup-1042"
BAHN = Counterparty(kind="supplier", id="sup-2077", name="Deutsche Bahn AG", country="DE")
STRANGER: Final = "sup-3000"
ZOE = Counterparty(kind="employee", id="emp-17", name="Zoë Jansen")
_Spent = tuple[Kind, Counterparty, str | None, str | None, int]
"""Kind, who, expense account, VAT account, how often."""
_SPENT: Final[tuple[_Spent, ...]] = (
    (Kind.CARD, BAHN, "6251", "DE19", 5),
    (Kind.EXPENSE_CLAIM, ZOE, None, "NL09", 3),
)
WRITTEN_WITH_SQL: Final = f"""
    INSERT INTO exactsync.payable_mappings (source, kind, key, target, set_by) VALUES
    ('{SOURCE}', 'account', '6134', '99999', 'controller'),
    ('{SOURCE}', 'journal', 'reciept', '60', 'controller')
"""
FIRST_SUPPLIER: Final = """
    SELECT name FROM exact_online.suppliers
    WHERE division = 1000001 AND _deleted_at IS NULL AND NOT is_blocked ORDER BY code LIMIT 1
"""
FOUND_BY_AN_EXPORT: Final = f"""
    INSERT INTO exactsync.payable_mappings (source, kind, key, target, set_by, note)
    SELECT '{SOURCE}', 'supplier', '{KNOWN}', id::text, 'export', 'vat_number'
    FROM exact_online.suppliers
    WHERE division = 1000001 AND _deleted_at IS NULL AND NOT is_blocked ORDER BY code LIMIT 1;
    UPDATE exactsync.payables_outbox SET reasons = '[{{"check": "supplier_unmapped", "message": "", "remedy": ""}}]'
    WHERE payable -> 'counterparty' ->> 'id' = '{STRANGER}'
"""


def spend(stack: Stack, *, stranger: str = HOSTILE) -> None:
    """Let payables arrive, an export look for their suppliers, and somebody map with SQL, not all of it right.

    `stranger` is the name of a supplier that the export has not found.
    """
    engine = create_engine(stack.environment["EXACTSYNC_WAREHOUSE_URL"])
    ((name,),) = query(stack, FIRST_SUPPLIER)
    known = Counterparty(kind="supplier", id=KNOWN, name=name)
    unknown = Counterparty(kind="supplier", id=STRANGER, name=stranger)
    spent = (*_SPENT, (Kind.INVOICE, known, "4310", "NL21", 12), (Kind.CARD, unknown, "6251", None, 1))
    receive(engine, _payables(spent), actor=Actor(name="test"))
    engine.dispose()
    execute(stack, WRITTEN_WITH_SQL)
    execute(stack, FOUND_BY_AN_EXPORT)


def _payables(spent: Sequence[_Spent]) -> list[Payable]:
    return [
        _payable(f"{number}-{copy}", kind, who, account, vat_account)
        for number, (kind, who, account, vat_account, copies) in enumerate(spent)
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
