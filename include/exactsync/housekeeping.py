"""Keeping house: what the logs have kept long enough, and persons who are to be forgotten."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from exactsync.entities import entities
from exactsync.warehouse import erasure, retention

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Engine

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

        Args:
            division: the company whose supplier it is.
            supplier: its code or its key.
            reason: kept with the record of it, so it must say nothing of the person.

        Raises:
            ConfigurationError: no supplier has this code.
        """
        key = erasure.find_supplier(self._warehouse, division, supplier)
        return erasure.erase(self._warehouse, entities(), division=division, key=key, reason=reason)

    def readmit(self, division: int, supplier: str) -> bool:
        """Let a supplier that was erased come back, by Exact's key of it; False if it was not erased."""
        key = erasure.find_supplier(self._warehouse, division, supplier)
        return erasure.readmit(self._warehouse, entities(), division=division, key=key)
