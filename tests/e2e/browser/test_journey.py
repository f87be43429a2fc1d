"""The administrator's journey: from an Airflow in which nothing is connected, to a connection that was lost and mended.

A real Airflow behind a reverse proxy, a real browser, and a strict stand-in for Exact Online.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from exactsync.demo.simulated_exact import SimulatedExact
from exactsync.entities import entities
from exactsync.entity import Feed
from tests.e2e.browser.administrator import Administrator, Keyboard
from tests.e2e.browser.grants import revoke_grants
from tests.e2e.browser.spending import HOSTILE, SOURCE, spend
from tests.e2e.warehouse import live_rows, query

if TYPE_CHECKING:
    from exactsync.demo.stack import Stack
    from tests.e2e.browser.proxy import ReverseProxy

NL, BE, LATE = 1000001, 1000002, 1000004
COMPANIES = ("1000001 · Demo Holding", "1000002 · Demo Belgium")
NOT_CHOSEN = "1000003 · Demo France"
ACTIVE = [entity for entity in entities().values() if entity.axis in (None, "cost_units")]
PURCHASES = "60 · Inkoopboek"
HELD_S = 8
"""How long Exact keeps one page back, so that the page shows a sync under way."""


@pytest.mark.timeout(900)
def test_an_administrator_connects_exact_online_and_mends_it(
    stack: Stack, proxy: ReverseProxy, exact: Any, administrator: Administrator
) -> None:
    finds_the_page_and_switches_to_exact_online(administrator)
    connects_without_a_mouse(administrator, stack)
    says_no_and_then_yes_at_exact(administrator)
    chooses_two_of_three_companies(administrator, exact)
    watches_the_first_sync(administrator, stack)
    assert exact.read("violations") == []
    maps_what_payables_name(administrator, stack)
    finds_a_company_that_was_permitted_meanwhile(administrator, exact)
    reads_it_all_on_a_phone_and_in_the_dark(administrator)
    before = what_is_there(stack)
    is_asked_to_reconnect_once_the_grant_is_revoked(administrator, stack, exact)
    reconnects_and_goes_on_where_it_stopped(administrator, stack, exact)
    assert what_is_there(stack) == before
    disconnects_and_keeps_the_data(administrator, stack)
    removes_it_and_finds_it_in_the_history(administrator, stack)
    assert administrator.accidents == []
    assert proxy.strays == []


def finds_the_page_and_switches_to_exact_online(administrator: Administrator) -> None:
    administrator.log_in()
    administrator.open_setup()
    administrator.reads("Not chosen yet", "No connection yet")
    assert administrator.obstacles() == []
    administrator.press("Switch integration")
    administrator.reads_heading("Switch integration")
    administrator.press("Continue")
    administrator.reads("Payables that are not exported yet must be prepared again")
    assert administrator.obstacles() == []
    administrator.press("Switch to Exact Online")
    administrator.reads_heading("Before you start")


def connects_without_a_mouse(administrator: Administrator, stack: Stack) -> None:
    keyboard, page = Keyboard(administrator.page), administrator.page
    keyboard.press(administrator.button("Continue"))
    administrator.reads_heading("Region")
    keyboard.press(page.get_by_role("radio", name="Netherlands"), "ArrowRight")
    administrator.reads("No app for Belgium is ready", stack.redirect_uri)
    keyboard.press(page.get_by_role("radio", name="Belgium"), "ArrowLeft")
    assert administrator.obstacles() == []
    keyboard.press(administrator.button("Continue"))
    administrator.reads_heading("Name and axes")
    keyboard.type(page.get_by_label("Name"), administrator.connection)
    keyboard.press(page.get_by_role("checkbox", name="Cost units"), "Space")
    assert administrator.obstacles() == []
    keyboard.press(administrator.button("Continue"))
    administrator.reads_heading("Authorise")


def says_no_and_then_yes_at_exact(administrator: Administrator) -> None:
    administrator.press("Authorise at Exact Online")
    administrator.answer_exact("Deny")
    administrator.reads("Exact Online was not given your permission.", "Authorise again")
    assert administrator.obstacles() == []
    administrator.press("Authorise at Exact Online")
    callback = administrator.answer_exact("Allow")
    administrator.reads_heading("Companies")
    administrator.page.goto(callback)
    administrator.reads("This login at Exact Online was used already.")


def chooses_two_of_three_companies(administrator: Administrator, exact: Any) -> None:
    administrator.open_setup()
    administrator.act("Choose companies")
    administrator.tick(*COMPANIES)
    expect(administrator.page.get_by_role("checkbox", name=NOT_CHOSEN)).not_to_be_checked()
    assert administrator.obstacles() == []
    exact.plant("slow", "sync/Financial/GLAccounts", division=NL, parameters={"seconds": HELD_S}, occurrences=[2])
    administrator.press("Start the first sync")


def watches_the_first_sync(administrator: Administrator, stack: Stack) -> None:
    administrator.reads_heading(administrator.connection)
    administrator.reads_state("Initial sync")
    accounts = administrator.page.get_by_role("row", name="Chart of accounts Running 1,000 so far")
    expect(accounts).to_be_visible()
    assert administrator.obstacles() == []
    administrator.reads_state("Healthy")
    expect(administrator.last_run).to_be_visible()
    expect(administrator.page.get_by_role("row", name="Chart of accounts Done 1,150")).to_be_visible()
    exact = SimulatedExact(stack.exact_url)
    for entity in ACTIVE:
        truth = {company: len(exact.keys(company, entity)) for company in (NL, BE)}
        assert live_rows(stack, entity.name) == truth
    assert live_rows(stack, "cost_centers") == {}


def maps_what_payables_name(administrator: Administrator, stack: Stack) -> None:
    page = administrator.page
    administrator.open_setup()
    page.get_by_role("link", name="Payables", exact=True).click()
    administrator.press("Set up a source")
    expect(page.get_by_label("Company")).to_have_value(f"{NL} / {administrator.connection}")
    assert administrator.obstacles() == []
    administrator.press("Save")
    administrator.reads_heading(f"Mapping of {SOURCE}")
    spend(stack)
    page.reload()
    administrator.reads("Not mapped", "Named by 12 payables", HOSTILE, "'reciept' is no kind of payable")
    administrator.reads("99999 is not known in this company", "matched by VAT number, set by export")
    administrator.map("Invoice (journal)", "inkoop", PURCHASES)
    administrator.reads(f"→ {PURCHASES}", "Named by 12 payables, set by admin,")
    assert query(stack, "SELECT target, set_by FROM exactsync.payable_mappings WHERE key = 'invoice'") == [
        ("60", "admin")
    ]
    administrator.press("Forget: reciept (journal)")
    expect(administrator.view).not_to_contain_text("'reciept' is no kind of payable")
    is_readable_on_a_phone_and_in_the_dark(administrator, f"Mapping of {SOURCE}")
    assert page.evaluate("globalThis.wasTakenIn") is None
    administrator.open_connection()


def is_readable_on_a_phone_and_in_the_dark(administrator: Administrator, heading: str) -> None:
    page, was = administrator.page, administrator.page.viewport_size
    assert was
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 844})
    is_readable(administrator, heading)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(was)


def finds_a_company_that_was_permitted_meanwhile(administrator: Administrator, exact: Any) -> None:
    renamed = {"division": 0, "entity_set": "Divisions", "key": LATE, "values": {"Description": HOSTILE}}
    exact.change("changes", changes=[{"kind": "update", **renamed}])
    exact.change(f"divisions/{LATE}", permitted=True)
    administrator.act("Change companies")
    administrator.reads(NOT_CHOSEN)
    expect(administrator.view).not_to_contain_text(str(LATE))
    administrator.page.get_by_text("My company is not in the list").click()
    administrator.reads("Permitted companies")
    administrator.press("Load the list again")
    administrator.reads(f"{LATE} · {HOSTILE}")
    assert administrator.page.evaluate("globalThis.wasTakenIn") is None
    administrator.press("Cancel")


def reads_it_all_on_a_phone_and_in_the_dark(administrator: Administrator) -> None:
    page, was = administrator.page, administrator.page.viewport_size
    assert was
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 844})
    is_readable(administrator, administrator.connection)
    for action, heading in (("Change companies", "Companies of"), ("Change axes", "Axes of")):
        administrator.act(action)
        is_readable(administrator, f"{heading} {administrator.connection}")
        administrator.press("Cancel")
    page.get_by_role("link", name="History").click()
    is_readable(administrator, f"History of {administrator.connection}")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(was)


def is_readable(administrator: Administrator, heading: str) -> None:
    administrator.reads_heading(heading)
    assert administrator.fits()
    assert administrator.obstacles() == []


def is_asked_to_reconnect_once_the_grant_is_revoked(administrator: Administrator, stack: Stack, exact: Any) -> None:
    administrator.open_connection()
    revoke_grants(stack, exact)
    administrator.act("Sync now")
    administrator.reads_state("Reconnect needed")
    administrator.reads("Exact no longer accepts the authorisation", "companies, axes and data are kept", "(failed)")
    administrator.reads("As it was last read:")
    expect(administrator.last_run).to_be_visible()
    expect(administrator.button(administrator.action("Sync now"))).to_have_count(0)
    assert administrator.obstacles() == []


def reconnects_and_goes_on_where_it_stopped(administrator: Administrator, stack: Stack, exact: Any) -> None:
    failed_run = administrator.last_run.get_attribute("href")
    assert failed_run
    exact.change("journal/clear")
    administrator.act("Reconnect")
    administrator.reads(*COMPANIES, "Cost units")
    administrator.press("Authorise at Exact Online")
    administrator.answer_exact("Allow")
    administrator.reads_state("Healthy")
    expect(administrator.last_run).to_be_visible()
    expect(administrator.last_run).not_to_have_attribute("href", failed_run)
    data_sets = len(COMPANIES) * len(ACTIVE)
    administrator.reads(f"{data_sets} of {data_sets} data sets done")
    made = SimulatedExact(stack.exact_url).calls()
    followed = [*(entity.endpoint for entity in ACTIVE if entity.feed is Feed.SYNC), "sync/Deleted"]
    assert {(company, endpoint): made[company, endpoint] for company in (NL, BE) for endpoint in followed} == {
        (company, endpoint): 1 for company in (NL, BE) for endpoint in followed
    }
    assert exact.read("violations") == []


def disconnects_and_keeps_the_data(administrator: Administrator, stack: Stack) -> None:
    before = live_rows(stack, "gl_accounts")
    administrator.act("Disconnect")
    expect(administrator.page.get_by_role("alertdialog")).to_contain_text("All data synced so far is kept")
    administrator.press("Disconnect")
    administrator.reads_state("Disconnected")
    assert live_rows(stack, "gl_accounts") == before
    administrator.page.get_by_role("link", name="History").click()
    administrator.reads("Set up", "Authorisation ended", "Authorised at Exact Online", "Disconnected", "by admin")


def removes_it_and_finds_it_in_the_history(administrator: Administrator, stack: Stack) -> None:
    before, keyboard = live_rows(stack, "gl_accounts"), Keyboard(administrator.page)
    administrator.open_setup()
    keyboard.press(administrator.button(administrator.action("Remove")))
    expect(administrator.page.get_by_role("alertdialog")).to_contain_text("kept in the warehouse")
    assert administrator.obstacles() == []
    keyboard.press(administrator.button("Remove"))
    administrator.reads("No connection yet")
    expect(administrator.page.get_by_role("heading", name="Accounting setup", level=1)).to_be_focused()
    assert live_rows(stack, "gl_accounts") == before
    history = json.loads(stack.exactsync("connections", "--history", administrator.connection, "--json"))
    assert [step["event"] for step in history[:2]] == ["removed", "disconnected"]


def what_is_there(stack: Stack) -> dict[str, Any]:
    """What a reconnect must not lose: the settings, every row, and how far each data set has been read."""
    (connection,) = json.loads(stack.exactsync("connections", "--json"))
    progress = "SELECT division, entity, watermark FROM exactsync.sync_state WHERE entity <> 'deletions'"
    return {
        "settings": {key: connection[key] for key in ("name", "axes", "companies")},
        "rows": {entity.name: live_rows(stack, entity.name) for entity in ACTIVE},
        "progress": sorted(query(stack, progress)),
    }
