from __future__ import annotations

import pytest

GL = "101/sync/Financial/GLAccounts"


def timestamps(records):
    return [int(record["Timestamp"]) for record in records]


def test_sync_rises_in_timestamp_and_gives_it_as_a_string_beyond_doubles(visitor):
    records = visitor.records(GL, select="ID,Timestamp", filter="Timestamp gt 1L")
    assert timestamps(records) == sorted(timestamps(records))
    assert all(isinstance(record["Timestamp"], str) for record in records)
    assert min(timestamps(records)) > 2**53
    assert records[0]["__metadata"]["uri"].endswith(f"sync/Financial/GLAccounts({records[0]['Timestamp']}L)")


def test_after_the_last_timestamp_there_is_nothing_until_something_changes(visitor):
    sim = visitor.simulator
    last = max(timestamps(visitor.records(GL, select="Timestamp", filter="Timestamp gt 1L")))
    after = {"select": "ID,Description,Timestamp", "filter": f"Timestamp gt {last}L"}
    assert visitor.records(GL, **after) == []
    changed, touched = (record["ID"] for record in sim.truth(101, "GLAccounts")[:2])
    sim.update(101, "GLAccounts", changed, {"Description": "Nieuw"})
    sim.touch(101, "GLAccounts", touched)
    new = sim.insert(101, "GLAccounts").key
    records = visitor.records(GL, **after)
    assert [record["ID"] for record in records] == [str(changed), str(touched), str(new)]
    assert records[0]["Description"] == "Nieuw"


def test_timestamps_are_unique_over_divisions_and_entity_sets(visitor):
    sim = visitor.simulator
    rows = [r for d in (101, 102, 103) for e in sim.entity_sets() for r in sim.truth(d, e)]
    assert len({r["Timestamp"] for r in rows}) == len(rows) > 200


def test_a_record_that_changes_while_it_is_read_moves_to_a_later_page(visit):
    visitor = visit(bulk_page_size=10)
    first = visitor.get(GL, select="ID,Timestamp", filter="Timestamp gt 1L").json()["d"]
    moved = first["results"][0]["ID"]
    visitor.simulator.update(
        101,
        "GLAccounts",
        next(r["ID"] for r in visitor.simulator.truth(101, "GLAccounts") if str(r["ID"]) == moved),
        {},
    )
    rest = visitor.records(first["__next"].removeprefix("https://exact.test/api/v1/"))
    assert rest[-1]["ID"] == moved
    assert len(first["results"]) + len(rest) == 31


@pytest.mark.parametrize(
    "filter_text",
    ["Code eq '1'", "Timestamp gt 1L and Code eq '1'", "Timestamp gt 1L or Timestamp lt 5L", "not (Timestamp gt 1L)"],
)
def test_sync_filters_only_on_timestamp(visitor, filter_text):
    response = visitor.get(GL, select="ID", filter=filter_text)
    assert response.status_code == 400
    assert response.json()["error"]["message"]["value"] == "This $filter parameter is not supported for this resource."
    assert visitor.broken_rules() == ["forbidden_filter"]


def test_sync_needs_its_filter(visitor):
    response = visitor.get(GL, select="ID")
    assert response.json()["error"]["message"]["value"].endswith("one of the following fields in the url:Timestamp.")
    assert visitor.broken_rules() == ["missing_filter"]


