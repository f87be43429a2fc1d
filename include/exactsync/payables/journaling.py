"""Payables → purchase journals, while the accounting base is files: each payable in one file, once.

What is to be written is committed before it is, under a name that is never given twice: whoever comes after a crash
writes the same bytes to the same name, and notes it. Payables of a file are *exporting* in between, held by it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from exactsync.failpoints import reach
from exactsync.payable import Payable
from exactsync.payables.files import place
from exactsync.payables.files.journal import write_journal
from exactsync.payables.lifecycle import State
from exactsync.payables.preflight import check_for_file
from exactsync.payables.rows import SELECTED, Actor, Key, Row, lock, move, written
from exactsync.payables.sources import read_mapping
from exactsync.payables.wanted import CONDITION

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from exactsync.load import Run
    from exactsync.payables.mapping import Mapping
    from exactsync.payables.sources import SourceInfo
    from exactsync.payables.wanted import Wanted

MOST: Final = 1_000
"""Payables in one file."""


class Journaling:
    """Writes the payables of sources to files.

    Args:
        engine: where the outbox is.
        address: the folder for what is written from now on.
        run: who is at work.
    """

    def __init__(self, engine: Engine, address: str | None, run: Run) -> None:
        self._engine = engine
        self._address = address
        self._run = run
        self._actor = Actor(name=run.holder, run_id=run.run_id)

    def export(self, info: SourceInfo, wanted: Wanted) -> list[str]:
        """Write what is prepared, and first what was to be written before; return the files.

        Raises:
            ConfigurationError: nothing says where to, or it cannot be written there; nothing is lost.
        """
        address = place.require_address(self._address)
        files = self.finish(info)
        while self._intend(info, address, wanted):
            reach("export.planned")
            files += self.finish(info)
        return files

    def finish(self, info: SourceInfo) -> list[str]:
        """Write what was to be written and is not known to have been; return the files."""
        with self._engine.connect() as connection:
            names = connection.scalars(_UNWRITTEN, {"source": info.source.name}).all()
        return [name for name in names if self._write(name)]

    def _intend(self, info: SourceInfo, address: str, wanted: Wanted) -> bool:
        """Decide what goes into the next file, and commit it; whether anything does."""
        name = info.source.name
        with self._engine.begin() as connection:
            parameters = {"of": name, "most": MOST, **wanted.parameters}
            found = [Row.of(row) for row in connection.execute(_PREPARED, parameters).mappings()]
            mapping = read_mapping(connection, info.source)
            rows = [row for row in found if self._passes(connection, row, mapping)]
            if not rows:
                return bool(found)
            content = write_journal([Payable.from_json(row.payable) for row in rows], mapping)
            file = _name(name, connection.execute(_NUMBER).scalar_one(), content)
            journal: dict[str, Any] = {
                "name": file,
                "source": name,
                "address": address,
                "payables": [row.payable_id for row in rows],
                "content": content,
                "run_id": self._run.run_id,
            }
            connection.execute(_INTEND, journal)
            for row in rows:
                held = {"owner": file, "attempts": row.attempts + 1, "lease_until": None}
                move(connection, row, State.EXPORTING, why=f"It goes into {file}.", actor=self._actor, **held)
        return True

    def _passes(self, connection: Connection, row: Row, mapping: Mapping) -> bool:
        """Whether it still passes the checks, with the mapping as it is now; else it is blocked."""
        findings = check_for_file(Payable.from_json(row.payable), mapping).findings
        if findings:
            why = " ".join(finding.message for finding in findings)
            move(connection, row, State.BLOCKED, why=why, actor=self._actor, reasons=written(findings))
        return not findings

    def _write(self, name: str) -> bool:
        """Write one file and note that its payables are in it; False: another worker does, or has done."""
        with self._engine.begin() as connection:
            journal = connection.execute(_TAKE, {"name": name}).one_or_none()
            if journal is None:
                return False
            place.write(journal.address, name, journal.content)
            reach("export.written")
            for payable_id in journal.payables:
                self._exported(connection, lock(connection, Key(journal.source, payable_id)), name)
            connection.execute(_WRITTEN, {"name": name})
        reach("export.filed")
        return True

    def _exported(self, connection: Connection, row: Row, name: str) -> None:
        now = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        done = {"journal_file": name, "exported_at": now, "reasons": "[]", "message": None}
        move(connection, row, State.EXPORTED, why=f"Written to {name}.", actor=self._actor, **done)


def _name(source: str, number: int, content: str) -> str:
    """Return what a file is called: never the same for other contents, not even after a backup was restored."""
    return f"purchases-{source}-{number:06d}-{hashlib.sha256(content.encode()).hexdigest()[:8]}.csv"


_PREPARED: Final = text(f"""
SELECT {SELECTED} FROM exactsync.payables_outbox AS outbox
WHERE outbox.source = :of AND outbox.state = 'prepared' AND {CONDITION}
ORDER BY entry_date, payable_id LIMIT :most FOR UPDATE SKIP LOCKED
""")
_NUMBER: Final = text("SELECT nextval('exactsync.purchase_journal_number')")
_INTEND: Final = text("""
INSERT INTO exactsync.purchase_journals (name, source, address, payables, content, run_id)
VALUES (:name, :source, :address, :payables, :content, :run_id)
""")
_UNWRITTEN: Final = text("""
SELECT name FROM exactsync.purchase_journals WHERE source = :source AND written_at IS NULL ORDER BY name
""")
_TAKE: Final = text("""
SELECT source, address, payables, content FROM exactsync.purchase_journals
WHERE name = :name AND written_at IS NULL FOR UPDATE SKIP LOCKED
""")
_WRITTEN: Final = text("""
UPDATE exactsync.purchase_journals SET written_at = clock_timestamp(), content = '' WHERE name = :name
""")
