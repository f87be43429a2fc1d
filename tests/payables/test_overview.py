"""What the page Exports shows: what is selected, what it comes to, page by page."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from exactsync.payable import Kind
from exactsync.payables.lifecycle import Action, State
from exactsync.payables.overview import PAGE_SIZE, Exports, Selection
from exactsync.payables.rows import Actor, Key
from exactsync.payables.wanted import Wanted
from tests.payables.conftest import HUMAN, SOURCE, many
from tests.unit.payables.company import DIVISION, INVOICE, invoice

if TYPE_CHECKING:
    from exactsync.payables.overview import Overview
    from tests.payables.conftest import Office

RECEIVER = Actor(name="source")


@pytest.fixture
def exports(office: Office) -> Exports:
    return Exports(office.engine, state=office.engine)


def ids(overview: Overview) -> list[str]:
    return [row.payable_id for row in overview.rows]


def choose(exports: Exports, **selected: object) -> list[str]:
    return sorted(ids(exports.overview(Selection(**selected))))


def test_before_anything_was_delivered_only_the_source_is_known(exports: Exports) -> None:
    shown = exports.overview(Selection())
    assert (shown.has_sources, shown.found, shown.totals, shown.rows, shown.companies) == (True, 0, (), (), ())


def test_payables_are_shown_page_by_page_and_each_on_one_page(office: Office, exports: Exports) -> None:
    office.outbox.receive(many(2 * PAGE_SIZE + 3), actor=RECEIVER)
    pages = [exports.overview(Selection(), offset=offset) for offset in range(0, 151, PAGE_SIZE)]
    assert [len(page.rows) for page in pages] == [PAGE_SIZE, PAGE_SIZE, 3, 0]
    assert {page.found for page in pages} == {2 * PAGE_SIZE + 3}
    assert len({each for page in pages for each in ids(page)}) == 2 * PAGE_SIZE + 3
    assert ids(pages[0])[0] == f"p-{2 * PAGE_SIZE + 3}", "the latest change comes first"


def test_totals_are_told_of_every_state_whichever_is_chosen(office: Office, exports: Exports) -> None:
    office.deliver(*many(3))
    office.outbox.act(Key(SOURCE, "p-2"), Action.SEND_BACK, why="The wrong team.", actor=HUMAN)
    chosen = exports.overview(Selection(wanted=Wanted(states=[State.SENT_BACK])))
    assert ids(chosen) == ["p-2"]
    assert chosen.found == 1
    assert {(total.state, total.currency): (total.payables, total.amount) for total in chosen.totals} == {
        (State.PREPARED, INVOICE.currency): (2, 2 * INVOICE.amount),
        (State.SENT_BACK, INVOICE.currency): (1, INVOICE.amount),
    }


def test_currencies_are_not_added_up(office: Office, exports: Exports) -> None:
    office.outbox.receive(
        [invoice(), invoice(id="p-2", number="2", currency="USD", amount=Decimal("-0.1"))], actor=RECEIVER
    )
    totals = exports.overview(Selection()).totals
    assert {(total.currency, total.amount) for total in totals} == {
        (INVOICE.currency, INVOICE.amount),
        ("USD", Decimal("-0.1")),
    }


def test_each_filter_narrows_it_down_and_all_do_together(office: Office, exports: Exports) -> None:
    first = invoice(accounting_date=date(2026, 3, 31))
    second = invoice(id="p-2", number="100%_B", kind=Kind.CARD, accounting_date=date(2026, 4, 1))
    office.outbox.receive([first, second], actor=RECEIVER)
    assert choose(exports, kind=Kind.CARD) == ["p-2"]
    assert choose(exports, division=DIVISION) == ["p-1", "p-2"]
    assert choose(exports, division=DIVISION + 1) == []
    assert choose(exports, wanted=Wanted(last=date(2026, 3, 31))) == ["p-1"]
    assert choose(exports, wanted=Wanted(search="00%_b")) == ["p-2"]
    assert choose(exports, wanted=Wanted(search="%")) == ["p-2"], "what is typed is text"
    assert choose(exports, kind=Kind.CARD, wanted=Wanted(last=date(2026, 3, 31))) == []


def test_what_was_edited_too_late_is_counted_whatever_is_selected(office: Office, exports: Exports) -> None:
    office.deliver(*many(2))
    office.export()
    office.outbox.receive([invoice(number="2026-1", description="Dinner")], actor=RECEIVER)
    assert choose(exports, only_edited=True) == ["p-1"]
    assert exports.overview(Selection(kind=Kind.CARD)).edited == 1


def test_companies_are_those_that_payables_are_booked_in(office: Office, exports: Exports) -> None:
    office.deliver(INVOICE)
    office.execute(
        """
        INSERT INTO exactsync.integrations (name, connection_id, state) VALUES ('nl', 'nl', 'healthy');
        INSERT INTO exactsync.integration_divisions (integration, division, name, country, region, is_chosen)
        VALUES ('nl', :ours, 'Demo Holding', 'NL', 'nl', true), ('nl', :theirs, 'Demo Shop', 'NL', 'nl', true)
        """,
        ours=DIVISION,
        theirs=DIVISION + 1,
    )
    assert [(each.division, each.name) for each in exports.overview(Selection()).companies] == [
        (DIVISION, "Demo Holding")
    ]


def test_a_decision_is_kept_with_who_and_why(office: Office, exports: Exports) -> None:
    office.deliver(INVOICE)
    key = Key(SOURCE, "p-1")
    state = exports.act(key, Action.MARK_EXPORTED, why="Booked by hand.", actor=HUMAN)
    assert state is State.EXPORTED_MANUALLY
    last = exports.history(key)[-1]
    assert (last.from_state, last.to_state, last.why, last.actor) == (
        State.PREPARED,
        State.EXPORTED_MANUALLY,
        "Booked by hand.",
        "mara",
    )
