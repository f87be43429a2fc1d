from __future__ import annotations

import contextlib

import httpx
import pytest

from exactsync.simulator.faults import (
    EVERYWHERE,
    FAULTS,
    Fault,
    Phase,
    answer,
    bad_gateway,
    replace_answer,
    truncated_body,
)
from exactsync.simulator.messages import Response, text_response
from exactsync.simulator.oauth import TOKEN_PATH

MAINTENANCE = text_response("<html>Server maintenance</html>", status=503, content_type="text/html")


def test_a_fault_befalls_the_chosen_calls_of_one_endpoint_and_division(visitor):
    fault = Fault(endpoint="vat/VATCodes", division=101, action=answer(MAINTENANCE), occurrences=frozenset({2, 3}))
    visitor.simulator.permit(103)
    visitor.simulator.plant(fault)
    assert [visitor.get("101/vat/VATCodes").status_code for _ in range(4)] == [200, 503, 503, 200]
    assert visitor.get("103/vat/VATCodes").status_code == 200
    assert visitor.get("101/hrm/Costunits").status_code == 200
    assert visitor.simulator.calls()["vat/VATCodes", 101, 503] == 2


def test_a_fault_without_occurrences_lasts_until_it_is_cleared(visitor):
    visitor.simulator.plant(Fault(endpoint="current/Me", action=answer(MAINTENANCE), occurrences=frozenset()))
    assert [visitor.get("current/Me").status_code for _ in range(3)] == [503] * 3
    visitor.simulator.clear_faults()
    assert visitor.get("current/Me").status_code == 200


def test_a_refresh_can_happen_and_its_answer_be_lost(visitor):
    visitor.simulator.clock.advance(570)
    lost = Fault(endpoint="/api/oauth2/token", action=replace_answer(Response(status=200)))
    visitor.simulator.plant(lost)
    token = visitor.tokens["refresh_token"]
    response = visitor.http.post(
        "/api/oauth2/token",
        data={
            "grant_type": "refresh_token",
            "refresh_token": token,
            "client_id": visitor.app.client_id,
            "client_secret": visitor.app.client_secret,
        },
    )
    assert response.content == b""
    assert visitor.refresh(token).json()["error_description"] == "Old refresh token used."


def statuses(visitor, calls, path="101/vat/VATCodes"):
    return [visitor.get(path).status_code for _ in range(calls)]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, [502, 200, 200, 200, 200]),
        ({"occurrences": frozenset({2, 5})}, [200, 502, 200, 200, 502]),
        ({"every": 2}, [200, 502, 200, 502, 200]),
        ({"occurrences": frozenset()}, [502] * 5),
    ],
)
def test_a_fault_strikes_the_first_call_or_certain_ones_or_every_nth_or_all(visitor, when, expected):
    visitor.simulator.plant(Fault(endpoint="vat/VATCodes", action=bad_gateway(), **when))
    assert statuses(visitor, 5) == expected
    (planted,) = visitor.simulator.planted_faults()
    assert (planted.seen, planted.struck) == (5, expected.count(502))


@pytest.mark.parametrize(
    "when", [{"every": 2, "occurrences": frozenset({1})}, {"every": 0}, {"occurrences": frozenset({0, 1})}]
)
def test_senseless_occurrences_are_refused(when):
    with pytest.raises(ValueError, match=r"fault strikes|counted from 1"):
        Fault(action=bad_gateway(), **when)


def test_a_fault_everywhere_spares_the_token_endpoint(visitor):
    visitor.simulator.plant(Fault(action=bad_gateway(), occurrences=frozenset()))
    assert visitor.get("101/hrm/Costunits").status_code == visitor.get("current/Me").status_code == 502
    visitor.simulator.clock.advance(570)
    assert visitor.refresh().status_code == 200


def test_pages_can_be_numbered_apart_from_counts_and_single_records(visitor):
    key = visitor.simulator.truth(101, "VATCodes")[0]["ID"]
    visitor.simulator.plant(
        Fault(endpoint="vat/VATCodes", action=bad_gateway(), pages_only=True, occurrences=frozenset({2}))
    )
    paths = ["vat/VATCodes/$count", "vat/VATCodes", f"vat/VATCodes(guid'{key}')", "vat/VATCodes", "vat/VATCodes"]
    assert [visitor.get(f"101/{path}").status_code for path in paths] == [200, 200, 200, 502, 200]


def test_faults_at_one_call_add_up_first_planted_outermost(visitor):
    visitor.simulator.plant(Fault(endpoint="vat/VATCodes", action=truncated_body()))
    visitor.simulator.plant(Fault(endpoint="vat/VATCodes", action=bad_gateway()))
    with pytest.raises(httpx.RemoteProtocolError, match="peer closed connection"):
        visitor.get("101/vat/VATCodes")
    assert visitor.simulator.calls()["vat/VATCodes", 101, 502] == 1


