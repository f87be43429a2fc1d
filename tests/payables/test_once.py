"""What is exported is at Exact once, whoever wakes late, whose clock is off, and whatever people do meanwhile."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from exactsync.errors import ConfigurationError
from exactsync.payables.lifecycle import Action, State
from exactsync.payables.patience import Patience
from exactsync.payables.rows import Key
from exactsync.payables.turns import LOOKS
from exactsync.payables.wanted import Wanted
from exactsync.warehouse.leases import lease
from tests.payables.conftest import HUMAN, INTEGRATION, SOURCE, many
from tests.payables.exact import ATTACHMENTS, DOCUMENTS, ENTRIES
from tests.payables.test_export import CREATED, assert_booked_once, settle
from tests.unit.payables.company import DIVISION, INVOICE

if TYPE_CHECKING:
    from collections.abc import Callable

    from exactsync.exact.writing import Created
    from tests.payables.conftest import Office

KEY = Key(SOURCE, "p-1")


def answer_slowly(office: Office, endpoint: str, meanwhile: Callable[[], object], monkeypatch: Any) -> None:
    """Let Exact create what is posted first, and its answer come only after something else has happened."""
    create = office.exact.create

    def create_slowly(to: str, **details: Any) -> Created:
        created = create(to, **details)
        if to == endpoint:
            monkeypatch.setattr(office.exact, "create", create)
            meanwhile()
        return created

    monkeypatch.setattr(office.exact, "create", create_slowly)


@pytest.mark.parametrize("endpoint", CREATED)
def test_a_worker_that_wakes_after_another_has_finished_its_payable_writes_nothing(
    office: Office, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def finish() -> None:
        office.pass_time(421)
        office.export("quick")

    office.deliver(INVOICE)
    answer_slowly(office, endpoint, finish, monkeypatch)
    office.export("slow")
    assert_booked_once(office)
    assert [office.exact.posts.count(one) for one in CREATED] == [1, 1, 1]
    assert office.row().owner == "quick"
    assert office.whys()[-1].startswith("Booked as entry")


@pytest.mark.parametrize("endpoint", [DOCUMENTS, ATTACHMENTS])
def test_a_worker_that_wakes_after_its_payable_was_taken_over_sends_no_further_step(
    office: Office, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_over() -> None:
        office.pass_time(421)
        assert office.claims("quick").take(INTEGRATION, DIVISION, Wanted())

    office.deliver(INVOICE)
    answer_slowly(office, endpoint, take_over, monkeypatch)
    office.export("slow")
    assert office.exact.posts == list(CREATED[: CREATED.index(endpoint) + 1])
    assert (office.row().state, office.row().owner) == (State.EXPORTING, "quick")
    settle(office)
    assert_booked_once(office)


@pytest.mark.parametrize("off_s", [-245, 245])
def test_a_worker_whose_clock_is_off_neither_looks_nor_sends_too_early(office: Office, off_s: float) -> None:
    office.deliver(INVOICE)
    office.exact.plant(ENTRIES, "lost before")
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=off_s)):
        office.export()
        seen = []
        for passed in (61, 200, 60, 61):
            office.pass_time(passed)
            office.export()
            seen.append((office.exact.looks.count(ENTRIES), office.exact.posts.count(ENTRIES)))
    assert seen == [(1, 1), (1, 1), (2, 1), (3, 2)]
    assert_booked_once(office)


def test_an_entry_that_somebody_deletes_at_once_is_sent_again_only_after_a_persons_word_and_two_looks(
    office: Office,
) -> None:
    office.deliver(INVOICE)
    office.exact.plant(ENTRIES, "silent")
    office.exact.on_list = office.exact.records[ENTRIES].clear
    office.export()
    office.exact.on_list = lambda: None
    settle(office)
    assert (office.row().state, office.exact.posts.count(ENTRIES)) == (State.IN_DOUBT, 1)
    assert "was the entry deleted?" in (office.row().message or "")
    office.outbox.act(KEY, Action.RETRY, why="deleted by mistake", actor=HUMAN)
    office.export()
    assert office.exact.posts.count(ENTRIES) == 1
    settle(office)
    assert_booked_once(office)


def test_an_entry_that_was_found_wrong_and_deleted_by_a_person_is_sent_anew(office: Office) -> None:
    office.deliver(INVOICE)
    office.exact.changed = {"Document": None}
    office.export()
    assert office.row().state is State.IN_DOUBT
    office.exact.records[ENTRIES].clear()
    office.exact.changed = {}
    office.outbox.act(KEY, Action.RETRY, why="deleted", actor=HUMAN)
    settle(office)
    assert_booked_once(office)


def test_a_document_that_somebody_deleted_is_made_anew_with_its_receipts(office: Office) -> None:
    office.deliver(INVOICE)
    office.exact.plant(ATTACHMENTS, "refused")
    office.export()
    office.exact.records[DOCUMENTS].clear()
    office.outbox.act(KEY, Action.RETRY, why="somebody deleted the document", actor=HUMAN)
    office.prepare()
    office.export()
    assert_booked_once(office)
    (document,), (attachment,) = office.exact.records[DOCUMENTS], office.exact.records[ATTACHMENTS]
    assert attachment["Document"] == str(document["ID"])


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("moment", ["a look", "a POST"])
def test_nobody_decides_about_a_payable_while_it_is_looked_for_or_sent(
    office: Office, action: Action, moment: str
) -> None:
    def decide(*_: object) -> None:
        with pytest.raises(ConfigurationError, match="exporting"):
            office.outbox.act(KEY, action, why="in between", actor=HUMAN)
        decided.append(action)

    decided: list[Action] = []
    office.deliver(INVOICE)
    if moment == "a POST":
        office.exact.before_post = decide
    office.exact.plant(ENTRIES, "lost after")
    office.export()
    office.pass_time(61)
    if moment == "a look":
        office.exact.on_list = decide
    office.export()
    assert decided
    assert_booked_once(office)


def test_one_worker_looks_in_a_company_while_others_go_on_sending(office: Office) -> None:
    office.patience = Patience(turn_wait_s=0.1)
    office.deliver(INVOICE)
    office.exact.plant(ENTRIES, "lost after")
    office.export()
    office.deliver(*many(3))
    office.pass_time(61)
    office.exact.looks.clear()
    with lease(office.engine, division=DIVISION, entity=LOOKS, holder="looker"):
        office.export()
        assert (office.exact.looks, office.exact.posts.count(ENTRIES)) == ([], 3)
        assert office.row().state is State.IN_DOUBT
    office.pass_time(61)
    office.export()
    assert {office.row(f"p-{place}").state for place in (1, 2, 3)} == {State.EXPORTED}
    assert office.exact.posts.count(ENTRIES) == 3


def test_the_turn_of_a_dead_looker_ends_only_when_its_call_must_have_ended(office: Office) -> None:
    office.patience = Patience(turn_wait_s=0.1)
    office.deliver(INVOICE)
    office.exact.plant(ENTRIES, "lost after")
    office.export()
    office.pass_time(61)
    gone = 2**22 + 1  # above the highest process id that Linux gives
    office.execute(
        """
        INSERT INTO exactsync.leases (division, entity, holder, host, pid, fence, acquired_at, expires_at)
        VALUES (:division, 'payables', 'the dead', :host, :pid, 1, now(), now() + interval '300 s')
        """,
        division=DIVISION,
        host=socket.gethostname(),
        pid=gone,
    )
    office.export()
    assert office.row().state is State.IN_DOUBT
    office.execute("UPDATE exactsync.leases SET expires_at = now()")
    office.pass_time(61)
    office.export()
    assert_booked_once(office)
