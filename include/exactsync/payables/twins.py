"""The same invoice under two keys: it is booked once, until a person says that it is two purchases.

A supplier sends an invoice twice, two colleagues hand it in, or it comes by mail and is paid by card: the source then
has two payables, and either passes every check. Two payables of one company count as twins where the supplier at Exact,
the number, the amount and the currency are the same. A payable without a number has no twin, nor is a credit note the
twin of its invoice: their amounts differ in sign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from exactsync.payables.lifecycle import State
from exactsync.payables.preflight import Finding
from exactsync.payables.rows import POSSIBLE_DUPLICATE, Key

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Connection, RowMapping

    from exactsync.payable import Payable
    from exactsync.payables.entry import Booking
    from exactsync.payables.rows import Row

_BOOKED: Final = (State.EXPORTING, State.IN_DOUBT, State.EXPORTED, State.EXPORTED_MANUALLY)
"""States of what is booked, or may be at any moment."""


def purchase_of(payable: Payable, supplier: UUID | None) -> str | None:
    """Return what two payables of one purchase have in common; None: nothing tells them from others.

    Spelling does not part twins: whoever types a number leaves out blanks and dashes.
    """
    number = "".join(filter(str.isalnum, payable.number or "")).casefold()
    if supplier is None or not number:
        return None
    return f"{supplier} {number} {payable.amount.normalize():f} {payable.currency}"


def check(connection: Connection, row: Row, payable: Payable, booking: Booking | None) -> tuple[Finding, ...]:
    """Return whether a payable that passes every other check has a twin; its row must be locked.

    Where its supplier is to be created first, only `claim` can tell.
    """
    if booking is None:
        return ()
    supplier = booking.supplier or (booking.match.id if booking.match else None)
    return _check(connection, row.key, row.division, purchase_of(payable, supplier))


def claim(connection: Connection, row: Row, payable: Payable, supplier: UUID) -> tuple[Finding, ...]:
    """Return whether somebody else has the same purchase; if not, it is this payable's, whose row must be locked.

    Of two that ask at once, one waits for the other's transaction, which must not end before it has drawn the
    consequence.
    """
    purchase = purchase_of(payable, supplier)
    if purchase:
        connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:purchase, :division))"),
            {"purchase": purchase, "division": row.division},
        )
    return _check(connection, row.key, row.division, purchase)


def _check(connection: Connection, key: Key, division: int | None, purchase: str | None) -> tuple[Finding, ...]:
    values = {**key._asdict(), "division": division, "purchase": purchase, "booked": list(_BOOKED)}
    connection.execute(_REMEMBER, values)
    twin = connection.execute(_TWIN, values).mappings().one_or_none()
    return (_finding(twin),) if twin else ()


def _finding(twin: RowMapping) -> Finding:
    key = Key(twin["source"], twin["payable_id"])
    where = {
        State.EXPORTED: f"which is booked as {_entry(twin)}",
        State.EXPORTED_MANUALLY: "which somebody has marked as exported",
        State.IN_DOUBT: "of which nobody knows yet whether it is booked",
        State.EXPORTING: "which is on its way to Exact",
    }[State(twin["state"])]
    return Finding(
        check=POSSIBLE_DUPLICATE,
        message=f"It has supplier, number, amount and currency of payable {key} ({twin['reference']}), {where}.",
        remedy="If it is the same purchase, send it back, or mark it as exported; if it is another one, choose Book "
        "anyway.",
    )


def _entry(twin: RowMapping) -> str:
    if twin["entry_number"] is None:
        return f"{twin['journal_file'] or 'an entry of Exact'}"
    return f"entry {twin['entry_number']}"


_REMEMBER: Final = text("""
UPDATE exactsync.payables_outbox SET purchase = :purchase
WHERE source = :source AND payable_id = :id AND purchase IS DISTINCT FROM :purchase
""")
_TWIN: Final = text("""
SELECT twin.source, twin.payable_id, twin.reference, twin.state, twin.entry_number, twin.journal_file
FROM exactsync.payables_outbox AS own
JOIN exactsync.payables_outbox AS twin ON (twin.division, twin.purchase) = (own.division, own.purchase)
WHERE own.source = :source AND own.payable_id = :id AND NOT own.is_no_twin
  AND (twin.source, twin.payable_id) <> (own.source, own.payable_id) AND twin.state = ANY(:booked)
ORDER BY twin.exported_at NULLS LAST, twin.source, twin.payable_id LIMIT 1
""")
