"""A full refresh against the strict simulator: what it repairs, which drift it reports, and what readers see."""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from threading import Event, Thread
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg2
import pytest
from sqlalchemy import text

from exactsync.entities import entities
from exactsync.errors import DefectError, LoadDiscardedError
from exactsync.load import Mode, Run
from exactsync.simulator import Company, Settings
from exactsync.simulator.faults import FAULTS, Fault, Proceed, late_commit
from exactsync.warehouse import drift

if TYPE_CHECKING:
    from collections.abc import Callable

    from exactsync.simulator import Simulator
    from exactsync.simulator.messages import Request, Response
    from tests.integration.conftest import Installation

NL = 1000001
SIZES = {"GLAccounts": 30, "VATCodes": 20, "Costcenters": 70, "Costunits": 9, "Accounts": 40, "BankAccounts": 30} | {
    "Journals": 12,
    "GLAccountClassificationMappings": 8,
}
SETTINGS = Settings(
    calls_per_minute=1000, companies=(Company(code=NL, name="Demo Holding", country="NL", sizes=SIZES),)
)
GL = "sync/Financial/GLAccounts"
LONG_AGO = datetime(2019, 3, 4, tzinfo=UTC)


@pytest.fixture
def installation(install: Callable[[Settings], Installation]) -> Installation:
    return install(SETTINGS)


def sync_all(installation: Installation) -> None:
    for entity in entities():
        installation.sync(entity)
    installation.apply_deletions()


def execute(installation: Installation, statement: str) -> None:
    with installation.engine.begin() as connection:
        connection.execute(text(statement))


def found(installation: Installation, entity: str) -> drift.Drift | None:
    with installation.engine.connect() as connection:
        latest = drift.read_latest(connection).get((NL, entity))
    return latest.found if latest else None


def keys(installation: Installation, entity_set: str) -> list[UUID]:
    return [UUID(str(record["ID"])) for record in installation.simulator.truth(NL, entity_set)]


def damage(installation: Installation, entity: str, lost: UUID, altered: UUID) -> None:
    """Take a row away, alter one, and add one that Exact does not have."""
    table = f"exact_online.{entity}"
    execute(
        installation,
        f"CREATE TEMP TABLE stranger AS SELECT * FROM {table} LIMIT 1;"
        "UPDATE stranger SET id = gen_random_uuid();"
        f"INSERT INTO {table} SELECT * FROM stranger; DROP TABLE stranger;"
        f"DELETE FROM {table} WHERE id = '{lost}'; UPDATE {table} SET description = 'x' WHERE id = '{altered}'",
    )


def test_a_first_load_is_no_drift(installation: Installation) -> None:
    sync_all(installation)
    assert installation.scalar("SELECT count(*) FROM exactsync.drift WHERE entity <> 'divisions'") == 0


