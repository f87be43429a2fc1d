"""What is read, and what that costs, against the strict simulator: overlap, comparisons, gaps, refusals."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from sqlalchemy import text

from exactsync.entities import entities
from exactsync.entity import Feed
from exactsync.errors import CompanyRefusedError, DefectError
from exactsync.simulator import Company, Settings
from exactsync.simulator.faults import Fault, Proceed

if TYPE_CHECKING:
    from collections.abc import Callable

    from exactsync.simulator.messages import Request, Response
    from tests.integration.conftest import Installation

NL = 1000001
SIZES = {"GLAccounts": 30, "VATCodes": 130, "Costcenters": 130, "Costunits": 20, "Accounts": 50}
SETTINGS = Settings(
    calls_per_minute=1000, companies=(Company(code=NL, name="Demo Holding", country="NL", sizes=SIZES),)
)
LISTS = [name for name, entity in entities().items() if entity.feed is Feed.LIST and entity.compare_every]
LOGGED = ["gl_accounts", "suppliers"]


@pytest.fixture
def installation(install: Callable[[Settings], Installation]) -> Installation:
    return install(SETTINGS)


def sync_all(installation: Installation) -> int:
    """Sync every entity and the deletions, as an hourly run does; return the calls."""
    before = sum(installation.simulator.calls().values())
    for entity in entities():
        installation.sync(entity)
    installation.apply_deletions()
    return sum(installation.simulator.calls().values()) - before


def execute(installation: Installation, statement: str) -> None:
    with installation.engine.begin() as connection:
        connection.execute(text(statement))


def some_key(installation: Installation, entity_set: str, number: int = 0) -> UUID:
    return UUID(str(installation.simulator.truth(NL, entity_set)[number]["ID"]))


def test_when_nothing_changed_a_run_of_all_entities_takes_fifteen_calls_at_most(installation: Installation) -> None:
    sync_all(installation)
    assert sync_all(installation) <= len(entities()) + 1 - len(LISTS)
    installation.let_days_pass()
    execute(
        installation, "UPDATE exactsync.sync_state SET full_at = now() WHERE entity IN ('vat_codes', 'cost_centers')"
    )
    assert sync_all(installation) <= 15
    assert installation.simulator.violations() == []


def test_a_list_by_modified_reads_what_changed_in_the_last_two_hours_and_no_more(installation: Installation) -> None:
    installation.sync("cost_centers")
    installation.simulator.update(NL, "Costcenters", some_key(installation, "Costcenters", 100), {"Description": "new"})
    second = installation.sync("cost_centers")
    assert (second.mode, second.updated, second.calls) == ("incremental", 1, 1)
    assert second.rows_read < 130 // 2
    installation.simulator.update(NL, "Costcenters", some_key(installation, "Costcenters", 7), {"Description": "later"})
    third = installation.sync("cost_centers")
    assert (third.rows_read, third.updated, third.deleted) == (2, 1, 0)


def test_what_was_modified_within_two_hours_before_the_last_reading_and_came_after_it_is_read(
    installation: Installation,
) -> None:
    key, other = (some_key(installation, "Costcenters", number) for number in (1, 2))
    installation.simulator.update(NL, "Costcenters", key, {"Description": "new"})
    installation.sync("cost_centers")
    late = {"Description": "late", "Modified": datetime.now(UTC) - timedelta(minutes=90)}
    installation.simulator.update(NL, "Costcenters", other, late)
    read = installation.sync("cost_centers")
    assert (read.mode, read.updated) == ("incremental", 1)


def test_a_record_modified_in_the_future_hides_no_change(installation: Installation) -> None:
    key, other = (some_key(installation, "Costcenters", number) for number in (1, 2))
    installation.simulator.update(NL, "Costcenters", key, {"Modified": datetime(2200, 1, 1, tzinfo=UTC)})
    installation.sync("cost_centers")
    installation.simulator.update(NL, "Costcenters", other, {"Description": "new"})
    assert installation.sync("cost_centers").updated == 1


def test_what_is_gone_from_a_list_is_found_by_the_daily_comparison(installation: Installation) -> None:
    installation.sync("cost_centers")
    installation.simulator.delete(NL, "Costcenters", some_key(installation, "Costcenters"))
    assert installation.sync("cost_centers").deleted == 0
    installation.let_days_pass()
    compared = installation.sync("cost_centers")
    assert (compared.mode, compared.deleted) == ("full", 1)


def test_a_list_without_modified_is_read_once_a_day_or_when_asked_for(installation: Installation) -> None:
    (entity, *_) = LISTS
    assert installation.sync(entity).calls == 1
    assert installation.sync(entity).calls == 0
    assert installation.sync(entity, mode="full").calls == 1
    installation.let_days_pass()
    assert installation.sync(entity).calls == 1


def test_after_two_months_without_reading_the_deletions_keys_are_compared_once(
    install: Callable[[Settings], Installation], caplog: pytest.LogCaptureFixture
) -> None:
    installation = install(replace(SETTINGS, deleted_log_days=0))
    sync_all(installation)
    installation.simulator.delete(NL, "GLAccounts", some_key(installation, "GLAccounts"))
    execute(
        installation,
        "UPDATE exactsync.sync_state SET full_at = full_at - interval '70 days', "
        "published_at = published_at - interval '70 days'",
    )
    with caplog.at_level(logging.WARNING):
        installation.apply_deletions()
    assert "was not read for more than 58 days and Exact keeps it for 2 months" in caplog.text
    compared = installation.sync("gl_accounts")
    assert (compared.mode, compared.deleted) == ("full", 1)
    assert [installation.sync(entity).mode for entity in LOGGED] == ["incremental", "full"]
    assert [installation.sync(entity).mode for entity in LOGGED] == ["incremental"] * len(LOGGED)


@pytest.mark.parametrize("moved", ["DivisionMoveDate", "DivisionHRLinkUnlinkDate"])
def test_a_company_that_was_moved_is_read_in_full_by_itself(
    installation: Installation, moved: str, caplog: pytest.LogCaptureFixture
) -> None:
    sync_all(installation)
    installation.simulator.update(0, "Divisions", NL, {moved: date(2026, 5, 4)})
    with caplog.at_level(logging.WARNING):
        installation.sync("divisions")
    assert "its Timestamps start anew, so all of it is read in full" in caplog.text
    assert [installation.sync(entity).mode for entity in LOGGED] == ["full"] * len(LOGGED)
    assert [installation.sync(entity).mode for entity in LOGGED] == ["incremental"] * len(LOGGED)


def test_what_was_deleted_before_a_company_was_moved_can_be_back_with_a_lower_timestamp(
    installation: Installation,
) -> None:
    sync_all(installation)
    gone = installation.simulator.truth(NL, "GLAccounts")[0]
    installation.simulator.delete(NL, "GLAccounts", gone["ID"])
    installation.apply_deletions()
    execute(installation, "UPDATE exactsync.tombstones SET source_timestamp = source_timestamp + 1000000")
    back = {name: value for name, value in gone.items() if name != "Timestamp"}
    installation.simulator.insert(NL, "GLAccounts", back)
    installation.simulator.update(0, "Divisions", NL, {"DivisionMoveDate": date(2026, 5, 4)})
    installation.sync("divisions")
    installation.sync("gl_accounts")
    assert installation.scalar(f"SELECT _deleted_at IS NULL FROM exact_online.gl_accounts WHERE id = '{gone['ID']}'")


def test_bank_accounts_come_and_go_with_their_supplier_on_the_same_day(
    install: Callable[[Settings], Installation],
) -> None:
    sizes = {"Accounts": 20, "BankAccounts": 40}
    installation = install(replace(SETTINGS, companies=(Company(code=NL, name="Demo", country="NL", sizes=sizes),)))
    relations = installation.simulator.truth(NL, "Accounts")
    owners = [one["Account"] for one in installation.simulator.truth(NL, "BankAccounts")]
    customer = next(one["ID"] for one in relations if not one["IsSupplier"] and one["ID"] in owners)
    stored = f"SELECT count(*) FROM exact_online.supplier_bank_accounts WHERE account_id = '{customer}'"
    for is_supplier, rows, live in ((False, 0, 0), (True, 1, 1), (False, 1, 0), (True, 1, 1)):
        installation.simulator.set_supplier(NL, customer, is_supplier=is_supplier)
        for entity in ("suppliers", "supplier_bank_accounts"):
            installation.sync(entity)
        number = owners.count(customer)
        assert installation.scalar(stored) == rows * number
        assert installation.scalar(f"{stored} AND _deleted_at IS NULL") == live * number


def refuse_deleted(_request: Request, proceed: Proceed) -> Response:
    answer = proceed()
    body = b'{"error":{"code":"","message":{"lang":"","value":"Forbidden"}}}'
    return replace(answer, status=403, body=body)


def test_where_exact_refuses_the_deletions_keys_are_compared_daily_and_the_log_says_so(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    installation.simulator.plant(Fault(endpoint="sync/Deleted", action=refuse_deleted, occurrences=frozenset()))
    with caplog.at_level(logging.WARNING):
        sync_all(installation)
    assert "Exact refuses sync/Deleted, so keys are compared daily instead" in caplog.text
    assert installation.scalar("SELECT outcome FROM exactsync.load_log WHERE entity = 'deletions'") == "refused"
    assert installation.scalar("SELECT outcome FROM exactsync.sync_state WHERE entity = 'deletions'") == "refused"
    installation.simulator.delete(NL, "GLAccounts", some_key(installation, "GLAccounts"))
    assert installation.sync("gl_accounts").mode == "incremental"
    installation.let_days_pass()
    compared = installation.sync("gl_accounts")
    assert (compared.mode, compared.deleted) == ("full", 1)


def test_a_load_of_which_too_much_cannot_be_read_publishes_nothing_and_keeps_the_evidence(
    installation: Installation,
) -> None:
    def rename(_request: Request, proceed: Proceed) -> Response:
        answer = proceed()
        return replace(answer, body=answer.body.replace(b'"Description":', b'"Omschrijving":'))

    installation.sync("cost_centers")
    installation.let_days_pass()
    installation.simulator.plant(Fault(endpoint="hrm/Costcenters", action=rename, occurrences=frozenset()))
    with pytest.raises(DefectError, match=r"130 of 130 records cannot be read.*property Description is missing"):
        installation.sync("cost_centers")
    assert installation.scalar("SELECT count(*) FROM exact_online.cost_centers WHERE _deleted_at IS NULL") == 130
    assert installation.scalar("SELECT count(*) FROM exactsync.quarantine") == 130
    installation.simulator.clear_faults()
    assert installation.sync("cost_centers").outcome == "unchanged"
    assert installation.scalar("SELECT count(*) FROM exactsync.quarantine") == 0


@pytest.mark.parametrize(
    ("entity", "endpoint", "mode", "calls"),
    [
        ("gl_accounts", "sync/Financial/GLAccounts", "incremental", 1),
        ("cost_units", "hrm/Costunits", "full", 1),
        ("cost_centers", "hrm/Costcenters", "full", 3),
    ],
)
def test_a_record_in_quarantine_is_read_again_by_the_next_run(
    installation: Installation, entity: str, endpoint: str, mode: str, calls: int
) -> None:
    def spoil(_request: Request, proceed: Proceed) -> Response:
        answer = proceed()
        return replace(answer, body=answer.body.replace(b'"Description":"', b'"Description":"\\ud800', 1))

    installation.simulator.plant(Fault(endpoint=endpoint, action=spoil))
    assert installation.sync(entity).quarantined == 1
    again = installation.sync(entity)
    assert (again.mode, again.inserted, again.calls) == (mode, 1, calls)
    assert installation.scalar("SELECT count(*) FROM exactsync.quarantine") == 0


def test_a_refused_company_is_not_taken_for_a_refused_log(installation: Installation) -> None:
    sync_all(installation)
    installation.simulator.refuse_division(NL, "DivisionBlocked")
    with pytest.raises(CompanyRefusedError):
        installation.apply_deletions()
