"""What happens around a client: changes while it reads, late commits, others who call, clocks and tokens."""

from __future__ import annotations

import httpx
import pytest

from exactsync.simulator import SimulatorServer
from exactsync.simulator.faults import (
    Fault,
    client_clock_off,
    empty_token_body,
    expired_access_token,
    foreign_consumer,
    late_commit,
    record_deleted,
    row_changed,
    token_answer_lost,
)
from exactsync.simulator.oauth import TOKEN_PATH

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


# -- others who use the app


def remaining(visitor):
    return int(visitor.get(VAT).headers["x-ratelimit-minutely-remaining"])


def test_a_foreign_consumer_takes_calls_of_every_minute(visitor):
    visitor.simulator.plant(Fault(action=foreign_consumer(calls=20)))
    assert [remaining(visitor), remaining(visitor)] == [39, 38]
    visitor.simulator.clock.advance(60)
    assert remaining(visitor) == 39
    assert int(visitor.get("102/vat/VATCodes").headers["x-ratelimit-minutely-remaining"]) == 39
    visitor.simulator.clear_faults()
    visitor.simulator.clock.advance(60)
    assert remaining(visitor) == 59


def test_a_foreign_consumer_comes_in_the_middle_of_the_minute(visitor):
    visitor.simulator.plant(Fault(action=foreign_consumer(calls=50, at=0.5)))
    assert remaining(visitor) == 59
    visitor.simulator.clock.advance(29)
    assert remaining(visitor) == 58
    visitor.simulator.clock.advance(1)
    assert remaining(visitor) == 7


def test_a_foreign_consumer_calls_at_a_rate(visitor):
    visitor.simulator.plant(Fault(action=foreign_consumer(per_s=0.5)))
    assert remaining(visitor) == 59
    visitor.simulator.clock.advance(11)
    assert remaining(visitor) == 53
    visitor.simulator.clock.advance(1)
    assert remaining(visitor) == 51


def test_one_429_a_minute_is_excused_where_others_call_and_a_second_is_not(visitor):
    visitor.simulator.plant(Fault(action=foreign_consumer(calls=60)))
    assert visitor.get(VAT).status_code == 429
    assert visitor.broken_rules() == []
    assert visitor.get(VAT).status_code == 429
    assert visitor.broken_rules() == ["minute_limit"]
    visitor.simulator.clock.advance(60)
    assert visitor.get(VAT).status_code == 429
    assert visitor.broken_rules() == ["minute_limit"]


def test_a_foreign_consumer_uses_up_the_day(visit):
    visitor = visit(calls_per_day=100, calls_per_minute=60)
    visitor.simulator.plant(Fault(action=foreign_consumer(calls=60)))
    visitor.get(VAT)
    visitor.simulator.clock.advance(60)
    assert set(visitor.get(VAT).headers) >= {"x-ratelimit-reset"}
    assert visitor.broken_rules() == []
    visitor.get(VAT)
    assert visitor.broken_rules() == ["day_limit"]


# -- clocks


@pytest.mark.parametrize(("ahead_s", "date"), [(245, "11:55:55"), (-245, "12:04:05")])
def test_a_client_whose_clock_is_off_sees_another_date_and_other_minutes(visitor, ahead_s, date):
    visitor.simulator.plant(Fault(action=client_clock_off(seconds=ahead_s)))
    response = visitor.get(VAT)
    assert response.headers["date"] == f"Sat, 15 Jun 2024 {date} GMT"
    reset = int(response.headers["x-ratelimit-minutely-reset"]) / 1000
    assert 0 < reset - visitor.simulator.clock.now() <= 60
    assert reset % 60 == 0
    visitor.simulator.clear_faults()
    assert visitor.get(VAT).headers["date"] == "Sat, 15 Jun 2024 12:00:00 GMT"


@pytest.mark.parametrize("ahead_s", [7200, -7200])
def test_nothing_grows_older_by_a_clock_that_is_off(visitor, ahead_s):
    plant(visitor, client_clock_off(seconds=ahead_s), TOKEN_PATH)
    assert visitor.get(VAT).status_code == 200
    assert visitor.refresh().status_code == 400
    visitor.simulator.clock.advance(570)
    assert visitor.refresh().status_code == 200
    assert visitor.broken_rules() == ["early_refresh"]


# -- tokens


def test_an_access_token_ends_in_mid_run_and_may_be_refreshed_at_once(visitor):
    plant(visitor, expired_access_token(), "hrm/Costcenters", occurrences=frozenset({2}))
    link = visitor.get(COST).json()["d"]["__next"]
    refused = visitor.get(link)
    assert refused.status_code == 401
    assert "expired" in refused.headers["www-authenticate"]
    assert visitor.get(VAT).status_code == 401
    assert visitor.refresh().status_code == 200
    assert visitor.get(link).status_code == 200
    assert visitor.broken_rules() == []


def test_an_empty_token_body_means_that_nothing_was_done(visitor):
    visitor.simulator.clock.advance(570)
    plant(visitor, empty_token_body(), TOKEN_PATH)
    tokens = visitor.tokens
    response = visitor.refresh()
    assert (response.status_code, response.content) == (200, b"")
    assert visitor.refresh(tokens["refresh_token"]).status_code == 200
    assert visitor.broken_rules() == []


@pytest.mark.parametrize("over_socket", [False, True], ids=["transport", "socket"])
@pytest.mark.parametrize("ending", ["closed", "reset", "empty"])
def test_the_answer_of_a_refresh_is_lost_and_the_old_token_is_worth_nothing(visitor, ending, over_socket):
    with SimulatorServer(visitor.simulator) as server:
        if over_socket:
            visitor.http = httpx.Client(base_url=server.url)
        visitor.simulator.clock.advance(570)
        plant(visitor, token_answer_lost(ending=ending), TOKEN_PATH)
        tokens = visitor.tokens
        if ending == "empty":
            assert visitor.refresh().content == b""
        else:
            with pytest.raises(httpx.TransportError):
                visitor.refresh()
        probe = visitor.refresh(tokens["refresh_token"])
        assert (probe.status_code, probe.json()["error_description"]) == (401, "Old refresh token used.")
        visitor.http.close()


def test_a_refused_refresh_has_no_answer_to_lose(visitor):
    plant(visitor, token_answer_lost(), TOKEN_PATH)
    assert visitor.refresh().status_code == 400
    assert visitor.simulator.planted_faults()[0].struck == 0
