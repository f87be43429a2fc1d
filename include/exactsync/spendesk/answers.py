"""What an answer of Spendesk means: nothing, or the error that says what to do about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import orjson

from exactsync.errors import (
    ConfigurationError,
    DefectError,
    QuotaExhaustedError,
    SnapshotPendingError,
    SpendeskUnavailableError,
)

if TYPE_CHECKING:
    import httpx

PAUSE_S: Final = 120.0
SNAPSHOTS: Final = "/v1/snapshots/payables"
LONGEST_PAUSE_S: Final = 3_600.0
"""Whatever a 429 says: the limit is one of a minute."""
_LONGEST_QUOTE: Final = 300


def check_answer(response: httpx.Response, path: str, connection_id: str) -> None:
    """Return if the answer holds data.

    Raises:
        SpendeskUnavailableError: trouble at Spendesk: try again.
        SnapshotPendingError: it makes one snapshot at a time, and is at another one.
        ConfigurationError: credentials, scopes or the address are wrong.
        DefectError: Spendesk did not understand the question.
    """
    status = response.status_code
    if response.is_success:
        return
    told = f"Spendesk answered {status} to {path}: {_said(response)}"
    if status == 401:
        raise ConfigurationError(
            f"Spendesk refuses the API credentials of connection {connection_id}.",
            remedy="Create new API credentials at Spendesk (they end after a year at most) and put them into the "
            "connection.",
        )
    if status == 403:
        raise ConfigurationError(told, remedy=f"Give the API credentials of {connection_id} the scopes they need.")
    if status == 404:
        raise ConfigurationError(told, remedy=f"Check the base URL of connection {connection_id}.")
    if status >= 500 or status == 408:
        raise unavailable(told)
    if status == 409 and path == SNAPSHOTS:
        raise SnapshotPendingError(told, retry_at=datetime.now(UTC) + timedelta(seconds=PAUSE_S))
    raise DefectError(told)


def unavailable(message: str) -> SpendeskUnavailableError:
    """Return the error for trouble at Spendesk that should pass soon."""
    return SpendeskUnavailableError(message, retry_at=datetime.now(UTC) + timedelta(seconds=PAUSE_S))


def unreachable(error: httpx.HTTPError, path: str) -> SpendeskUnavailableError:
    """Return the error for a connection that was lost, or never made."""
    return unavailable(f"The connection to Spendesk was lost on {path} ({type(error).__name__}).")


def reset_s(response: httpx.Response) -> float:
    """Return after how many seconds calls are let through again, by a 429's headers."""
    try:
        return min(max(1.0, float(response.headers.get("x-ratelimit-reset", ""))), LONGEST_PAUSE_S)
    except ValueError:
        return 60.0


def throttled(response: httpx.Response) -> QuotaExhaustedError:
    """Return the error for a 429: somebody else makes calls for the same company, too."""
    retry_at = datetime.now(UTC) + timedelta(seconds=reset_s(response))
    return QuotaExhaustedError("Spendesk's calls of this minute are used up.", retry_at=retry_at, window="minute")


def _said(response: httpx.Response) -> str:
    """Return what Spendesk said, on one line, shortened."""
    try:
        errors = orjson.loads(response.content)["errors"]
        text = "; ".join(str(error["detail"]) for error in errors)
    except (orjson.JSONDecodeError, KeyError, TypeError):
        text = "no reason given"
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 1]}…"
