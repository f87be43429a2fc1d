"""What the pages take for granted of Airflow's UI, compared with the UI that is installed."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import airflow
import pytest

PLUGINS = Path(__file__).parents[2] / "plugins" / "exactsync_airflow"
MODULES = {path: path.read_text() for path in sorted(PLUGINS.glob("*/www/*.js"))}
ASSETS = Path(airflow.__file__).parent / "ui" / "dist" / "assets"
BUNDLE = next(ASSETS.glob("index-*.js")).read_text()


def test_it_is_made_for_this_version_of_the_ui() -> None:
    assert version("apache-airflow") == "3.3.2", "look at every view in a browser, then change the version here"


@pytest.mark.parametrize("library", ["React", "ChakraUI", "ReactRouterDOM"])
def test_the_ui_offers_what_the_page_uses(library: str) -> None:
    used = {name for text in MODULES.values() for name in names_taken_from(library, text)}
    assert used
    assert used - names_offered(library) == set()


def test_the_ui_loads_pages_the_way_this_one_is_made() -> None:
    for path, text in MODULES.items():
        assert ("globalThis.AirflowPlugin = " in text.splitlines()[-1]) is (path.name == "main.js"), path
    assert "new URL(e.bundle_url,document.baseURI)" in BUNDLE
    assert "globalThis.AirflowPlugin" in BUNDLE
    assert "=globalThis.AirflowPlugin,globalThis[" in BUNDLE, "each of several pages is kept by its name"
    assert "nav_top_level===!0" in BUNDLE, "several pages stay in the navigation, each by itself"
    assert "`timezone`" in BUNDLE, "the key under which the UI keeps the chosen time zone"


def names_taken_from(library: str, text: str) -> set[str]:
    """Return what a module destructures from one of the UI's globals."""
    taken = re.findall(rf"const \{{([^}}]*)\}} = globalThis\.{library};", text)
    return {name.partition(":")[0].strip() for each in taken for name in each.split(",") if name.strip()}


def names_offered(library: str) -> set[str]:
    """Return what the UI's bundle puts on one of its globals."""
    (variable,) = re.findall(rf"Reflect\.set\(globalThis,`{library}`,([\w$.]+)\)", BUNDLE)
    if library == "React":  # a CommonJS module: its exports are assigned one by one
        return set(re.findall(r"\be\.(\w+)=", BUNDLE))
    (exports,) = re.findall(rf"[,; ]{re.escape(variable)}=\w+\(\{{(.*?)\}}\)", BUNDLE)
    return set(re.findall(r"(\w+):\(\)=>", exports))
