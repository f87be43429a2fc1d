"""The breakages of `make soak` keep up with the library that they break, and their table with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT
from tests.torture.breakages import BREAKAGES
from tests.torture.sabotage import copy_library

if TYPE_CHECKING:
    from pathlib import Path

    from tests.torture.breakage import Breakage


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_library(tmp_path_factory.mktemp("sabotage"))


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.name)
def test_what_a_breakage_takes_out_is_there_and_leaves_python_behind(library: Path, breakage: Breakage) -> None:
    path = library / breakage.file
    whole = path.read_text()
    breakage.apply(library)
    broken = path.read_text()
    path.write_text(whole)
    compile(broken, breakage.file, "exec")
    assert broken != whole


def test_the_table_shows_what_notices_each_breakage() -> None:
    table = (ROOT / "docs" / "sabotage.md").read_text()
    missing = [one.name for one in BREAKAGES if f"| {one.name} | `{one.file}` | `" not in table]
    assert missing == [], "write it anew: python -m tests.torture.sabotage --table docs/sabotage.md"
