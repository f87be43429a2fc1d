"""Make every secret that docker-compose.yaml reads, each in a file of its own; those that exist stay as they are.

    python deploy/make_secrets.py [FOLDER]

FOLDER is `secrets` unless given. Nobody but its owner can enter it; the files themselves can be read by whoever they
are mounted for, because users of containers have ids of their own. Needs nothing but Python.
"""

from __future__ import annotations

import base64
import secrets
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

CONNECTIONS: Final = Path(__file__).with_name("connections")
"""Those of the demo: they lead to the simulators."""


def fernet_key() -> str:
    """Return a key as `cryptography.fernet` takes it."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


MADE: Final[dict[str, Callable[[], str]]] = {
    "admin_password": lambda: secrets.token_hex(8),
    "airflow_fernet_key": fernet_key,
    "api_secret_key": lambda: secrets.token_hex(32),
    "jwt_secret": lambda: secrets.token_hex(32),
    "metadata_password": lambda: secrets.token_hex(24),  # letters and digits: it becomes part of a URL
    "redis_password": lambda: secrets.token_hex(24),
    "tasks_password": lambda: secrets.token_hex(24),
    "token_keys": fernet_key,
    "warehouse_password": lambda: secrets.token_hex(24),
}
URLS: Final = {
    "warehouse_default": ("postgres://exactsync_tasks:{}@warehouse/warehouse", "tasks_password"),
    "warehouse_owner": ("postgresql://exactsync:{}@warehouse/warehouse", "warehouse_password"),
}
"""Addresses of databases, and the secrets that become part of them."""


def make_secrets(folder: Path) -> list[str]:
    """Fill in what is missing in a folder, and return the names of the files that were written."""
    folder.mkdir(mode=0o700, exist_ok=True)
    written = [name for name, make in MADE.items() if _write(folder / name, make)]
    for name, (url, secret) in URLS.items():
        password = (folder / secret).read_text().strip()
        if _write(folder / name, partial(url.format, password)):
            written.append(name)
    written += [each.stem for each in sorted(CONNECTIONS.iterdir()) if _write(folder / each.stem, each.read_text)]
    return written


def _write(path: Path, make: Callable[[], str]) -> bool:
    """Write a file unless it exists, and tell whether it was written."""
    if path.exists():
        return False
    path.write_text(make())
    path.chmod(0o644)
    return True


def main() -> None:
    """Make the secrets and say what was done."""
    folder = Path(sys.argv[1] if sys.argv[1:] else "secrets")
    written = make_secrets(folder)
    sys.stdout.write(f"{folder}: wrote {', '.join(written)}.\n" if written else f"{folder}: nothing was missing.\n")


if __name__ == "__main__":
    main()
