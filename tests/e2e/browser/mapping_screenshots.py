"""Make the pictures of the mapping of payables in docs/images: `python -m tests.e2e.browser.mapping_screenshots`.

In both themes, from a stack whose companies are synced. Takes about five minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from exactsync.demo.processes import exit_on_signals
from exactsync.demo.stack import Stack
from tests.e2e.browser.administrator import Administrator
from tests.e2e.browser.chromium import launch_chromium
from tests.e2e.browser.screenshots import NL, Photographer
from tests.e2e.browser.spending import SOURCE, spend

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOLDER: Final = Path("var/mapping-screenshots")
HIGH, PHONE = (1120, 1080), (390, 900)


def photograph(page: Page, stack: Stack) -> None:
    """Set a source up, map what its payables name, and take a picture at each step."""
    person = Administrator(page, airflow=stack.airflow.public_url, connection="exact_online_default")
    photographer = Photographer(page, subject="mapping")
    person.log_in()
    person.open_setup()
    page.get_by_role("link", name="Payables", exact=True).click()
    person.press("Set up a source")
    page.get_by_label("Cut-over date").fill("2026-01-01")
    photographer.take("1-source", size=HIGH)
    person.press("Save")
    person.reads_heading(f"Mapping of {SOURCE}")
    spend(stack, stranger="Stichting Onbekend")
    page.reload()
    person.map("Invoice (journal)", "inkoop", "60 · Inkoopboek")
    photographer.take("2-mapping", size=HIGH)
    photographer.take("2-mapping-phone", size=PHONE, themes=["dark"])
    page.set_viewport_size({"width": HIGH[0], "height": HIGH[1]})
    person.press("Choose: 6251 (account)")
    page.get_by_role("searchbox", name="Find a G/L account").fill("reis")
    person.button("4400 · Reis- en verblijfkosten").wait_for()
    photographer.take_part("3-choose", page.get_by_role("region", name="Expense accounts", exact=True))
    photographer.take_part("4-suppliers", page.get_by_role("region", name="Suppliers", exact=True))
    page.get_by_text("Latest changes", exact=True).click()
    changes = page.locator("details", has_text="Latest changes")
    changes.get_by_role("listitem").first.wait_for()
    photographer.take_part("5-changes", changes)


def main() -> int:
    """Start a stack, sync it, take the pictures, stop it."""
    exit_on_signals()
    with launch_chromium() as chromium, Stack(FOLDER) as stack:
        stack.wait_until_ready()
        stack.exactsync("sync", "--division", str(NL))
        page = chromium.new_page()
        photograph(page, stack)
        page.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
