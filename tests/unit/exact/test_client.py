from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import httpx
import pytest

from exactsync.budget import Refusal
from exactsync.errors import (
    ConfigurationError,
    DefectError,
    ExactUnavailableError,
    QuotaExhaustedError,
    RetryLaterError,
)
from exactsync.exact.odata import MalformedAnswerError, query

MAINTENANCE = "<html>Server maintenance: Due to server maintenance the Exact Online server is unavailable."


def test_a_page_is_asked_for_as_exact_wants_it(open_client, script, listing):
    exact = script(listing({"ID": "1"}))
    params = query(select=["ID", "Code"], filter_="IsSupplier eq true")
    page = open_client(exact).get("crm/Accounts", division=7, params=params)
    (request,) = exact.requests
    assert str(request.url) == (
        "https://start.exactonline.nl/api/v1/7/crm/Accounts?$select=ID,Code&$filter=IsSupplier%20eq%20true"
    )
    assert request.headers["accept"] == "application/json"
    assert request.headers["authorization"] == "Bearer access-token-1"
    assert page.records == [{"ID": "1"}]


def test_each_call_is_reserved_and_settled(open_client, script, listing, ledger):
    with open_client(script(listing())) as client:
        client.get("crm/Accounts", division=7)
        assert client.calls == 1
    assert ledger.events == [("reserved", "crm/Accounts"), ("settled", 200)]


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(500, json={}),
        httpx.Response(502, content=b""),
        httpx.Response(503, html=MAINTENANCE),
        httpx.Response(504, content=b""),
        httpx.Response(599, content=b""),
        httpx.Response(408, content=b""),
        httpx.Response(200, html=MAINTENANCE),
        httpx.Response(200, content=MAINTENANCE.encode(), headers={"content-type": "application/json"}),
        httpx.Response(403, html="<html>Access denied"),
        httpx.Response(200, content=b'{"d":{"results":[{"ID"'),
        httpx.Response(200, content=b""),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut off"),
        httpx.ConnectError("refused"),
    ],
    ids=str,
)
def test_passing_trouble_is_tried_again(open_client, script, listing, naps, trouble):
    client = open_client(script(trouble, trouble, listing({"ID": "1"})))
    assert client.get("crm/Accounts", division=7).records == [{"ID": "1"}]
    assert client.calls == 3
    assert len(naps) == 2


def test_lasting_trouble_is_told_after_three_attempts_each_of_the_budget(open_client, script, ledger):
    client = open_client(script(httpx.Response(503, html=MAINTENANCE)))
    with pytest.raises(ExactUnavailableError, match=r"division 7.*503 to crm/Accounts.*maintenance") as caught:
        client.get("crm/Accounts", division=7)
    assert caught.value.retry_at > datetime.now(UTC) + timedelta(minutes=5)
    assert [event for event, _ in ledger.events] == ["reserved", "settled"] * 3


def test_lastingly_malformed_json_is_a_defect(open_client, script):
    with pytest.raises(MalformedAnswerError):
        open_client(script(httpx.Response(200, content=b"{"))).get("crm/Accounts", division=7)


def test_a_call_that_never_left_is_given_back(open_client, script, ledger):
    with pytest.raises(ExactUnavailableError, match="cannot be reached"):
        open_client(script(httpx.ConnectError("refused"))).get("crm/Accounts", division=7)
    assert [event for event, _ in ledger.events] == ["reserved", "released"] * 3


def test_a_lost_connection_is_settled_as_unanswered(open_client, script, ledger):
    with pytest.raises(ExactUnavailableError, match="ReadError"):
        open_client(script(httpx.ReadError("reset"))).get("crm/Accounts", division=7)
    assert ledger.events[:2] == [("reserved", "crm/Accounts"), ("settled", None)]


def test_an_untrusted_certificate_is_for_the_configuration(open_client, script):
    error = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    with pytest.raises(ConfigurationError, match="verify"):
        open_client(script(error)).get("crm/Accounts", division=7)


