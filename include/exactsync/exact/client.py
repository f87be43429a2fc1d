"""Exact Online's API: each call with a live token, within the shared budget, tried again where it only reads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, Self

import httpx

from exactsync.errors import ConfigurationError, DefectError, ExactSyncError
from exactsync.exact.calls import AccessTokenSource, Calls
from exactsync.exact.odata import Page, address, parse_count, parse_page, query
from exactsync.exact.quota import CallBudget, Ledger
from exactsync.exact.screens import is_screen
from exactsync.exact.transport import Timeouts
from exactsync.exact.writing import read_created, write_body
from exactsync.outbound import open_client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exactsync.budget import Purpose
    from exactsync.credentials import App
    from exactsync.exact.writing import Created

LEASE_MARGIN_S: Final = 20.0

DIVISION_PROPERTIES: Final = (
    "Code",
    "Description",
    "Country",
    "CustomerName",
    "Currency",
    "Legislation",
    "Status",
    "BlockingStatus",
    "Hid",
    "DivisionMoveDate",
    "DivisionHRLinkUnlinkDate",
)


class ExactClient:
    """One app's calls with one grant; may be used by several threads at once.

    Args:
        app: the app whose host is called.
        tokens: where access tokens come from.
        ledger: where all workers keep the call budget.
        transport: how to reach Exact, if not directly; it stays open when the client closes.
        http: an HTTP client that is open already, and stays so.
        patience_s: how long a call may wait for an exhausted window before QuotaExhaustedError.
        purpose: whose share of the day's calls is spent.
        timeouts: how long the steps of a call may take.
        sleep: how to wait.
    """

    def __init__(
        self,
        app: App,
        tokens: AccessTokenSource,
        ledger: Ledger,
        *,
        transport: httpx.BaseTransport | None = None,
        http: httpx.Client | None = None,
        patience_s: float = 0.0,
        purpose: Purpose = "sync",
        timeouts: Timeouts | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        timeouts = timeouts or Timeouts()
        budget = CallBudget(
            ledger,
            app.key,
            purpose=purpose,
            lease_s=timeouts.deadline_s + LEASE_MARGIN_S,
            patience_s=patience_s,
            sleep=sleep,
        )
        self.region = app.region
        self._screens = app.screens_host
        self._root = f"{app.base_url}/api/v1/"
        opened = http or open_client(app, timeouts.httpx, transport)
        self._own_http = None if http else opened
        self._calls = Calls(opened, tokens, budget, read_s=timeouts.read_s, sleep=sleep)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to Exact that are its own."""
        if self._own_http:
            self._own_http.close()

    @property
    def calls(self) -> int:
        """How many calls this client has sent to Exact, retries included."""
        return self._calls.sent

    def get(self, endpoint: str, *, division: int, params: Mapping[str, str] | None = None) -> Page:
        """Return the first page of an endpoint, e.g. `crm/Accounts`.

        Raises:
            RetryLaterError: the budget is used up, Exact is not available, or there is no token yet.
            ReauthorisationRequiredError: the grant has ended.
            ConfigurationError: a right, a scope, a licence or an address is wrong.
            DefectError: Exact does not understand us, or we don't understand Exact.
        """
        url = self.link(endpoint, division=division, params=params or {})
        return self._with_own_link(self._calls.fetch(url, endpoint, division, parse_page), division)

    def link(self, endpoint: str, *, division: int, params: Mapping[str, str]) -> str:
        """Return the address that `get` asks, for `follow` to ask later."""
        return address(f"{self._root}{division}/{endpoint}", params)

    def follow(self, next_url: str, *, endpoint: str, division: int, may_wait: bool = True) -> Page:
        """Return the page that a page's `next_url` points to; the link is followed as it is; errors as `get`.

        Args:
            next_url: Exact's link. One that leads to another host or division raises DefectError: our token must
                not go there.
            endpoint: what is being read, for the budget and messages.
            division: whose budget the call is from.
            may_wait: False raises QuotaExhaustedError at once, whatever the client's patience.
        """
        self._require_own(next_url, division)
        page = self._calls.fetch(next_url, endpoint, division, parse_page, may_wait=may_wait)
        return self._with_own_link(page, division)

    def count(self, endpoint: str, *, division: int, filter_: str | None = None) -> int:
        """Return how many records an endpoint has (`/$count`)."""
        url = self.link(f"{endpoint}/$count", division=division, params=query(filter_=filter_))
        return self._calls.fetch(url, endpoint, division, parse_count)

    def create(self, endpoint: str, *, division: int, body: Mapping[str, Any]) -> Created:
        """Create something, in one attempt; what is known of the outcome where it fails: see `exact.writing`.

        Raises:
            RefusedByExactError: Exact has said no; its words say why.
            DoubtfulWriteError: nobody knows whether it was created.
            ExactSyncError: others as `get`; Exact has not acted on it.
        """
        url = self.link(endpoint, division=division, params={})
        answer = self._calls.post(url, endpoint, division, write_body(body))
        try:
            return read_created(answer, endpoint)
        except ExactSyncError as error:
            raise error.at(division=division) from None

    def screen(self, url: object) -> str | None:
        """Return the address of one of Exact's screens as it was told; None: it leads elsewhere, or is no address.

        It ends up as a link that people press, so that only https at Exact's host of the connection's country will do.
        """
        return str(url) if self._screens and is_screen(url, self._screens) else None

    def me(self) -> dict[str, Any]:
        """Return who gave the grant (current/Me). Costs nothing of any division's budget (KB-limits)."""
        page = self._calls.fetch(f"{self._root}current/Me", "current/Me", None, parse_page)
        if len(page.records) != 1:
            raise DefectError(f"Exact names {len(page.records)} users as the current one.")
        return page.records[0]

    def divisions(self) -> list[dict[str, Any]]:
        """Return every company that the user may see and has permitted to the app (system/Divisions)."""
        division = self._current_division()
        params = query(select=DIVISION_PROPERTIES)
        page = self.get("system/Divisions", division=division, params=params)
        records, seen = list(page.records), set[str]()
        while page.next_url:
            if page.next_url in seen:
                raise DefectError("Exact's list of divisions runs in a circle.")
            seen.add(page.next_url)
            page = self.follow(page.next_url, endpoint="system/Divisions", division=division)
            records += page.records
        return records

    def _current_division(self) -> int:
        """Return the company that stands in a path which is of none: it is not checked (picqer#470)."""
        match self.me():
            case {"CurrentDivision": int(division)} if division > 0:
                return division
            case {"CurrentDivision": None}:
                raise ConfigurationError(
                    "The user who authorised the app has no company at Exact.",
                    remedy="Give that user the right to a company at Exact, or authorise as another one.",
                )
        raise DefectError("Exact names no current company of the user.")

    def _with_own_link(self, page: Page, division: int) -> Page:
        """Return the page if its link may be followed; one that may not must never be kept, to resume from."""
        if page.next_url is not None:
            self._require_own(page.next_url, division)
        return page

    def _require_own(self, url: str, division: int) -> None:
        try:
            link = httpx.URL(url)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise DefectError(f"Exact's link to the next page is no address: {error}.") from None
        home = httpx.URL(f"{self._root}{division}/")
        is_home = (link.scheme, link.host, link.port) == (home.scheme, home.host, home.port)
        is_plain = not link.userinfo and ".." not in link.path.split("/")
        if not (is_home and is_plain and link.path.startswith(home.path)):
            raise DefectError(
                f"Exact's next page is said to be at {link.scheme}://{link.host}{link.path}, which is not {home}.",
                remedy="Report this; if a proxy rewrites Exact's host, give the connection the host of the links.",
            )
