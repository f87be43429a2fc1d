"""A page of a list on its way to the client: its records and its link, to be changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from exactsync.simulator.listing import first_of_next_page, records_of_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from exactsync.simulator.faults.planting import Call
    from exactsync.simulator.messages import Response
    from exactsync.simulator.wire import Record

_NEXT = "__next"
_SKIPTOKEN = "$skiptoken"


@dataclass(slots=True)
class Page:
    """An answer with records, as JSON holds them."""

    call: Call
    records: list[dict[str, Any]]
    next_url: str | None

    @property
    def url(self) -> str:
        """The URL of this page."""
        request = self.call.request
        base_url = self.call.world.settings.public_url or request.base_url
        path = quote(request.path, safe="/$'(),")
        return f"{base_url}{path}?{request.query}"

    def first_of_next(self) -> dict[str, Any] | None:
        """Return the record that the next page begins with; None on the last page."""
        call = self.call
        if call.target.endpoint is None:
            return None
        return first_of_next_page(
            call.world, call.request, call.target.endpoint, call.client_id or "", call.target.division
        )


def edit_page(call: Call, edit: Callable[[Page], bool]) -> Response:
    """Do what was asked and change the page that comes of it; what is no page stays as it is.

    `edit` changes the page and returns False if it found nothing to change.
    """
    response = call()
    content = _read(response)
    if content is None:
        call.missed()
        return response
    envelope = content["d"]
    is_bare = isinstance(envelope, list)
    page = Page(call, envelope if is_bare else envelope["results"], None if is_bare else envelope.get(_NEXT))
    if not edit(page):
        call.missed()
        return response
    if page.next_url is not None:
        rest = {} if is_bare else envelope
        content["d"] = {**rest, "results": page.records, _NEXT: page.next_url}
    return replace(response, body=orjson.dumps(content))


def records_answered(call: Call, *, from_start: bool = False) -> list[Record]:
    """Return the typed records of the page that was asked for; `from_start`: of the first page of that list."""
    endpoint = call.target.endpoint
    if endpoint is None:
        return []
    request = call.request.without_option(_SKIPTOKEN) if from_start else call.request
    return records_of_page(call.world, request, endpoint, call.client_id or "", call.target.division)


def _read(response: Response) -> dict[str, Any] | None:
    """Return the content of a page of records, or None if it is something else."""
    if response.status != HTTPStatus.OK or "json" not in response.headers.get("Content-Type", ""):
        return None
    try:
        content: dict[str, Any] = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        return None
    envelope = content.get("d")
    is_page = isinstance(envelope, list) or (isinstance(envelope, dict) and "results" in envelope)
    return content if is_page else None
