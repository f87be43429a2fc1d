"""What becomes of a POST that goes wrong: what the client sees, and what is at Exact."""

from __future__ import annotations

from contextlib import suppress

import httpx
import pytest

from exactsync.simulator.faults import FAULTS, Fault, Phase, WayOut
from tests.unit.simulator.office import COMPANIES, DOCUMENTS, ENTRIES, OURS, Office


@pytest.fixture
def office(visit) -> Office:
    return Office(visit(companies=COMPANIES, language="en", sleep=lambda _seconds: None))


def plant(office, name, **parameters):
    fault = Fault(action=FAULTS[name](**parameters), endpoint=ENTRIES, writes_only=True)
    return office.visitor.simulator.plant(fault)


def post(office, **values):
    """Post an entry, and return the status; 0: no whole answer came."""
    with suppress(httpx.TransportError):
        return office.visitor.post(f"{OURS}/{ENTRIES}", office.entry(**values)).status_code
    return 0


@pytest.mark.parametrize(
    ("name", "parameters", "status", "booked"),
    [
        ("dropped_before", {}, 0, 0),
        ("dropped_before", {"ending": "reset"}, 0, 0),
        ("dropped_after", {}, 0, 1),
        ("dropped_after", {"ending": "reset"}, 0, 1),
        ("truncated_body", {}, 0, 1),
        ("slow", {"seconds": 3600}, 0, 1),
        ("slow", {"seconds": 1}, 201, 1),
        ("failed_after", {}, 504, 1),
        ("failed_after", {"status": 500}, 500, 1),
        ("failed_after", {"status": 502}, 502, 1),
        ("failed_after", {"status": 503}, 503, 1),
        ("failed_after", {"status": 408}, 408, 1),
        ("server_error", {}, 500, 0),
        ("bad_gateway", {}, 502, 0),
        ("unavailable", {}, 503, 0),
        ("gateway_timeout", {}, 504, 0),
        ("maintenance", {}, 503, 0),
        ("maintenance_as_success", {}, 200, 0),
        ("request_timeout", {}, 408, 0),
        ("minute_limit", {}, 429, 0),
        ("limit_without_headers", {}, 429, 0),
        ("unauthorised", {}, 401, 0),
        ("expired_access_token", {}, 401, 0),
        ("forbidden", {}, 403, 0),
        ("committed_late", {}, 0, 0),
    ],
)
def test_the_answer_does_not_tell_what_is_booked(office, name, parameters, status, booked):
    plant(office, name, **parameters)
    assert post(office) == status
    assert len(office.truth("PurchaseEntries")) == len(office.truth("PurchaseEntryLines")) == booked
    assert office.visitor.broken_rules() == []


def test_every_fault_that_leaves_a_doubt_says_so():
    look = {name for name, kind in FAULTS.items() if kind.way_out.get(Phase.WRITE) is WayOut.LOOK}
    assert look == {
        "dropped_before",
        "dropped_after",
        "truncated_body",
        "failed_after",
        "committed_late",
        "bad_gateway",
        "unavailable",
        "gateway_timeout",
        "maintenance",
        "maintenance_as_success",
        "request_timeout",
    }


def test_what_is_committed_late_is_seen_when_its_time_has_come_and_not_before(office):
    plant(office, "committed_late", seconds=300.0)
    assert post(office, ExternalLinkReference="ours-1") == 0
    simulator = office.visitor.simulator
    path = f"{OURS}/{ENTRIES}"
    simulator.clock.advance(299)
    assert office.visitor.records(path, select="EntryID") == []
    simulator.clock.advance(1)
    assert len(office.visitor.records(path, select="EntryID")) == 1
    assert len(office.truth("PurchaseEntryLines")) == 1
    simulator.clear_faults()
    simulator.clock.advance(3600)
    assert len(office.truth("PurchaseEntries")) == 1


@pytest.mark.parametrize("hurry", ["clear_faults", "commit_late_changes"])
def test_a_test_need_not_wait_for_what_is_committed_late(office, hurry):
    plant(office, "committed_late")
    post(office)
    getattr(office.visitor.simulator, hurry)()
    assert len(office.truth("PurchaseEntries")) == 1


def test_who_posts_again_too_early_has_booked_twice_and_is_found_out(office):
    plant(office, "committed_late", seconds=60.0)
    assert [post(office, ExternalLinkReference="ours-1") for _ in range(2)] == [0, 201]
    assert office.visitor.broken_rules() == []
    office.visitor.simulator.clock.advance(60)
    numbers = [one["EntryNumber"] for one in office.truth("PurchaseEntries")]
    assert sorted(numbers) == [24600001, 24600002]
    assert office.visitor.broken_rules() == ["booked_twice"]


def test_a_fault_of_writes_leaves_what_is_read_at_the_same_endpoint_alone(office):
    fault_id = plant(office, "failed_after")
    assert office.visitor.get(f"{OURS}/{ENTRIES}").status_code == 200
    (planted,) = office.visitor.simulator.planted_faults()
    assert (planted.id, planted.seen) == (fault_id, 0)
    assert post(office) == 504


def test_a_refused_post_finds_nothing_to_commit_late_or_to_fail_after(office):
    for name in ("committed_late", "failed_after"):
        plant(office, name)
        assert post(office, Journal="99") == 500
        (planted,) = office.visitor.simulator.planted_faults()
        assert planted.struck == 0
        office.visitor.simulator.clear_faults()


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("failed_after", {"status": 404}), ("committed_late", {"seconds": -1}), ("committed_late", {"ending": "happy"})],
)
def test_senseless_faults_are_refused(name, parameters):
    with pytest.raises(ValueError, match=r"answers 404|before it is posted|not happy"):
        FAULTS[name](**parameters)


def test_writes_are_counted_apart_from_what_is_read(office):
    post(office)
    post(office, Journal="99")
    plant(office, "dropped_after")
    post(office)
    office.visitor.get(f"{OURS}/{ENTRIES}")
    office.create(DOCUMENTS, {"Subject": "s", "Type": 20})
    writes = office.visitor.simulator.writes()
    assert {(key.endpoint, key.status): number for key, number in writes.items()} == {
        (ENTRIES, 201): 1,
        (ENTRIES, 500): 1,
        (ENTRIES, 0): 1,
        (DOCUMENTS, 201): 1,
    }
    office.visitor.simulator.clear_journal()
    assert not office.visitor.simulator.writes()


def test_all_of_it_can_be_had_over_http(office):
    http = office.visitor.http
    fault = {"name": "committed_late", "endpoint": ENTRIES, "writes_only": True, "parameters": {"seconds": 60}}
    assert http.post("/_simulator/faults", json=fault).json()["writes_only"] is True
    assert post(office) == 0
    period = {"division": OURS, "journal": "60", "year": 2024, "period": 6}
    assert http.post("/_simulator/periods", json={**period, "closed": True}).status_code == 200
    assert office.refusal() == "Closed: Period"
    http.post("/_simulator/periods", json={**period, "closed": False})
    assert post(office) == 201
    counted = http.get("/_simulator/writes").json()
    assert {(one["endpoint"], one["status"], one["calls"]) for one in counted} == {
        (ENTRIES, 0, 1),
        (ENTRIES, 500, 1),
        (ENTRIES, 201, 1),
    }
    http.post("/_simulator/clock", json={"advance_s": 60})
    assert len(http.get(f"/_simulator/truth/{OURS}/PurchaseEntries").json()["records"]) == 2
