"""A finance administrator in front of a browser: does what the page Accounting setup offers, and reads what it says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from exactsync.demo.airflow import LOGIN, PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Response

PATIENCE_MS: Final = 180_000
"""How long a sync may take on a machine that is busy with other tests."""
MOST_TABS: Final = 40
expect.set_options(timeout=PATIENCE_MS)


class Administrator:
    """One person at one tab.

    Args:
        page: The tab.
        airflow: Where the person reaches Airflow, without a slash at the end.
        connection: What the person calls the connection.
    """

    def __init__(self, page: Page, *, airflow: str, connection: str) -> None:
        self.page = page
        self.connection = connection
        self.accidents: list[str] = []
        """Errors of scripts, and refusals of our own API: nothing a person should meet on their way."""
        self._airflow = airflow
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.accidents.append(str(error)))
        page.on("response", self._note_refusal)

    # -- where to go

    def log_in(self) -> None:
        self.page.goto(f"{self._airflow}/")
        self.page.get_by_label("Username").fill(LOGIN)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.press("Sign in")

    def open_setup(self) -> None:
        """Go there by Airflow's own navigation."""
        self.page.get_by_role("link", name="Accounting setup").first.click()
        self.reads_heading("Accounting setup")

    def open_connection(self) -> None:
        """Go to the connection's page, from wherever one is."""
        self.open_setup()
        self.page.get_by_role("link", name=self.connection, exact=True).click()
        self.reads_heading(self.connection)

    # -- what to do

    def press(self, name: str) -> None:
        self.button(name).click()

    def act(self, action: str) -> None:
        """Press one of the connection's actions."""
        self.press(self.action(action))

    def choose(self, name: str) -> None:
        """Choose one of several."""
        self.page.get_by_text(name, exact=True).click()

    def tick(self, *names: str) -> None:
        for name in names:
            self.page.get_by_text(name, exact=True).click()
            expect(self.page.get_by_role("checkbox", name=name)).to_be_checked()

    def map(self, line: str, word: str, choice: str) -> None:
        """Choose what a line of the mapping of payables is at Exact, after looking for it by a word."""
        self.press(f"Choose: {line}")
        self.page.get_by_role("searchbox", name="Find a").fill(word)
        self.press(choice)
        expect(self.button(f"Change: {line}")).to_be_visible()

    def answer_exact(self, decision: str) -> str:
        """Press Allow or Deny at Exact's consent page, and return the address that Exact led back to."""
        expect(self.page.get_by_role("heading", name=re.compile("wants to use Exact Online"))).to_be_visible()
        with self.page.expect_request(re.compile("/oauth/callback")) as callback:
            self.press(decision)
        self.page.wait_for_url(re.compile(re.escape(f"{self._airflow}/plugin/accounting-setup")))
        return callback.value.url

    # -- what is there

    @property
    def view(self) -> Locator:
        """The page itself, without Airflow's navigation."""
        return self.page.get_by_role("main")

    @property
    def last_run(self) -> Locator:
        """The link to the run that has ended; while one is under way, the link has another name."""
        return self.page.get_by_role("link", name="Last run in Airflow")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def action(self, name: str) -> str:
        """Return what an action is called for those who listen: it says which connection it is for."""
        return f"{name}: {self.connection}"

    def reads(self, *texts: str) -> None:
        for text in texts:
            expect(self.view).to_contain_text(text)

    def reads_heading(self, text: str) -> None:
        expect(self.page.get_by_role("heading", name=text, level=1, exact=True)).to_be_visible()

    def reads_state(self, state: str) -> None:
        """Wait until the connection's page says a state beside its name."""
        heading = self.page.get_by_role("heading", name=self.connection, level=1)
        expect(heading.locator("xpath=following-sibling::*[1]")).to_have_text(state)

    def obstacles(self) -> list[str]:
        """Return what would keep people who see or hear little from using what is shown, by axe-core's rules."""
        found = Axe().run(self.page, context="main").response["violations"]
        return [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]

    def fits(self) -> bool:
        """Tell whether nothing has to be scrolled sideways to be read."""
        return bool(self.view.evaluate("main => main.scrollWidth <= main.clientWidth"))

    def _note_refusal(self, response: Response) -> None:
        if "/exactsync/" in response.url and response.status >= 400:
            self.accidents.append(f"{response.status} {response.url.partition('?')[0]}")


class Keyboard:
    """The keyboard alone."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def press(self, control: Locator, key: str = "Enter") -> None:
        """Go to a control by the Tab key, and press a key on it."""
        expect(control).to_be_attached()
        for _ in range(MOST_TABS):
            if control.evaluate("element => element === document.activeElement"):
                self._page.keyboard.press(key)
                return
            self._page.keyboard.press("Tab")
        raise AssertionError(f"The Tab key does not lead to {control}.")

    def type(self, control: Locator, text: str) -> None:
        """Replace what stands in a field."""
        self.press(control, "Control+A")
        self._page.keyboard.type(text)
