"""Bodies that are not what a client expects: broken as a whole, or in one record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from exactsync.simulator.catalogue import Kind
from exactsync.simulator.faults.kinds import WayOut, fault
from exactsync.simulator.faults.pages import Page, edit_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from exactsync.simulator.faults.planting import Action, Call
    from exactsync.simulator.messages import Request, Response

_MARK = "\ue0fe\uf8fe\ue0fe"
"""Private-use characters, which no record holds, in the place of what JSON libraries refuse to write."""
_READABLE = (Kind.TEXT, Kind.STRING, Kind.CODE)
_FIRST_CONTROL, _FIRST_PRINTABLE = 0x00, 0x20


def _change_body(change: Callable[[bytes], bytes]) -> Action:
    def act(_request: Request, call: Call) -> Response:
        response = call()
        return replace(response, body=change(response.body))

    return act


@fault(source="outages", page=WayOut.RETRY_LATER, token=WayOut.PERSON)
def cut_json() -> Action:
    """The body ends in the middle of its JSON, and the headers agree with that."""
    return _change_body(lambda body: body[: len(body) // 2])


@fault(source="XML that needs a forgiving parser (tap-exact)", page=WayOut.RETRY_LATER, token=WayOut.PERSON)
def malformed_json() -> Action:
    """The body has its whole length, but a comma where none may be."""
    return _change_body(lambda body: body.replace(b"{", b"{,", 1))


@fault(source="invalid control characters occur (tap-exact)", page=WayOut.QUARANTINE, pages_only=True)
def control_character(*, byte: int = 0x0B, record: int | None = None, property_name: str | None = None) -> Action:
    """One text holds a raw byte below 0x20, which JSON forbids: of the middle record, or of the `record`-th.

    Raises:
        ValueError: the byte is not a control character.
    """
    if not _FIRST_CONTROL <= byte < _FIRST_PRINTABLE:
        raise ValueError("a control character is below 0x20")
    return _spoil_text(bytes([byte]), record, property_name)


@fault(source="texts cut between two UTF-16 units", page=WayOut.QUARANTINE, pages_only=True)
def lone_surrogate(*, record: int | None = None, property_name: str | None = None) -> Action:
    r"""One text holds `\ud800`, half a character, which UTF-8 cannot hold: of the middle record, or the `record`-th."""
    return _spoil_text(rb"\ud800", record, property_name)


def _spoil_text(raw: bytes, number: int | None, name: str | None) -> Action:
    def mark(page: Page) -> bool:
        if not page.records or (number is not None and not 1 <= number <= len(page.records)):
            return False
        record = page.records[len(page.records) // 2 if number is None else number - 1]
        chosen = name or _first_text(page.call, record)
        if chosen not in record:
            return False
        text = record[chosen] or ""
        record[chosen] = f"{text[: len(text) // 2]}{_MARK}{text[len(text) // 2 :]}"
        return True

    def act(_request: Request, call: Call) -> Response:
        response = edit_page(call, mark)
        return replace(response, body=response.body.replace(_MARK.encode(), raw))

    return act


def _first_text(call: Call, record: dict[str, Any]) -> str | None:
    """Return the property that a person typed, if there is one: in it a reader looks for nothing special."""
    endpoint = call.target.endpoint
    specs = endpoint.properties if endpoint else {}
    texts = [name for kind in _READABLE for name, spec in specs.items() if spec.kind is kind and name in record]
    return texts[0] if texts else None


@fault(source="unordered reads give gaps (Exact's best practices)", page=WayOut.RETRY_LATER, pages_only=True)
def falling_timestamps() -> Action:
    """The records of a page come in the opposite order, so that their Timestamps fall."""

    def turn(page: Page) -> bool:
        page.records.reverse()
        return len(page.records) > 1

    return lambda _request, call: edit_page(call, turn)


@fault(source="duplicates while paging (Exact's best practices)", page=WayOut.TRANSPARENT, pages_only=True)
def duplicate_row() -> Action:
    """The first record of the next page stands at the end of this one, too; on the last page, its own last record."""

    def repeat(page: Page) -> bool:
        duplicate = page.first_of_next() or (page.records[-1] if page.records else None)
        if duplicate is None:
            return False
        page.records.append(orjson.loads(orjson.dumps(duplicate)))
        return True

    return lambda _request, call: edit_page(call, repeat)
