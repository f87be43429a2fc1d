"""A day of payables: two companies' accounts at Spendesk, what runs the DAGs that book them, and what comes of it."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any, Final, Protocol

from exactsync.demo.airflow import free_port
from exactsync.demo.stack import CONNECTION_ID
from exactsync.environment import read_deployment
from exactsync.payables.mapping import MappingKind, Source
from exactsync.payables.sources import SourceInfo
from exactsync.simulator import SimulatorServer
from exactsync.simulator.spendesk import SpendeskSettings, SpendeskSimulator
from tests.e2e.payables.company import COST_CENTER, JOURNALS, furnish, long_closed, meet
from tests.e2e.payables.faults import FAULTS, spoiled
from tests.e2e.payables.ledger import Ledger, add_up, minor, read_ledger, wanted_totals
from tests.e2e.payables.spent import Spender
from tests.e2e.warehouse import query

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from exactsync.demo.stack import Stack
    from tests.e2e.conftest import Exact
    from tests.e2e.payables.company import BookedIn
    from tests.e2e.payables.spent import Spent

HOME, ABROAD = 1000001, 1000002
SOURCES: Final = {"spendesk_home": HOME, "spendesk_abroad": ABROAD}
BY_THE_CLOCK: Final = (
    "exact_online_full_refresh",
    "exact_online_keepalive",
    "exact_online_sync",
    "exactsync_maintenance",
    "spendesk_payables",
)
SNAPSHOT_S: Final = 1.0
PLENTY: Final = 100_000
"""Calls a minute: the limits are for other tests."""
PATIENCE_S: Final = 1200.0
_SETTINGS: Final = SpendeskSettings(
    payables=0, snapshot_ready_s=SNAPSHOT_S, shortest_poll_s=SNAPSHOT_S, calls_per_minute=PLENTY
)


class Office(Protocol):
    """Where payables are booked: a stack with a real scheduler, or the library, doing what the DAGs' tasks do."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Where the databases are."""

    def run(self, dag_id: str, **choice: Any) -> None:
        """Run a DAG, which must go well."""

    def exports(self) -> dict[str, str]:
        """Return the state of each run of the DAG that exports, by its id."""

    def totals(self) -> list[dict[str, Any]]:
        """Return what the page Exports says all payables come to."""


