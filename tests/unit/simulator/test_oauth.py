from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from exactsync.simulator import DEMO_APP

CHAIN_ERROR = "Token is not allowed, because of invalid or empty chainId"


def test_headless_login_redirects_with_a_percent_encoded_code_and_the_state_echoed(stranger):
    response = stranger.authorise(state="a/b&c=ü")
    assert response.status_code == 302
    location = response.headers["location"]
    assert location.startswith("https://localhost/exactsync/callback?code=")
    answer = parse_qs(urlsplit(location).query)
    assert answer["state"] == ["a/b&c=ü"]
    assert answer["code"][0].endswith("+/=!")
    assert "%2B%2F%3D%21" in location


def test_a_browser_gets_a_consent_page_and_its_button_leads_to_the_code(stranger):
    hostile_state = '"><script>alert(1)</script>'
    page = stranger.http.get(
        "/api/oauth2/auth",
        params={
            "client_id": DEMO_APP.client_id,
            "redirect_uri": DEMO_APP.redirect_uris[0],
            "response_type": "code",
            "state": hostile_state,
        },
        headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"},
    )
    assert page.status_code == 200
    assert '<button id="allow" name="decision" value="allow">' in page.text
    assert "<script>" not in page.text
    form = {
        "client_id": DEMO_APP.client_id,
        "redirect_uri": DEMO_APP.redirect_uris[0],
        "response_type": "code",
        "state": hostile_state,
    }
    allowed = stranger.http.post("/api/oauth2/auth", data={**form, "decision": "allow"})
    answer = parse_qs(urlsplit(allowed.headers["location"]).query)
    assert answer["state"] == [hostile_state]
    assert stranger.redeem(answer["code"][0]).status_code == 200
    denied = stranger.http.post("/api/oauth2/auth", data={**form, "decision": "deny"})
    assert parse_qs(urlsplit(denied.headers["location"]).query)["error"] == ["access_denied"]


@pytest.mark.parametrize("changes", [{"consent_page": False}, {}])
def test_a_browser_is_redirected_at_once_where_no_consent_is_asked(visit, changes):
    visitor = visit(**changes)
    visitor.http.headers["Accept"] = "text/html"
    assert visitor.authorise(auto="1").status_code == 302


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": DEMO_APP.redirect_uris[0] + "/"},
        {"response_type": "magic"},
    ],
)
def test_wrong_login_requests_are_refused_without_a_redirect(stranger, wrong):
    response = stranger.authorise(**wrong)
    assert response.status_code == 401
    assert "location" not in response.headers
    assert stranger.broken_rules() == ["wrong_authorisation"]


def test_a_code_becomes_a_pair_of_tokens_with_expires_in_as_a_string(stranger):
    body = stranger.redeem(stranger.obtain_code()).json()
    assert set(body) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert body["expires_in"] == "600"
    assert body["token_type"] == "bearer"


def test_a_code_works_once(stranger):
    code = stranger.obtain_code()
    assert stranger.redeem(code).status_code == 200
    again = stranger.redeem(code)
    assert again.status_code == 400
    assert again.json() == {"error": "invalid_grant", "error_description": CHAIN_ERROR}
    assert again.headers["reason"] == f"Unknown: {CHAIN_ERROR}"


def test_a_code_lives_three_minutes(stranger):
    code = stranger.obtain_code()
    stranger.simulator.clock.advance(181)
    assert stranger.redeem(code).status_code == 400


@pytest.mark.parametrize("wrong", [{"redirect_uri": "https://localhost/"}, {"client_secret": "guess"}])
def test_a_code_is_refused_with_the_wrong_redirect_uri_or_secret(stranger, wrong):
    assert stranger.redeem(stranger.obtain_code(), **wrong).status_code == 400
    assert stranger.broken_rules() == ["wrong_token_request"]


@pytest.mark.parametrize("seconds", [0, 540, 569.9])
def test_a_refresh_before_95_percent_of_the_lifetime_is_refused(visitor, seconds):
    visitor.simulator.clock.advance(seconds)
    response = visitor.refresh()
    assert response.status_code == 400
    assert response.json() == {
        "error": "access_denied",
        "error_description": "Rate limit exceeded: access_token not expired",
    }
    assert response.headers["reason"].startswith("TooEarlyToRefreshTokens: ")
    assert visitor.broken_rules() == ["early_refresh"]


def test_a_refused_early_refresh_leaves_the_refresh_token_alive(visitor):
    visitor.refresh()
    visitor.simulator.clock.advance(570)
    assert visitor.refresh().status_code == 200


def test_the_answer_to_an_early_refresh_can_be_the_older_one(visit):
    response = visit(early_refresh_status=401).refresh()
    assert response.status_code == 401
    assert response.headers["reason"] == "Access Token not expired"


def test_the_gate_scales_with_the_lifetime(visit):
    visitor = visit(token_lifetime_s=20)
    assert visitor.tokens["expires_in"] == "20"
    visitor.simulator.clock.advance(18.9)
    assert visitor.refresh().status_code == 400
    visitor.simulator.clock.advance(0.1)
    assert visitor.refresh().status_code == 200


