"""What a breakage of the library is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Breakage:
    """One line of the library, what it becomes, and the tests that ought to notice."""

    name: str
    file: str
    line: str
    broken: str
    tests: str

    def apply(self, library: Path) -> None:
        """Break a copy of the library.

        Raises:
            LookupError: the line is not there, or not once.
        """
        path = library / self.file
        source = path.read_text()
        if source.count(self.line) != 1:
            raise LookupError(f"{self.name}: the line to break is not (once) in {self.file}")
        path.write_text(source.replace(self.line, self.broken))
