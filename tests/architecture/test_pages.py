"""Every page of the documentation: its links and pictures lead somewhere, and the commands that it shows exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from exactsync.__main__ import _parser

ROOT = Path(__file__).resolve().parents[2]
PAGES = {str(page.relative_to(ROOT)): page for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]}
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
COMMANDS = next(action.choices for action in _parser()._actions if isinstance(action.choices, dict))
MAKES = re.compile(r"(?:`|^\s*|&& )make ([a-z0-9-]+)(?=[`\s]*(?:$|[#&|`]|[A-Z]+=))", re.MULTILINE)
TARGETS = set(re.findall(r"^([a-z0-9-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def anchors(page: Path) -> set[str]:
    """Return what GitHub makes of a page's headings, and the anchors it sets itself."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'id="([^"]+)"', page.read_text()))


def test_there_are_pages() -> None:
    assert {"README.md", "docs/design.md", "docs/operations/backup.md"} <= set(PAGES)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_its_links_lead_somewhere(name: str) -> None:
    page = PAGES[name]
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        path, _, anchor = link.partition("#")
        if "://" not in link:
            target = (page.parent / path).resolve() if path else page
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_commands_it_shows_exist(name: str) -> None:
    text = PAGES[name].read_text()
    assert set(MAKES.findall(text)) <= TARGETS
    assert set(re.findall(r"(?:-m |with-secrets |`)exactsync ([a-z-]+)", text)) <= set(COMMANDS)
    services = re.findall(r"docker compose (?:exec|run|stop|up|build) (?:-T |--\S+(?: 900)? )*([a-z-]+)", text)
    assert set(services) <= set(COMPOSE["services"])


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_options_it_shows_exist(name: str) -> None:
    shown = re.findall(r"(?:-m |with-secrets |`)exactsync ([a-z-]+)((?: [^`\n]+)?)", PAGES[name].read_text())
    for command, rest in shown:
        known = {option for action in COMMANDS[command]._actions for option in action.option_strings}
        assert set(re.findall(r"(?<=\s)--[a-z-]+", rest)) <= known, rest