@pytest.mark.parametrize(
    ("said", "headers", "remedy"),
    [
        ("Forbidden - Application Scope Violated. Cannot read 'organization.administration' scope.", {}, "scope"),
        ("Forbidden - User division is not within division scope", {}, "Permit the company"),
        ("", {"Reason": "LicenseExpired"}, "licence"),
        ("", {"Reason": "BlockedUser"}, "Unblock"),
        ("", {"Reason": "NoDivisionAccess"}, "access to this company"),
        ("Verboden", {}, "rights of the Exact user"),
    ],
)
def test_each_403_says_what_to_do(open_client, script, refusal, said, headers, remedy):
    client = open_client(script(refusal(403, said, **headers)))
    with pytest.raises(ConfigurationError) as caught:
        client.get("crm/Accounts", division=7)
    assert said in str(caught.value)
    assert remedy in caught.value.remedy
    assert client.calls == 1


def test_a_question_that_exact_refuses_is_our_defect_and_not_repeated(open_client, script, refusal):
    text = "Please add a $select or a $top=1 statement to the query string."
    client = open_client(script(refusal(400, text)))
    with pytest.raises(DefectError, match="400 to crm/Accounts") as caught:
        client.get("crm/Accounts", division=7)
    assert text in str(caught.value)
    assert client.calls == 1


def test_exacts_words_are_quoted_short_and_without_secrets(open_client, script, refusal):
    client = open_client(script(refusal(400, "line\r\n  line Bearer abcdefgh12345 " + "x" * 5000)))
    with pytest.raises(DefectError) as caught:
        client.get("crm/Accounts", division=7)
    assert '"line line Bearer ***' in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("status", [404, 302])
def test_a_wrong_address_is_for_the_configuration(open_client, script, status):
    with pytest.raises(ConfigurationError, match="host"):
        open_client(script(httpx.Response(status, content=b""))).get("crm/Accounts", division=7)


def test_after_a_401_the_call_is_repeated_once_with_another_token(open_client, script, refusal, listing):
    exact = script(refusal(401, "expired"), listing())
    open_client(exact).get("crm/Accounts", division=7)
    assert [r.headers["authorization"] for r in exact.requests] == ["Bearer access-token-1", "Bearer access-token-2"]


def test_a_second_401_is_not_followed_by_a_third_call(open_client, script, refusal):
    client = open_client(script(refusal(401, "Authentication Required")))
    with pytest.raises(RetryLaterError, match="Authentication Required"):
        client.get("crm/Accounts", division=7)
    assert client.calls == 2


def test_after_a_429_the_ledger_decides(open_client, script, listing, ledger):
    def throttle(_: httpx.Request) -> httpx.Response:
        ledger.refusals = [Refusal(reason="minute", wait_s=42.0)]
        return httpx.Response(429)

    with pytest.raises(QuotaExhaustedError) as caught:
        open_client(script(throttle, listing())).get("crm/Accounts", division=7)
    assert caught.value.window == "minute"
    assert 40 < (caught.value.retry_at - datetime.now(UTC)).total_seconds() < 46


def test_a_patient_client_sleeps_through_an_exhausted_window(open_client, script, listing, ledger, naps):
    ledger.refusals = [Refusal(reason="minute", wait_s=30.0)] * 5
    client = open_client(script(listing({"ID": "1"})), patience_s=60.0)
    assert client.get("crm/Accounts", division=7).records == [{"ID": "1"}]
    assert len(naps) == 5
    assert max(naps) <= 1.5


@pytest.mark.parametrize(("reason", "told"), [("minute", "minute"), ("day", "day"), ("errors", "crm/Accounts")])
def test_an_impatient_client_tells_which_window_is_used_up(open_client, script, listing, ledger, reason, told):
    ledger.refusals = [Refusal(reason=reason, wait_s=30.0)]
    client = open_client(script(listing()))
    with pytest.raises(QuotaExhaustedError, match=told) as caught:
        client.get("crm/Accounts", division=7)
    assert caught.value.window == reason
    assert client.calls == 0


