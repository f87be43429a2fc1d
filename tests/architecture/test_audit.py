"""`make audit` looks at everything that is installed, in settled versions; the linter at what we wrote."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
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


def test_the_rules_of_bandit_are_on_and_each_exception_has_a_reason() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text()
    assert "S" in tomllib.loads(pyproject)["tool"]["ruff"]["lint"]["select"]
    excepted = re.findall(r"^.*(?:\"S\d{3}\"|= \[.*\"S\").*$", pyproject, re.MULTILINE)
    assert excepted
    assert [line for line in excepted if "]  # " not in line and ",  " not in line] == []
    modules = "".join((ROOT / path).read_text() for path in tracked("*.py") if not path.startswith("tests/"))
    excepted = re.findall(r"^.*# noqa: S\d{3}.*$", modules, re.MULTILINE)
    assert excepted
    assert [line for line in excepted if not re.search(r"S\d{3} (?:- |\()\S", line)] == []
