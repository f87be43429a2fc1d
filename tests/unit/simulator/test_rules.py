from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

LIST = {"select": "ID,Timestamp", "filter": "Timestamp gt 1L"}
GL = "101/sync/Financial/GLAccounts"


def next_url(response):
    return response.json()["d"]["__next"]


def test_a_good_client_breaks_no_rule(visitor):
    visitor.records("1/system/Divisions", select="Code")
    visitor.records(GL, **LIST)
    visitor.records("101/hrm/Costcenters", select="ID")
    visitor.records("101/sync/Deleted", **LIST)
    visitor.simulator.clock.advance(570)
    visitor.refresh()
    visitor.records("101/crm/Accounts", select="ID", filter="IsSupplier eq true")
    assert visitor.simulator.violations() == []


def test_a_violation_tells_what_and_when(visitor):
    visitor.get("103/vat/VATCodes")
    (violation,) = visitor.simulator.violations()
    assert violation.rule == "forbidden_division"
    assert violation.detail == "Forbidden - User division is not within division scope (103/vat/VATCodes)"
    assert violation.at.isoformat() == "2024-06-15T12:00:00+00:00"


def all_at_once(visit, *calls):
    """Make the calls so that each is under way before any is answered; return the visitor and the statuses."""
    together = threading.Barrier(len(calls))
    visitor = visit(sleep=lambda _: together.wait(timeout=10))
    visitor.simulator.clock.advance(570)
    visitor.simulator.configure(latency_s=1)
    with ThreadPoolExecutor(len(calls)) as pool:
        statuses = [response.status_code for response in pool.map(lambda call: call(visitor), calls)]
    return visitor, sorted(statuses)


def test_two_calls_for_one_data_set_at_once_break_a_rule(visit):
    visitor, statuses = all_at_once(visit, *[lambda v: v.get(GL, **LIST)] * 2)
    assert statuses == [200, 200]
    assert visitor.broken_rules() == ["parallel_read"]


def test_calls_for_different_data_sets_at_once_are_fine(visit):
    paths = [GL, "102/sync/Financial/GLAccounts", "101/sync/CRM/Accounts"]
    visitor, statuses = all_at_once(visit, *[lambda v, path=path: v.get(path, **LIST) for path in paths])
    assert statuses == [200] * 3
    assert visitor.broken_rules() == []


def test_two_token_calls_at_once_break_a_rule(visit):
    visitor, statuses = all_at_once(visit, *[lambda v: v.refresh()] * 2)
    assert statuses == [200, 401]
    assert visitor.broken_rules() == ["parallel_refresh", "old_refresh_token"]


def test_mixing_the_pages_of_two_readers_breaks_a_rule(visit):
    visitor = visit(bulk_page_size=10)
    first = visitor.get(GL, **LIST)
    visitor.get(GL, **{**LIST, "filter": "Timestamp gt 2L"})
    visitor.get(next_url(first))
    assert visitor.broken_rules() == ["parallel_read"]


def test_starting_again_after_a_crash_and_resuming_a_page_are_fine(visit):
    visitor = visit(bulk_page_size=10)
    visitor.get(GL, **LIST)
    again = visitor.get(GL, **LIST)
    second = visitor.get(next_url(again))
    assert visitor.get(next_url(again)).json() == second.json()
    assert visitor.get(next_url(second)).status_code == 200
    assert visitor.broken_rules() == []


def test_a_skiptoken_of_ones_own_making_breaks_a_rule(visit):
    visitor = visit(bulk_page_size=10)
    visitor.get(GL, **LIST)
    assert visitor.get(GL, **LIST, skiptoken="9007199254740999L").status_code == 200
    assert visitor.broken_rules() == ["forged_skiptoken"]


def test_dropping_the_filter_from_a_link_breaks_a_rule(visit):
    visitor = visit(single_page_size=50)
    page = visitor.get("101/hrm/Costcenters", select="ID", filter="Active eq true").json()["d"]
    token = f"guid'{page['results'][-1]['ID']}'"
    visitor.get("101/hrm/Costcenters", select="ID", skiptoken=token)
    assert visitor.broken_rules() == ["forged_skiptoken"]


def test_calls_are_counted_by_endpoint_division_and_status(visitor):
    visitor.get("101/vat/VATCodes")
    visitor.get("101/vat/VATCodes")
    visitor.get("103/vat/VATCodes")
    visitor.get("current/Me")
    sim = visitor.simulator
    assert sim.calls()["vat/VATCodes", 101, 200] == 2
    assert sim.calls()["vat/VATCodes", 103, 403] == 1
    assert sim.calls()["current/Me", None, 200] == 1
    assert sim.calls()["/api/oauth2/token", None, 200] == 1
    assert (sim.count_calls("vat/VATCodes"), sim.count_calls(division=101)) == (3, 2)
    sim.clear_journal()
    assert (sim.count_calls(), sim.violations()) == (0, [])


def test_many_clients_at_once_lose_no_count(visit):
    visitor = visit(calls_per_minute=500)
    barrier = threading.Barrier(8)

    def call_often(_):
        barrier.wait()
        return [visitor.get("101/vat/VATCodes/$count").status_code for _ in range(50)]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(call_often, range(8))) == [[200] * 50] * 8
    assert visitor.get("101/vat/VATCodes").headers["x-ratelimit-minutely-remaining"] == "99"
    assert visitor.simulator.count_calls("vat/VATCodes") == 401


def test_logs_show_no_secret_at_any_level(visitor, caplog):
    caplog.set_level("DEBUG")
    first = visitor.tokens["refresh_token"]
    visitor.records("101/vat/VATCodes")
    visitor.simulator.clock.advance(570)
    visitor.refresh()
    visitor.refresh(first)
    visitor.authorise(redirect_uri="https://elsewhere.example/")
    own = [record.getMessage() for record in caplog.records if record.name.startswith("exactsync")]
    assert len(own) > 3
    assert not [secret for secret in visitor.simulator.secrets() if any(secret in line for line in own)]
