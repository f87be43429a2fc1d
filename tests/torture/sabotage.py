"""Break the library, one line at a time, and see that a test turns red each time.

`python -m tests.torture.sabotage` breaks a copy, never the checkout; it prints a table and ends with 1 if a breakage
went unnoticed. `--table FILE` writes the table as Markdown; `--only WORD …` tries the breakages with one of these words
in their name or file, and leaves the other lines of the table as they are.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.torture.breakages import BREAKAGES

if TYPE_CHECKING:
    from tests.torture.breakage import Breakage

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = Path("include/exactsync")
PATIENCE_S = 1800
NOTHING = "**nothing**"
HEAD = """# What each guard is for

Every line below was taken out of a copy of the library, and a test turned red. `make soak` does it again.

| breakage | in | noticed by |
| --- | --- | --- |
"""


def main() -> int:
    """Try every breakage; return 1 if one went unnoticed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--table", type=Path, metavar="FILE", help="write the outcome as Markdown")
    parser.add_argument("--only", nargs="+", default=[""], metavar="WORD", help="of a breakage's name or file")
    options = parser.parse_args()
    chosen = [one for one in BREAKAGES if any(word in f"{one.name} {one.file}" for word in options.only)]
    rows = {}
    for number, breakage in enumerate(chosen, start=1):
        noticed = _notice(breakage)
        rows[breakage] = _row(breakage, f"`{noticed}`" if noticed else NOTHING)
        sys.stdout.write(f"{number:2}/{len(chosen)} {breakage.name}: {noticed or 'NOT NOTICED'}\n")
        sys.stdout.flush()
        if options.table:
            _write_table(options.table, rows)
    return 1 if any(NOTHING in row for row in rows.values()) else 0


def copy_library(folder: Path) -> Path:
    """Copy the library into a folder; return where it is."""
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(ROOT / LIBRARY, folder / "exactsync", ignore=ignored))


def _notice(breakage: Breakage) -> str:
    """Break a copy of the library and return the first test that turns red; empty if none does."""
    with tempfile.TemporaryDirectory(prefix="exactsync-sabotage-") as folder:
        breakage.apply(copy_library(Path(folder)))
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:randomly", *breakage.tests.split()]
        run = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": folder},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    failed = [line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failed[0].split(" - ")[0].split("::")[-1].removeprefix("FAILED ") if run.returncode == 1 and failed else ""


def _row(breakage: Breakage, noticed: str) -> str:
    return f"| {breakage.name} | `{breakage.file}` | {noticed} |"


def _write_table(path: Path, tried: dict[Breakage, str]) -> None:
    """Write the rows in the order of the breakages; what was not tried keeps the row that the file has."""
    before = path.read_text().splitlines() if path.exists() else []
    kept = {row.rpartition(" | ")[0]: row for row in before}
    rows = [tried.get(one) or kept.get(_row(one, "").rpartition(" | ")[0]) for one in BREAKAGES]
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows if row))


if __name__ == "__main__":
    sys.exit(main())
