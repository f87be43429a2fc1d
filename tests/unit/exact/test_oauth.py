from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from exactsync.errors import ConfigurationError, DefectError, ReauthorisationRequiredError
from exactsync.exact import oauth
from exactsync.exact.transport import Timeouts
from exactsync.secret import Secret

PAIR = {"access_token": "access-2", "token_type": "bearer", "expires_in": "600", "refresh_token": "refresh-2"}
TOKEN = Secret("refresh-token-1")
MAINTENANCE = "<html><title>Server maintenance</title>"


def refused(status: int, error: str, description: str = "", **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"error": error, "error_description": description}, headers=headers)


def test_the_authorise_address_carries_everything_encoded(app):
    url = urlsplit(oauth.authorise_url(app, "st&te"))
    assert f"{url.scheme}://{url.netloc}{url.path}" == "https://start.exactonline.nl/api/oauth2/auth"
    assert parse_qs(url.query) == {
        "client_id": ["client-1"],
        "redirect_uri": ["https://localhost/callback"],
        "response_type": ["code"],
        "state": ["st&te"],
    }


@pytest.mark.parametrize("code", ["stampNL001.a%2Bb%2Fc%3D!", "stampNL001.a+b/c=!"])
def test_a_code_is_decoded_once_however_it_was_copied(app, script, code):
    exact = script(httpx.Response(200, json=PAIR))
    pair = oauth.exchange_code(app, code, exact.transport)
    form = parse_qs(exact.requests[0].content.decode())
    assert form == {
        "grant_type": ["authorization_code"],
        "code": ["stampNL001.a+b/c=!"],
        "client_id": ["client-1"],
        "client_secret": ["s3cr3t/of+the=app"],
        "redirect_uri": ["https://localhost/callback"],
    }
    assert (pair.access, pair.refresh, pair.lifetime_s) == (Secret("access-2"), Secret("refresh-2"), 600.0)


def test_the_code_is_found_in_the_redirected_address():
    redirected = " https://localhost/callback?state=1&code=stampNL001.a%2Bb%2Fc%3D+d%21 "
    assert oauth.code_of(redirected) == "stampNL001.a+b/c=+d!"


def test_a_refused_consent_is_told_in_exacts_words():
    with pytest.raises(ConfigurationError, match="access_denied The user denied"):
        oauth.code_of("https://x/?error=access_denied&error_description=The%20user%20denied")


def test_a_code_that_is_not_taken_asks_for_a_new_consent(app, script):
    exact = script(refused(400, "invalid_grant", "Token is not allowed"))
    with pytest.raises(ReauthorisationRequiredError, match="Token is not allowed") as caught:
        oauth.exchange_code(app, "my-secret-code", exact.transport)
    assert "my-secret-code" not in str(caught.value)


@pytest.mark.parametrize("lifetime", ["soon", "0", -5, None, [], "1e999", "nan", "90000"])
def test_new_tokens_are_not_thrown_away_for_a_life_that_makes_no_sense(app, script, lifetime):
    body = json.dumps(PAIR | {"expires_in": lifetime}).encode()
    assert oauth.refresh(app, TOKEN, script(httpx.Response(200, content=body)).transport).lifetime_s == 600.0


