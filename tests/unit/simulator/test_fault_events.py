"""What people do in Exact while a client reads: changes, deletions, late commits."""

from __future__ import annotations

import pytest

from exactsync.simulator.faults import Fault, late_commit, record_deleted, row_changed

VAT = "101/vat/VATCodes"
GL = "101/sync/Financial/GLAccounts"
SYNC = {"select": "ID,Description,Timestamp", "filter": "Timestamp gt 1L"}
COST = "101/hrm/Costcenters"


def plant(visitor, action, endpoint, **when):
    visitor.simulator.plant(Fault(endpoint=endpoint, action=action, **when))


def plant_in_feed(visitor, action, page):
    plant(visitor, action, "sync/Financial/GLAccounts", occurrences=frozenset({page}))


def ids(records):
    return [record["ID"] for record in records]


def truth_ids(visitor, entity_set):
    return {str(record["ID"]) for record in visitor.simulator.truth(101, entity_set)}


@pytest.fixture
def reader(visit):
    """A visitor whose feeds have pages of 10."""
    return visit(bulk_page_size=10)


# -- changes while reading


@pytest.mark.parametrize("page", [1, 2])
def test_a_row_of_page_one_changes_and_comes_again_on_the_last_page_of_a_feed(reader, page):
    plant_in_feed(reader, row_changed(), page)
    records = reader.records(GL, **SYNC)
    assert len(records) == 31
    (moved,) = {record["ID"] for record in records[:10]} & {record["ID"] for record in records[-1:]}
    old, new = (record for record in records if record["ID"] == moved)
    assert int(old["Timestamp"]) < int(new["Timestamp"])
    assert reader.broken_rules() == []


def test_the_row_that_changes_and_its_new_values_can_be_named(reader):
    record = reader.simulator.truth(101, "GLAccounts")[7]
    plant_in_feed(reader, row_changed(key=str(record["ID"]), values={"Description": "Anders"}), 1)
    reader.get(GL, **SYNC)
    assert reader.simulator.truth(101, "GLAccounts")[7] != record
    assert reader.simulator.truth(101, "GLAccounts")[7]["Description"] == "Anders"


def test_in_a_list_by_key_the_changed_row_stays_where_it_is(visitor):
    before = visitor.simulator.truth(101, "Costcenters")
    plant(visitor, row_changed(), "hrm/Costcenters", occurrences=frozenset({2}))
    records = visitor.records(COST, select="ID,Modified")
    assert ids(records) == [str(record["ID"]) for record in before]
    after = visitor.simulator.truth(101, "Costcenters")
    changed = [number for number, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
    assert len(changed) == 1
    assert changed[0] < 60


@pytest.mark.parametrize("page", [1, 3])
def test_a_record_is_deleted_after_its_page(reader, page):
    plant_in_feed(reader, record_deleted(), page)
    records = reader.records(GL, **SYNC)
    (gone,) = set(ids(records)) - truth_ids(reader, "GLAccounts")
    assert gone in ids(records)[10 * page - 10 : 10 * page]
    log = reader.records("101/sync/Deleted", select="EntityKey", filter="Timestamp gt 1L")
    assert [line["EntityKey"] for line in log] == [gone]


def test_what_nobody_can_change_is_left_alone(visitor):
    for action in (row_changed(), record_deleted(), late_commit()):
        plant(visitor, action, "sync/Deleted")
        plant(visitor, action, "vat/VATCodes")
    assert visitor.records("101/sync/Deleted", select="ID", filter="Timestamp gt 1L") == []
    assert visitor.get(VAT, select="Nothing").status_code == 400
    struck = [(planted.fault.name, planted.struck) for planted in visitor.simulator.planted_faults()]
    assert [name for name, times in struck if times] == ["late_commit"]


# -- late commits


def read_after(visitor, timestamp):
    return visitor.records(GL, select="ID,Description,Timestamp", filter=f"Timestamp gt {timestamp}L")


def test_a_change_commits_late_below_timestamps_that_were_read(visitor):
    record = visitor.simulator.truth(101, "GLAccounts")[4]
    plant(
        visitor,
        late_commit(calls=1, key=record["ID"], values={"Description": "Laat"}),
        "sync/Financial/GLAccounts",
    )
    first = visitor.records(GL, **SYNC)
    assert len(first) == 30
    assert next(r for r in first if r["ID"] == str(record["ID"]))["Description"] == record["Description"]
    watermark = int(first[-1]["Timestamp"])
    assert read_after(visitor, watermark) == []
    assert read_after(visitor, watermark) == []
    late = next(r for r in visitor.records(GL, **SYNC) if r["ID"] == str(record["ID"]))
    assert late["Description"] == "Laat"
    assert record["Timestamp"] < int(late["Timestamp"]) < watermark
    timestamps = [int(r["Timestamp"]) for r in visitor.records(GL, **SYNC)]
    assert timestamps == sorted(timestamps)


@pytest.mark.parametrize(
    "commit",
    [
        lambda simulator: simulator.commit_late_changes(),
        lambda simulator: simulator.clear_faults(),
        lambda simulator: simulator.remove_fault(1),
    ],
    ids=["said", "cleared", "removed"],
)
def test_a_change_stays_uncommitted_until_it_is_said_or_the_fault_removed(visitor, commit):
    before = visitor.simulator.truth(101, "GLAccounts")
    plant(visitor, late_commit(calls=None), "sync/Financial/GLAccounts")
    visitor.records(GL, **SYNC)
    visitor.records(GL, **SYNC)

    def changed():
        pairs = zip(before, visitor.simulator.truth(101, "GLAccounts"), strict=True)
        return sum(old != new for old, new in pairs)

    assert changed() == 1
    commit(visitor.simulator)
    assert changed() == 2
    assert visitor.simulator.commit_late_changes() == 0


@pytest.mark.parametrize("happens", ["delete", "touch"])
def test_a_late_change_that_was_overtaken_is_forgotten(visitor, happens):
    sim = visitor.simulator
    key = sim.truth(101, "GLAccounts")[4]["ID"]
    plant(visitor, late_commit(calls=None, key=key, values={"Description": "Laat"}), "sync/Financial/GLAccounts")
    visitor.records(GL, **SYNC)
    getattr(sim, happens)(101, "GLAccounts", key)
    after = sim.truth(101, "GLAccounts")
    assert sim.commit_late_changes() == 1
    assert sim.truth(101, "GLAccounts") == after


def test_late_changes_are_committed_over_http(visitor):
    plant(visitor, late_commit(calls=None), "vat/VATCodes")
    visitor.get(VAT)
    assert visitor.http.post("/_simulator/late-changes/commit").json() == {"committed": 1}
