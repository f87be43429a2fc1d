"""The same invoice under two keys is booked once, until a person says that it is two purchases."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from sqlalchemy import text

from exactsync.errors import ConfigurationError
from exactsync.payables.lifecycle import Action, State
from exactsync.payables.rows import Key
from exactsync.payables.twins import purchase_of
from tests.payables.conftest import HUMAN, SOURCE
from tests.payables.exact import ENTRIES
from tests.payables.test_export import settle
from tests.unit.payables.company import invoice

if TYPE_CHECKING:
    from exactsync.payable import Payable
    from tests.payables.conftest import Office

FIRST = invoice(id="p-1", number="2026-0042")
TWIN = invoice(id="p-2", number=" 2026 0042")
SECOND = Key(SOURCE, "p-2")


def states(office: Office) -> list[State]:
    return [office.row("p-1").state, office.row("p-2").state]


def booked(office: Office) -> int:
    return len(office.exact.records[ENTRIES])


def test_of_an_invoice_that_is_delivered_under_two_keys_one_is_booked_and_the_other_names_it(office: Office) -> None:
    office.deliver(FIRST, TWIN)
    office.export()
    assert states(office) == [State.EXPORTED, State.BLOCKED]
    assert booked(office) == 1
    first, twin = office.row("p-1"), office.row("p-2")
    assert [reason["check"] for reason in twin.reasons] == ["possible_duplicate"]
    assert f"payable {first.key} ({first.reference}), which is booked as entry {first.entry_number}." in twin.reason


def test_one_that_comes_after_its_twin_was_booked_is_not_even_prepared(office: Office) -> None:
    office.deliver(FIRST)
    office.export()
    office.deliver(TWIN)
    assert states(office) == [State.EXPORTED, State.BLOCKED]
    history = len(office.whys("p-2"))
    office.prepare()
    office.export()
    assert (booked(office), len(office.whys("p-2"))) == (1, history)  # nor does it fill the history, run by run


@pytest.mark.parametrize(
    "other",
    [
        {"number": "2026-0043"},
        {"number": None, "source_kind": "reverseBill"},
    ],
)
def test_what_differs_in_its_number_is_another_purchase(office: Office, other: dict) -> None:
    office.deliver(FIRST, invoice(id="p-2", **other))
    office.export()
    assert "possible_duplicate" not in [reason["check"] for reason in office.row("p-2").reasons]


def test_what_a_person_says_is_another_purchase_is_booked_beside_its_twin(office: Office) -> None:
    office.deliver(FIRST, TWIN)
    office.export()
    office.outbox.act(SECOND, Action.BOOK_ANYWAY, why="the second half of the year", actor=HUMAN)
    office.prepare()
    office.export()
    assert states(office) == [State.EXPORTED, State.EXPORTED]
    assert booked(office) == 2
    assert "the second half of the year" in office.whys("p-2")


def test_that_word_does_not_outlive_an_edit(office: Office) -> None:
    office.deliver(FIRST, TWIN)
    office.export()
    office.outbox.act(SECOND, Action.BOOK_ANYWAY, why="another one", actor=HUMAN)
    office.deliver(replace(TWIN, description="corrected"))
    office.export()
    assert states(office) == [State.EXPORTED, State.BLOCKED]


def test_trying_again_is_no_such_word(office: Office) -> None:
    office.deliver(FIRST, TWIN)
    office.export()
    office.outbox.act(SECOND, Action.RETRY, why="why not", actor=HUMAN)
    office.prepare()
    office.export()
    assert booked(office) == 1


def test_only_what_has_a_twin_can_be_booked_anyway(office: Office) -> None:
    office.deliver(invoice(id="p-1", number=None))
    with pytest.raises(ConfigurationError, match="cannot be booked anyway now"):
        office.outbox.act(Key(SOURCE, "p-1"), Action.BOOK_ANYWAY, why="now", actor=HUMAN)


def test_one_whose_twin_was_refused_is_booked_in_its_place(office: Office) -> None:
    office.deliver(FIRST)
    office.exact.plant(ENTRIES, "refused")
    office.export()
    office.deliver(TWIN)
    office.export()
    assert states(office) == [State.FAILED, State.EXPORTED]
    office.outbox.act(Key(SOURCE, "p-1"), Action.RETRY, why="mended", actor=HUMAN)
    office.prepare()
    office.export()
    assert states(office) == [State.BLOCKED, State.EXPORTED]
    assert booked(office) == 1


def test_one_waits_while_nobody_knows_whether_its_twin_is_booked(office: Office) -> None:
    office.deliver(FIRST)
    office.exact.plant(ENTRIES, "lost after")
    office.export()
    office.deliver(TWIN)
    assert states(office) == [State.IN_DOUBT, State.BLOCKED]
    settle(office)
    office.prepare()
    office.export()
    assert states(office) == [State.EXPORTED, State.BLOCKED]
    assert booked(office) == 1


def test_one_whose_twin_was_marked_as_booked_by_hand_is_held_back(office: Office) -> None:
    office.deliver(FIRST)
    office.outbox.act(Key(SOURCE, "p-1"), Action.MARK_EXPORTED, why="Booked by hand.", actor=HUMAN)
    office.deliver(TWIN)
    assert "which somebody has marked as exported" in office.row("p-2").reason


def test_of_two_workers_with_a_twin_each_one_books_and_the_other_gives_way(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.deliver(FIRST, TWIN)
    create = office.exact.create
    others: list[int] = []

    def create_while_another_exports(to: str, **details: object) -> object:
        if not others:
            others.append(0)
            others[0] = office.export("other")
        return create(to, **details)

    monkeypatch.setattr(office.exact, "create", create_while_another_exports)
    office.export("one")
    assert others == [1]
    assert sorted(states(office)) == [State.BLOCKED, State.EXPORTED]
    assert booked(office) == 1


def test_what_was_booked_by_an_older_version_has_its_twins_too(office: Office) -> None:
    office.deliver(invoice(id="p-1", number="RE-2026_0042/a"))
    office.export()
    read = "SELECT purchase FROM exactsync.payables_outbox"
    with office.engine.begin() as connection:
        now = connection.exec_driver_sql(read).scalar_one()
        connection.exec_driver_sql("UPDATE exactsync.payables_outbox SET purchase = NULL")
        connection.execute(text(UPGRADE[UPGRADE.index("UPDATE") :]))
        assert connection.exec_driver_sql(read).scalar_one() == now


UPGRADE = import_module("exactsync.warehouse.migrations.versions.0014_twins").STATEMENTS
A, B = UUID(int=1), UUID(int=2)


def changed(**changes: object) -> Payable:
    return invoice(number="INV-7", **changes)


def test_what_one_purchase_is_known_by() -> None:
    own = purchase_of(changed(), A)
    assert own == purchase_of(invoice(number=" inv 7."), A)
    assert own == purchase_of(changed(id="other", description="other", amount=changed().amount * Decimal("1.00")), A)
    others = [
        purchase_of(changed(), B),
        purchase_of(invoice(number="INV-71"), A),
        purchase_of(changed(amount=changed().amount + 1), A),
        purchase_of(changed(amount=-changed().amount), A),
        purchase_of(changed(currency="USD"), A),
    ]
    assert own not in others
    assert purchase_of(invoice(number=" - "), A) is None
    assert purchase_of(changed(), None) is None