def test_one_fault_is_removed_and_the_others_stay(visitor):
    sim = visitor.simulator
    first = sim.plant(Fault(endpoint="vat/VATCodes", action=bad_gateway(), occurrences=frozenset()))
    sim.plant(Fault(endpoint="hrm/Costunits", action=bad_gateway(), occurrences=frozenset()))
    sim.remove_fault(first)
    assert visitor.get("101/vat/VATCodes").status_code == 200
    assert visitor.get("101/hrm/Costunits").status_code == 502
    with pytest.raises(KeyError):
        sim.remove_fault(first)


@pytest.mark.parametrize("kind", FAULTS.values(), ids=FAULTS)
def test_every_fault_of_the_library_says_what_it_is_and_can_be_made_as_it_stands(visit, kind):
    visitor = visit(sleep=lambda _seconds: None)
    assert kind.__doc__
    assert kind.source
    assert kind.way_out
    assert set(kind.parameters) == set(kind().parameters)
    calls = {
        Phase.PAGE: lambda visitor: visitor.get("101/hrm/Costcenters"),
        Phase.TOKEN: lambda visitor: visitor.refresh(),
        Phase.WRITE: lambda visitor: visitor.post("101/crm/Accounts", {"Name": "New"}),
    }
    for phase in kind.way_out:
        endpoint = TOKEN_PATH if phase is Phase.TOKEN else EVERYWHERE
        fault_id = visitor.simulator.plant(Fault(endpoint=endpoint, action=kind()))
        with contextlib.suppress(httpx.TransportError):
            calls[phase](visitor)
        (planted,) = visitor.simulator.planted_faults()
        assert (planted.id, planted.fault.name, planted.seen) == (fault_id, kind.name, 1)
        visitor.simulator.clear_faults()


# -- over HTTP


@pytest.fixture
def control(visitor):
    def call(method, path, body=None):
        response = visitor.http.request(method, f"/_simulator/{path}", json=body)
        return response.status_code, response.json()

    return call


def test_faults_are_planted_listed_and_removed_over_http(control, visitor):
    description = {
        "name": "minute_limit",
        "endpoint": "vat/VATCodes",
        "division": 101,
        "occurrences": [2],
        "every": None,
        "parameters": {},
        "pages_only": True,
        "writes_only": False,
    }
    status, planted = control("POST", "faults", description)
    assert status == 200
    assert planted == {**description, "id": 1, "seen": 0, "struck": 0}
    assert statuses(visitor, 3) == [200, 429, 200]
    control("POST", "faults", {"name": "slow", "parameters": {"seconds": 0.5}})
    listed = control("GET", "faults")[1]
    assert [(fault["name"], fault["seen"], fault["struck"]) for fault in listed] == [
        ("minute_limit", 3, 1),
        ("slow", 0, 0),
    ]
    assert listed[1]["parameters"] == {"seconds": 0.5}
    assert [fault["name"] for fault in control("DELETE", "faults/1")[1]] == ["slow"]
    assert control("DELETE", "faults")[1] == control("GET", "faults")[1] == []


def test_the_library_is_told_over_http(control):
    library = {kind["name"]: kind for kind in control("GET", "fault-library")[1]}
    assert library.keys() == FAULTS.keys()
    assert library["foreign_consumer"]["parameters"] == {"calls": 20, "at": 0.0, "per_s": None}
    assert library["lone_surrogate"]["way_out"] == {"page": "quarantine"}
    assert library["dropped_after"]["way_out"] == {"token": "person", "page": "retry_later", "write": "look"}
    assert library["maintenance"]["does"] == "503 with the page of Exact's nightly maintenance."


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", "faults", {"name": "earthquake"}, 404),
        ("POST", "faults", {}, 404),
        ("POST", "faults", {"name": "slow", "parameters": {"hours": 1}}, 400),
        ("POST", "faults", {"name": "slow", "parameters": {"seconds": -1}}, 400),
        ("POST", "faults", {"name": "slow", "when": "now"}, 400),
        ("POST", "faults", {"name": "slow", "every": 0}, 400),
        ("POST", "faults", {"name": "dropped_before", "parameters": {"ending": "happy"}}, 400),
        ("POST", "faults", {"name": "control_character", "parameters": {"byte": 32}}, 400),
        ("POST", "faults", {"name": "foreign_consumer", "parameters": {"at": 1}}, 400),
        ("POST", "faults", {"name": "row_changed", "parameters": {"key": "x"}}, 400),
        ("POST", "faults", {"name": "forbidden", "parameters": {"reason": "Mood"}}, 400),
        ("DELETE", "faults/7", None, 404),
        ("POST", "late-changes/forget", None, 404),
    ],
)
def test_senseless_descriptions_are_refused(control, method, path, body, expected):
    status, answer_ = control(method, path, body)
    assert status == expected
    assert answer_["error"]
    assert control("GET", "faults")[1] == []
