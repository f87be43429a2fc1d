"""A folder, here or in an object store, as a source of payables: whatever fsspec can open."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import fsspec

from exactsync.errors import ConfigurationError, SkippableRecordError
from exactsync.payables.files.reading import SUFFIXES, read_payables

if TYPE_CHECKING:
    from exactsync.payable import Payable, Receipt

log = logging.getLogger(__name__)

LARGEST_FILE: Final = 64 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What could not be read of a file: one of its rows, or all of it."""

    file: str
    problem: str

    def __str__(self) -> str:
        return f"{self.file}, {self.problem}"


class Folder:
    """Files of payables below one address, subfolders not included.

    Args:
        source: what the payables' source is called.
        url: where the files lie: `/srv/payables`, `s3://bucket/payables`.
        options: what the file system wants to know (credentials), as fsspec names it.
    """

    def __init__(self, source: str, url: str, options: dict[str, Any] | None = None) -> None:
        self.source = source
        self.url = url
        self._files, self._root = _open(url, options or {})

    def payables(self) -> tuple[list[Payable], list[Refused]]:
        """Read all files, oldest name first; of a payable that stands in several, the last one counts.

        What is wrong harms only the payable, or the file, that it is in.

        Raises:
            ConfigurationError: the folder is not there.
        """
        found: dict[str, Payable] = {}
        refused: list[Refused] = []
        for path in self._names():
            name = PurePosixPath(path).name
            try:
                read = read_payables(self.source, name, self._content(path))
            except ConfigurationError as error:
                refused.append(Refused(file=name, problem=error.message))
                continue
            refused += [Refused(file=name, problem=str(row)) for row in read.wrong]
            found |= {payable.id: payable for payable in read.payables}
        for one in refused:
            log.warning("%s: %s", self.source, one)
        return list(found.values()), refused

    def fetch(self, receipt: Receipt) -> bytes:
        """Return a receipt's content.

        Raises:
            SkippableRecordError: it is not there.
        """
        try:
            content: bytes = self._files.cat_file(f"{self._root}/{receipt.url}")
        except (FileNotFoundError, IsADirectoryError):
            raise SkippableRecordError(f"The receipt {receipt.url} is not in {self.url}.") from None
        return content

    def _names(self) -> list[str]:
        try:
            listed = self._files.ls(self._root, detail=True)
        except FileNotFoundError:
            raise ConfigurationError(
                f"There is no folder {self.url}.", remedy="Create it, or correct the source's address."
            ) from None
        files = [str(one["name"]) for one in listed if one["type"] == "file"]
        return sorted(path for path in files if PurePosixPath(path).suffix.lower() in SUFFIXES)

    def _content(self, path: str) -> bytes:
        if (size := self._files.size(path) or 0) > LARGEST_FILE:
            raise ConfigurationError(f"it has {size} bytes, more than {LARGEST_FILE}.", remedy="Part it.")
        content: bytes = self._files.cat_file(path)
        return content


def _open(url: str, options: dict[str, Any]) -> tuple[Any, str]:
    try:
        files, root = fsspec.url_to_fs(url, **options)
    except (ImportError, ValueError) as error:
        raise ConfigurationError(
            f"Nothing can open {url}: {error}.", remedy="Install what fsspec needs for it, or correct the address."
        ) from None
    return files, str(root).rstrip("/")
