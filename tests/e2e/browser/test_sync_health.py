"""A person on call at the pages Sync health and Exports: what is fine, what is not, and what to do about it.

A real Airflow, a real browser, and a strict stand-in for Exact Online.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from exactsync.demo.stack import Stack
from tests.e2e.browser.administrator import Administrator
from tests.e2e.browser.payables import fill
from tests.e2e.browser.trouble import BE, FR, NL, cause_trouble
from tests.e2e.warehouse import execute

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator

HOSTILE = "<img src=x onerror='globalThis.wasTakenIn = 1'>"
MANY = f"""
    INSERT INTO exactsync.integration_divisions (integration, division, name, country, region, is_chosen)
    SELECT 'exact_online_default', number, 'Company ' || number, 'NL', 'nl', true FROM generate_series(1, 47) AS number;
    UPDATE exactsync.integration_divisions SET name = $${HOSTILE}$$ WHERE division = 1
"""
FEW = ("suppliers", "vat_codes")
MOST_TO_DRAW_S = 5.0


@pytest.fixture
def stack(chromium: Browser, tmp_path: Path) -> Iterator[Stack]:
    """A stack in which everything is connected; a browser must be there first."""
    with Stack(tmp_path / "stack") as running:
        running.wait_until_ready()
        yield running


@pytest.fixture
def person(chromium: Browser, stack: Stack, tmp_path: Path) -> Iterator[Administrator]:
    """A person on call."""
    page = chromium.new_page()
    yield Administrator(page, airflow=stack.airflow.public_url, connection="exact_online_default")
    page.screenshot(path=tmp_path / "last.png", full_page=True)
    page.close()


@pytest.mark.timeout(600)
def test_a_person_on_call_sees_what_is_wrong_and_where_to_look(
    stack: Stack, on_call: Any, exact: Any, person: Administrator
) -> None:
    finds_the_page_before_anything_was_read(person)
    cause_trouble(stack, on_call, exact, entities=FEW)
    sees_healthy_degraded_and_failed_data_sets(person)
    follows_a_cell_to_its_task(person)
    looks_at_problems_only(person)
    sees_calls_and_changes(person)
    reads_it_on_a_phone_and_in_the_dark(person)
    is_not_kept_waiting_by_fifty_companies(person, stack)
    finds_exports_before_there_are_any(person)
    finds_a_payable_among_many(person, stack)
    decides_about_a_payable_and_finds_it_kept(person)
    reads_exports_on_a_phone_and_in_the_dark(person)
    assert person.accidents == []


def finds_the_page_before_anything_was_read(person: Administrator) -> None:
    person.log_in()
    person.page.get_by_role("link", name="Sync health").first.click()
    person.reads_heading("Sync health")
    person.reads("3 companies", "waiting", "never read", "Nothing has changed within the last 14 days.")
    assert person.obstacles() == []


def sees_healthy_degraded_and_failed_data_sets(person: Administrator) -> None:
    expect(cell(person, BE, "VAT codes")).to_contain_text("Failed")  # the page refreshes itself
    expect(cell(person, FR, "Suppliers")).to_contain_text("Degraded")
    expect(cell(person, NL, "Suppliers")).to_contain_text("2 records in quarantine")
    expect(cell(person, NL, "VAT codes")).to_contain_text(re.compile("Healthy.*(just now|ago).*[0-9]+ rows"))
    person.reads("docs/runbook/company-refused.md", "docs/runbook/call-budget.md#day", "docs/runbook/quarantine.md")
    assert person.obstacles() == []


def follows_a_cell_to_its_task(person: Administrator) -> None:
    failed = cell(person, BE, "VAT codes").get_by_role("link")
    expect(failed).to_have_accessible_name("Failed: VAT codes, 1000002 · Demo Belgium. Open its task")
    failed.click()
    person.page.wait_for_url(re.compile("/dags/exact_online_sync/runs/.+/tasks/vat_codes/mapped/1"))
    person.page.go_back()
    person.reads_heading("Sync health")


def looks_at_problems_only(person: Administrator) -> None:
    page = person.page
    find(person, "belgium")
    person.reads("1 company,")
    find(person, "")
    page.get_by_text("Only problems").click()
    page.wait_for_url(re.compile("problems="))
    page.reload()
    person.reads_heading("Sync health")
    expect(page.get_by_role("checkbox", name="Only problems")).to_be_checked()
    expect(cell(person, BE, "VAT codes")).to_contain_text("Failed")
    expect(page.get_by_role("columnheader", name="Chart of accounts")).to_have_count(0)
    page.get_by_text("Only problems").click()


def sees_calls_and_changes(person: Administrator) -> None:
    used_up = person.page.get_by_role("meter", name=f"Calls today, {FR} · Demo France")
    expect(used_up).to_have_attribute("aria-valuetext", "5,000 of 5,000, used up for syncs")
    expect(person.page.get_by_role("img", name=re.compile("^Inserted: [0-9,]+ rows"))).to_be_visible()
    person.page.get_by_text("The same in numbers").click()
    expect(person.page.get_by_role("table", name="Rows changed by day").get_by_role("row")).to_have_count(15)
    assert person.obstacles() == []


def reads_it_on_a_phone_and_in_the_dark(person: Administrator) -> None:
    page, was = person.page, person.page.viewport_size
    assert was
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(cell(person, BE, "VAT codes")).to_contain_text("Failed")
    assert person.fits()
    assert person.obstacles() == []
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(was)


def is_not_kept_waiting_by_fifty_companies(person: Administrator, stack: Stack) -> None:
    execute(stack, MANY)
    person.page.reload()
    person.reads_heading("Sync health")
    person.reads("50 companies", HOSTILE)
    assert person.page.evaluate("globalThis.wasTakenIn") is None
    began = time.monotonic()
    find(person, "Company 46")
    person.reads("1 company,")
    find(person, "")
    person.reads("50 companies")
    assert time.monotonic() - began < MOST_TO_DRAW_S


def finds_exports_before_there_are_any(person: Administrator) -> None:
    person.page.get_by_role("link", name="Exports").first.click()
    person.reads_heading("Exports")
    person.reads("Nothing to export yet", "Say where payables come from")
    assert person.obstacles() == []


def finds_a_payable_among_many(person: Administrator, stack: Stack) -> None:
    page = person.page
    fill(stack, newcomer=HOSTILE)
    page.reload()
    person.reads("1 to 50 of 131 payables", "1 payable was edited too late.")
    person.press("Next")
    person.reads("51 to 100 of 131 payables")
    page.get_by_role("searchbox").fill("onerror")
    person.reads("1 to 1 of 1 payable", f"Supplier {HOSTILE} is not at Exact")
    assert page.evaluate("globalThis.wasTakenIn") is None
    page.get_by_role("searchbox").fill("")
    page.get_by_role("button", name="Failed").click()
    person.reads("1 to 2 of 2 payables", "Het dagboek 60 is geblokkeerd")
    page.go_back()
    page.go_forward()
    expect(page.get_by_role("button", name="Failed")).to_have_attribute("aria-pressed", "true")
    assert person.obstacles() == []


def decides_about_a_payable_and_finds_it_kept(person: Administrator) -> None:
    page = person.page
    page.get_by_role("button", name="Send back: Stroom & Co").click()
    dialog = page.get_by_role("alertdialog")
    dialog.get_by_role("button", name="Send back").click()
    expect(dialog).to_contain_text("Say why.")
    dialog.get_by_role("textbox").fill("It is somebody else's.")
    assert person.obstacles() == []
    dialog.get_by_role("button", name="Send back").click()
    person.reads("1 to 1 of 1 payable")
    page.get_by_role("button", name="Failed").click()
    page.get_by_role("button", name="Sent back").click()
    person.reads("1 to 2 of 2 payables")
    page.get_by_label("More: Stroom & Co").first.click()  # the latest change comes first
    person.reads("Failed → Sent back", "It is somebody else's.")
    expect(page.get_by_role("link", name="a task of Airflow").first).to_have_attribute("href", re.compile("/runs/"))


def reads_exports_on_a_phone_and_in_the_dark(person: Administrator) -> None:
    person.page.emulate_media(color_scheme="dark")
    person.page.set_viewport_size({"width": 390, "height": 844})
    person.reads("Failed → Sent back")
    assert person.fits()
    assert person.obstacles() == []


def find(person: Administrator, company: str) -> None:
    """Look for a company by its name."""
    person.page.get_by_role("searchbox", name="Company").fill(company)


def cell(person: Administrator, division: int, column: str) -> Locator:
    """Return the cell of a company and an entity."""
    grid = person.page.get_by_role("table", name="How each data set stands")
    expect(grid).to_be_visible()
    number = grid.get_by_role("columnheader").all_inner_texts().index(column)
    return grid.get_by_role("row", name=re.compile(f"^{division} ")).get_by_role("cell").nth(number - 1)
