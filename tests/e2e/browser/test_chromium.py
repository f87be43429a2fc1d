"""The browser tests bring their own browser where they may, and say what to install where they may not."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.browser.chromium import GIVEN, NoChromiumError, bring_chromium

if TYPE_CHECKING:
    from pathlib import Path

WITHOUT_OWN: Any = SimpleNamespace(chromium=SimpleNamespace(executable_path="/nowhere/chromium"))
APT = """#!/bin/sh
PATH=/usr/bin:/bin
echo "$1" >> "{folder}/calls"
[ "$1" = install ] || exit 0
[ -e "{folder}/broken" ] && {{ echo "no candidate" >&2; exit 100; }}
sleep 0.3
install -m 755 /dev/null "{folder}/chromium"
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Debian without a Chromium, of which we are root: its only folder of programs."""
    programs = tmp_path / "bin"
    programs.mkdir()
    put(programs / "apt-get", APT.format(folder=programs))
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.delenv(GIVEN, raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return programs


def put(program: Path, text: str = "") -> Path:
    program.write_text(text)
    program.chmod(0o755)
    return program


def test_an_installed_one_is_used(machine: Path) -> None:
    browser = put(machine / "google-chrome")
    assert bring_chromium(WITHOUT_OWN) == browser
    assert not (machine / "calls").exists()


def test_the_one_that_the_environment_names_comes_first(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(machine / "chromium")
    own = put(machine.parent / "own-chromium")
    monkeypatch.setenv(GIVEN, str(own))
    assert bring_chromium(WITHOUT_OWN) == own
    own.unlink()
    with pytest.raises(NoChromiumError, match=rf"{GIVEN} names .*own-chromium, which cannot be run"):
        bring_chromium(WITHOUT_OWN)


def test_one_of_several_workers_installs_it_for_all(machine: Path) -> None:
    with ThreadPoolExecutor(4) as workers:
        found = list(workers.map(bring_chromium, [WITHOUT_OWN] * 4))
    assert found == [machine / "chromium"] * 4
    assert (machine / "calls").read_text().split() == ["update", "install"]


def test_it_says_what_to_install_where_it_may_not(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NoChromiumError, match="apt-get install chromium"):
        bring_chromium(WITHOUT_OWN)
    assert not (machine / "calls").exists()


def test_it_says_why_it_could_not_be_installed(machine: Path) -> None:
    (machine / "broken").touch()
    with pytest.raises(NoChromiumError, match="no candidate"):
        bring_chromium(WITHOUT_OWN)
