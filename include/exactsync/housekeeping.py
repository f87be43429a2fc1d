"""Keeping house: what the logs have kept long enough, and persons who are to be forgotten."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import text

from exactsync.entities import entities
from exactsync.payables import counterparties, erasing
from exactsync.payables.rows import Actor
from exactsync.warehouse import erasure, retention

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Engine

    from exactsync.payables.counterparties import Party
    from exactsync.warehouse.erasure import Erased


class Housekeeping:
    """What is done to the databases of an installation besides loading them.

    Args:
        engines: all of its databases.
        warehouse: the one that analysts query.
    """

    def __init__(self, engines: Sequence[Engine], *, warehouse: Engine) -> None:
        self._engines = engines
        self._warehouse = warehouse

    def maintain(self, days: Mapping[str, int] | None = None) -> dict[str, int]:
        """Delete what is older than it is kept; return how many rows of each table.

        Args:
            days: how long tables keep their rows, where that differs from `warehouse.retention`.

        Raises:
            ConfigurationError: there is no such table, or the time is too short.
        """
        deleted: Counter[str] = Counter()
        for engine in self._engines:
            deleted.update(retention.trim(engine, entities(), days or {}))
        return dict(deleted)

    def erase(self, division: int, supplier: str, *, reason: str) -> Erased:
        """Erase everything stored about one supplier, by its code or Exact's key of it, and refuse it from now on.

        The counterparties of payables that are mapped to it are erased with it; all of it is one transaction.

        Args:
            division: the company whose supplier it is.
            supplier: its code or its key.
            reason: kept with the record of it, so it must say nothing of the person.

        Raises:
            ConfigurationError: no supplier has this code, or a payable of theirs is on its way to Exact.
        """
        key = erasure.find_supplier(self._warehouse, division, supplier)
        with self._warehouse.begin() as connection:
            parties = counterparties.mapped_to(connection, division, key)
            masked = self._erase_payables(connection, parties, reason)
            erased = erasure.erase(connection, entities(), division=division, key=key, reason=reason)
            others = erasing.count_others(connection, division, key)
        mentions = erased.mentions | ({"payables of others": others} if others else {})
        return replace(erased, mentions=mentions, counterparties=tuple(map(str, parties)), payables=masked)

    def erase_counterparty(
        self, source: str, counterparty: str, *, kind: str | None = None, reason: str
    ) -> dict[str, int]:
        """Erase what is stored of one counterparty of payables, who need not be known at Exact.

        Args:
            source: where the payables come from.
            counterparty: the source's key of whom they are owed to.
            kind: `supplier` or `employee`, where both have this key.
            reason: kept with the record of it, so it must say nothing of the person.

        Returns:
            Rows by table.

        Raises:
            ConfigurationError: nothing is stored of it, or a payable of theirs is on its way to Exact.
        """
        with self._warehouse.begin() as connection:
            party = counterparties.find_party(connection, source, counterparty, kind)
            return self._erase_payables(connection, [party], reason)

    def counterparties(self, division: int, supplier: str) -> list[Party]:
        """Return who a supplier is where payables come from: they are erased with it."""
        key = erasure.find_supplier(self._warehouse, division, supplier)
        with self._warehouse.connect() as connection:
            return counterparties.mapped_to(connection, division, key)

    def _erase_payables(self, connection: Connection, parties: Sequence[Party], reason: str) -> dict[str, int]:
        """Erase counterparties, and leave the record of it with the company that each source is booked in."""
        counts: Counter[str] = Counter()
        for source in dict.fromkeys(party.source for party in parties):
            ours = [party for party in parties if party.source == source]
            rows = erasing.erase(connection, ours, reason=reason, actor=Actor(name=erasure.MODE))
            company = connection.execute(_COMPANY, {"source": source}).one_or_none()
            integration, division = (company.integration, company.division) if company else (None, None)
            erasure.record(connection, rows, integration=integration or source, division=division or 0, reason=reason)
            counts.update(rows)
        return dict(counts)

    def readmit(self, division: int, supplier: str) -> bool:
        """Let a supplier that was erased come back, by Exact's key of it; False if it was not erased."""
        key = erasure.find_supplier(self._warehouse, division, supplier)
        return erasure.readmit(self._warehouse, entities(), division=division, key=key)


_COMPANY = text("SELECT integration, division FROM exactsync.payable_sources WHERE source = :source")
