"""Erase a person from payables: what is said about them goes, what a bookkeeper must keep stays.

Amounts, accounts, days, numbers and what became of each payable stay; names, IBANs, VAT numbers, texts, receipts and
whatever else the source has told go. What was not booked yet is sent back: nothing of a person who was erased is sent.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from sqlalchemy import text

from exactsync.errors import ConfigurationError
from exactsync.payable import ERASED, Payable
from exactsync.payables.lifecycle import State
from exactsync.payables.mapping import How
from exactsync.payables.rows import SELECTED, Row, contents, move, to_json
from exactsync.payables.steps import Outcome
from exactsync.payables.told import mask_told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from exactsync.payables.counterparties import Party
    from exactsync.payables.rows import Actor

_ON_ITS_WAY: Final = frozenset({State.EXPORTING, State.IN_DOUBT})
_PSEUDONYM: Final = "erased-"


def erase(connection: Connection, parties: Sequence[Party], *, reason: str, actor: Actor) -> Counter[str]:
    """Erase counterparties from everything that is stored of payables; return how many rows, by table.

    Args:
        connection: the transaction; nothing is changed if this raises.
        parties: who.
        reason: kept in the history of each payable; must say nothing of the person.
        actor: who erases.

    Raises:
        ConfigurationError: a payable of theirs is on its way to Exact; names it.
    """
    for party in parties:
        _require_at_rest(connection, party, _lock(connection, party))
    connection.execute(text("SELECT set_config('exactsync.actor', :actor, true)"), {"actor": actor.name})
    counts: Counter[str] = Counter()
    for party in parties:
        rows, key = _lock(connection, party), _pseudonym(connection, party)
        ids = {"source": party.source, "ids": [row.payable_id for row in rows], "erased": ERASED}
        for table, statement in _OF_PAYABLES.items():
            counts[table] += connection.execute(statement, ids).rowcount
        masked = [_mask(connection, row, party, key, reason, actor) for row in rows]
        counts["exactsync.payables_outbox"] += sum(masked)
        for table, statement in _OF_PARTIES.items():
            counts[table] += connection.execute(statement, _named(party, key)).rowcount
        counts.update(mask_told(connection, party))
    return counts


def count_others(connection: Connection, division: int, supplier: object) -> int:
    """Return how many payables of others were booked on a supplier: as the one of all who have none of their own."""
    return int(connection.execute(_OTHERS, {"division": division, "supplier": str(supplier)}).scalar_one())


def _lock(connection: Connection, party: Party) -> list[Row]:
    rows = connection.execute(_LOCK, {"source": party.source, "kind": party.kind, "id": party.id}).mappings()
    return [Row.of(row) for row in rows]


def _require_at_rest(connection: Connection, party: Party, rows: Sequence[Row]) -> None:
    way_out = "Nothing was erased. Wait for the export, or decide about it on the page Exports, and erase then."
    if moving := [row for row in rows if row.state in _ON_ITS_WAY]:
        named = ", ".join(f"{row.key} ({row.state.label.lower()})" for row in moving)
        raise ConfigurationError(f"Payables of {party} are on their way to Exact: {named}.", remedy=way_out)
    doubts = {"source": party.source, "id": party.id, "doubts": [one for one in Outcome if one.is_doubt]}
    if party.kind == "supplier" and connection.scalar(_IS_DOUBTFUL, doubts):
        raise ConfigurationError(
            f"Nobody knows yet whether Exact has created {party}, for a payable of theirs.", remedy=way_out
        )


def _pseudonym(connection: Connection, party: Party) -> str:
    """Return what a counterparty goes by from now on: keys of files may be names, or be made of them."""
    kind = connection.scalar(_KIND, {"source": party.source})
    if kind != "files" or party.id.startswith(_PSEUDONYM):
        return party.id
    return f"{_PSEUDONYM}{uuid4().hex[:16]}"


def _mask(connection: Connection, row: Row, party: Party, key: str, reason: str, actor: Actor) -> bool:
    """Mask one payable, and how it was edited; whether there was anything to mask."""
    payable, edited = (_without_person(told, party, key) for told in (row.payable, row.edited))
    is_masked = not row.reasons and (row.message or ERASED).startswith(ERASED)
    if is_masked and (payable, edited) == (row.payable, row.edited):
        return False
    is_owed = party.is_owed(row.payable)
    state = State.SENT_BACK if is_owed and not row.state.is_final else row.state
    why = f"{ERASED} {reason}"
    changes: dict[str, Any] = {"reasons": "[]", "message": why if state is State.SENT_BACK else None}
    changes |= contents(Payable.from_json(payable)) if payable else {}
    if edited:
        changes |= {"edited": to_json(edited), "edited_fingerprint": Payable.from_json(edited).fingerprint()}
    move(connection, row, state, why=why, actor=actor, **changes)
    return True


def _without_person(told: dict[str, Any] | None, party: Party, key: str) -> dict[str, Any] | None:
    if told is None or not party.is_owed(told):
        return told
    return Payable.from_json(told).without_person(key).to_json()


def _named(party: Party, key: str) -> dict[str, Any]:
    kinds = [party.kind, *(["supplier_account"] if party.kind == "supplier" else [])]
    hows = [how.value for how in How]
    return {
        "source": party.source,
        "id": party.id,
        "key": key,
        "kinds": kinds,
        "hows": hows,
        "erased": ERASED,
        "is_supplier": party.kind == "supplier",
    }


_LOCK: Final = text(f"""
SELECT {SELECTED} FROM exactsync.payables_outbox AS outbox
WHERE source = :source AND (
    (payable #>> '{{counterparty,kind}}' = :kind AND payable #>> '{{counterparty,id}}' = :id)
    OR (edited #>> '{{counterparty,kind}}' = :kind AND edited #>> '{{counterparty,id}}' = :id))
ORDER BY payable_id FOR UPDATE
""")
_IS_DOUBTFUL: Final = text("""
SELECT EXISTS (
    SELECT FROM exactsync.export_steps
    WHERE source = :source AND subject = :id AND step = 'supplier' AND outcome = ANY(:doubts))
""")
_KIND: Final = text("SELECT kind FROM exactsync.payable_sources WHERE source = :source")
_OF_PAYABLES: Final = {
    "exactsync.payables_outbox_history": text("""
        UPDATE exactsync.payables_outbox_history SET why = :erased
        WHERE source = :source AND payable_id = ANY(:ids) AND NOT starts_with(why, :erased)
        """),
    "exactsync.export_steps": text("""
        UPDATE exactsync.export_steps
        SET sent = jsonb_set(sent, ARRAY['names', sent ->> 'supplier'], to_jsonb(CAST(:erased AS text)))
        WHERE source = :source AND subject = ANY(:ids) AND step = 'entry'
          AND sent -> 'names' ->> (sent ->> 'supplier') <> :erased
        """),
}
"""Of payables that are owed to somebody."""
_NOTE: Final = "CASE WHEN note = ANY(:hows) THEN note END"
_MAPPING: Final = f"""
SET key = replace(key, :id, :key), note = {_NOTE}
WHERE source = :source AND kind = ANY(:kinds) AND trim(key) = :id
  AND (:key <> :id OR note IS DISTINCT FROM {_NOTE})
"""
_OF_PARTIES: Final = {
    "exactsync.export_steps": text("""
        UPDATE exactsync.export_steps SET subject = :key, sent = jsonb_build_object('name', CAST(:erased AS text))
        WHERE :is_supplier AND source = :source AND subject = :id AND step = 'supplier' AND sent ->> 'name' <> :erased
        """),
    "exactsync.payable_mappings": text(f"UPDATE exactsync.payable_mappings {_MAPPING}"),
    "exactsync.payable_mappings_history": text(f"UPDATE exactsync.payable_mappings_history {_MAPPING}"),
}
"""Of somebody. In this order: changing a mapping leaves a line in its history."""
_OTHERS: Final = text("""
SELECT count(*) FROM exactsync.export_steps AS step
JOIN exactsync.payables_outbox AS outbox ON (outbox.source, outbox.payable_id) = (step.source, step.subject)
WHERE step.step = 'entry' AND step.sent ->> 'supplier' = :supplier
  AND outbox.division = :division AND outbox.payable #>> '{counterparty,name}' <> '(erased)'
""")
