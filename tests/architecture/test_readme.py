"""The README names everything that it promises, and nothing that is not there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def test_it_names_every_command() -> None:
    shown = subprocess.run([sys.executable, "-m", "exactsync", "-h"], capture_output=True, text=True, check=True)
    commands = re.findall(r"^    ([a-z]+)\b", shown.stdout, re.MULTILINE)
    assert "migrate" in commands
    assert [command for command in commands if not re.search(rf"^\| `{command}\b", README, re.MULTILINE)] == []


def test_it_names_every_dag() -> None:
    dags = [path.stem for path in (ROOT / "dags").glob("*.py")]
    assert dags
    assert [dag for dag in dags if not re.search(rf"^\| `{dag}` \|", README, re.MULTILINE)] == []


def test_it_names_every_variable_that_is_read() -> None:
    sources = [path.read_text() for folder in ("include", "plugins", "tests") for path in (ROOT / folder).rglob("*.py")]
    read = {name for source in sources for name in re.findall(r"\"(EXACTSYNC_[A-Z_]*[A-Z])\"", source)}
    assert "EXACTSYNC_TOKEN_KEYS" in read
    assert {name for name in read if f"| `{name}` |" not in README} == set()


def test_the_make_targets_it_speaks_of_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    spoken_of = set(re.findall(r"\bmake ([a-z]+)", README))
    assert {"demo", "test", "up", "down"} <= spoken_of <= targets
