"""OData as Exact speaks it: query strings out, list envelopes in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode
from uuid import UUID

import orjson

from exactsync.errors import DefectError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LONGEST_URL: Final = 6_000
"""Characters that Exact accepts (KB-limits)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer of a list endpoint."""

    records: list[dict[str, Any]]
    next_url: str | None
    """Where the list goes on, to be followed as it is; None on the last page."""


class MalformedAnswerError(DefectError):
    """Exact's answer is not the JSON that its contract promises; often cut off on the way, so worth another try."""


def literal(value: str | int | bool | UUID | datetime) -> str:
    """Return a value as it stands in a `$filter` (KB-odata): 'text', 5L, true, guid'…', datetime'…'.

    A datetime must be without zone: Exact compares with Dutch wall-clock time.
    """
    match value:
        case bool():
            return str(value).lower()
        case int():
            return f"{value}L"
        case UUID():
            return f"guid'{value}'"
        case datetime():
            return f"datetime'{value.replace(tzinfo=None).isoformat(timespec='seconds')}'"
        case str():
            return "'" + value.replace("'", "''") + "'"


def after_timestamp(watermark: int | None) -> str:
    """Return the `$filter` of a sync endpoint: what changed after `watermark`, or everything.

    Exact documents 1 as the value of a first call.
    """
    return f"Timestamp gt {literal(1 if watermark is None else watermark)}"


def modified_since(wire_ms: int) -> str:
    """Return the `$filter` of what was modified at this moment of Exact's clock, or later.

    Args:
        wire_ms: the number in `/Date(ms)/`, which counts on the Dutch clock, as the filter does.
    """
    return f"Modified ge {literal(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=wire_ms))}"


def query(*, select: Iterable[str] = (), filter_: str | None = None) -> dict[str, str]:
    """Return the query parameters for the given properties and condition."""
    params = {"$select": ",".join(select), "$filter": filter_ or ""}
    return {name: value for name, value in params.items() if value}


def address(url: str, params: Mapping[str, str]) -> str:
    """Return the URL with its query, encoded the way Exact's own links are.

    Raises:
        DefectError: it is longer than Exact accepts.
    """
    # Exact shows `$`, commas and quotes as they are; urlencode would write a blank as a plus sign.
    encoded = urlencode(params, quote_via=quote, safe="$,'()")
    text = f"{url}?{encoded}" if encoded else url
    if len(text) > LONGEST_URL:
        raise DefectError(f"A query of {len(text)} characters: Exact accepts {LONGEST_URL}.")
    return text


def parse_page(body: bytes) -> Page:
    """Return the records of a list, in either of Exact's envelopes, or of a single entity.

    Raises:
        MalformedAnswerError: the body is not such an envelope.
    """
    try:
        content = _decode(body)["d"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MalformedAnswerError(f"Exact's answer of {len(body)} bytes is no OData JSON: {error!r}.") from None
    next_url = None
    if isinstance(content, dict) and "results" in content:
        next_url = content.get("__next")
        content = content["results"]
    records = content if isinstance(content, list) else [content]
    is_valid = all(isinstance(record, dict) for record in records)
    if not is_valid or not isinstance(next_url, str | None):
        raise MalformedAnswerError("Exact's answer is no list of records.")
    return Page(records=records, next_url=next_url or None)


def _decode(body: bytes) -> Any:
    """Read JSON; where it is not quite JSON, read it so that only the record with the flaw bears it.

    Texts at Exact hold control characters (tap-exact), which JSON wants escaped: they are taken as sent. Half a
    character, or bytes that are none, become a lone surrogate, which sends that one record to quarantine later.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body.decode("utf-8-sig", errors="surrogateescape")
        return json.loads(text, strict=False, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def parse_count(body: bytes) -> int:
    """Return the number that `/$count` answers in plain text; a byte order mark may stand before it."""
    try:
        return int(body.decode("utf-8-sig"))
    except ValueError:
        raise MalformedAnswerError("Exact's answer to a count is no number.") from None
