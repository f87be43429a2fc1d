"""Who runs the server: ourselves, or `nobody` when we are root, which PostgreSQL refuses to run as."""

from __future__ import annotations

import os
import pwd
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""All that the server sees of our environment: it needs nothing else, and ours may hold secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A folder as the account sees it: under `path`, in processes that inherit the descriptors `fds`."""

    path: Path
    fds: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The user whose processes serve PostgreSQL. `identity` is None when that is the user we are already."""

    identity: tuple[int, int] | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: dict(ENVIRONMENT))

    @classmethod
    def choose(cls) -> Account:
        """Return an unprivileged account; it exists on every system, so that none has to be created."""
        if os.geteuid() != 0:
            return cls()
        nobody = pwd.getpwnam("nobody")
        return cls(identity=(nobody.pw_uid, nobody.pw_gid))

    def own(self, path: Path) -> None:
        """Give the account a file or folder of ours."""
        if self.identity:
            os.chown(path, *self.identity)

    @contextmanager
    def view(self, folder: Path) -> Iterator[View]:
        """Yield a path by which the account's processes reach `folder`, even below folders closed to them.

        `/proc/self/fd/N` leads straight to a folder that we opened; none of the folders above it is asked.
        The account still needs its own rights on `folder`.
        """
        if not self.identity or not Path("/proc/self/fd").is_dir():
            yield View(path=folder)
            return
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield View(path=Path(f"/proc/self/fd/{descriptor}"), fds=(descriptor,))
        finally:
            os.close(descriptor)

    def run(self, arguments: Sequence[str | Path], *, fds: Sequence[int] = (), timeout_s: float = 120) -> str:
        """Run a command to its end and return what it printed.

        Raises:
            OSError: the account may not execute it, or it does not exist.
            subprocess.SubprocessError: it failed, or took longer than `timeout_s`.
        """
        finished: subprocess.CompletedProcess[str] = subprocess.run(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
            timeout=timeout_s,
            **self._options(fds),
        )
        return finished.stdout

    def spawn(
        self, arguments: Sequence[str | Path], *, log: IO[bytes], fds: Sequence[int] = ()
    ) -> subprocess.Popen[bytes]:
        """Start a command in a session of its own, so that a Ctrl-C in our terminal does not reach it."""
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **self._options(fds),
        )

    def _options(self, fds: Sequence[int]) -> dict[str, Any]:
        options: dict[str, Any] = {"cwd": "/", "env": dict(self.environment), "pass_fds": tuple(fds)}
        if self.identity:
            options |= {"user": self.identity[0], "group": self.identity[1], "extra_groups": []}
        return options
