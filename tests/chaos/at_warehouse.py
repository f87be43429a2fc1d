"""Faults of the PostgreSQL that the warehouse is in."""

from __future__ import annotations

import time
from threading import Event, Thread
from typing import TYPE_CHECKING, ClassVar, Final

import psycopg2

from tests.chaos.fault import HOLD_S
from tests.chaos.small_disk import SmallDisk
from tests.torture.restarts import crash

if TYPE_CHECKING:
    from psycopg2.extensions import connection

    from tests.chaos.load import Work
    from tests.chaos.site import Site

BUSY_WITHIN_S: Final = 20.0
REFUSED: Final = ("too many clients already", "remaining connection slots are reserved")
IN_USE: Final = """
SELECT count(*) FROM pg_stat_activity
WHERE application_name = 'exactsync' AND datname = current_database() AND state <> 'idle'
"""


class WarehouseCrashed:
    """Ends PostgreSQL at once, in the midst of a transaction, so that it has to recover."""

    name: ClassVar[str] = "PostgreSQL restarted"
    hold_s: ClassVar[float] = 0.0

    def __init__(self, site: Site, repeat: int) -> None:
        self._site = site
        self._struck = 0

    def strike(self, work: Work) -> None:
        """Crash it while one of our transactions is under way."""
        give_up_at = time.monotonic() + BUSY_WITHIN_S
        while not self._struck and time.monotonic() < give_up_at:
            self._struck = self._site.execute(IN_USE)[0][0]
        crash(self._site.warehouse)

    def struck(self) -> int:
        """Return how many transactions were under way."""
        return self._struck

    def lift(self) -> None:
        """Nothing: it is back."""


class DiskFull:
    """Lets no page be staged: the tables of staging lie on a disk without room."""

    name: ClassVar[str] = "disk full on staging"
    hold_s: ClassVar[float] = HOLD_S

    def __init__(self, site: Site, repeat: int) -> None:
        self._site = site
        self._disk = SmallDisk(site)
        self._log = Said(site)

    def strike(self, work: Work) -> None:
        """Move staging to the small disk, and fill it."""
        self._disk.take_over()

    def struck(self) -> int:
        """Return how many statements failed for want of room, by the server's own log."""
        return self._log.count("No space left on device")

    def lift(self) -> None:
        """Move staging back."""
        self._disk.give_back()


class ConnectionsUsedUp:
    """Takes every connection that the server has, and each that becomes free."""

    name: ClassVar[str] = "connections used up"
    hold_s: ClassVar[float] = HOLD_S

    def __init__(self, site: Site, repeat: int) -> None:
        self._site = site
        self._log = Said(site)
        self._refused_us = 0
        self._is_over = Event()
        self._hog = Thread(target=self._take_all, name="hog", daemon=True)

    def strike(self, work: Work) -> None:
        """Begin to take them."""
        self._hog.start()

    def struck(self) -> int:
        """Return how many connections of others were refused, by the server's own log."""
        return max(0, sum(map(self._log.count, REFUSED)) - self._refused_us)

    def lift(self) -> None:
        """Give them back."""
        self._is_over.set()
        self._hog.join()

    def _take_all(self) -> None:
        held: list[connection] = []
        while not self._is_over.is_set():
            try:
                held.append(psycopg2.connect(self._site.stack.warehouse["EXACTSYNC_WAREHOUSE_URL"]))
            except psycopg2.OperationalError:
                self._refused_us += 1
                self._is_over.wait(0.1)
        for each in held:
            each.close()


class Said:
    """What the server has said in its log since now."""

    def __init__(self, site: Site) -> None:
        self._path = site.warehouse_log
        self._from = self._path.stat().st_size

    def count(self, words: str) -> int:
        """Return in how many lines these words stand."""
        with self._path.open(errors="replace") as log:
            log.seek(self._from)
            return sum(words in line for line in log)