def test_of_a_sync_feed_what_was_missed_is_told_from_what_changed_since(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    sync_all(installation)
    lost, altered, changed, deleted, *_ = keys(installation, "GLAccounts")
    damage(installation, "gl_accounts", lost, altered)
    installation.simulator.insert(NL, "GLAccounts")
    installation.simulator.update(NL, "GLAccounts", changed, {"Description": "new"})
    installation.simulator.delete(NL, "GLAccounts", deleted)
    with caplog.at_level(logging.INFO):
        result = installation.sync("gl_accounts", mode="full")
    assert (result.inserted, result.updated, result.deleted) == (2, 2, 2)
    told = "1 missed insert, 1 missed update, 2 missed deletes (1 late row); 2 changed since"
    assert f"Drift found, and repaired: {told}. More: docs/full-refresh.md#drift" in caplog.text
    installation.apply_deletions()  # which says that one of the two was deleted only now
    told = drift.Drift(missed_inserts=1, missed_updates=1, missed_deletes=1, late_rows=1, changed_since=3)
    assert found(installation, "gl_accounts") == told
    assert [row["drift"] for row in installation.deployment.status() if row["entity"] == "gl_accounts"] == [3]
    assert installation.sync("gl_accounts", mode="full").outcome == "unchanged"
    assert found(installation, "gl_accounts") == drift.Drift()


def test_a_row_that_commits_below_the_watermark_is_caught_and_counted_as_late(installation: Installation) -> None:
    sync_all(installation)
    key = keys(installation, "GLAccounts")[5]
    late = late_commit(calls=None, key=str(key), values={"Description": "late"})
    installation.simulator.plant(Fault(endpoint=GL, action=late, occurrences=frozenset({1})))
    installation.sync("gl_accounts")
    installation.simulator.commit_late_changes()
    assert installation.sync("gl_accounts").updated == 0
    assert installation.sync("gl_accounts", mode="full").updated == 1
    assert found(installation, "gl_accounts") == drift.Drift(missed_updates=1, late_rows=1)


@pytest.mark.parametrize("entity", ["cost_centers", "journals", "gl_account_classifications"])
def test_of_a_list_only_what_was_modified_long_before_counts_as_missed(installation: Installation, entity: str) -> None:
    sync_all(installation)
    table, dated = f"exact_online.{entity}", entity != "gl_account_classifications"
    last = "ORDER BY modified_at DESC, id LIMIT 1" if dated else "LIMIT 1"
    execute(installation, f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} {last})")
    if dated:
        execute(
            installation, f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} ORDER BY modified_at, id LIMIT 1)"
        )
    if entity == "journals":
        execute(
            installation,
            "UPDATE exactsync.sync_state SET full_at = (SELECT max(modified_at) FROM "
            f"{table}) - interval '1 hour' WHERE entity = '{entity}'",
        )
    installation.sync(entity, mode="full")
    assert found(installation, entity) == drift.Drift(missed_inserts=int(dated), late_rows=int(dated), changed_since=1)


@pytest.mark.parametrize(
    ("entity", "change"),
    [
        ("divisions", lambda exact: exact.update(0, "Divisions", NL, {"Status": 2})),  # which leaves Modified as it was
        ("cost_centers", lambda exact: exact.insert(NL, "Costcenters", {"Modified": LONG_AGO})),
        ("journals", lambda exact: exact.insert(NL, "Journals", {"Modified": LONG_AGO})),
    ],
)
def test_what_changed_since_the_last_sync_is_not_missed_however_old_its_modified(
    installation: Installation, entity: str, change: Callable[[Simulator], object]
) -> None:
    sync_all(installation)
    installation.let_days_pass()
    change(installation.simulator)
    assert installation.sync(entity).changed
    assert found(installation, entity) == drift.Drift(changed_since=1)


def test_what_was_known_to_be_missing_is_not_missed(installation: Installation) -> None:
    def spoil(_request: Request, proceed: Proceed) -> Response:
        answer = proceed()
        return replace(answer, body=answer.body.replace(b'"Description":"', b'"Description":7,"_":"', 1))

    installation.simulator.plant(Fault(endpoint=GL, action=spoil, occurrences=frozenset({1})))
    installation.sync("gl_accounts")
    assert installation.scalar("SELECT count(*) FROM exactsync.quarantine") == 1
    assert installation.sync("gl_accounts", mode="full").inserted == 1
    assert found(installation, "gl_accounts") == drift.Drift(changed_since=1)


def test_bank_accounts_of_who_became_a_supplier_are_not_missed_however_old(installation: Installation) -> None:
    owners = {account["Account"] for account in installation.simulator.truth(NL, "BankAccounts")}
    relations = installation.simulator.truth(NL, "Accounts")
    customer = next(one["ID"] for one in relations if not one["IsSupplier"] and one["ID"] in owners)
    for entity in ("suppliers", "supplier_bank_accounts"):
        installation.sync(entity)
    installation.simulator.set_supplier(NL, customer, is_supplier=True)
    installation.sync("suppliers", mode="full")
    came = installation.sync("supplier_bank_accounts", mode="full").inserted
    assert came
    assert found(installation, "supplier_bank_accounts") == drift.Drift(changed_since=came)


