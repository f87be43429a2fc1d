"""What sources deliver, taken into the outbox: the same payable delivered again is the same one."""

from __future__ import annotations

import hashlib
import re
from base64 import b32encode
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from exactsync.errors import ConfigurationError
from exactsync.payables.lifecycle import State
from exactsync.payables.rows import UNCHECKED, Key, Row, anew, contents, lock, move, note, to_json, written
from exactsync.payables.sources import read_sources

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Engine

    from exactsync.payable import Payable
    from exactsync.payables.rows import Actor
    from exactsync.payables.sources import SourceInfo

_ON_ITS_WAY: Final = frozenset({State.EXPORTING, State.IN_DOUBT})
_PREFIX: Final = "XS-"
_OURS: Final = re.compile(f"{_PREFIX}[A-Z2-7]{{16}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What came of a delivery, in payables."""

    new: int = 0
    same: int = 0
    """Delivered before, unchanged."""
    replaced: int = 0
    """Edited before they were booked; they are checked anew."""
    flagged: int = 0
    """Edited too late: booked, or on their way."""
    early: int = 0
    """Of before the start date: left out."""


def reference_of(key: Key) -> str:
    """Return our reference for a payable, by which its entry is found again: the same for the same payable, always."""
    digest = hashlib.sha256(f"{key.source}\0{key.id}".encode()).digest()
    return _PREFIX + b32encode(digest[:10]).decode()


def is_ours(reference: str) -> bool:
    """Return whether this looks like one of our references."""
    return _OURS.fullmatch(reference) is not None


def receive(engine: Engine, payables: Iterable[Payable], *, actor: Actor) -> Received:
    """Take payables in; each is a transaction of its own.

    One that was edited replaces what is not booked, to be checked anew; of one that is booked, or on its way, the edit
    is kept and flagged, and not sent.

    Raises:
        ConfigurationError: a source is not set up.
    """
    with engine.connect() as connection:
        sources = read_sources(connection)
    counts: Counter[str] = Counter()
    for payable in payables:
        if payable.source not in sources:
            raise ConfigurationError(
                f"Nothing is set up for payables of {payable.source}.",
                remedy="Choose the company that they are booked in on the Accounting setup page, or with SQL in "
                "exactsync.payable_sources.",
            )
        with engine.begin() as connection:
            counts[_receive(connection, payable, sources[payable.source], actor)] += 1
    return Received(**counts)


def _receive(connection: Connection, payable: Payable, info: SourceInfo, actor: Actor) -> str:
    """Take one payable in; return which number of `Received` it counts for."""
    start = info.source.start_date
    if start and payable.payable_date < start:
        return "early"
    key = Key(payable.source, payable.id)
    if _insert(connection, payable, key, info):
        note(connection, key, None, State.BLOCKED, why="It was received.", actor=actor)
        return "new"
    row, fingerprint = lock(connection, key), payable.fingerprint()
    if fingerprint == (row.edited_fingerprint or row.fingerprint):
        if fingerprint == row.fingerprint:
            _refresh(connection, row, payable)
        return "same"
    if row.state.is_final or row.state in _ON_ITS_WAY:
        return _flag(connection, row, payable, fingerprint, actor)
    why = "It comes back, edited at the source." if row.state is State.SENT_BACK else "It was edited at the source."
    move(connection, row, State.BLOCKED, why=why, actor=actor, **anew(), **contents(payable))
    return "replaced"


def _insert(connection: Connection, payable: Payable, key: Key, info: SourceInfo) -> bool:
    """Whether it was not there yet."""
    columns = {
        "source": key.source,
        "payable_id": key.id,
        "integration": info.integration,
        "division": info.source.division,
        "state": State.BLOCKED,
        "reference": reference_of(key),
        "reasons": written([UNCHECKED]),
        **contents(payable),
    }
    names, values = ", ".join(columns), ", ".join(f":{name}" for name in columns)
    inserted = connection.execute(
        text(f"""
        INSERT INTO exactsync.payables_outbox ({names}) VALUES ({values}) ON CONFLICT (source, payable_id) DO NOTHING
        """),
        columns,
    )
    return bool(inserted.rowcount)


def _refresh(connection: Connection, row: Row, payable: Payable) -> None:
    """Keep what does not count as an edit, such as addresses of receipts, which expire."""
    written_anew = payable.to_json()
    if written_anew != row.payable and not row.state.is_final:
        connection.execute(
            text("""
            UPDATE exactsync.payables_outbox SET payable = :payable WHERE source = :source AND payable_id = :id
            """),
            {"payable": to_json(written_anew), **row.key._asdict()},
        )


def _flag(connection: Connection, row: Row, payable: Payable, fingerprint: str, actor: Actor) -> str:
    """Keep an edit that came too late, for people to see; one that was taken back is none."""
    is_taken_back = fingerprint == row.fingerprint
    connection.execute(
        text("""
        UPDATE exactsync.payables_outbox
        SET edited = :edited, edited_fingerprint = :fingerprint, updated_at = clock_timestamp()
        WHERE source = :source AND payable_id = :id
        """),
        {
            "edited": None if is_taken_back else to_json(payable.to_json()),
            "fingerprint": None if is_taken_back else fingerprint,
            **row.key._asdict(),
        },
    )
    when = "after it was booked" if row.state.is_final else "while it was on its way"
    why = f"It was edited at the source {when}, and is not sent again."
    note(
        connection, row.key, row.state, row.state, why="The edit was taken back." if is_taken_back else why, actor=actor
    )
    return "same" if is_taken_back else "flagged"
