"""What became of payables is told to where they came from, until it was heard."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from exactsync.errors import QuotaExhaustedError, SpendeskUnavailableError
from exactsync.payables.lifecycle import Action
from exactsync.payables.reporting import count_untold, report
from exactsync.payables.rows import Key
from tests.payables.conftest import HUMAN, SOURCE, many
from tests.payables.exact import ENTRIES

if TYPE_CHECKING:
    from tests.payables.conftest import Office


class Ear:
    """Spendesk, as far as it listens."""

    def __init__(self, *deaf_to: str) -> None:
        self.heard: list[tuple[str, str, str | None]] = []
        self.deaf_to = deaf_to

    def report(self, payable_id: str, status: str, reason: str | None) -> None:
        if payable_id in self.deaf_to:
            raise SpendeskUnavailableError("Spendesk does not answer.", retry_at=datetime.now(UTC))
        self.heard.append((payable_id, status, reason))


def test_each_outcome_is_told_once_and_what_was_not_heard_is_told_again(office: Office) -> None:
    office.deliver(*many(3))
    office.exact.plant(ENTRIES, "refused")
    office.export()
    told = report(office.engine, SOURCE, deaf := Ear("p-2"))
    assert (told.told, told.failed) == (2, 1)
    assert sorted(deaf.heard) == [("p-1", "failedToExport", office.exact.words), ("p-3", "exported", None)]
    assert count_untold(office.engine, SOURCE) == 1
    report(office.engine, SOURCE, again := Ear())
    assert again.heard == [("p-2", "exported", None)]
    assert count_untold(office.engine, SOURCE) == 0


class Ration(Ear):
    """Spendesk, when two calls are left of the minute."""

    def report(self, payable_id: str, status: str, reason: str | None) -> None:
        if len(self.heard) == 2:
            raise QuotaExhaustedError("No call is left.", retry_at=datetime.now(UTC), window="minute")
        super().report(payable_id, status, reason)


def test_what_cannot_be_told_within_a_minute_is_put_off_and_nothing_is_told_twice(office: Office) -> None:
    office.deliver(*many(5))
    office.export()
    minutes = [Ration(), Ration(), Ration()]
    for minute in minutes[:2]:
        with pytest.raises(QuotaExhaustedError):
            report(office.engine, SOURCE, minute)
    assert report(office.engine, SOURCE, minutes[2]).told == 1
    heard = sorted(payable_id for minute in minutes for payable_id, _, _ in minute.heard)
    assert heard == [f"p-{number}" for number in range(1, 6)]


def test_what_has_become_otherwise_is_told_again(office: Office) -> None:
    office.deliver(*many(1))
    office.exact.plant(ENTRIES, "refused")
    office.export()
    report(office.engine, SOURCE, Ear())
    office.outbox.act(Key(SOURCE, "p-1"), Action.RETRY, why="mended", actor=HUMAN)
    office.prepare()
    office.export()
    report(office.engine, SOURCE, ear := Ear())
    assert ear.heard == [("p-1", "exported", None)]
