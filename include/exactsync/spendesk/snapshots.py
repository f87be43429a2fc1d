"""Payables come as snapshots: one is asked for, made in the background, and read page by page.

Facts (Spendesk's guide and reference): at most 31 days a snapshot, no end in the future, one at a time, asked after
every 60 s at most, kept for 12 hours. The same question gets the same snapshot while it is kept, however stale: `age_s`
tells a new one from an old one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from exactsync.errors import DefectError
from exactsync.spendesk.answers import SNAPSHOTS
from exactsync.spendesk.client import page_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exactsync.spendesk.client import SpendeskClient

LONGEST_PERIOD: Final = timedelta(days=31)
PAGE_SIZE: Final = 100
STALE_AFTER_S: Final = 60.0
"""A snapshot older than this when it is asked for was made for an earlier question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days, both included."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A snapshot that was asked for."""

    key: str
    age_s: float
    """How long ago it was made, or begun; above STALE_AFTER_S it holds no news."""

    @property
    def is_stale(self) -> bool:
        """Whether Spendesk has given an old snapshot to the same question."""
        return self.age_s > STALE_AFTER_S


def periods(first: date, last: date) -> Iterator[Period]:
    """Part days into periods that a snapshot may have, oldest first; nothing if `last` is before `first`."""
    while first <= last:
        end = min(last, first + LONGEST_PERIOD)
        yield Period(first=first, last=end)
        first = end + timedelta(days=1)


def ask(client: SpendeskClient, period: Period, *, nonce: int, statuses: tuple[str, ...] = ()) -> Ticket:
    """Ask for a snapshot of the payables of a period.

    Args:
        client: whose payables.
        period: at most 31 days (LONGEST_PERIOD), not in the future.
        nonce: makes the question another one, so that its answer is new: it moves a lower bound of the creation date
            that lies before Spendesk was founded.
        statuses: only payables of these bookkeeping statuses; empty: all.

    Raises:
        SnapshotPendingError: another snapshot is being made.
        DefectError: Spendesk's answer has no key; other errors as `SpendeskClient.get`.
    """
    query: dict[str, Any] = {
        "fromPayableDate": str(period.first),
        "toPayableDate": str(period.last),
        "createdFrom": _before_spendesk(nonce),
    }
    if statuses:
        query["bookkeepingStatus"] = list(statuses)
    body = {"query": query} if client.account.body == "query" else query
    answer = client.post(SNAPSHOTS, body)
    try:
        age_s = float(answer["expireInSeconds"]) - float(answer["remainingSeconds"])
        return Ticket(key=str(answer["key"]), age_s=age_s)
    except (KeyError, TypeError, ValueError):
        raise DefectError("Spendesk's answer to a request for a snapshot has no key.") from None


def read_page(client: SpendeskClient, key: str, page: int) -> tuple[list[dict[str, Any]], int] | Literal["pending"]:
    """Return a page of a snapshot (from 1) and how many payables it has in all; or that it is still being made.

    Raises:
        DefectError: making it failed at Spendesk, or the answer is no snapshot; other errors as `SpendeskClient.get`.
    """
    answer = client.get(f"{SNAPSHOTS}/{key}", {"page": str(page), "pageSize": str(PAGE_SIZE)})
    status = str(answer.get("status", "")).upper()
    if status == "COMPLETE":
        return page_of(answer.get("result") or {})
    if status == "ERROR":
        raise DefectError("Spendesk could not make a snapshot of payables.", remedy="Clear the task: it asks anew.")
    return "pending"


def _before_spendesk(nonce: int) -> str:
    moment = timedelta(milliseconds=nonce % 10**10)
    return f"{date(2000, 1, 1) + timedelta(days=moment.days)}T{_clock(moment)}Z"


def _clock(moment: timedelta) -> str:
    minutes, seconds = divmod(moment.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{moment.microseconds // 1000:03}"
