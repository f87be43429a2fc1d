from __future__ import annotations

from dataclasses import replace

import pytest

from exactsync.simulator import DEMO_APP


def message(response):
    body = response.json()
    assert set(body) == {"error"}
    assert body["error"]["code"] == ""
    assert body["error"]["message"]["lang"] == ""
    return body["error"]["message"]["value"]


def test_calls_without_a_token_are_refused(stranger):
    response = stranger.get("current/Me")
    assert response.status_code == 401
    assert response.headers["reason"] == "Authentication Required"
    assert stranger.broken_rules() == ["unauthenticated"]


def test_an_expired_token_is_refused_and_says_so_url_encoded(visitor):
    visitor.simulator.clock.advance(600)
    response = visitor.get("101/vat/VATCodes")
    assert response.status_code == 401
    assert response.headers["reason"] == "Authentication Required"
    assert "access%20token%20expired" in response.headers["www-authenticate"]
    assert visitor.broken_rules() == ["expired_token"]


def test_a_token_that_expires_during_the_call_is_refused_at_its_end(visit):
    visitor = visit(sleep=lambda seconds: visitor.simulator.clock.advance(seconds))
    visitor.simulator.configure(latency_s=3)
    visitor.simulator.clock.advance(595)
    assert visitor.get("101/vat/VATCodes").status_code == 200
    response = visitor.get("101/vat/VATCodes")
    assert response.status_code == 401
    assert "access%20token%20expired" in response.headers["www-authenticate"]
    assert visitor.broken_rules() == []


def test_a_division_that_is_not_permitted_is_forbidden_until_it_is(visitor):
    response = visitor.get("103/vat/VATCodes")
    assert response.status_code == 403
    assert message(response) == "Forbidden - User division is not within division scope"
    visitor.simulator.permit(103)
    assert visitor.get("103/vat/VATCodes").status_code == 200
    visitor.simulator.permit(103, permitted=False)
    assert visitor.get("103/vat/VATCodes").status_code == 403
    assert visitor.broken_rules() == ["forbidden_division"] * 2


def test_a_division_can_be_refused_for_a_reason(visitor):
    visitor.simulator.refuse_division(101, "DivisionBlocked")
    response = visitor.get("101/vat/VATCodes")
    assert (response.status_code, response.headers["reason"]) == (403, "DivisionBlocked")
    visitor.simulator.refuse_division(101, None)
    assert visitor.get("101/vat/VATCodes").status_code == 200


def test_a_missing_scope_is_forbidden_in_exacts_words(visitor):
    scopes = DEMO_APP.scopes - {"organization.administration"}
    visitor.simulator.configure(apps=(replace(DEMO_APP, scopes=scopes),))
    response = visitor.get("101/sync/Deleted", filter="Timestamp gt 1L", select="ID")
    assert response.status_code == 403
    assert message(response) == (
        "Forbidden - Application Scope Violated. Cannot read 'organization.administration' scope."
    )
    assert visitor.get("101/vat/VATCodes").status_code == 200
    assert visitor.get("current/Me").status_code == 200
    assert visitor.broken_rules() == ["forbidden_scope"]


def test_divisions_lists_what_is_permitted_whatever_division_stands_in_the_path(visitor):
    for division in (101, 123456):
        records = visitor.records(f"{division}/system/Divisions", select="Code,Description,Country,Status")
        assert [(r["Code"], r["Country"]) for r in records] == [(101, "NL "), (102, "BE ")]
    visitor.simulator.permit(103)
    assert len(visitor.records("1/system/Divisions", select="Code")) == 3


def test_apps_see_their_own_divisions(simulator, visitor_of):
    other = replace(DEMO_APP, client_id="other", divisions=frozenset({102}))
    simulator.configure(apps=(DEMO_APP, other))
    visitor = visitor_of(simulator, other).login()
    assert [r["Code"] for r in visitor.records("1/system/Divisions", select="Code")] == [102]
    assert visitor.get("101/vat/VATCodes").status_code == 403


def test_me_tells_the_time_at_exact_and_a_misleading_current_division(visitor):
    (me,) = visitor.records("current/Me")
    assert me["ServerTime"] == "2024-06-15T14:00:00.000"
    assert me["ServerUtcOffset"] == 7200
    assert me["Legislation"] == "1"
    assert me["CurrentDivision"] == 103
    assert me["__metadata"]["type"] == "Exact.Web.Api.Models.System.Me"


@pytest.mark.parametrize(
    "path",
    [
        "101/no/Such",
        "101/current/Me",
        "vat/VATCodes",
        "101/vat/VATCodes/x",
        "beta/101/vat/VATCodes",
        "101/hrm/CostCenters",
    ],
)
def test_unknown_paths_are_not_found(visitor, path):
    assert visitor.get(path).status_code == 404
    assert visitor.broken_rules() == ["unknown_path"]


def test_letter_case_of_paths_can_be_free(visit):
    visitor = visit(exact_path_case=False)
    assert visitor.get("101/HRM/CostCenters", select="ID").status_code == 200
    assert visitor.get("101/bulk/financial/glaccounts", select="ID").status_code == 200


def test_a_batch_breaks_a_rule_of_its_own(visitor):
    assert visitor.get("101/$batch").status_code == 404
    assert visitor.broken_rules() == ["batch"]


def test_a_url_above_6000_characters_is_refused(visitor):
    assert visitor.get("101/vat/VATCodes", filter=" " * 1900 + "Code eq '1'").status_code == 200
    assert visitor.get("101/vat/VATCodes", filter="Code eq '" + "x" * 6000 + "'").status_code == 414
    assert visitor.broken_rules() == ["long_url"]


def test_writing_is_not_possible(visitor):
    headers = {"Authorization": f"Bearer {visitor.tokens['access_token']}"}
    assert visitor.http.post("/api/v1/101/vat/VATCodes", headers=headers, json={}).status_code == 405
    assert visitor.broken_rules() == ["unknown_method"]


@pytest.mark.parametrize("accept", ["*/*", "application/atom+xml"])
def test_atom_comes_unless_json_is_asked_for(visitor, accept):
    response = visitor.get("101/vat/VATCodes", accept=accept, select="ID,Code")
    assert response.headers["content-type"].startswith("application/atom+xml")
    assert response.text.count("<entry>") == 8
    assert visitor.broken_rules() == ["not_json"]


def test_application_xml_is_refused(visitor):
    assert visitor.get("101/vat/VATCodes", accept="application/xml").status_code == 415
    assert visitor.broken_rules() == ["not_json"]