@pytest.mark.parametrize("lifetime", ["600", 600, 600.0])
def test_expires_in_may_be_a_text_or_a_number(app, script, lifetime):
    exact = script(httpx.Response(200, json=PAIR | {"expires_in": lifetime}))
    assert oauth.refresh(app, TOKEN, exact.transport).lifetime_s == 600.0
    form = parse_qs(exact.requests[0].content.decode())
    assert (form["grant_type"], form["refresh_token"]) == (["refresh_token"], ["refresh-token-1"])


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (refused(401, "unauthorized_client", "Old refresh token used."), "used"),
        (
            refused(400, "invalid_request", "The refresh token expired at 10/11/2022 9:18:20 PM and it is now …"),
            "lapsed",
        ),
        (
            refused(
                400, "invalid_grant", "Token is not allowed, because of invalid or empty chainId", Reason="Unknown: x"
            ),
            "revoked",
        ),
        (refused(400, "invalid_grant", "Refresh token is invalid."), "revoked"),
    ],
)
def test_final_refusals_are_told_apart(app, script, answer, reason):
    with pytest.raises(oauth.EndedError) as caught:
        oauth.refresh(app, TOKEN, script(answer).transport)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "answer",
    [
        refused(
            400,
            "access_denied",
            "Rate limit exceeded: access_token not expired",
            Reason="TooEarlyToRefreshTokens: Rate limit exceeded",
        ),
        refused(401, "access_denied", "", Reason="Access Token not expired"),
        refused(400, "invalid_grant", "", Reason="TooEarlyToRefreshTokens: wait"),
    ],
)
def test_too_early_is_never_final(app, script, answer):
    with pytest.raises(oauth.TooEarlyError):
        oauth.refresh(app, TOKEN, script(answer).transport)


@pytest.mark.parametrize(
    "answer",
    [
        refused(400, "invalid_client", "The client id or the client secret is wrong."),
        refused(401, "unauthorized_client", "The client may not do this."),
        refused(403, "access_denied", "App blocked"),
        httpx.Response(404, html="<html>not found"),
        httpx.Response(301, headers={"location": "https://elsewhere"}),
    ],
)
def test_a_wrong_app_or_host_is_for_the_configuration(app, script, answer):
    with pytest.raises(ConfigurationError, match="Check host, client id"):
        oauth.refresh(app, TOKEN, script(answer).transport)


def test_an_unknown_refusal_is_a_defect(app, script):
    with pytest.raises(DefectError, match="unsupported_grant_type"):
        oauth.refresh(app, TOKEN, script(refused(400, "unsupported_grant_type")).transport)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b""),
        httpx.Response(200, content=b" \r\n"),
        httpx.Response(200, html=MAINTENANCE),
        httpx.Response(200, json=["access_token"]),
        httpx.Response(200, json={"access_token": "only"}),
        httpx.Response(200, json=PAIR | {"refresh_token": ""}),
        httpx.Response(200, json=PAIR | {"refresh_token": None}),
        httpx.Response(200, content=b'{"access_token":"acce'),
        httpx.Response(400, content=b""),
        httpx.Response(403, html="<html>Access denied"),
        httpx.Response(408, content=b""),
        httpx.Response(429, content=b""),
        httpx.Response(500, json={"error": "server_error"}),
        httpx.Response(503, html=MAINTENANCE),
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.WriteError("reset"),
        httpx.RemoteProtocolError("cut off"),
    ],
    ids=str,
)
def test_whatever_may_have_used_the_token_up_is_unanswered(app, script, answer):
    with pytest.raises(oauth.UnansweredError):
        oauth.refresh(app, TOKEN, script(answer).transport)


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("busy"), httpx.ProxyError("no")],
)
def test_a_request_that_never_left_is_told_apart(app, script, error):
    with pytest.raises(oauth.NotSentError):
        oauth.refresh(app, TOKEN, script(error).transport)


def test_an_answer_that_trickles_in_is_given_up_in_time(app):
    class Trickle(httpx.SyncByteStream):
        def __iter__(self):
            while True:
                yield b" "

    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Trickle()))
    with pytest.raises(oauth.UnansweredError, match="GivenUpError"):
        oauth.refresh(app, TOKEN, transport, timeouts=Timeouts(read_s=0.05))


@pytest.mark.parametrize(
    "answer", [refused(400, "invalid_grant", f"token {TOKEN.reveal()} unknown"), httpx.ReadError("x")]
)
def test_no_failure_repeats_a_secret(app, script, answer):
    with pytest.raises((oauth.EndedError, oauth.UnansweredError)) as caught:
        oauth.refresh(app, TOKEN, script(answer).transport)
    text = f"{caught.value!r} {caught.value.__cause__!r}"
    assert TOKEN.reveal() not in text
    assert app.client_secret.reveal() not in text