def test_deletions_vanish_from_sync_and_stand_in_the_log(visitor):
    sim = visitor.simulator
    account, relation = sim.truth(101, "GLAccounts")[3], sim.truth(101, "Accounts")[3]
    sim.delete(101, "GLAccounts", account["ID"])
    sim.delete(101, "Accounts", relation["ID"])
    left = visitor.records(GL, select="ID", filter="Timestamp gt 1L")
    assert str(account["ID"]) not in {record["ID"] for record in left}
    select = "ID,EntityKey,EntityType,Timestamp,DeletedDate,Division"
    log = visitor.records("101/sync/Deleted", select=select, filter="Timestamp gt 1L")
    assert [(r["EntityKey"], r["EntityType"], r["Division"]) for r in log] == [
        (str(account["ID"]), 7, 101),
        (str(relation["ID"]), 2, 101),
    ]
    assert timestamps(log) == sorted(timestamps(log))
    assert timestamps(log)[0] > account["Timestamp"]
    assert log[0]["DeletedDate"] == "/Date(1718460000000)/"
    relations = visitor.records("101/sync/Deleted", select="EntityKey", filter="Timestamp gt 1L and EntityType eq 2")
    assert [r["EntityKey"] for r in relations] == [str(relation["ID"])]
    assert visitor.records("102/sync/Deleted", select="ID", filter="Timestamp gt 1L") == []


@pytest.mark.parametrize("filter_text", ["EntityType eq 2", "Timestamp gt 1L and EntityType gt 2", "DeletedBy eq null"])
def test_the_deletion_log_filters_on_timestamp_and_on_one_type(visitor, filter_text):
    assert visitor.get("101/sync/Deleted", select="ID", filter=filter_text).status_code == 400


@pytest.mark.parametrize("entity_set", ["VATCodes", "Costcenters", "Costunits", "PaymentConditions"])
def test_deletions_of_other_entities_leave_no_trace(visitor, entity_set):
    sim = visitor.simulator
    sim.delete(101, entity_set, sim.truth(101, entity_set)[0]["ID"])
    assert sim.truth(101, "Deleted") == []


def test_the_log_forgets_after_two_months(visitor):
    sim = visitor.simulator
    sim.delete(101, "GLAccounts", sim.truth(101, "GLAccounts")[0]["ID"])
    sim.clock.advance(60 * 86_400)
    visitor.login()
    assert len(visitor.records("101/sync/Deleted", select="ID", filter="Timestamp gt 1L")) == 1
    sim.clock.advance(2 * 86_400)
    visitor.login()
    assert visitor.records("101/sync/Deleted", select="ID", filter="Timestamp gt 1L") == []


SYNC_TIMESTAMP = "https://exact.test/api/v1/101/read/sync/Sync/SyncTimestamp"


def test_a_moment_of_the_dutch_clock_has_a_timestamp_to_read_a_sync_endpoint_from(visitor):
    sim = visitor.simulator
    key = sim.truth(101, "Accounts")[3]["ID"]
    sim.update(101, "Accounts", key, {"City": "Urk"})
    stamps = {record["ID"]: record["Timestamp"] for record in sim.truth(101, "Accounts")}
    query = "modified=datetime'{}'&endPoint='Accounts'"
    answer = visitor.get(f"{SYNC_TIMESTAMP}?{query.format('2024-06-15T14:00:00')}").json()["d"]
    assert (answer["API"], answer["Modified"]) == ("Accounts", "/Date(1718460000000)/")
    assert int(answer["TimeStampAsBigInt"]) in stamps.values()
    later = visitor.get(f"{SYNC_TIMESTAMP}?{query.format('2034-06-15T14:00:00')}").json()["d"]
    assert later["TimeStampAsBigInt"] is None
    sim.configure(sync_timestamp="last_before")
    later = visitor.get(f"{SYNC_TIMESTAMP}?{query.format('2034-06-15T14:00:00')}").json()["d"]
    assert int(later["TimeStampAsBigInt"]) == stamps[key]
    assert visitor.broken_rules() == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "modified=datetime'2024-06-15T14:00:00'",
        "modified='2024-06-15'&endPoint='Accounts'",
        "modified=datetime'2024-06-15T14:00:00'&endPoint=Accounts",
        "modified=datetime'2024-06-15T14:00:00'&endPoint='Costcenters'",
    ],
)
def test_a_timestamp_is_told_only_to_who_asks_for_a_moment_and_a_sync_endpoint(visitor, query):
    assert visitor.get(f"{SYNC_TIMESTAMP}?{query}").status_code == 400
    assert visitor.broken_rules() == ["bad_query"]
