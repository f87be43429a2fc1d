"""Where purchase journals are written: a folder, here or in an object store; each file is there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import fsspec
from fsspec.implementations.local import LocalFileSystem

from exactsync.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE: Final = "EXACTSYNC_JOURNALS_URL"


def read_address(environ: Mapping[str, str]) -> str | None:
    """Return the folder that EXACTSYNC_JOURNALS_URL names, if it does."""
    return environ.get(VARIABLE, "").strip() or None


def require_address(address: str | None) -> str:
    """Return the folder; ConfigurationError if none is named."""
    if not address:
        raise ConfigurationError(
            "The accounting base is Files, and nothing says where purchase journals are written.",
            remedy=f"Set {VARIABLE} to a folder, here or in an object store: /srv/journals, s3://bucket/journals.",
        )
    return address


def write(address: str, name: str, content: str) -> None:
    """Write a file; writing the same again changes nothing.

    Raises:
        ConfigurationError: the folder cannot be written to.
    """
    try:
        files, root = fsspec.url_to_fs(address)
        if isinstance(files, LocalFileSystem):
            _write_here(Path(root), name, content.encode())
        else:  # in an object store, a file appears once all of it has arrived
            files.pipe_file(f"{str(root).rstrip('/')}/{name}", content.encode())
    except (ImportError, OSError, ValueError) as error:
        raise ConfigurationError(
            f"The purchase journal {name} cannot be written to {address}: {error}.",
            remedy="Mend that, and run the export again: it writes this very file before any other.",
        ) from None


def _write_here(folder: Path, name: str, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    begun = folder / f".{name}.part"
    with begun.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    begun.replace(folder / name)
