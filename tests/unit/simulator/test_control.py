from __future__ import annotations

import pytest

INSERT = {"kind": "insert", "division": 102, "entity_set": "Accounts", "values": {"Name": "Nieuw"}}


@pytest.fixture
def control(visitor):
    """Return a function that calls the control API and returns status and JSON."""

    def call(method, path, body=None):
        response = visitor.http.request(method, f"/_simulator/{path}", json=body)
        return response.status_code, response.json()

    return call


def test_truth_over_http_is_readable_without_the_wire_encoding(control, visitor):
    key = visitor.simulator.truth(101, "Costcenters")[0]["ID"]
    status, body = control(
        "POST",
        "changes",
        {
            "changes": [
                {
                    "kind": "update",
                    "division": 101,
                    "entity_set": "Costcenters",
                    "key": str(key),
                    "values": {
                        "Code": "A\u0000B",
                        "EndDate": "1969-12-31",
                        "Created": "2023-10-29T01:30:00.123+00:00",
                        "Description": None,
                    },
                }
            ]
        },
    )
    assert status == 200
    assert body == [{"kind": "update", "division": 101, "entity_set": "Costcenters", "key": str(key)}]
    _, truth = control("GET", "truth/101/Costcenters")
    record = truth["records"][0]
    assert record["Code"] == "A\u0000B"
    assert record["EndDate"] == "1969-12-31"
    assert record["Created"] == "2023-10-29T01:30:00.123000+00:00"
    assert record["Description"] is None
    assert isinstance(record["Timestamp"], int)
    assert truth["kinds"]["EndDate"] == "day"
    assert truth["kinds"]["Created"] == "moment"
    assert len(truth["records"]) == 130


def test_records_are_inserted_touched_and_deleted(control, visitor):
    _, [change] = control("POST", "changes", {"changes": [INSERT]})
    assert [r["Name"] for r in visitor.simulator.truth(102, "Accounts")] == ["Nieuw"]
    control("POST", "changes", {"changes": [{**change, "kind": "touch"}, {**change, "kind": "delete"}]})
    assert visitor.simulator.truth(102, "Accounts") == []
    assert len(visitor.simulator.truth(102, "Deleted")) == 1


def test_random_changes_are_told(control):
    status, changes = control("POST", "changes", {"random": 12, "seed": 5, "divisions": [101]})
    assert status == 200
    assert len(changes) == 12
    assert {change["division"] for change in changes} == {101}


def test_calls_violations_and_their_clearing(control, visitor):
    visitor.get("103/vat/VATCodes")
    assert {"endpoint": "vat/VATCodes", "division": 103, "status": 403, "calls": 1} in control("GET", "calls")[1]
    (violation,) = control("GET", "violations")[1]
    assert violation["rule"] == "forbidden_division"
    control("POST", "journal/clear")
    assert control("GET", "violations")[1] == control("GET", "calls")[1] == []


def test_settings_change_while_it_runs(control, visitor):
    _, settings = control("POST", "settings", {"calls_per_minute": 1, "retry_after": True})
    assert (settings["calls_per_minute"], settings["retry_after"]) == (1, True)
    visitor.get("101/vat/VATCodes")
    assert "retry-after" in visitor.get("101/vat/VATCodes").headers
    assert "apps" not in settings


def test_the_clock_divisions_and_grants_are_controlled(control, visitor):
    assert control("POST", "clock", {"advance_s": 30})[1] == control("GET", "clock")[1] == {"now": 1_718_452_830.0}
    control("POST", "divisions/103", {"permitted": True})
    assert visitor.get("103/vat/VATCodes").status_code == 200
    control("POST", "divisions/103", {"refusal": "LicenseExpired"})
    assert visitor.get("103/vat/VATCodes").headers["reason"] == "LicenseExpired"
    control("POST", "grants/revoke")
    assert visitor.get("current/Me").status_code == 401


def test_secrets_are_listed_for_searches(control, visitor):
    assert visitor.tokens["refresh_token"] in control("GET", "secrets")[1]


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "nothing", None, 404),
        ("DELETE", "truth/101/VATCodes", None, 404),
        ("GET", "truth/101/Nothing", None, 404),
        ("GET", "truth/x/VATCodes", None, 400),
        ("GET", "truth", None, 400),
        ("POST", "settings", {"magic": 1}, 400),
        ("POST", "settings", {"companies": []}, 400),
        ("POST", "divisions/999", {"permitted": True}, 404),
        ("POST", "grants/forget", None, 404),
        ("POST", "changes", {"changes": [{**INSERT, "kind": "explode", "key": 1}]}, 404),
        ("POST", "changes", {"changes": [{**INSERT, "values": {"X": 1}}]}, 400),
    ],
)
def test_senseless_requests_are_refused(control, method, path, body, expected):
    status, answer = control(method, path, body)
    assert status == expected
    assert answer["error"]


def test_control_calls_are_not_counted(control, visitor):
    visitor.simulator.clear_journal()
    control("GET", "violations")
    assert visitor.simulator.count_calls() == 0
