"""Atom, which Exact sends unless JSON is asked for: as little of it as a reader needs to see what it got."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ATOM_TYPE = "application/atom+xml; charset=utf-8"
_NAMESPACES = (
    'xmlns="http://www.w3.org/2005/Atom" '
    'xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices" '
    'xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"'
)


def encode_feed(records: Sequence[Mapping[str, Any]], next_url: str | None) -> bytes:
    """Return encoded records as a feed. Control characters stay in it: Exact's XML is known to hold them."""
    link = f'<link rel="next" href={quoteattr(next_url)}/>' if next_url else ""
    entries = "".join(_entry(record) for record in records)
    return f'<?xml version="1.0" encoding="utf-8"?><feed {_NAMESPACES}>{entries}{link}</feed>'.encode()


def _entry(record: Mapping[str, Any]) -> str:
    properties = "".join(
        f"<d:{name}>{escape(_text(value))}</d:{name}>" if value is not None else f'<d:{name} m:null="true"/>'
        for name, value in record.items()
        if not isinstance(value, dict)
    )
    uri = escape(record["__metadata"]["uri"])
    body = f'<content type="application/xml"><m:properties>{properties}</m:properties></content>'
    return f"<entry><id>{uri}</id>{body}</entry>"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
