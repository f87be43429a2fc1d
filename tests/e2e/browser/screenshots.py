"""Make the pictures of the page Accounting setup in docs/images: `python -m tests.e2e.browser.screenshots`.

Each step in both themes, from a stack as `make up` starts it. Takes about two minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from exactsync.demo.processes import exit_on_signals
from exactsync.demo.stack import ROOT, Stack
from tests.e2e.browser.administrator import Administrator
from tests.e2e.browser.chromium import launch_chromium
from tests.e2e.browser.grants import revoke_grants
from tests.e2e.conftest import Exact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Locator, Page

FOLDER: Final = Path("var/screenshots")
PICTURES: Final = ROOT / "docs" / "images"
THEMES: Final = ("light", "dark")
DESKTOP, LOW, HIGH, PHONE = (1120, 720), (1120, 690), (1120, 1080), (390, 760)
MOST_BYTES: Final = 200_000
HELD_S: Final = 30
"""How long Exact keeps one page back, so that the first sync can be seen at work."""
NL: Final = 1000001
COMPANIES: Final = ("1000001 · Demo Holding", "1000002 · Demo Belgium")


class Photographer:
    """Takes pictures of what a person sees.

    Args:
        page: the tab.
        subject: what the names of the pictures begin with.
    """

    def __init__(self, page: Page, *, subject: str = "setup") -> None:
        self._page = page
        self._subject = subject

    def take(self, name: str, *, size: tuple[int, int] = DESKTOP, themes: Sequence[str] = THEMES) -> None:
        """Write `<subject>-<name>-<theme>.png`, from the top of the page."""
        width, height = size
        self._page.set_viewport_size({"width": width, "height": height})
        for theme in themes:
            self._page.mouse.move(width - 1, height - 1)
            self._page.evaluate("for (const element of document.querySelectorAll('*')) element.scrollTop = 0")
            self._take(self._page, name, theme)

    def take_part(self, name: str, part: Locator) -> None:
        """Write the same of a part of the page, in both themes."""
        for theme in THEMES:
            self._take(part, name, theme)

    def _take(self, subject: Page | Locator, name: str, theme: str) -> None:
        self._page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
        self._page.wait_for_timeout(600)  # until colours have faded over
        path = PICTURES / f"{self._subject}-{name}-{theme}.png"
        picture = subject.screenshot(path=path)
        assert len(picture) < MOST_BYTES, f"{path} has {len(picture)} bytes"


def photograph(administrator: Administrator, photographer: Photographer, stack: Stack) -> None:
    """Go the administrator's way and take a picture at each step."""
    exact = Exact(stack.exact_url)
    administrator.log_in()
    administrator.open_setup()
    administrator.press("Switch integration")
    administrator.press("Continue")
    photographer.take("1-switch")
    administrator.press("Switch to Exact Online")
    administrator.press("Continue")
    administrator.choose("Netherlands")
    photographer.take("2-region", size=LOW)
    administrator.press("Continue")
    administrator.tick("Cost centres", "Cost units")
    photographer.take("3-axes")
    administrator.press("Continue")
    administrator.reads_heading("Authorise")
    photographer.take("4-authorise", size=LOW)
    administrator.press("Authorise at Exact Online")
    administrator.answer_exact("Allow")
    administrator.tick(*COMPANIES)
    administrator.page.get_by_text("My company is not in the list").click()
    photographer.take("5-companies", size=HIGH)
    administrator.page.get_by_text("My company is not in the list").click()
    photographer.take("5-companies-phone", size=PHONE, themes=["light"])
    exact.plant("slow", "sync/Financial/GLAccounts", division=NL, parameters={"seconds": HELD_S}, occurrences=[2])
    administrator.press("Start the first sync")
    administrator.page.get_by_role("row", name="Chart of accounts Running 1,000 so far").wait_for()
    photographer.take("6-first-sync", size=HIGH)
    administrator.reads_state("Healthy")
    administrator.last_run.wait_for()
    administrator.open_setup()
    photographer.take("7-overview")
    photographer.take("7-overview-phone", size=PHONE, themes=["dark"])
    administrator.open_connection()
    revoke_grants(stack, exact)
    administrator.act("Sync now")
    administrator.reads_state("Reconnect needed")
    administrator.last_run.wait_for()
    photographer.take("8-reconnect")


def main() -> int:
    """Start a stack, take the pictures, stop it."""
    exit_on_signals()
    with launch_chromium() as chromium, Stack(FOLDER, connected=False) as stack:
        stack.wait_until_ready()
        page = chromium.new_page()
        administrator = Administrator(page, airflow=stack.airflow.public_url, connection="Exact Online NL")
        photograph(administrator, Photographer(page), stack)
        page.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
