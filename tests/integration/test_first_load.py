"""The first load of a few suppliers among many relations: planned, read filtered, and as true as the feed."""

from __future__ import annotations

import logging
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from exactsync import first_load
from exactsync.entities import entities
from exactsync.environment import plans_first_load
from exactsync.errors import ConfigurationError, DefectError
from exactsync.first_load import Figures
from exactsync.simulator import Company, Settings
from exactsync.simulator.faults import Fault, bad_request, forbidden
from exactsync.simulator.messages import json_response
from exactsync.warehouse import erasure
from tests.truth.columns import TABLES
from tests.truth.oracle import Oracle

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from exactsync.simulator.faults import Call
    from exactsync.simulator.messages import Request, Response
    from tests.integration.conftest import Installation

NL = 1000001
FILTERED, SYNCED, TIMESTAMP = "crm/Accounts", "sync/CRM/Accounts", "read/sync/Sync/SyncTimestamp"
COUNT = 2
SETTINGS = Settings(
    calls_per_minute=10_000,
    bulk_page_size=10,
    single_page_size=5,
    companies=(Company(code=NL, name="Demo Holding", country="NL", sizes={"Accounts": 400}, suppliers=0.04),),
)
SUPPLIERS = next(table for table in TABLES if table.name == "suppliers")


