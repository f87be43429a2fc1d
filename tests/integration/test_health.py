"""How runs move integrations: what went wrong, whose fault it is, and what only looks like news."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from exactsync import health
from exactsync.attempts import Attempts
from exactsync.errors import (
    CompanyRefusedError,
    ConfigurationError,
    QuotaExhaustedError,
    ReauthorisationRequiredError,
    TokenPendingError,
)
from exactsync.exact.client import ExactClient
from exactsync.lifecycle import Action, Reason, State, actions
from exactsync.load import DivisionRef, Run
from exactsync.simulator.faults import FAULTS, Fault
from exactsync.warehouse.engine import create_engine
from tests.integration.people import ANN, BOB, ENTITIES, SIZES, A, B, C, D, Office

if TYPE_CHECKING:
    from collections.abc import Iterator

LISTS = ("cost_centers", "cost_units", "vat_codes")


@pytest.fixture
def office(migrated_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setitem(ExactClient.__init__.__kwdefaults__, "sleep", lambda _seconds: None)
    office = Office(migrated_database)
    yield office
    office.close()


@pytest.fixture
def healthy(office: Office) -> Office:
    """An office whose integration `nl` has loaded companies A and B."""
    office.connect("nl", A, B)
    assert office.run() == []
    assert office.state("nl") is State.HEALTHY
    return office


def ref(division: int, integration: str = "nl") -> DivisionRef:
    return DivisionRef(integration=integration, division=division, name="", country="NL")


def test_a_warehouse_that_takes_no_writes_does_not_hide_what_failed_before(
    healthy: Office, migrated_database: str
) -> None:
    replica = create_engine(f"{migrated_database}?options=-c%20default_transaction_read_only=on")
    attempts = Attempts(engine=replica, warehouse=replica)
    with (
        pytest.raises(CompanyRefusedError, match="no right"),
        attempts.at(ref(A), "suppliers", Run(run_id="r", holder="h")),
    ):
        raise CompanyRefusedError("no right")
    replica.dispose()


# -- the way to healthy


def test_the_initial_sync_is_over_once_every_data_set_was_published(office: Office) -> None:
    office.connect("nl", A, B)
    office.run(entities=LISTS)
    assert office.state("nl") is State.INITIAL_SYNC
    office.run()
    assert office.state("nl") is State.HEALTHY
    assert [step[0] for step in office.steps("nl")][-1] == "sync_succeeded"


def test_progress_tells_what_is_queued_running_done_and_failed(office: Office) -> None:
    office.connect("nl", A, B)
    office.deployment.connect()
    office.attempt(ref(A), "cost_centers")
    office.simulator.refuse_division(B, "NoDivisionAccess")
    office.attempt(ref(B), "cost_units")
    office.execute(f"""
        INSERT INTO exactsync.leases (division, entity, holder, host, pid, fence, acquired_at, expires_at)
        VALUES ({A}, 'vat_codes', 'dag/run/vat_codes/0', 'h', 1, 1, now(), now() + interval '1 minute');
        INSERT INTO exactsync.loads (division, entity, mode, rows_read) VALUES ({A}, 'vat_codes', 'full', 60)""")
    steps = {(step.division, step.entity): step for step in office.setup.progress("nl")}
    assert set(steps) == {(division, entity) for division in (A, B) for entity in ENTITIES}
    done, running, failed = steps[A, "cost_centers"], steps[A, "vat_codes"], steps[B, "cost_units"]
    assert (done.state, done.rows, done.holder) == ("done", 3, f"dag/run/cost_centers/{A}")
    assert done.published_at is not None
    assert (running.state, running.rows, running.holder) == ("running", 60, "dag/run/vat_codes/0")
    assert (failed.state, failed.holder) == ("failed", f"dag/run/cost_units/{B}")
    assert "Give the Exact user access to this company" in failed.message
    queued = [step for step in steps.values() if step not in (done, running, failed)]
    assert {(step.state, step.rows, step.message, step.holder) for step in queued} == {("queued", 0, None, None)}


def test_last_sync_is_when_something_was_last_brought_up_to_date(healthy: Office) -> None:
    first = healthy.setup.integration("nl").last_sync_at
    assert first is not None
    healthy.simulator.refuse_division(B, "NoDivisionAccess")
    healthy.run()
    second = healthy.setup.integration("nl").last_sync_at
    assert second > first
    healthy.simulator.refuse_division(A, "NoDivisionAccess")
    healthy.run()
    assert healthy.setup.integration("nl").last_sync_at == second


# -- one company fails alone


def test_a_refused_company_fails_alone_and_is_named_with_the_way_out(healthy: Office) -> None:
    healthy.simulator.refuse_division(B, "DivisionBlocked")
    problems = healthy.run()
    assert {problem.location.division for problem in problems} == {B}
    assert {type(problem) for problem in problems} == {CompanyRefusedError}
    info = healthy.setup.integration("nl")
    assert (info.state, info.reason) == (State.DEGRADED, Reason.COMPANY_REFUSED)
    assert f"division {B}" in info.message
    assert "Exact has blocked this company" in info.message
    assert re.search(r"[1-9]\d* more of its data sets failed", info.message)
    assert {company.division: bool(company.problem) for company in info.companies} == {A: False, B: True}
    healthy.simulator.refuse_division(B, None)
    healthy.run()
    info = healthy.setup.integration("nl")
    assert (info.state, info.reason, info.message) == (State.HEALTHY, None, None)
    assert {company.problem for company in info.companies} == {None}


def test_a_company_that_gets_archived_fails_alone(healthy: Office) -> None:
    healthy.simulator.update(0, "Divisions", B, {"Status": 2})
    healthy.execute("UPDATE exactsync.integration_divisions SET seen_at = '-infinity'")
    healthy.simulator.clear_journal()
    (problem,) = healthy.run()
    assert f"integration nl, division {B}: Company Company {B} is archived at Exact" in str(problem)
    assert healthy.simulator.count_calls("hrm/Costcenters", B) == 0
    assert healthy.simulator.count_calls("hrm/Costcenters", A) == 1
    assert healthy.setup.integration("nl").reason is Reason.COMPANY_REFUSED
    assert "archived" in healthy.setup.integration("nl").message
    healthy.simulator.update(0, "Divisions", B, {"Status": 1})
    assert healthy.run() == []
    assert healthy.state("nl") is State.HEALTHY


def test_a_company_that_is_no_longer_permitted_is_said_to_be_so_until_it_is_taken_out(healthy: Office) -> None:
    healthy.simulator.permit(B, permitted=False)
    healthy.run()
    (problem,) = healthy.run()  # the refusals have made the list of companies doubtful
    assert "no longer lists company" in str(problem)
    assert "no longer lists company" in healthy.setup.integration("nl").message
    assert healthy.setup.choose_companies("nl", [A], actor=ANN).state is State.HEALTHY
    assert healthy.run() == []


def test_the_only_company_refused_is_told_even_though_nothing_is_attempted(office: Office) -> None:
    office.connect("nl", A)
    office.run()
    office.simulator.permit(A, permitted=False)
    for _ in range(2):  # its own row at Exact is gone, too, which is a failure of another kind
        office.run()
        assert office.setup.integration("nl").reason is Reason.COMPANY_REFUSED
    office.execute("UPDATE exactsync.integrations SET reason = 'maintenance', since = now()")
    office.run()
    assert office.setup.integration("nl").reason is Reason.COMPANY_REFUSED


def test_three_integrations_of_four_companies_lose_one_midway(office: Office) -> None:
    office.connect("nl", A, B)
    office.connect("be", C)  # shares the grant of nl
    office.connect("fr", D, app="second")
    connected = office.deployment.connect()
    office.simulator.refuse_division(B, "LicenseExpired")
    problems = [error for each in connected.divisions for entity in ENTITIES if (error := office.attempt(each, entity))]
    office.deployment.conclude()
    assert {problem.location.division for problem in problems} == {B}
    assert (office.state("nl"), office.state("be"), office.state("fr")) == (
        State.DEGRADED,
        State.HEALTHY,
        State.HEALTHY,
    )
    assert "Renew the company's Exact licence" in office.setup.integration("nl").message
    assert office.scalar("SELECT count(DISTINCT division) FROM exact_online.cost_centers") == 3


# -- reasons


@pytest.mark.parametrize(
    ("failing", "reason"),
    [
        ("maintenance", Reason.MAINTENANCE),
        ("server_error", Reason.MAINTENANCE),
        ("day_limit", Reason.BUDGET),
        ("bad_request", Reason.SYNC_FAILING),
        ("forbidden", Reason.COMPANY_REFUSED),
    ],
)
def test_each_failure_has_its_reason(healthy: Office, failing: str, reason: Reason) -> None:
    fault = Fault(action=FAULTS[failing](), endpoint="hrm/Costcenters", division=B, every=1)
    healthy.simulator.plant(fault)
    healthy.run()
    info = healthy.setup.integration("nl")
    assert (info.state, info.reason) == (State.DEGRADED, reason)
    assert info.reason_text
    assert info.remedy
    assert f"division {B}, entity cost_centers" in info.message


def test_what_a_person_must_mend_is_told_before_what_mends_itself(healthy: Office) -> None:
    healthy.simulator.plant(Fault(action=FAULTS["maintenance"](), endpoint="hrm/Costcenters", division=A, every=1))
    healthy.simulator.refuse_division(B, "NoDivisionAccess")
    healthy.run()
    assert healthy.setup.integration("nl").reason is Reason.COMPANY_REFUSED
    assert all(f"division {code}" in healthy.setup.integration("nl").message for code in (A, B))


def test_trouble_of_the_whole_integration_is_noted_before_anything_is_tried(healthy: Office) -> None:
    healthy.simulator.plant(Fault(action=FAULTS["maintenance"](), endpoint="current/Me", every=1))
    healthy.run()
    info = healthy.setup.integration("nl")
    assert (info.state, info.reason, info.failing_runs) == (State.DEGRADED, Reason.MAINTENANCE, 1)
    healthy.simulator.clear_faults()
    healthy.run()
    assert healthy.state("nl") is State.HEALTHY


def test_runs_that_fail_are_counted_until_one_is_fine(healthy: Office) -> None:
    few = ("cost_centers", "vat_codes")  # all of them, five times over, are more calls than a minute has
    healthy.simulator.refuse_division(B, "NoDivisionAccess")
    for expected in (1, 2, 3):
        healthy.run(entities=few)
        assert healthy.setup.integration("nl").failing_runs == expected
    healthy.deployment.conclude()  # the last task was cleared: no new run
    assert healthy.setup.integration("nl").failing_runs == 3
    healthy.simulator.refuse_division(B, None)
    healthy.run(entities=few)
    assert healthy.setup.integration("nl").failing_runs == 0


def test_what_is_noticed_again_is_written_once_but_told_as_it_is_now(healthy: Office) -> None:
    healthy.simulator.refuse_division(B, "NoDivisionAccess")
    healthy.run()
    steps, since = healthy.steps("nl"), healthy.setup.integration("nl").since
    healthy.simulator.refuse_division(B, None)
    healthy.simulator.refuse_division(A, "LicenseExpired")
    healthy.run()
    info = healthy.setup.integration("nl")
    assert (healthy.steps("nl"), info.since) == (steps, since)
    assert f"division {A}" in info.message
    assert f"division {B}" not in info.message


# -- what passes by itself


def test_what_waits_for_the_next_minute_has_not_failed(healthy: Office) -> None:
    healthy.execute(
        "UPDATE exactsync.call_ledger SET minute_used = minute_limit, minute_is_known = true, "
        "minute_resets_at = extract(epoch FROM now()) + 50"
    )
    error = healthy.attempt(ref(A), "vat_codes")
    assert isinstance(error, QuotaExhaustedError)
    healthy.deployment.conclude()
    assert healthy.state("nl") is State.HEALTHY
    assert {step.state for step in healthy.setup.progress("nl")} == {"done"}


# -- the end of a grant


def test_an_ended_grant_is_noted_for_all_that_share_it_by_whoever_meets_it(office: Office) -> None:
    office.connect("nl", A)
    office.connect("be", B)
    office.connect("fr", C, app="second")
    office.run()
    office.simulator.revoke_grants()
    office.let_tokens_expire()
    error = office.attempt(ref(A), "vat_codes")
    assert isinstance(error, ReauthorisationRequiredError)
    for name in ("nl", "be"):
        info = office.setup.integration(name)
        assert (info.state, info.reason) == (State.RECONNECT_NEEDED, Reason.REVOKED)
        assert "Dana Demo" in info.message
        assert "econnect" in info.remedy
    assert office.state("fr") is State.HEALTHY
    assert [step for step in office.steps("be") if step[0] == "grant_ended"] == [
        ("grant_ended", "reconnect_needed", "sync")
    ]


def test_an_access_token_that_exact_refuses_before_its_time_is_told_at_once_and_certain_minutes_later(
    healthy: Office,
) -> None:
    fault = Fault(action=FAULTS["unauthorised"](), endpoint="vat/VATCodes", division=A, every=1)
    healthy.simulator.plant(fault)
    healthy.simulator.revoke_grants()
    error = healthy.attempt(ref(A), "vat_codes")
    assert isinstance(error, TokenPendingError)
    info = healthy.setup.integration("nl")
    assert (info.state, info.reason) == (State.DEGRADED, Reason.ACCESS_REFUSED)
    assert "gives no new one yet" in info.message
    assert Action.RECONNECT in actions(info.state)
    healthy.let_tokens_expire()
    healthy.attempt(ref(A), "vat_codes")
    info = healthy.setup.integration("nl")
    assert (info.state, info.reason) == (State.RECONNECT_NEEDED, Reason.REVOKED)


def test_a_success_of_the_last_minute_does_not_hide_that_the_grant_has_ended(healthy: Office) -> None:
    healthy.simulator.revoke_grants()
    healthy.let_tokens_expire()
    healthy.attempt(ref(A), "vat_codes")
    healthy.execute("UPDATE exactsync.sync_state SET attempted_at = now(), message = NULL, outcome = 'published'")
    healthy.deployment.conclude()
    assert healthy.state("nl") is State.RECONNECT_NEEDED


def test_reconnecting_loses_nothing_and_the_failures_before_it_do_not_count(healthy: Office) -> None:
    healthy.simulator.revoke_grants()
    healthy.let_tokens_expire()
    healthy.run()
    assert healthy.authorise("nl", actor=BOB).state is State.HEALTHY
    healthy.deployment.conclude()
    assert healthy.state("nl") is State.HEALTHY
    assert {step.state for step in healthy.setup.progress("nl")} <= {"queued", "done"}
    healthy.simulator.clear_journal()
    assert healthy.run() == []
    assert healthy.simulator.count_calls("sync/Financial/GLAccounts", A) == 1


def test_a_late_worker_cannot_end_the_grant_of_a_newer_consent(healthy: Office) -> None:
    before = healthy.deployment.integrations(["nl"])[0]
    healthy.authorise("nl")
    late = ReauthorisationRequiredError("It has ended.", reason="revoked")
    health.note_end(healthy.engine, before, late)
    assert healthy.state("nl") is State.HEALTHY


# -- people who stop what is at work


@pytest.mark.parametrize("stop", ["pause", "disconnect", "files"])
def test_a_sync_that_a_person_stops_makes_no_more_calls_and_goes_on_later(office: Office, stop: str) -> None:
    office.simulator.configure(single_page_size=2)
    office.connect("nl", A)

    def stop_now(*_: object) -> None:
        if stop == "files":
            office.setup.switch_base("files", actor=BOB)
        else:
            getattr(office.setup, stop)("nl", actor=BOB)

    office.after_call(1, "hrm/Costcenters", stop_now)
    run = Run(run_id="run", holder="h")
    result = office.deployment.sync(ref(A), "cost_centers", mode="incremental", run=run)
    assert result.outcome == "stopped"
    calls = office.simulator.count_calls()
    later = office.deployment.sync(ref(A), "cost_units", mode="incremental", run=run)
    deletions = office.deployment.apply_deletions(ref(A), run=run)
    assert (later.outcome, deletions.read, office.simulator.count_calls()) == ("stopped", 0, calls)
    assert office.scalar("SELECT count(*) FROM exactsync.sync_state WHERE message IS NOT NULL") == 0
    office.deployment.conclude()
    go_on = {
        "pause": lambda: office.setup.resume("nl", actor=BOB),
        "disconnect": lambda: office.authorise("nl"),
        "files": lambda: office.setup.switch_base("exact_online", actor=BOB),
    }
    go_on[stop]()
    office.simulator.clear_journal()
    assert office.run() == []
    assert office.scalar("SELECT count(*) FROM exact_online.cost_centers") == SIZES["Costcenters"]
    assert office.state("nl") is State.HEALTHY
    assert office.simulator.violations() == []


def test_disconnecting_while_another_shares_the_grant_stops_only_its_own_sync(office: Office) -> None:
    office.simulator.configure(single_page_size=2)
    office.connect("nl", A)
    office.connect("be", B)
    office.after_call(1, "hrm/Costcenters", lambda: office.setup.disconnect("nl", actor=BOB))
    run = Run(run_id="run", holder="h")
    results = [
        office.deployment.sync(each, "cost_centers", mode="incremental", run=run) for each in (ref(A), ref(B, "be"))
    ]
    assert [result.outcome for result in results] == ["stopped", "published"]


def test_a_stop_that_meets_a_failure_is_a_stop(healthy: Office) -> None:
    healthy.setup.disconnect("nl", actor=BOB)
    healthy.execute("DELETE FROM exactsync.sync_state")
    assert healthy.attempt(ref(A), "vat_codes") is None
    assert healthy.scalar("SELECT count(*) FROM exactsync.sync_state") == 0


def test_a_sync_of_an_integration_that_is_gone_says_so(office: Office) -> None:
    error = office.attempt(ref(A, "nowhere"), "vat_codes")
    assert isinstance(error, ConfigurationError)
    assert "There is no integration nowhere" in str(error)
