"""What was sent is found again at Exact: whatever its clock shows, and whatever people did to it meanwhile."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from exactsync.exact.odata import Page
from exactsync.payables.looking import Found, Unsure, look
from exactsync.payables.steps import ENTRY, Outcome, StepKey, StepState

if TYPE_CHECKING:
    from collections.abc import Mapping

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SUPPLIER, ENTRY_ID, ANOTHER = UUID(int=1), UUID(int=2), UUID(int=3)
SENT = {
    "reference": "XS-1",
    "supplier": str(SUPPLIER),
    "your_ref": "2026-1",
    "journal": "60",
    "currency": "EUR",
    "amount": "121.00",
    "document": None,
}
RECORD = {
    "EntryID": str(ENTRY_ID),
    "EntryNumber": 7,
    "ExternalLinkReference": "XS-1",
    "YourRef": "2026-1",
    "Supplier": str(SUPPLIER),
    "Journal": "60",
    "Currency": "EUR",
    "AmountFC": 121.0,
    "Document": None,
}


@dataclass
class Lists:
    """Lists that are filtered on `Created` as Exact does it: by the wall clock."""

    records: list[dict[str, Any]]
    asked: list[str] = field(default_factory=list)

    def get(self, _endpoint: str, *, division: int, params: Mapping[str, str] | None = None) -> Page:
        self.asked.append((params or {})["$filter"])
        (since,) = re.findall(r"Created ge datetime'([^']+)'", self.asked[-1])
        records = [one for one in self.records if one.get("Created", "9") >= since]
        return Page(records=records, next_url=None)

    def follow(self, next_url: str, *, endpoint: str, division: int) -> Page:
        raise AssertionError("there is one page")


def doubt(since: datetime) -> StepState:
    """Return an entry that was sent, and of which nothing is known."""
    return StepState(
        key=StepKey(source="spendesk_default", subject="p-1", step=ENTRY),
        outcome=Outcome.LOST,
        fence=1,
        first_intent_at=since,
        intent_at=since,
        settles_at=since,
        looks=0,
        sent=SENT,
        exact_id=None,
        is_held=False,
    )


@pytest.mark.parametrize("night", [datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC)])
@pytest.mark.parametrize("off_s", [-245, 0, 245])
def test_an_entry_is_found_in_every_minute_of_the_nights_in_which_the_clock_is_changed(
    night: datetime, off_s: float
) -> None:
    for minute in range(-180, 300):
        sent_at = night + timedelta(minutes=minute)
        wall = (sent_at + timedelta(seconds=off_s)).astimezone(AMSTERDAM).strftime("%Y-%m-%dT%H:%M:%S")
        found = look(Lists([RECORD | {"Created": wall}]), 1, doubt(sent_at))
        assert isinstance(found, Found), f"sent {sent_at}, created {wall}"


def test_what_was_there_long_before_is_not_read_again_each_time() -> None:
    sent_at = datetime(2026, 7, 1, 12, tzinfo=UTC)
    lists = Lists([RECORD | {"Created": "2026-07-01T11:59:00"}])
    assert look(lists, 1, doubt(sent_at)) is None
    assert lists.asked == [f"Supplier eq guid'{SUPPLIER}' and Created ge datetime'2026-07-01T12:00:00'"]


def test_an_entry_number_that_was_given_again_says_nothing() -> None:
    of_another = RECORD | {"EntryID": str(ANOTHER), "ExternalLinkReference": "XS-2", "YourRef": "2026-2"}
    assert look(Lists([of_another]), 1, doubt(datetime.now(UTC))) is None
    found = look(Lists([of_another, RECORD]), 1, doubt(datetime.now(UTC)))
    assert isinstance(found, Found)
    assert found.id == ENTRY_ID


def test_two_entries_of_our_reference_are_for_a_person() -> None:
    again = RECORD | {"EntryID": str(ANOTHER), "EntryNumber": 8}
    assert isinstance(look(Lists([RECORD, again]), 1, doubt(datetime.now(UTC))), Unsure)