class Scheduled:
    """A stack, and the scheduler in it: nothing runs by the clock, only what is triggered, by hand or by an asset."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._api = stack.wait_until_ready()
        self.environment = stack.environment
        for dag_id in BY_THE_CLOCK:
            self._api.wait_for_dag(dag_id)
            self._api.pause(dag_id)
        self._api.wait_for_dag("exact_online_export")

    def run(self, dag_id: str, **choice: Any) -> None:
        self._api.pause(dag_id, is_paused=False)
        self._api.wait_for_run(dag_id, self._api.trigger(dag_id, **choice), timeout_s=PATIENCE_S)
        if dag_id in BY_THE_CLOCK:
            self._api.pause(dag_id)

    def exports(self) -> dict[str, str]:
        self._stack.processes.check()
        return self._api.runs("exact_online_export")

    def totals(self) -> list[dict[str, Any]]:
        return list(self._api.read("/exactsync/api/exports")["totals"])


class Accounts:
    """The accounts at Spendesk, by their addresses before there are any."""

    def __init__(self) -> None:
        self._ports = {source: free_port() for source in SOURCES}

    @property
    def connections(self) -> dict[str, dict[str, Any]]:
        """The connections that lead to them."""
        return {
            source: {
                "conn_type": "spendesk",
                "host": f"http://127.0.0.1:{port}",
                "login": _SETTINGS.client_id,
                "password": _SETTINGS.client_secret,
                "extra": {"poll_s": SNAPSHOT_S, "calls_per_minute": PLENTY},
            }
            for source, port in self._ports.items()
        }

    @contextmanager
    def opened(self, companies: list[BookedIn]) -> Iterator[dict[str, SpendeskSimulator]]:
        """Yield them, at work."""
        with ExitStack() as servers:
            yield {
                one.source: servers.enter_context(
                    SimulatorServer(SpendeskSimulator(one.spendesk, _SETTINGS), self._ports[one.source])
                ).simulator
                for one in companies
            }


def a_day_of_payables_is_booked(
    office: Office, exact: Exact, accounts: Accounts, *, good: int, faulty: int, unknown: Collection[str]
) -> None:
    """Let payables of two companies come, and see what becomes of them.

    Args:
        office: where.
        exact: the control API of its Exact Online.
        accounts: the accounts at Spendesk that it has connections to.
        good: how many payables can be booked.
        faulty: how many cannot.
        unknown: the entities that the warehouse does not know yet.
    """
    exact.change("settings", calls_per_minute=PLENTY, calls_per_day=PLENTY)
    exact.change("journal/clear")
    companies = furnish_companies(office, exact, unknown)
    set_up(office, companies)
    spent = make_up(companies, good=good, faulty=faulty)
    with accounts.opened(companies) as spendesk:
        for one in spent:
            spendesk[one.source].put(one.record)
        block_what_is_blocked_later(exact, companies)
        let_them_come(office)
        wait_until_all_is_decided(office, len(spent))
        ledgers = every_good_one_is_at_exact_to_the_cent_with_its_receipts(office, exact, spent)
        every_faulty_one_says_why(office, spent)
        totals_agree_on_both_sides(office, ledgers, spent)
        spendesk_was_told(spendesk, spent)
        nothing_is_booked_again(office, exact, spendesk, spent)
        assert [violation for one in spendesk.values() for violation in one.violations()] == []
    assert exact.read("violations") == []


def furnish_companies(office: Office, exact: Exact, unknown: Collection[str]) -> list[BookedIn]:
    """Let a bookkeeper prepare both companies at Exact, and a sync bring it."""
    closed = long_closed(datetime.now(UTC).date())
    for division in SOURCES.values():
        furnish(exact, division, closed=closed)
    office.run("exact_online_sync", divisions=list(SOURCES.values()), entities=list(unknown), mode="full")
    return [
        meet(
            exact,
            division,
            Random(division),
            source=source,
            entry_currency="functional" if division == HOME else "payment",
            closed=closed,
        )
        for source, division in SOURCES.items()
    ]


def set_up(office: Office, companies: list[BookedIn]) -> None:
    """Say where payables go, and what they are called there."""
    deployment = read_deployment(office.environment)
    try:
        for one in companies:
            source = Source(name=one.source, division=one.division, entry_currency=one.entry_currency)
            info = SourceInfo(source=source, kind="spendesk", integration=CONNECTION_ID)
            deployment.payables.save_source(info, actor="mara")
            for kind, key, target in mapped(one):
                deployment.payables.set_mapping(one.source, kind, key, target, actor="mara")
    finally:
        deployment.close()


def mapped(company: BookedIn) -> list[tuple[MappingKind, str, str]]:
    return [
        *((MappingKind.JOURNAL, kind, journal) for kind, journal in JOURNALS.items()),
        (MappingKind.AXIS, COST_CENTER, "cost_centers"),
        (MappingKind.VAT_CODE, "", company.without_vat),
        *((MappingKind.VAT_CODE, one.code, one.code) for one in company.vat_accounts),
        *((MappingKind.EMPLOYEE, str(one.id), str(one.relation)) for one in company.employees),
    ]


def make_up(companies: list[BookedIn], *, good: int, faulty: int) -> list[Spent]:
    """Return payables that can be booked, and some with each fault, of all companies in turn."""
    spenders = [Spender(one, Random(f"{one.source} spends"), datetime.now(UTC).date()) for one in companies]
    faults = list(FAULTS)
    return [
        *(spenders[number % len(spenders)].spend() for number in range(good)),
        *(
            spoiled(faults[number % len(faults)], spenders[number // len(faults) % len(spenders)])
            for number in range(faulty)
        ),
    ]


def block_what_is_blocked_later(exact: Exact, companies: list[BookedIn]) -> None:
    """Block an account at Exact of which the warehouse knows nothing."""
    exact.change(
        "changes",
        changes=[
            {
                "kind": "update",
                "division": one.division,
                "entity_set": "GLAccounts",
                "key": one.blocked_later.id,
                "values": {"IsBlocked": True},
            }
            for one in companies
        ],
    )


def let_them_come(office: Office) -> None:
    """Let Spendesk be asked; the export follows by itself, if there is news."""
    office.run("spendesk_payables", lookback_days=30)


def wait_until_all_is_decided(office: Office, number: int) -> None:
    """Wait until exports have ended that nobody but the payables has triggered, and every payable has ended, too."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        ((decided,),) = query(office, _DECIDED)
        runs = office.exports()
        if decided == number and runs and set(runs.values()) <= {"success", "failed"}:
            break
        assert time.monotonic() < deadline, (decided, runs)
        time.sleep(0.5)
    assert set(runs.values()) == {"success"}
    assert all(run_id.startswith("asset_triggered") for run_id in runs)