@pytest.fixture
def installation(install: Callable[[Settings], Installation], monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.setattr(first_load, "SYNC_PAGE", 10)
    monkeypatch.setattr(first_load, "FILTERED_PAGE", 5)
    installed = install(SETTINGS)
    installed.deployment._pulling._plan_first_load = True
    touch_one(installed)
    return installed


def keys(installation: Installation, *, is_supplier: bool) -> list[UUID]:
    relations = installation.simulator.truth(NL, "Accounts")
    return [one["ID"] for one in relations if one["IsSupplier"] is is_supplier]


def touch_one(installation: Installation) -> None:
    """Let one relation be changed lately: in a large company there always is one."""
    installation.simulator.update(NL, "Accounts", keys(installation, is_supplier=False)[0], {"City": "Urk"})


def calls(installation: Installation) -> dict[str, int]:
    wanted = (FILTERED, SYNCED, TIMESTAMP)
    return {endpoint: installation.simulator.count_calls(endpoint, NL) for endpoint in wanted}


def differences(installation: Installation, *, ignore: tuple[str, ...] = ("_source_timestamp",)) -> list[Any]:
    with installation.engine.connect() as connection:
        found = Oracle(installation.simulator, [NL]).check(connection, [SUPPLIERS]).differences
    # a row may come and go at Exact while nobody was there to read it
    return [one for one in found if one.column not in ignore and not one.is_deleted]


def nonsense(_request: Request, _call: Call) -> Response:
    return json_response({"d": {"TimeStampAsBigInt": "-1"}})


def execute(installation: Installation, statement: str, **values: Any) -> None:
    with installation.engine.begin() as connection:
        connection.execute(text(statement), values)


@pytest.mark.parametrize(
    ("members", "total", "expected"),
    [
        (12, 1_000_000, (1, 1_000, True)),
        (0, 1_000_000, (1, 1_000, True)),
        (29_880, 1_000_000, (498, 1_000, True)),
        (29_881, 1_000_000, (499, 1_000, False)),
        (12, 5_001, (1, 6, True)),
        (12, 5_000, (1, 5, False)),
        (600, 640, (10, 1, False)),
    ],
)
def test_members_are_read_filtered_where_that_takes_at_most_half_the_calls(
    members: int, total: int, expected: tuple[int, int, bool]
) -> None:
    figures = Figures(members=members, total=total)
    assert (figures.filtered_reads, figures.sync_pages, figures.is_far_cheaper) == expected


def test_few_suppliers_of_many_relations_take_few_calls_and_the_log_says_why(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    suppliers = len(keys(installation, is_supplier=True))
    pages = -(-suppliers // 5)
    caplog.set_level(logging.INFO)
    result = installation.sync("suppliers")
    assert (result.inserted, result.mode) == (suppliers, "full")
    assert calls(installation) == {FILTERED: COUNT + pages, SYNCED: 1, TIMESTAMP: 1}
    assert result.calls == COUNT + pages + 2
    assert f"{suppliers} suppliers of 400 records: {pages} filtered reads instead of 40 sync pages." in caplog.messages
    assert differences(installation) == []
    assert installation.simulator.violations() == []


@pytest.mark.parametrize("meaning", ["first_since", "last_before"])
def test_what_changes_after_a_filtered_first_load_comes_by_the_feed_whatever_the_timestamp_means(
    installation: Installation, meaning: Any
) -> None:
    installation.simulator.configure(sync_timestamp=meaning)
    installation.sync("suppliers")
    changed, touched, gone, ended = keys(installation, is_supplier=True)[:4]
    installation.simulator.update(NL, "Accounts", changed, {"Name": "Anders"})
    installation.simulator.touch(NL, "Accounts", touched)
    installation.simulator.delete(NL, "Accounts", gone)
    installation.simulator.set_supplier(NL, ended, is_supplier=False)
    installation.simulator.set_supplier(NL, keys(installation, is_supplier=False)[5], is_supplier=True)
    result = installation.sync("suppliers")
    assert (result.mode, result.inserted, result.updated, result.deleted) == ("incremental", 1, 1, 1)
    assert installation.apply_deletions()["suppliers"] == 1
    assert differences(installation) == []
    # a Timestamp that became known is no change of content
    assert installation.scalar("SELECT count(*) FROM exact_online.suppliers WHERE _source_timestamp IS NOT NULL") >= 3
    versions = "SELECT count(*) FROM exact_online.suppliers_history WHERE NOT is_current AND id = '{}'"
    assert [installation.scalar(versions.format(key)) for key in (changed, touched, gone, ended)] == [1, 0, 1, 1]


def test_a_full_reading_brings_every_timestamp_in_and_changes_nothing_else(installation: Installation) -> None:
    installation.sync("suppliers")
    result = installation.sync("suppliers", mode="full")
    assert (result.inserted, result.updated, result.deleted) == (0, 0, 0)
    assert differences(installation, ignore=()) == []


def test_what_changes_while_the_members_are_read_is_right_at_once(installation: Installation) -> None:
    changed, ended, gone, first = keys(installation, is_supplier=True)[:4]
    new = keys(installation, is_supplier=False)[7]

    changes: list[bool] = []

    def change(_request: Request, call: Call) -> Response:
        response = call.proceed()
        if not changes:
            changes.append(True)
            installation.simulator.update(NL, "Accounts", changed, {"Name": "Anders", "EndDate": date(2020, 1, 31)})
            installation.simulator.set_supplier(NL, ended, is_supplier=False)
            installation.simulator.delete(NL, "Accounts", gone)
            installation.simulator.set_supplier(NL, new, is_supplier=True)
        return response

    installation.simulator.plant(Fault(action=change, endpoint=FILTERED, pages_only=True))
    installation.apply_deletions()
    result = installation.sync("suppliers")
    assert result.inserted >= 2
    installation.apply_deletions()
    assert differences(installation) == []
    assert installation.scalar(f"SELECT count(*) FROM exact_online.suppliers WHERE id = '{first}'") == 1


def test_a_load_that_breaks_off_among_the_filtered_pages_goes_on_there(installation: Installation) -> None:
    suppliers = keys(installation, is_supplier=True)
    installation.simulator.plant(
        Fault(action=bad_request(), endpoint=FILTERED, pages_only=True, occurrences=frozenset({2}))
    )
    with pytest.raises(DefectError):
        installation.sync("suppliers")
    before = calls(installation)
    installation.simulator.update(NL, "Accounts", suppliers[0], {"Name": "Anders"})
    result = installation.sync("suppliers")
    after = calls(installation)
    assert result.inserted == len(suppliers)
    assert {endpoint: after[endpoint] - before[endpoint] for endpoint in after} == {
        FILTERED: -(-len(suppliers) // 5) - 1,
        SYNCED: 1,
        TIMESTAMP: 0,
    }
    assert differences(installation) == []


def test_a_supplier_deleted_before_the_filtered_pages_are_published_stays_dead(installation: Installation) -> None:
    gone = keys(installation, is_supplier=True)[0]
    execute(
        installation,
        "INSERT INTO exactsync.tombstones (division, entity_type, key, source_timestamp) VALUES (:d, 2, :key, 1)",
        d=NL,
        key=gone,
    )
    installation.sync("suppliers")
    assert installation.scalar(f"SELECT count(*) FROM exact_online.suppliers WHERE id = '{gone}'") == 0


def test_an_erased_person_is_refused_without_a_timestamp_and_in_quarantine(installation: Installation) -> None:
    erased, unreadable, other = keys(installation, is_supplier=True)[:3]
    with installation.engine.begin() as connection:
        for key in (erased, unreadable):
            erasure.erase(connection, entities(), division=NL, key=key, reason="request 1")
    for key in (unreadable, other):
        installation.simulator.update(NL, "Accounts", key, {"PurchaseLeadDays": "many"})
    installation.sync("suppliers")
    assert installation.scalar(f"SELECT count(*) FROM exact_online.suppliers WHERE id = '{erased}'") == 0
    assert installation.scalar("SELECT string_agg(record_key, ',') FROM exactsync.quarantine") == str(other)


@pytest.mark.parametrize("answer", ["refused", "absent", "nothing lately", "nonsense"])
def test_where_exact_does_not_tell_what_the_plan_needs_the_feed_is_read(
    installation: Installation, answer: str, caplog: pytest.LogCaptureFixture
) -> None:
    simulator = installation.simulator
    if answer == "refused":
        simulator.plant(Fault(action=forbidden(), endpoint=FILTERED))
    elif answer == "absent":
        simulator.configure(sync_timestamp="absent")
    elif answer == "nonsense":
        simulator.plant(Fault(action=nonsense, endpoint=TIMESTAMP))
    else:
        for one in simulator.truth(NL, "Accounts"):
            if one["Modified"].year > 2025:
                simulator.delete(NL, "Accounts", one["ID"])
    result = installation.sync("suppliers")
    assert "The first load cannot be planned, so the sync feed is read." in caplog.text
    assert (result.outcome, calls(installation)[SYNCED]) == (
        "published",
        -(-len(simulator.truth(NL, "Accounts")) // 10),
    )
    assert differences(installation, ignore=()) == []


def test_unless_it_is_allowed_the_first_load_is_read_from_the_feed_and_nothing_is_counted(
    installation: Installation,
) -> None:
    installation.deployment._pulling._plan_first_load = False
    installation.sync("suppliers")
    assert calls(installation) == {FILTERED: 0, SYNCED: 40, TIMESTAMP: 0}


@pytest.mark.parametrize(("choice", "expected"), [("", False), ("feed", False), ("planned", True)])
def test_who_installs_it_allows_the_plan_by_name(choice: str, expected: bool) -> None:
    assert plans_first_load({"EXACTSYNC_FIRST_LOAD": choice}) is expected
    with pytest.raises(ConfigurationError, match="'filtered'"):
        plans_first_load({"EXACTSYNC_FIRST_LOAD": "filtered"})