def test_a_refresh_rotates_both_tokens_and_the_old_access_token_lives_to_its_end(visitor):
    first = visitor.tokens
    visitor.simulator.clock.advance(570)
    assert visitor.refresh().status_code == 200
    assert visitor.tokens["refresh_token"] != first["refresh_token"]
    assert visitor.get("current/Me").status_code == 200
    visitor.tokens = first
    assert visitor.get("current/Me").status_code == 200
    visitor.simulator.clock.advance(30)
    assert visitor.get("current/Me").status_code == 401


def test_a_refresh_token_works_once(visitor):
    old = visitor.tokens["refresh_token"]
    visitor.simulator.clock.advance(570)
    visitor.refresh()
    response = visitor.refresh(old)
    assert response.status_code == 401
    assert response.json() == {"error": "unauthorized_client", "error_description": "Old refresh token used."}
    assert visitor.broken_rules() == ["old_refresh_token"]


def test_an_old_refresh_token_returns_the_current_pair_within_its_grace(visit):
    visitor = visit(old_refresh_token_grace_s=30)
    old = visitor.tokens["refresh_token"]
    visitor.simulator.clock.advance(570)
    current = visitor.refresh().json()
    visitor.simulator.clock.advance(29)
    assert visitor.refresh(old).json() == current
    visitor.simulator.clock.advance(1)
    assert visitor.refresh(old).status_code == 401


def test_a_foreign_refresh_token_has_no_chain(visitor):
    visitor.simulator.clock.advance(570)
    response = visitor.refresh("stampNL001.invented")
    assert response.status_code == 400
    assert response.json() == {"error": "invalid_grant", "error_description": CHAIN_ERROR}
    assert response.headers["reason"] == f"Unknown: {CHAIN_ERROR}"


def test_a_second_login_ends_the_first_chain(visitor, visitor_of):
    visitor_of(visitor.simulator).login()
    assert visitor.get("current/Me").status_code == 401
    visitor.simulator.clock.advance(570)
    assert visitor.refresh().json()["error"] == "invalid_grant"


def test_a_refresh_token_lapses_after_30_days(visitor):
    visitor.simulator.clock.advance(30 * 86_400 - 1)
    assert visitor.refresh().status_code == 200
    visitor.simulator.clock.advance(30 * 86_400)
    response = visitor.refresh()
    assert response.status_code == 400
    assert response.json() == {
        "error": "invalid_request",
        "error_description": "The refresh token expired at 8/14/2024 11:59:59 AM and it is now 8/14/2024 11:59:59 AM",
    }


def test_a_revoked_grant_ends_everything(visitor):
    visitor.simulator.revoke_grants()
    assert visitor.get("current/Me").status_code == 401
    visitor.simulator.clock.advance(570)
    assert visitor.refresh().json()["error_description"] == CHAIN_ERROR


def test_other_grant_types_are_refused(visitor):
    assert visitor.refresh(grant_type="password").json()["error"] == "unsupported_grant_type"


def test_basic_credentials_count_only_where_they_are_switched_on(visit):
    for basic_auth, expected in ((False, 400), (True, 200)):
        visitor = visit(basic_auth=basic_auth)
        visitor.simulator.clock.advance(570)
        response = visitor.http.post(
            "/api/oauth2/token",
            data={"grant_type": "refresh_token", "refresh_token": visitor.tokens["refresh_token"]},
            auth=(DEMO_APP.client_id, DEMO_APP.client_secret),
        )
        assert response.status_code == expected


def test_token_calls_of_a_day_can_be_limited(visit):
    visitor = visit(token_calls_per_day=2)
    visitor.simulator.clock.advance(570)
    assert visitor.refresh().status_code == 200
    visitor.simulator.clock.advance(570)
    refused = visitor.refresh()
    assert (refused.status_code, refused.content) == (429, b"")


def test_eleven_refused_refreshes_block_the_token_endpoint_for_an_hour(visitor):
    assert [visitor.refresh().status_code for _ in range(11)] == [400] * 11
    visitor.simulator.clock.advance(600)
    assert visitor.refresh().status_code == 429
    visitor.simulator.clock.advance(3000)
    assert visitor.refresh().status_code == 200
    assert visitor.broken_rules().count("error_velocity") == 2


def test_all_secrets_ever_issued_are_listed_and_no_violation_shows_one(visitor):
    first = visitor.tokens
    visitor.simulator.clock.advance(570)
    visitor.refresh()
    visitor.refresh(first["refresh_token"])
    visitor.redeem("stampNL001.made-up")
    secrets = visitor.simulator.secrets()
    for secret in (DEMO_APP.client_secret, *first.values(), *visitor.tokens.values()):
        if secret not in ("bearer", "600"):
            assert secret in secrets
    told = repr(visitor.simulator.violations()) + repr(visitor.simulator.settings)
    assert not [secret for secret in secrets if secret in told]