def test_an_impatient_client_still_waits_for_a_call_that_goes_alone(open_client, script, listing, ledger, naps):
    ledger.refusals = [Refusal(reason="busy", wait_s=0.05)] * 3
    open_client(script(listing())).get("crm/Accounts", division=7)
    assert len(naps) == 3


def test_an_impatient_client_gives_its_place_up_when_the_call_before_it_takes_long(
    open_client, script, listing, ledger, monkeypatch
):
    elapsed = iter(range(0, 1000, 2))
    monkeypatch.setattr("exactsync.exact.quota.time.monotonic", lambda: next(elapsed))
    ledger.refusals = [Refusal(reason="busy", wait_s=0.05)] * 100
    with pytest.raises(QuotaExhaustedError, match="must be answered first") as caught:
        open_client(script(listing())).get("crm/Accounts", division=7)
    assert caught.value.window == "minute"
    assert 100 - len(ledger.refusals) <= 3


def test_the_next_link_is_followed_whole(open_client, script, listing):
    exact = script(listing())
    link = "https://start.exactonline.nl/api/v1/7/crm/Accounts?$skiptoken=guid'0b6a'&$select=ID,Code&$filter=A%20eq%20'b%26c'"
    open_client(exact).follow(link, endpoint="crm/Accounts", division=7)
    assert unquote(str(exact.requests[0].url)) == unquote(link)


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/api/v1/7/crm/Accounts?$skiptoken=1",
        "http://start.exactonline.nl/api/v1/7/crm/Accounts",
        "https://start.exactonline.nl:444/api/v1/7/crm/Accounts",
        "https://start.exactonline.nl.evil.example/api/v1/7/crm/Accounts",
        "https://start.exactonline.nl@evil.example/api/v1/7/crm/Accounts",
        "https://me@start.exactonline.nl/api/v1/7/crm/Accounts",
        "https://start.exactonline.nl/api/v1/8/crm/Accounts",
        "https://start.exactonline.nl/api/v1/7/../8/crm/Accounts",
        "https://start.exactonline.nl/api/v1/77/crm/Accounts",
        "/api/v1/7/crm/Accounts",
        "https://[",
        "\ud800",
        "",
    ],
)
def test_our_token_never_follows_a_link_elsewhere(open_client, script, listing, link):
    exact = script(listing())
    with pytest.raises(DefectError):
        open_client(exact).follow(link, endpoint="crm/Accounts", division=7)
    assert exact.requests == []


def test_a_page_whose_link_leads_elsewhere_is_not_handed_out_for_someone_to_keep(open_client, script, listing):
    elsewhere = listing({"ID": 1}, following="../8/crm/Accounts?$skiptoken=1")
    client = open_client(script(elsewhere, elsewhere))
    with pytest.raises(DefectError, match="next page"):
        client.get("crm/Accounts", division=7)
    with pytest.raises(DefectError, match="next page"):
        client.follow("https://start.exactonline.nl/api/v1/7/crm/Accounts", endpoint="crm/Accounts", division=7)


def test_a_count_is_one_call(open_client, script):
    exact = script(httpx.Response(200, text="1150"))
    assert open_client(exact).count("crm/Accounts", division=7, filter_="IsSupplier eq true") == 1150
    assert exact.requests[0].url.path == "/api/v1/7/crm/Accounts/$count"


def test_who_we_are_costs_nothing_of_any_divisions_budget(open_client, script, listing, ledger):
    assert open_client(script(listing({"UserID": "u"}))).me() == {"UserID": "u"}
    assert ledger.events == []


def test_a_429_without_a_division_is_told_as_unavailable(open_client, script):
    with pytest.raises(ExactUnavailableError, match="429 to current/Me"):
        open_client(script(httpx.Response(429))).me()


