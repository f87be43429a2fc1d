"""The warehouse against the typed truth of a hostile Exact Online, value by value, through rounds of changes."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from datetime import date
from math import ceil
from typing import TYPE_CHECKING, Any

import pytest

from exactsync.simulator import Company, Settings
from exactsync.simulator.faults import Fault
from tests.truth.books import Books
from tests.truth.columns import LISTS, TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from exactsync.simulator import Simulator
    from exactsync.simulator.messages import Request, Response
    from tests.integration.conftest import Installation

ENTITY_SETS = [table.entity_set for table in LISTS]
CHANGES_A_ROUND = 300
NL = 1000001


def company(code: int, country: str, *, others: int, **sizes: int) -> Company:
    """A company with so many records of the entity sets that are named, and of each of the others."""
    return Company(code=code, name=f"Company {code}", country=country, sizes=dict.fromkeys(ENTITY_SETS, others) | sizes)


COMPANIES = (
    company(NL, "NL", GLAccounts=2001, VATCodes=121, Costcenters=185, Costunits=80, Accounts=2030, others=61),
    company(1000002, "BE", GLAccounts=900, VATCodes=60, Costcenters=120, Costunits=61, Accounts=1000, others=60),
    company(1000003, "FR", GLAccounts=700, VATCodes=75, Costcenters=60, Costunits=90, Accounts=450, others=25),
)
DIVISIONS = [company.code for company in COMPANIES]
SETTINGS = Settings(hostile=1.0, companies=COMPANIES, calls_per_minute=2000)


@pytest.fixture
def set_up(install: Callable[[Settings], Installation], seed: int) -> Callable[[Settings], Books]:
    """Set up an installation whose Exact has these settings, and values in every property."""

    def set_up(settings: Settings) -> Books:
        seeded = replace(settings, seed=settings.seed + seed)
        books = Books(install(seeded), [company.code for company in settings.companies])
        books.fill_every_property(records=150)
        return books

    return set_up


def dearest_first_sync(simulator: Simulator) -> Counter[tuple[str, int]]:
    """The calls that reading everything once may cost."""
    return Counter(
        {
            (table.endpoint, division): ceil(len(simulator.truth(division, table.entity_set)) / table.page_size)
            for table in LISTS
            for division in DIVISIONS
        }
    )


def calls_by_list(simulator: Simulator) -> Counter[tuple[str, int]]:
    endpoints = {table.endpoint for table in LISTS}
    calls: Counter[tuple[str, int]] = Counter()
    for call, number in simulator.calls().items():
        if call.endpoint in endpoints and call.division is not None:
            calls[call.endpoint, call.division] += number
    return calls


def test_five_thousand_hostile_rows_are_true_after_the_first_sync_and_after_each_of_four_rounds_of_changes(
    set_up: Callable[[Settings], Books], seed: int
) -> None:
    books = set_up(SETTINGS)
    simulator = books.simulator
    budget = dearest_first_sync(simulator)
    books.sync()
    verdict = books.compare()
    assert verdict.differences == []
    assert verdict.rows >= 5000
    assert columns_without_a_value(books) == []
    assert calls_by_list(simulator) == budget
    sys.stdout.write(f"first sync: {budget.total()} calls\n")
    books.rewritten_for_nothing(verdict)
    for number in range(1, 5):
        changes = simulator.random_changes(
            CHANGES_A_ROUND, seed=number + 5 * seed, divisions=DIVISIONS, entity_sets=ENTITY_SETS
        )
        moved = {"DivisionMoveDate": date(2026, number, 1), "Status": number % 3}
        simulator.update(0, "Divisions", DIVISIONS[number % len(DIVISIONS)], moved)
        sys.stdout.write(f"round {number}: {dict(Counter(change.kind for change in changes))}\n")
        books.sync()
        verdict = books.compare()
        assert verdict.differences == []
        needless, changed = books.rewritten_for_nothing(verdict)
        assert (needless, changed > 0) == ([], True)
    assert simulator.violations() == []


def test_what_changes_while_pages_are_read_is_there_after_the_next_sync(
    set_up: Callable[[Settings], Books],
) -> None:
    small = company(NL, "NL", GLAccounts=150, Accounts=200, others=70)
    books = set_up(replace(SETTINGS, companies=(small,), bulk_page_size=40, single_page_size=20))
    simulator = books.simulator
    books.sync()
    made = []

    def change_first(_request: Request, proceed: Callable[[], Response]) -> Response:
        made.extend(simulator.random_changes(4, seed=len(made), divisions=[NL], entity_sets=ENTITY_SETS))
        return proceed()

    for endpoint in (*(table.endpoint for table in TABLES), "sync/Deleted"):
        simulator.plant(Fault(endpoint=endpoint, action=change_first, occurrences=frozenset()))
    for table in TABLES:
        books.installation.sync(table.name, mode="full")
    books.sync()
    simulator.clear_faults()
    books.sync()
    # What came and went between two looks of the oracle is unknown to it, but must not be live.
    assert [difference for difference in books.compare().differences if not difference.is_deleted] == []
    assert len(made) > 100
    assert simulator.violations() == []


@pytest.mark.parametrize("table", LISTS, ids=lambda table: table.name)
def test_changes_that_leave_little_trace_are_not_missed(set_up: Callable[[Settings], Books], table: Table) -> None:
    small = company(NL, "NL", others=30)
    books = set_up(replace(SETTINGS, companies=(replace(small, suppliers=1.0),)))
    simulator = books.simulator

    def sync_and_compare() -> None:
        books.installation.let_days_pass()
        books.installation.sync(table.name)
        books.installation.apply_deletions()
        for follower in LISTS:
            if follower.parent and follower.parent[1] == table.entity_set:
                books.installation.sync(follower.name)
        assert books.compare().differences == []

    books.sync()
    books.compare()
    first, second, third, fourth, fifth, *_ = simulator.truth(NL, table.entity_set)
    for record in (first, first, second):  # each with the rowversion right behind the watermark
        simulator.touch(NL, table.entity_set, record["ID"])
        sync_and_compare()
    for record in (third, fourth):  # deletions in a row, in the same way
        simulator.delete(NL, table.entity_set, record["ID"])
        sync_and_compare()
    restore(simulator, table, third)  # as it was
    sync_and_compare()
    simulator.delete(NL, table.entity_set, fifth["ID"])
    restore(simulator, table, fifth)  # before we look
    sync_and_compare()
    assert simulator.violations() == []


def restore(simulator: Simulator, table: Table, record: dict[str, Any]) -> None:
    """Bring a deleted record back under its key."""
    simulator.insert(NL, table.entity_set, {name: value for name, value in record.items() if name != "Timestamp"})


def test_a_relation_that_is_a_supplier_again_is_back_as_it_was(set_up: Callable[[Settings], Books]) -> None:
    books = set_up(replace(SETTINGS, companies=(company(NL, "NL", Accounts=30, others=0),)))
    books.sync()
    assert books.compare().differences == []
    supplier = next(record for record in books.simulator.truth(NL, "Accounts") if record["IsSupplier"])
    unchanged = {"Modified": supplier["Modified"]}
    for is_supplier in (False, True, False, True):
        books.simulator.update(NL, "Accounts", supplier["ID"], {**unchanged, "IsSupplier": is_supplier})
        books.sync()
        assert books.compare().differences == []


def columns_without_a_value(books: Books) -> list[str]:
    """Columns that hold nothing but null prove nothing."""
    empty = []
    with books.installation.engine.connect() as connection:
        for table in TABLES:
            counted = ", ".join(f"count({column})" for column in table.columns)
            counts = connection.exec_driver_sql(f"SELECT {counted} FROM exact_online.{table.name}").one()
            empty += [f"{table.name}.{name}" for name, count in zip(table.columns, counts, strict=True) if not count]
    return empty
