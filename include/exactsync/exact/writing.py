"""Create something at Exact: one attempt, and what is known of its outcome.

A POST is never repeated here. Exact may have acted on it although the answer says otherwise, or never came.

| what happens | what is raised | has Exact acted on it? |
| --- | --- | --- |
| 201 with a key | nothing | yes |
| no budget, no token, no connection, 401, 429 | RetryLaterError | no |
| 403 | ForbiddenError, CompanyRefusedError | no |
| other 4xx but 408; 500 with Exact's own error JSON | RefusedByExactError | it says no; a header may be made |
| everything else: lost, cut off, 408, 5xx without that JSON, 2xx without a key | DoubtfulWriteError | nobody knows |
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import orjson

from exactsync.errors import DoubtfulWriteError, RefusedByExactError
from exactsync.exact.redact import redact
from exactsync.exact.responses import check_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

LONGEST_WORDS: Final = 2_000
"""Characters of Exact's own words that are kept; it lists everything that is wrong."""

_KEY_IN_URI: Final = re.compile(r"\(guid'([0-9a-fA-F-]{36})'\)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """Something that Exact has created."""

    key: UUID
    record: dict[str, Any] | None
    """As Exact tells it; None, or mostly null, where it tells the key alone."""


def write_body(body: Mapping[str, Any]) -> bytes:
    """Return a body as it is sent; decimals become the doubles that Exact takes."""
    return orjson.dumps(body, default=float)


def read_created(response: httpx.Response, endpoint: str) -> Created:
    """Return what an answer to a POST says was created.

    Raises:
        RefusedByExactError: Exact has said no.
        DoubtfulWriteError: nobody knows.
        ForbiddenError, CompanyRefusedError: a right is missing; nothing was created.
    """
    status = response.status_code
    if status in {200, 201}:
        return _created(response, endpoint)
    if status == 403:
        check_answer(response, endpoint)
    words = exact_words(response)
    if (400 <= status < 500 and status != 408) or (status == 500 and words is not None):
        raise RefusedByExactError(words or "", status=status)
    raise DoubtfulWriteError(f"Exact answered {status} to a new {endpoint}, which does not say whether it was made.")


def exact_words(response: httpx.Response) -> str | None:
    """Return Exact's own error text, line by line and without secrets; None: the answer is not Exact's error JSON."""
    try:
        said = orjson.loads(response.content)["error"]["message"]["value"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    text = redact("\n".join(line.strip() for line in str(said).splitlines() if line.strip()))
    return text if len(text) <= LONGEST_WORDS else f"{text[: LONGEST_WORDS - 1]}…"


def _created(response: httpx.Response, endpoint: str) -> Created:
    """Read the key from the record, or from its address: all else may be null (Nango, basvanbeek)."""
    try:
        record = orjson.loads(response.content)["d"]
        (key,) = _KEY_IN_URI.findall(str(record["__metadata"]["uri"]))
        return Created(key=UUID(key), record=record)
    except (KeyError, TypeError, ValueError):
        raise DoubtfulWriteError(
            f"Exact answered {response.status_code} to a new {endpoint}, without its key."
        ) from None
