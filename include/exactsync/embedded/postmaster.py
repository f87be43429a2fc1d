"""What PostgreSQL writes about itself into `postmaster.pid`, and whether it is still true."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

PORT_LINE, STATUS_LINE = 3, 7  # counted from 0, as src/include/utils/pidfile.h lays the file out


class Postmaster:
    """The server process of one data directory, as its pid file tells."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._file = data / "postmaster.pid"

    @property
    def pid(self) -> int | None:
        """The living server's process id; a file left behind by a dead server counts for nothing."""
        lines = self._lines()
        if not lines or not lines[0].isdigit():
            return None
        pid = int(lines[0])
        return pid if self.serves(pid) else None

    @property
    def port(self) -> int | None:
        """The TCP port of the living server."""
        return int(self._lines()[PORT_LINE]) if self.pid else None

    def is_ready(self, pid: int) -> bool:
        """Tell whether this very process accepts connections."""
        lines = self._lines()
        return len(lines) > STATUS_LINE and lines[0] == str(pid) and lines[STATUS_LINE].strip() == "ready"

    def forget(self) -> None:
        """Remove the file of a dead server, whose process id may belong to a stranger by now."""
        if not self.pid:
            self._file.unlink(missing_ok=True)

    def serves(self, pid: int) -> bool:
        """Tell whether a process is our server: every server works inside its data directory."""
        if Path("/proc/self/cwd").exists():
            try:
                return Path(f"/proc/{pid}/cwd").samefile(self._data)
            except OSError:
                return False
        try:
            os.kill(pid, 0)
        except OSError:
            return False
        answer = subprocess.run(
            ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return "postgres" in answer.stdout

    def _lines(self) -> list[str]:
        try:
            return self._file.read_text().splitlines()
        except FileNotFoundError:
            return []
