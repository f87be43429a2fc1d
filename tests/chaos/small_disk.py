"""A disk without room below the tables of staging.

As root it is a real one: a file system in memory, filled to its last byte, as a tablespace. Other users may mount none:
for them a trigger says of each row what PostgreSQL says of a full disk, with its SQLSTATE.
"""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg2

from exactsync.embedded.account import Account
from exactsync.warehouse.schema import STAGING

if TYPE_CHECKING:
    from tests.chaos.site import Site

SIZE_MB: Final = 48
TABLESPACE: Final = "small"
GIVE_BACK_WITHIN_S: Final = 30.0
_MAKE_TRIGGER: Final = """
CREATE OR REPLACE FUNCTION exactsync.no_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
END $$
"""


class SmallDisk:
    """Where staging lies while there is no room."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._folder: Path | None = None
        self._ballast: Path | None = None

    def take_over(self) -> None:
        """Move the tables of staging here, and leave no room."""
        self._folder = mount()
        if self._folder is None:
            self._site.execute(_MAKE_TRIGGER)
            for table in self._tables():
                self._site.execute(
                    f"CREATE TRIGGER no_room BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION exactsync.no_room()"
                )
            return
        place = self._folder / "tables"
        place.mkdir()
        Account.choose().own(place)
        self._site.execute(f"CREATE TABLESPACE {TABLESPACE} LOCATION '{place}'")
        self._move(TABLESPACE)
        self._ballast = self._folder / "ballast"
        _fill(self._ballast)

    def give_back(self) -> None:
        """Move the tables back, and forget the disk."""
        if self._folder is None:
            for table in self._tables():
                self._site.execute(f"DROP TRIGGER IF EXISTS no_room ON {table}")
            return
        if self._ballast:
            self._ballast.unlink()
        self._move("pg_default")
        self._drop()
        subprocess.run(["umount", "--lazy", self._folder], check=True)
        self._folder.rmdir()

    def _move(self, tablespace: str) -> None:
        """Without the room that deleted rows have left, in which a page could still be staged."""
        for table in self._tables():
            self._site.execute(f"ALTER TABLE {table} SET TABLESPACE {tablespace}")
            self._site.execute(f"VACUUM (FULL) {table}")

    def _drop(self) -> None:
        """Files of tables that were moved away are there until the next checkpoint."""
        give_up_at = time.monotonic() + GIVE_BACK_WITHIN_S
        while True:
            self._site.execute("CHECKPOINT")
            try:
                self._site.execute(f"DROP TABLESPACE {TABLESPACE}")
            except psycopg2.errors.ObjectNotInPrerequisiteState:
                if time.monotonic() > give_up_at:
                    raise
            else:
                return

    def _tables(self) -> list[str]:
        named = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = '{}' ORDER BY 1"
        return [name for (name,) in self._site.execute(named.format(STAGING))]


def mount() -> Path | None:
    """Return a folder that is a small file system of its own; None: that is not for us."""
    folder = Path(tempfile.mkdtemp(prefix="exactsync-small-"))
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=0755", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        folder.rmdir()
        return None
    return folder


def _fill(ballast: Path) -> None:
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:  # until there is no room
        while file.write(bytes(4096)):
            pass
