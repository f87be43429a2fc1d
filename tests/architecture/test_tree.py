"""What holds for every file of the project."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_MODULE = 300

FORBIDDEN = {
    "a path of one machine": r"(?<![\w.$}~-])/(?:root|work|home|Users)/\w",
    "a package index": r"\bpy(?:pi|thonhosted)\.org|\bregistry\.npm(?:js)|--(?:extra-)?index-url|--find-links",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
}
THIS_FILE = Path(__file__).relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def tracked() -> dict[str, str]:
    """Every text file that git knows, by its path."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    texts = {}
    for name in filter(None, listed.stdout.split("\0")):
        content = (ROOT / name).read_bytes() if (ROOT / name).exists() else b""
        if b"\0" not in content:
            texts[name] = content.decode()
    return texts


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str, tracked: dict[str, str]) -> None:
    assert "pyproject.toml" in tracked
    found = {
        f"{name}: {match[0]}"
        for name, text in tracked.items()
        if name != THIS_FILE and (match := re.search(FORBIDDEN[what], text))
    }
    assert found == set()


def test_modules_stay_short_enough_to_read_at_once(tracked: dict[str, str]) -> None:
    lengths = {
        name: text.count("\n")
        for name, text in tracked.items()
        if name.endswith(".py") and name.startswith(("include/", "plugins/", "dags/"))
    }
    assert lengths
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_what_a_run_leaves_behind_is_ignored() -> None:
    leftovers = ["var/postgres/x", ".venv/x", "include/exactsync/__pycache__/x", "exactsync.egg-info/x"]
    ignored = subprocess.run(["git", "check-ignore", *leftovers], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ignored.stdout.split() == leftovers