def test_divisions_are_read_over_all_pages(open_client, script, listing):
    exact = script(
        listing({"CurrentDivision": 7}),
        listing({"Code": 7}, following="system/Divisions?$skiptoken=7"),
        listing({"Code": 8}),
    )
    assert open_client(exact).divisions() == [{"Code": 7}, {"Code": 8}]


def test_a_list_of_divisions_that_runs_in_a_circle_ends(open_client, script, listing):
    circle = listing({"Code": 7}, following="system/Divisions?$skiptoken=7")
    with pytest.raises(DefectError, match="circle"):
        open_client(script(listing({"CurrentDivision": 7}), circle)).divisions()


def test_a_user_without_a_company_is_told_what_to_do(open_client, script, listing):
    with pytest.raises(ConfigurationError, match="has no company at Exact"):
        open_client(script(listing({"CurrentDivision": None}))).divisions()


@pytest.mark.parametrize("me", [{}, {"CurrentDivision": "x"}, {"CurrentDivision": -1}, {"CurrentDivision": [7]}])
def test_a_user_whose_company_cannot_be_told_is_a_defect(open_client, script, listing, me):
    with pytest.raises(DefectError, match="no current company"):
        open_client(script(listing(me))).divisions()


def test_many_threads_may_use_one_client(open_client, listing, script):
    client = open_client(script(lambda _: listing({"ID": "1"})))
    with ThreadPoolExecutor(8) as threads:
        pages = list(threads.map(lambda n: client.get("crm/Accounts", division=n), range(100)))
    assert len(pages) == client.calls == 100


def test_a_given_transport_stays_open_when_the_client_closes(app, ledger, listing):
    from exactsync.exact.client import ExactClient

    class Transport(httpx.MockTransport):
        closed = False

        def close(self) -> None:
            self.closed = True

    transport = Transport(lambda _: listing())
    with ExactClient(app, None, ledger, transport=transport):
        pass
    assert not transport.closed


def test_a_cookie_is_never_sent_back(open_client, script, listing) -> None:
    def with_cookie() -> httpx.Response:
        page = listing({"ID": 1})
        page.headers["Set-Cookie"] = "session=of-somebody; Path=/"
        return page

    exact = script(with_cookie(), with_cookie())
    with open_client(exact) as client:
        client.get("crm/Accounts", division=7)
        client.get("crm/Accounts", division=7)
    assert len(exact.requests) == 2
    assert not any("cookie" in request.headers for request in exact.requests)


def test_an_http_client_that_was_lent_stays_open(open_client, script, listing) -> None:
    exact = script(listing(), listing())
    with httpx.Client(transport=exact.transport) as lent:
        for _ in range(2):
            with open_client(exact, http=lent) as client:
                assert client.get("crm/Accounts", division=7).records == []
                assert client.calls == 1
        assert not lent.is_closed


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://start.exactonline.nl/docs/DocView.aspx?DocumentID=%7bdd4d%7d&_Division_=1", True),
        ("http://start.exactonline.nl/docs/DocView.aspx", False),
        ("https://start.exactonline.be/docs/DocView.aspx", False),
        ("https://start.exactonline.nl.evil.example/", False),
        ("https://start.exactonline.nl@evil.example/", False),
        ("https://evil.example\\@start.exactonline.nl/", False),
        ("https://start.exactonline.nl:8443/", False),
        ("https://start.exactonline.nl", False),
        ("https://start.exactonline.nl/\njavascript:alert(1)", False),
        ('https://start.exactonline.nl/"onmouseover="', False),
        ("https://start.exactonline.nl/" + "a" * 2_000, False),
        (" https://start.exactonline.nl/", False),
        ("javascript:alert(1)//https://start.exactonline.nl/", False),
        ("//start.exactonline.nl/", False),
        ("", False),
        (None, False),
        (7, False),
    ],
)
def test_only_a_screen_of_exact_in_the_connections_country_becomes_a_link(open_client, script, url, is_one):
    assert open_client(script()).screen(url) == (url if is_one else None)
