"""Links to a next page that a client must not follow."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from exactsync.simulator.faults.kinds import WayOut, fault
from exactsync.simulator.faults.pages import Page, edit_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from exactsync.simulator.faults.planting import Action, Call, Undo
    from exactsync.simulator.messages import Request, Response
    from exactsync.simulator.world import World

FOREIGN_HOST = "exact.invalid"
"""A host that cannot exist (RFC 2606)."""


def _link(find: Callable[[Page], str]) -> Action:
    def change(page: Page) -> bool:
        page.next_url = find(page)
        return True

    return lambda _request, call: edit_page(call, change)


@fault(source="`__next` is an absolute URL", page=WayOut.RETRY_LATER, pages_only=True)
def absurd_next(*, link: str = "undefined") -> Action:
    """`__next` is no URL, or that of something else."""
    return _link(lambda _page: link)


@fault(source="loop detection of the Meltano SDK", page=WayOut.RETRY_LATER, pages_only=True)
def looping_next() -> Action:
    """`__next` leads to the page itself."""
    return _link(lambda page: page.url)


class _ForeignLink:
    """Hands out a link to another host, and lets the simulator notice who follows it."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._act = _link(self._foreign)

    def _foreign(self, page: Page) -> str:
        parts = urlsplit(page.next_url or page.url)
        return parts._replace(netloc=self._host).geturl()

    def __call__(self, request: Request, call: Call) -> Response:
        return self._act(request, call)

    def begin(self, world: World) -> Undo:
        """Watch for calls to the host from now on, even when the fault is gone: whoever leaks a token is found out."""
        world.foreign_hosts.add(self._host)
        return lambda: None


@fault(source="a token of one host is used with that host", page=WayOut.RETRY_LATER, pages_only=True)
def foreign_next(*, host: str = FOREIGN_HOST) -> Action:
    """`__next` leads to another host, which must never see the access token."""
    return _ForeignLink(host)