def test_a_deletion_that_only_a_comparison_can_tell_is_not_missed(installation: Installation) -> None:
    installation.sync("cost_centers")
    installation.simulator.delete(NL, "Costcenters", keys(installation, "Costcenters")[0])
    assert installation.sync("cost_centers", mode="full").deleted == 1
    assert found(installation, "cost_centers") == drift.Drift(changed_since=1)


def test_of_comparisons_that_found_nothing_the_last_is_kept_and_of_the_others_all(installation: Installation) -> None:
    installation.sync("cost_centers")
    kept = []
    for is_damaged in (False, False, True, False, False):
        if is_damaged:
            damage(installation, "cost_centers", *keys(installation, "Costcenters")[:2])
        installation.sync("cost_centers", mode="full")
        kept.append(installation.scalar("SELECT count(*) FROM exactsync.drift WHERE entity = 'cost_centers'"))
    assert kept == [1, 1, 2, 2, 2]


class Analyst(Thread):
    """Reads every table over and over again, on a connection of their own, and remembers each content seen."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url, self._is_over = url, Event()
        self.seen: dict[str, list[Any]] = {entity: [] for entity in entities()}
        self.looks = 0

    def run(self) -> None:
        with closing(psycopg2.connect(self._url)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            while not self._is_over.wait(0.02):
                for entity, seen in self.seen.items():
                    cursor.execute(content(entity))
                    if seen[-1:] != (row := cursor.fetchall()):
                        seen += row
                self.looks += 1

    def stop(self) -> None:
        self._is_over.set()
        self.join(timeout=30)


def content(entity: str) -> str:
    """Write the query for how many live rows a table has, and a digest of all that is in them."""
    columns = ", ".join(f'"{column.name}"' for column in entities()[entity].columns)
    return f"""
        SELECT count(*), md5(coalesce(string_agg(row({columns})::text, '' ORDER BY row({columns})::text), ''))
        FROM exact_online.{entity} WHERE division = {NL} AND _deleted_at IS NULL"""


def contents(installation: Installation) -> dict[str, Any]:
    with installation.engine.connect() as connection:
        return {entity: tuple(connection.execute(text(content(entity))).one()) for entity in entities()}


def test_who_reads_during_twenty_full_refreshes_sees_each_table_as_it_was_or_as_it_is(
    installation: Installation, migrated_database: str
) -> None:
    sync_all(installation)
    true = contents(installation)
    for entity, entity_set in {"gl_accounts": "GLAccounts", "cost_centers": "Costcenters"}.items():
        damage(installation, entity, *keys(installation, entity_set)[:2])
    damaged = contents(installation)
    analyst = Analyst(migrated_database)
    analyst.start()
    for _ in range(20):
        for entity in entities():
            installation.sync(entity, mode="full")
    analyst.stop()
    assert analyst.looks > 20
    assert contents(installation) == true
    assert {entity: tuple(seen) for entity, seen in analyst.seen.items()} == {
        entity: (true[entity],) if damaged[entity] == true[entity] else (damaged[entity], true[entity])
        for entity in entities()
    }


def test_a_backfill_of_past_days_reads_what_is_there_now_once_and_writes_nothing_twice(
    installation: Installation,
) -> None:
    sync_all(installation)
    changed = keys(installation, "GLAccounts")[0]
    installation.simulator.update(NL, "GLAccounts", changed, {"Description": "of today"})
    updated = []
    for day in ("2026-01-01", "2026-01-02", "2026-01-03"):
        run = Run(run_id=f"backfill__{day}T00:00:00+00:00", holder=day)
        result = installation.deployment.sync(installation.ref(NL), "gl_accounts", mode="incremental", run=run)
        updated.append(result.updated)
        assert result.calls == 1
    assert updated == [1, 0, 0]
    versions = f"FROM exact_online.gl_accounts_history WHERE id = '{changed}'"
    assert installation.scalar(f"SELECT count(*) {versions}") == 2
    assert installation.scalar(f"SELECT max(valid_from) > now() - interval '1 hour' {versions}")


def test_what_a_full_refresh_has_staged_is_finished_by_the_next_hourly_run(installation: Installation) -> None:
    sync_all(installation)
    damage(installation, "cost_centers", *keys(installation, "Costcenters")[:2])
    stop_at_page_2(installation)
    with pytest.raises(DefectError):
        installation.sync("cost_centers", mode="full")
    installation.simulator.clear_faults()
    before = installation.simulator.count_calls("hrm/Costcenters", NL)
    hourly = installation.sync("cost_centers")
    assert (hourly.mode, hourly.inserted, hourly.updated, hourly.deleted) == ("full", 1, 1, 1)
    assert installation.simulator.count_calls("hrm/Costcenters", NL) == before + 1
    assert installation.sync("cost_centers").mode == "incremental"


def stop_at_page_2(installation: Installation) -> None:
    """Have the next full reading of the cost centres fail after its first page."""
    failing = FAULTS["bad_request"]()
    installation.simulator.plant(Fault(endpoint="hrm/Costcenters", action=failing, occurrences=frozenset({2})))


def in_between(endpoint: str, action: Callable[[], object]) -> Fault:
    """Do something while Exact answers the next call of one list."""

    def answer(_request: Request, proceed: Proceed) -> Response:
        answered = proceed()
        action()
        return answered

    return Fault(endpoint=endpoint, action=answer, occurrences=frozenset({1}))


def move(installation: Installation) -> None:
    """Have Exact move the company, and the task `divisions` notice it."""
    installation.simulator.update(0, "Divisions", NL, {"DivisionMoveDate": date(2026, 5, 4)})
    assert installation.sync("divisions").updated == 1


@pytest.mark.parametrize("mode", ["incremental", "full"])
def test_what_is_read_while_the_company_is_found_to_be_moved_is_not_published(
    installation: Installation, mode: Mode
) -> None:
    sync_all(installation)
    installation.simulator.plant(in_between(GL, lambda: move(installation)))
    before = contents(installation)["gl_accounts"]
    installation.simulator.update(NL, "GLAccounts", keys(installation, "GLAccounts")[0], {"Description": "new"})
    with pytest.raises(LoadDiscardedError, match="begun before the company was moved at Exact") as told:
        installation.sync("gl_accounts", mode=mode)
    assert str(told.value).endswith("More: docs/runbook/load-discarded.md")
    assert contents(installation)["gl_accounts"] == before
    state = "SELECT watermark IS NULL AND message IS NULL FROM exactsync.sync_state WHERE entity = 'gl_accounts'"
    assert installation.scalar(state)
    assert (again := installation.sync("gl_accounts")).mode == "full"
    assert (again.updated, found(installation, "gl_accounts")) == (1, None)


def test_a_load_that_was_left_half_staged_before_the_move_is_not_continued(installation: Installation) -> None:
    sync_all(installation)
    stop_at_page_2(installation)
    with pytest.raises(DefectError):
        installation.sync("cost_centers", mode="full")
    assert installation.scalar("SELECT pages FROM exactsync.loads WHERE entity = 'cost_centers'") == 1
    move(installation)
    assert installation.scalar("SELECT count(*) FROM exactsync.loads") == 0
    assert installation.scalar("SELECT count(*) FROM exactsync_staging.cost_centers") == 0


def test_the_deletions_read_while_the_company_is_found_to_be_moved_leave_no_watermark(
    installation: Installation,
) -> None:
    sync_all(installation)
    installation.simulator.delete(NL, "GLAccounts", keys(installation, "GLAccounts")[0])
    installation.apply_deletions()
    installation.simulator.delete(NL, "GLAccounts", keys(installation, "GLAccounts")[0])
    installation.simulator.plant(in_between("sync/Deleted", lambda: move(installation)))
    with pytest.raises(LoadDiscardedError, match="is read anew"):
        installation.apply_deletions()
    watermark = "SELECT watermark FROM exactsync.sync_state WHERE entity = 'deletions'"
    assert installation.scalar(watermark) is None
    assert installation.apply_deletions()["gl_accounts"] == 1
