"""Make the pictures of a run, and of the page Sync health, in docs/images: `python -m
tests.e2e.browser.health_screenshots`.

The page in both themes, from a stack in which not everything is fine. Takes about six minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from exactsync.demo.processes import exit_on_signals
from exactsync.demo.stack import DAG_ID, Stack
from tests.e2e.browser.administrator import Administrator
from tests.e2e.browser.chromium import launch_chromium
from tests.e2e.browser.screenshots import PICTURES, Photographer
from tests.e2e.browser.trouble import cause_trouble, drift_and_double, spread_changes
from tests.e2e.conftest import Exact, OnCall

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOLDER: Final = Path("var/health-screenshots")
WIDE, DESKTOP, PHONE = (1840, 960), (1000, 860), (390, 900)
RUN: Final = (1600, 1000)
SETTLED_MS: Final = 3_000
"""Until a graph has found its layout."""


def photograph_run(page: Page, stack: Stack, run_id: str) -> None:
    """Take a picture of a run as Airflow shows it: its graph, and its grid."""
    page.set_viewport_size({"width": RUN[0], "height": RUN[1]})
    page.goto(f"{stack.airflow.public_url}/dags/{DAG_ID}/runs/{quote(run_id)}/tasks/gl_accounts/mapped")
    page.get_by_label("Show Graph").click()
    page.get_by_text("supplier_bank_accounts").first.wait_for()
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=PICTURES / "graph.png")
    page.goto(f"{stack.airflow.public_url}/dags/{DAG_ID}/runs/{quote(run_id)}")
    page.get_by_label("Show Grid").click()
    page.get_by_text("supplier_bank_accounts").first.wait_for()
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=PICTURES / "grid.png")


def photograph(person: Administrator) -> None:
    """Open the page, and take a picture of each part of it."""
    page = person.page
    photographer = Photographer(page, subject="sync-health")
    page.get_by_role("link", name="Sync health").first.click()
    person.reads("2 records in quarantine")
    photographer.take("1-grid", size=WIDE)
    page.get_by_text("Only problems").click()
    photographer.take("2-problems-phone", size=PHONE)
    page.get_by_text("Only problems").click()
    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    for name, part in (("2-problems", "Problems"), ("3-changes", "Rows changed"), ("4-calls", "Calls")):
        photographer.take_part(name, page.get_by_role("region", name=part, exact=True))


def main() -> int:
    """Start a stack, cause trouble, take the pictures, stop it."""
    exit_on_signals()
    with launch_chromium() as chromium, Stack(FOLDER) as stack:
        stack.wait_until_ready()
        on_call, exact = OnCall(stack), Exact(stack.exact_url)
        page = chromium.new_page()
        person = Administrator(page, airflow=stack.airflow.public_url, connection="exact_online_default")
        person.log_in()
        photograph_run(page, stack, on_call.run())
        cause_trouble(stack, on_call, exact)
        drift_and_double(stack, on_call, exact)
        spread_changes(stack)
        photograph(person)
        page.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