def every_good_one_is_at_exact_to_the_cent_with_its_receipts(
    office: Office, exact: Exact, spent: list[Spent]
) -> dict[str, Ledger]:
    rows = {row[0]: row[1:] for row in query(office, _ROWS)}
    ledgers = {source: read_ledger(exact, division) for source, division in SOURCES.items()}
    good = [one for one in spent if one.fault is None]
    wrong = {}
    for one in good:
        state, reference, entry_id, entry_number, message, reasons = rows[one.id]
        assert state == "exported", (one.id, state, message, reasons)
        if differences := ledgers[one.source].compare(reference, one.entry):
            wrong[one.id] = differences
        record = ledgers[one.source].entries[reference]
        assert (str(entry_id), entry_number) == (record["EntryID"], record["EntryNumber"])
    assert wrong == {}, wrong
    assert sum(len(one.entries) for one in ledgers.values()) == len(good)
    receipted = sum(bool(one.entry.receipts) for one in good)
    refused = sum(one.says.startswith("Geblokkeerd") for one in spent)  # its receipt came before its entry
    assert sum(one.documents for one in ledgers.values()) == receipted + refused
    return ledgers


def every_faulty_one_says_why(office: Office, spent: list[Spent]) -> None:
    rows = {row[0]: row[1:] for row in query(office, _ROWS)}
    for one in spent:
        if one.fault is None:
            continue
        state, _, entry_id, _, message, reasons = rows[one.id]
        said = f"{message} {' '.join(reason['message'] for reason in reasons)}"
        found = one.fault, state, frozenset(reason["check"] for reason in reasons), entry_id
        assert found == (one.fault, one.state, one.checks, None), said
        assert one.says in said, (one.fault, said)


def totals_agree_on_both_sides(office: Office, ledgers: dict[str, Ledger], spent: list[Spent]) -> None:
    """At Exact by journal and currency of entries; in the outbox, and on its page, by kind, state and currency."""
    for source, ledger in ledgers.items():
        booked = [one for one in spent if one.source == source and one.fault is None]
        assert ledger.totals() == wanted_totals(booked), source
    by_kind = add_up((one.source, one.kind, one.state, one.record["currency"], one.record["amount"]) for one in spent)
    outbox = query(office, "SELECT source, kind, state, currency, amount FROM exactsync.payables_outbox")
    assert add_up((*row[:4], minor(row[4], row[3])) for row in outbox) == by_kind
    by_state = add_up((one.state, one.record["currency"], one.record["amount"]) for one in spent)
    totals = {
        (one["state"], one["currency"]): (one["payables"], minor(one["amount"], one["currency"]))
        for one in office.totals()
    }
    assert totals == by_state


def spendesk_was_told(spendesk: dict[str, SpendeskSimulator], spent: list[Spent]) -> None:
    words = {"exported": "exported", "failed": "failedToExport"}
    told = sorted((str(one["id"]), one["status"]) for account in spendesk.values() for one in account.reports())
    assert told == sorted((one.id, words[one.state]) for one in spent if one.state in words)


def nothing_is_booked_again(
    office: Office, exact: Exact, spendesk: dict[str, SpendeskSimulator], spent: list[Spent]
) -> None:
    """Let Spendesk forget what it was told, so that everything comes again, one of it edited; and export by hand."""
    before = {source: read_ledger(exact, division) for source, division in SOURCES.items()}
    edited = next(one for one in spent if one.fault is None)
    for one in spent:
        spendesk[one.source].edit(one.record["id"], bookkeepingStatus="prepared")
    spendesk[edited.source].edit(edited.record["id"], description="Lunch met een andere klant")
    writes = exact.read("writes")
    let_them_come(office)
    office.run("exact_online_export")
    assert exact.read("writes") == writes
    assert {source: read_ledger(exact, division) for source, division in SOURCES.items()} == before
    every_faulty_one_says_why(office, spent)
    assert query(office, "SELECT payable_id FROM exactsync.payables_outbox WHERE edited IS NOT NULL") == [(edited.id,)]


_DECIDED: Final = """
SELECT count(*) FROM exactsync.payables_outbox
WHERE state IN ('exported', 'failed') OR state = 'blocked' AND NOT reasons @> '[{"check": "unchecked"}]'
"""
_ROWS: Final = """
SELECT payable_id, state, reference, entry_id, entry_number, coalesce(message, ''), reasons
FROM exactsync.payables_outbox
"""
