"""What somebody else has booked is never exported here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exactsync import failpoints
from exactsync.payables.lifecycle import Action, State
from exactsync.payables.reporting import count_untold
from exactsync.payables.rows import Actor, Key
from exactsync.payables.withdrawing import withdraw
from tests.payables.conftest import HUMAN, SOURCE, many
from tests.payables.exact import ENTRIES
from tests.unit.payables.company import invoice

if TYPE_CHECKING:
    from tests.payables.conftest import Office

INTAKE = Actor(name="spendesk_payables", run_id="later")


def booked_at_spendesk(office: Office, *payables: str, status: str = "exported") -> int:
    for payable in payables:
        office.execute(
            """
            INSERT INTO spendesk.payables (source, id, raw, bookkeeping_status) VALUES (:source, :id, '{}', :status)
            """,
            source=SOURCE,
            id=payable,
            status=status,
        )
    return withdraw(office.engine, SOURCE, actor=INTAKE)


@pytest.mark.parametrize(("status", "called"), [("exported", "exported"), ("exportedManually", "exported manually")])
def test_what_waits_is_withdrawn_with_the_reason_and_never_exported(office: Office, status: str, called: str) -> None:
    office.deliver(*many(3), invoice(id="blocked", lines=()))
    office.exact.plant(ENTRIES, "refused")
    office.export()
    office.outbox.act(Key(SOURCE, "p-1"), Action.RETRY, why="again", actor=HUMAN)
    office.deliver(invoice(id="p-4", number="4"), invoice(id="p-5", number="5"))
    office.outbox.act(Key(SOURCE, "p-5"), Action.SEND_BACK, why="wrong account", actor=HUMAN)
    waiting = ["p-1", "p-4", "p-5", "blocked"]
    assert booked_at_spendesk(office, *waiting, status=status) == 4
    posts = len(office.exact.posts)
    office.prepare()
    assert (office.export(), len(office.exact.posts)) == (0, posts)
    for payable in waiting:
        row, last = office.row(payable), office.outbox.history(Key(SOURCE, payable))[-1]
        assert (row.state, row.reason) == (State.EXPORTED_MANUALLY, "")
        assert (last.actor, last.run_id) == ("spendesk_payables", "later")
        assert last.why == f"It is {called} at Spendesk, by somebody else: it is not exported here."
    assert count_untold(office.engine, SOURCE) == 2  # those that we have exported


def test_what_failed_here_and_was_booked_by_hand_is_not_told_as_exported_again(office: Office) -> None:
    office.deliver(*many(1))
    office.exact.plant(ENTRIES, "refused")
    office.export()
    assert office.row().state is State.FAILED
    assert booked_at_spendesk(office, "p-1") == 1
    assert count_untold(office.engine, SOURCE) == 0
    assert withdraw(office.engine, SOURCE, actor=INTAKE) == 0


def test_what_we_have_exported_ourselves_stays_ours(office: Office) -> None:
    office.deliver(*many(1))
    office.export()
    assert booked_at_spendesk(office, "p-1") == 0
    assert office.row().state is State.EXPORTED


@pytest.mark.parametrize("status", ["created", "prepared", "unprepared", "failedToExport"])
def test_what_is_not_booked_at_spendesk_either_stays(office: Office, status: str) -> None:
    office.deliver(*many(1))
    assert booked_at_spendesk(office, "p-1", status=status) == 0
    assert office.export() == 1


def test_what_is_on_its_way_is_left_to_its_worker_and_withdrawn_when_it_comes_back(office: Office) -> None:
    office.deliver(*many(1))
    failpoints.plant("export.ready=fail")
    with pytest.raises(failpoints.FailpointError):
        office.export()
    failpoints.plant("")
    assert booked_at_spendesk(office, "p-1") == 0
    assert office.row().state is State.EXPORTING
    office.exact.plant(ENTRIES, "refused")
    office.export()
    assert office.row().state is State.FAILED
    assert withdraw(office.engine, SOURCE, actor=INTAKE) == 1
