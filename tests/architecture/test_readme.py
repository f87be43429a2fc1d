"""The README names everything that it promises, and nothing that is not there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from exactsync.entities import entities

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def row(name: str) -> set[str]:
    """Return the words in backquotes of one row of the contract."""
    line = re.search(rf"^\| {name} \|(.*)$", README, re.MULTILINE)
    assert line
    return set(re.findall(r"`(\w+)`", line[1]))


def test_it_lists_every_make_target() -> None:
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert row("make") == set(targets)


def test_it_lists_every_command() -> None:
    shown = subprocess.run([sys.executable, "-m", "exactsync", "-h"], capture_output=True, text=True, check=True)
    commands = set(re.findall(r"^    ([a-z]+)\b", shown.stdout, re.MULTILINE))
    assert commands
    assert row("commands") >= commands


def test_it_lists_every_entity_and_dag() -> None:
    assert {name for name in entities() if f"`{name}`" not in README} == set()
    assert {path.stem for path in (ROOT / "dags").glob("*.py")} <= row("DAGs")


def test_it_links_only_to_what_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []
