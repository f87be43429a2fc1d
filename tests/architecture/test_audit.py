"""`make audit` looks at everything that is installed, and at versions that are settled."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECIPE = re.search(r"^audit:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
LEFT_OUT = {"requirements-production.txt": "requirements.txt"}
"""What is a part of another one: `test_compose` holds it to that."""


def tracked(pattern: str) -> set[str]:
    listed = subprocess.run(["git", "ls-files", pattern], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(listed.stdout.split())


def test_everything_that_is_installed_is_looked_at() -> None:
    assert RECIPE
    wanted = tracked("*requirements*.txt") | tracked("*package.json")
    assert wanted > LEFT_OUT.keys()
    looked_at = set(re.findall(r"[\w/.-]*(?:requirements[\w-]*\.txt|package\.json)", RECIPE[1]))
    assert looked_at == wanted - LEFT_OUT.keys()


def test_what_is_looked_at_are_settled_versions() -> None:
    for name in tracked("*requirements*.txt"):
        lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.lstrip().startswith("#")]
        assert [line for line in lines if not re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+", line)] == [], name
    for name in tracked("*package.json"):
        packages = json.loads((ROOT / name).read_text())["devDependencies"]
        assert [version for version in packages.values() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == [], name


def test_what_cannot_be_looked_up_is_no_clean_bill() -> None:
    """Without `--strict`, pip-audit skips what its database does not answer for, and calls the rest clean."""
    assert RECIPE
    assert " --strict " in RECIPE[1]
