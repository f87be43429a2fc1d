"""The way back from Exact's login, taken by those it is not meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from exactsync.simulator.faults import Fault, maintenance
from tests.plugins.accounting_setup.browser import CALLBACK, PREFIX, Browser, consent, create, told

if TYPE_CHECKING:
    from httpx import Response

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def waiting(finance: Browser) -> Browser:
    """A person whose connection `Demo` awaits their consent."""
    create(finance)
    return finance


def state_of(browser: Browser) -> str:
    return str(browser.get("/api/connections/Demo").json()["state"])


def token_calls(exact: Any) -> int:
    return int(exact.count_calls("/api/oauth2/token"))


def is_inert_page(answer: Response) -> bool:
    """Tell whether a page runs nothing, frames nowhere and shows nothing of its address."""
    policy = answer.headers["content-security-policy"]
    return (
        answer.headers["content-type"].startswith("text/html")
        and "default-src 'none'" in policy
        and "frame-ancestors 'none'" in policy
        and "script-src" not in policy
        and "<script" not in answer.text
        and answer.headers["referrer-policy"] == "no-referrer"
        and answer.headers["cache-control"] == "no-store"
    )


def test_a_consent_leads_back_to_the_page_and_to_the_next_step(waiting) -> None:
    assert told(waiting.follow(consent(waiting))) == {"connection": ["Demo"]}
    assert state_of(waiting) == "choose_company"


def test_a_replayed_answer_changes_nothing(waiting, exact) -> None:
    address = consent(waiting)
    told(waiting.follow(address))
    calls = token_calls(exact)
    assert told(waiting.follow(address))["problem"] == ["state_used"]
    assert token_calls(exact) == calls
    assert state_of(waiting) == "choose_company"


def test_an_answer_that_took_too_long_is_refused_before_the_code_is_tried(waiting, exact, execute) -> None:
    address = consent(waiting)
    execute("UPDATE exactsync.consents SET expires_at = clock_timestamp() - interval '1 second'")
    assert told(waiting.follow(address))["problem"] == ["state_expired"]
    assert token_calls(exact) == 0


def test_an_answer_to_another_persons_question_is_refused_and_stays_theirs(waiting, browser, exact) -> None:
    address = consent(waiting)
    assert told(browser("admin").follow(address))["problem"] == ["state_foreign"]
    assert token_calls(exact) == 0
    assert told(waiting.follow(address)) == {"connection": ["Demo"]}


def test_an_answer_that_nobody_asked_for_is_refused(waiting, exact) -> None:
    for query in (
        "",
        "?code=c",
        "?code=c&state=",
        "?code=c&state=invented",
        "?state=%00%ff&code=%00",
        "?%FF=%&&=&state",
    ):
        assert told(waiting.follow(CALLBACK + query)) == {"problem": ["state_unknown"]}, query
    assert token_calls(exact) == 0
    assert state_of(waiting) == "awaiting_consent"


def test_a_code_serves_once_even_with_a_new_state(waiting, exact) -> None:
    first = parse_qs(urlsplit(consent(waiting)).query)
    told(waiting.follow(f"{CALLBACK}?{urlencode(first, doseq=True)}"))
    second = parse_qs(urlsplit(consent(waiting)).query)
    reused = {"state": second["state"][0], "code": first["code"][0]}
    answer = told(waiting.follow(f"{CALLBACK}?{urlencode(reused)}"))
    assert answer == {"connection": ["Demo"], "problem": ["code_refused"]}
    assert state_of(waiting) == "choose_company"


def test_a_refused_consent_is_told_without_repeating_what_came_with_it(waiting) -> None:
    state = parse_qs(urlsplit(consent(waiting)).query)["state"][0]
    answer = waiting.follow(f"{CALLBACK}?state={state}&error={quote(SCRIPT)}&error_description={quote(SCRIPT)}")
    assert told(answer) == {"connection": ["Demo"], "problem": ["denied"]}
    assert state_of(waiting) == "awaiting_consent"


def test_it_leads_to_our_page_whatever_the_address_asks_for(waiting) -> None:
    for extra in (
        {"next": "https://evil.example/"},
        {"redirect_uri": "//evil.example"},
        {"connection": "//evil.example"},
        {"state": "https://evil.example/\r\nLocation: https://evil.example"},
    ):
        told(waiting.follow(f"{CALLBACK}?{urlencode({'code': 'c', **extra})}"))


def test_it_leads_to_our_page_whatever_host_it_was_asked_at(waiting) -> None:
    told(waiting.follow(f"{CALLBACK}?state=x", Host="evil.example", **{"X-Forwarded-Host": "evil.example"}))


def test_a_visitor_who_is_not_logged_in_is_told_so_and_can_go_on_afterwards(waiting, browser, exact) -> None:
    address = consent(waiting)
    answer = browser(None).follow(f"{address}&error={quote(SCRIPT)}")
    assert answer.status_code == 401
    assert is_inert_page(answer)
    assert f'href="{PREFIX}/"' in answer.text
    assert token_calls(exact) == 0
    assert told(waiting.follow(address)) == {"connection": ["Demo"]}


def test_a_visitor_who_may_only_look_is_told_so_and_spends_nothing(waiting, browser, exact) -> None:
    address = consent(waiting)
    answer = browser("viewer").follow(address)
    assert answer.status_code == 403
    assert is_inert_page(answer)
    assert token_calls(exact) == 0
    assert told(waiting.follow(address)) == {"connection": ["Demo"]}


def test_the_code_stays_out_of_the_access_log(waiting, browser, monkeypatch) -> None:
    from airflow.api_fastapi.common import http_access_log

    lines: list[dict[str, Any]] = []

    class Recorder:
        def info(self, _event: str, **fields: Any) -> None:
            lines.append(fields)

    monkeypatch.setattr(http_access_log, "logger", Recorder())
    address = consent(waiting)
    browser(None).follow(address)
    told(waiting.follow(address))
    logged = [line for line in lines if line["path"].endswith("/oauth/callback")]
    assert [(line["query"], line["status_code"]) for line in logged] == [("", 401), ("", 303)]


def test_reconnecting_starts_a_sync_and_keeps_everything(connected, exact, execute) -> None:
    connected.put("/api/connections/Demo/companies", {"divisions": [1000001]}).raise_for_status()
    before = connected.get("/api/connections/Demo").json()
    execute("UPDATE exactsync.integrations SET state = 'reconnect_needed', reason = 'revoked'")
    assert told(connected.follow(consent(connected))) == {"connection": ["Demo"]}
    after = connected.get("/api/connections/Demo").json()
    assert {name: after[name] for name in ("state", "companies", "axes")} == {
        name: before[name] for name in ("state", "companies", "axes")
    }
    assert connected.get("/api/connections/Demo/progress").json()["run"]["state"] == "queued"


def test_after_an_exact_that_did_not_answer_the_consent_can_be_given_again(waiting, exact) -> None:
    address = consent(waiting)
    exact.plant(Fault(action=maintenance(), endpoint="/api/oauth2/token"))
    assert told(waiting.follow(address)) == {"connection": ["Demo"], "problem": ["code_refused"]}
    assert state_of(waiting) == "awaiting_consent"
    exact.clear_faults()
    assert told(waiting.follow(consent(waiting))) == {"connection": ["Demo"]}


def test_what_nobody_foresaw_still_leads_back_to_the_page(waiting, monkeypatch) -> None:
    from exactsync_airflow.accounting_setup import installation

    address = consent(waiting)
    monkeypatch.setattr(installation, "deployment", lambda: 1 / 0)
    assert told(waiting.follow(address)) == {"problem": ["defect"]}


def test_a_consent_cannot_be_completed_by_a_request_that_changes_things(waiting) -> None:
    assert waiting.post("/oauth/callback").status_code == 405
