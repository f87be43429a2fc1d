"""Make the pictures of the page Exports in docs/images: `python -m tests.e2e.browser.export_screenshots`.

In both themes, from a stack with payables in every state. Takes about a minute.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from exactsync.demo.processes import exit_on_signals
from exactsync.demo.stack import Stack
from tests.e2e.browser.administrator import Administrator
from tests.e2e.browser.chromium import launch_chromium
from tests.e2e.browser.payables import fill
from tests.e2e.browser.screenshots import Photographer

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOLDER: Final = Path("var/export-screenshots")
WIDE, TALL, PHONE = (1440, 1000), (1120, 1000), (390, 1000)


def photograph(page: Page, stack: Stack) -> None:
    """Open the page, and take a picture of each part of it."""
    person = Administrator(page, airflow=stack.airflow.public_url, connection="exact_online_default")
    photographer = Photographer(page, subject="exports")
    person.log_in()
    page.get_by_role("link", name="Exports").first.click()
    person.reads_heading("Exports")
    photographer.take("0-empty", size=(1000, 560), themes=["light"])
    fill(stack)
    page.reload()
    person.reads("1 to 50 of 131 payables")
    photographer.take("1-totals", size=WIDE)
    payables = page.get_by_role("region", name="Payables", exact=True)
    page.get_by_role("button", name="Failed").click()
    person.reads("1 to 2 of 2 payables")
    page.get_by_label("More: Meubelmakers").click()
    person.reads("It was received.")
    page.set_viewport_size({"width": TALL[0], "height": TALL[1]})
    photographer.take_part("2-payables", payables)
    page.get_by_role("button", name="Mark as exported: Meubelmakers").click()
    photographer.take("3-decision", size=(1000, 760))
    person.press("Cancel")
    for state in ("Failed", "In doubt"):
        page.get_by_role("button", name=state).click()
    person.reads("1 to 2 of 2 payables", "Look for the reference")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    photographer.take_part("4-phone", payables)


def main() -> int:
    """Start a stack, take the pictures, stop it."""
    exit_on_signals()
    with launch_chromium() as chromium, Stack(FOLDER) as stack:
        stack.wait_until_ready()
        page = chromium.new_page()
        photograph(page, stack)
        page.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
