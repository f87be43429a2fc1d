"""Break the library, one line at a time, and see that a test turns red each time.

`python -m tests.torture.sabotage` breaks a copy, never the checkout; it prints a table and ends with 1 if a breakage
went unnoticed. `--table FILE` writes the table as Markdown.
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


def main() -> int:
    """Try every breakage; return 1 if one went unnoticed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--table", type=Path, metavar="FILE", help="write the outcome as Markdown")
    options = parser.parse_args()
    outcomes = []
    for number, breakage in enumerate(BREAKAGES, start=1):
        noticed = _notice(breakage)
        outcomes.append((breakage, noticed))
        sys.stdout.write(f"{number:2}/{len(BREAKAGES)} {breakage.name}: {noticed or 'NOT NOTICED'}\n")
        sys.stdout.flush()
    if options.table:
        options.table.write_text(_markdown(outcomes))
    return 0 if all(noticed for _, noticed in outcomes) else 1


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


def _markdown(outcomes: list[tuple[Breakage, str]]) -> str:
    rows = [
        f"| {breakage.name} | `{breakage.file}` | {f'`{noticed}`' if noticed else '**nothing**'} |"
        for breakage, noticed in outcomes
    ]
    head = (
        "# What each guard is for\n\nEvery line below was taken out of a copy of the library, and a test turned red. "
        "`make soak` does it again.\n\n| breakage | in | noticed by |\n| --- | --- | --- |\n"
    )
    return head + "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.exit(main())
