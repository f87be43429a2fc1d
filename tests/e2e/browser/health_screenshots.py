"""Make the pictures of the page Sync health in docs/images: `python -m tests.e2e.browser.health_screenshots`.

In both themes, from a stack in which not everything is fine. Takes about five minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from exactsync.demo.processes import exit_on_signals
from exactsync.demo.stack import Stack
from tests.e2e.browser.administrator import Administrator
from tests.e2e.browser.chromium import launch_chromium
from tests.e2e.browser.screenshots import Photographer
from tests.e2e.browser.trouble import cause_trouble, spread_changes
from tests.e2e.conftest import Exact, OnCall

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOLDER: Final = Path("var/health-screenshots")
WIDE, DESKTOP, PHONE = (1840, 860), (1000, 860), (390, 900)


def photograph(page: Page, stack: Stack) -> None:
    """Open the page, and take a picture of each part of it."""
    person = Administrator(page, airflow=stack.airflow.public_url, connection="exact_online_default")
    photographer = Photographer(page, subject="sync-health")
    person.log_in()
    page.get_by_role("link", name="Sync health").first.click()
    person.reads("2 records in quarantine")
    photographer.take("1-grid", size=WIDE)
    page.get_by_text("Only problems").click()
    photographer.take("2-problems-phone", size=PHONE, themes=["dark"])
    page.get_by_text("Only problems").click()
    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    for name, part in (("2-problems", "Problems"), ("3-changes", "Rows changed"), ("4-calls", "Calls")):
        photographer.take_part(name, page.get_by_role("region", name=part, exact=True))


def main() -> int:
    """Start a stack, cause trouble, take the pictures, stop it."""
    exit_on_signals()
    with launch_chromium() as chromium, Stack(FOLDER) as stack:
        stack.wait_until_ready()
        cause_trouble(stack, OnCall(stack), Exact(stack.exact_url))
        spread_changes(stack)
        page = chromium.new_page()
        photograph(page, stack)
        page.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
