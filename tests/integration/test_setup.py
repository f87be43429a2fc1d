"""What people do to connect: names, consents, companies, axes, pausing, disconnecting, the accounting base."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exactsync.errors import (
    CompanyRefusedError,
    ConfigurationError,
    ConsentError,
    ExactUnavailableError,
    ReauthorisationRequiredError,
)
from exactsync.lifecycle import Reason, State
from exactsync.simulator.faults import FAULTS, Fault
from exactsync.warehouse.integrations import known_axes
from tests.integration.people import ANN, APPS, BOB, OLD, OTTO, SECRET, A, B, C, D, Office

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTILE_NAME = "<img src=x onerror=alert(1)>"


@pytest.fixture
def office(migrated_database: str) -> Iterator[Office]:
    office = Office(migrated_database)
    yield office
    office.close()


# -- names and apps


@pytest.mark.parametrize(
    "name", ["x", HOSTILE_NAME, "Société d'Étude “nl” №1", "'; DROP TABLE x; --", "x" * 60, "日本"]
)
def test_an_integration_may_have_any_visible_name(office: Office, name: str) -> None:
    assert office.connect(name, A).name == name
    assert office.deployment.connect().divisions[0].integration == name
    assert office.setup.disconnect(name, actor=ANN).state is State.DISCONNECTED


@pytest.mark.parametrize(
    "name",
    ["", " ", "x" * 61, "x" * 10_000, " x", "x\n", "a\tb", "a\0b", "\u200b", "a\u202eb", "\ud800", "--", "..", "…"],
)
def test_a_name_that_people_cannot_see_or_write_is_refused(office: Office, name: str) -> None:
    with pytest.raises(ConfigurationError, match="1 to 60 visible characters") as refused:
        office.setup.create(name, connection_id="first", axes=None, actor=ANN)
    assert len(str(refused.value)) < 300
    assert str(refused.value).isprintable()
    assert office.setup.integrations() == []


@pytest.mark.parametrize("name", ["NL/BE", "x/companies", "a\\b", "why?", "Café #1", "50% more", "%2F"])
def test_a_name_that_means_something_in_an_address_is_refused(office: Office, name: str) -> None:
    for give in (
        lambda: office.setup.create(name, connection_id="first", axes=None, actor=ANN),
        lambda: office.setup.authorise(name, connection_id="first", code="code", actor=ANN),
    ):
        with pytest.raises(ConfigurationError, match=r"none of / \\ \? # %"):
            give()
    assert office.setup.integrations() == []
    assert office.simulator.count_calls("/api/oauth2/token") == 0


@pytest.mark.parametrize("name", ["nl", "NL", "Nl", "\uff4e\uff4c"])
def test_two_names_that_sound_alike_are_one(office: Office, name: str) -> None:
    office.setup.create("nl", connection_id="first", axes=None, actor=ANN)
    with pytest.raises(ConfigurationError, match="There is an integration nl already"):
        office.setup.create(name, connection_id="first", axes=None, actor=ANN)


@pytest.mark.parametrize("name", ["nowhere", "a\0b", "\ud800", "x" * 10_000])
def test_an_integration_that_does_not_exist_is_named(office: Office, name: str) -> None:
    for ask in (
        lambda: office.setup.integration(name),
        lambda: office.setup.journal(name),
        lambda: office.setup.progress(name),
        lambda: office.setup.consent_url(name, actor=ANN),
        lambda: office.setup.companies(name),
        lambda: office.setup.choose_companies(name, [A], actor=ANN),
        lambda: office.setup.choose_axes(name, [], actor=ANN),
        lambda: office.setup.pause(name, actor=ANN),
        lambda: office.setup.resume(name, actor=ANN),
        lambda: office.setup.disconnect(name, actor=ANN),
        lambda: office.setup.remove(name, actor=ANN),
    ):
        with pytest.raises(ConfigurationError, match="There is no integration") as refused:
            ask()
        assert len(str(refused.value)) < 300


def test_an_app_that_is_not_configured_is_refused_and_shown(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="Connection third is not known"):
        office.setup.create("nl", connection_id="third", axes=None, actor=ANN)
    office.connect("nl", A)
    monkeypatch.delitem(APPS, "first")
    shown = office.setup.integration("nl")
    assert (shown.state, shown.reason_text, shown.remedy) == (
        State.NOT_CONFIGURED,
        "Connection first is not known here.",
        "Set it up.",
    )
    assert office.setup.disconnect("nl", actor=ANN).state is State.DISCONNECTED
    assert office.scalar("SELECT count(*) FROM exactsync.grants") == 0


# -- consent


def test_a_person_connects_step_by_step(office: Office) -> None:
    created = office.setup.create("nl", connection_id="first", axes=["cost_centers"], actor=ANN)
    assert (created.state, created.axes, created.user_name) == (State.AWAITING_CONSENT, ("cost_centers",), "")
    authorised = office.authorise("nl")
    assert (authorised.state, authorised.user_name) == (State.CHOOSE_COMPANY, "Dana Demo")
    assert authorised.authorised_at is not None
    assert (authorised.lapses_at - authorised.refreshed_at).days == 30
    assert {(company.division, company.status) for company in office.setup.companies("nl")} == {
        *((code, "active") for code in (A, B, C, D)),
        (OLD, "archived"),
    }
    chosen = office.setup.choose_companies("nl", [A, B], actor=BOB)
    assert chosen.state is State.INITIAL_SYNC
    assert [company.division for company in chosen.companies] == [A, B]
    assert office.run() == []
    assert office.state("nl") is State.HEALTHY
    assert office.steps("nl") == [
        ("created", "awaiting_consent", ANN),
        ("authorised", "choose_company", ANN),
        ("companies_chosen", "initial_sync", BOB),
        ("sync_succeeded", "healthy", "sync"),
    ]


def test_a_state_is_good_once(office: Office) -> None:
    office.setup.create("nl", connection_id="first", axes=None, actor=ANN)
    state, code = office.follow(office.setup.consent_url("nl", actor=ANN))
    office.setup.complete_consent(state=state, code=code, actor=ANN)
    _, another = office.follow(office.setup.consent_url("nl", actor=ANN))
    calls = office.simulator.count_calls("/api/oauth2/token")
    with pytest.raises(ConsentError) as refused:
        office.setup.complete_consent(state=state, code=another, actor=ANN)
    assert refused.value.reason == "state_used"
    assert office.simulator.count_calls("/api/oauth2/token") == calls


def test_a_state_is_good_for_ten_minutes(office: Office) -> None:
    office.setup.create("nl", connection_id="first", axes=None, actor=ANN)
    state, code = office.follow(office.setup.consent_url("nl", actor=ANN))
    office.execute("UPDATE exactsync.consents SET expires_at = expires_at - interval '600 s'")
    with pytest.raises(ConsentError) as refused:
        office.setup.complete_consent(state=state, code=code, actor=ANN)
    assert refused.value.reason == "state_expired"
    assert office.state("nl") is State.AWAITING_CONSENT


def test_another_persons_state_is_refused_and_stays_theirs(office: Office) -> None:
    office.setup.create("nl", connection_id="first", axes=None, actor=ANN)
    state, code = office.follow(office.setup.consent_url("nl", actor=ANN))
    for _ in range(2):
        with pytest.raises(ConsentError) as refused:
            office.setup.complete_consent(state=state, code=code, actor=BOB)
        assert refused.value.reason == "state_foreign"
    assert office.simulator.count_calls("/api/oauth2/token") == 0
    assert office.setup.complete_consent(state=state, code=code, actor=ANN).state is State.CHOOSE_COMPANY


@pytest.mark.parametrize("state", ["", "invented", "a\0b", "\ud800", "x" * 10_000])
def test_a_state_that_nobody_asked_for_is_refused(office: Office, state: str) -> None:
    office.setup.create("nl", connection_id="first", axes=None, actor=ANN)
    with pytest.raises(ConsentError) as refused:
        office.setup.complete_consent(state=state, code="code", actor=ANN)
    assert refused.value.reason == "state_unknown"


def test_a_state_serves_the_integration_it_was_asked_for(office: Office) -> None:
    office.setup.create("nl", connection_id="first", axes=None, actor=ANN)
    office.setup.create("be", connection_id="second", axes=None, actor=ANN)
    state, _ = office.follow(office.setup.consent_url("nl", actor=ANN))
    _, code = office.follow(office.setup.consent_url("be", actor=ANN))
    with pytest.raises(ConsentError) as refused:
        office.setup.complete_consent(state=state, code=code, actor=ANN)  # Exact: the code is another app's
    assert refused.value.reason == "code_refused"
    assert (office.state("nl"), office.state("be")) == (State.AWAITING_CONSENT, State.AWAITING_CONSENT)


def test_a_code_that_exact_refuses_leaves_everything_as_it_was(office: Office) -> None:
    office.connect("nl", A)
    before = office.setup.integration("nl")
    state, code = office.follow(office.setup.consent_url("nl", actor=ANN))
    office.simulator.clock.advance(181)
    with pytest.raises(ConsentError) as refused:
        office.setup.complete_consent(state=state, code=code, actor=ANN)
    assert refused.value.reason == "code_refused"
    assert code not in str(refused.value)
    assert office.setup.integration("nl") == before


def test_a_consent_that_a_person_denies_changes_nothing_and_is_over(office: Office) -> None:
    office.setup.create("nl", connection_id="first", axes=None, actor=ANN)
    state, code = office.follow(office.setup.consent_url("nl", actor=ANN))
    with pytest.raises(ConsentError) as refused:
        office.setup.complete_consent(state=state, code=None, error="access_denied" * 100, actor=ANN)
    assert refused.value.reason == "denied"
    assert refused.value.location.integration == "nl"
    assert len(str(refused.value)) < 400
    with pytest.raises(ConsentError) as used:
        office.setup.complete_consent(state=state, code=code, actor=ANN)
    assert used.value.reason == "state_used"


def test_a_consent_while_exact_is_down_can_be_begun_again(office: Office) -> None:
    office.setup.create("nl", connection_id="first", axes=None, actor=ANN)
    state, code = office.follow(office.setup.consent_url("nl", actor=ANN))
    office.simulator.plant(Fault(action=FAULTS["maintenance"](), endpoint="/api/oauth2/token"))
    with pytest.raises((ConsentError, ExactUnavailableError), match="uthorise"):
        office.setup.complete_consent(state=state, code=code, actor=ANN)
    office.simulator.clear_faults()
    assert office.authorise("nl").state is State.CHOOSE_COMPANY


def test_the_books_hold_no_state_that_could_be_used(office: Office) -> None:
    office.setup.create("nl", connection_id="first", axes=None, actor=ANN)
    state, _ = office.follow(office.setup.consent_url("nl", actor=ANN))
    kept = office.scalar("SELECT string_agg(consents::text, ' ') FROM exactsync.consents")
    assert state not in kept
    with pytest.raises(ConsentError):
        office.setup.complete_consent(
            state=office.scalar("SELECT state_hash FROM exactsync.consents"), code="c", actor=ANN
        )


def test_old_states_are_forgotten(office: Office) -> None:
    office.setup.create("nl", connection_id="first", axes=None, actor=ANN)
    office.setup.consent_url("nl", actor=ANN)
    office.execute("UPDATE exactsync.consents SET expires_at = now() - interval '25 hours'")
    office.setup.consent_url("nl", actor=ANN)
    assert office.scalar("SELECT count(*) FROM exactsync.consents") == 1


# -- companies


def test_a_company_belongs_to_one_integration_until_that_is_disconnected(office: Office) -> None:
    office.connect("nl", A, B)
    office.setup.create("be", connection_id="first", axes=None, actor=ANN)
    office.authorise("be")
    assert {company.division: company.taken_by for company in office.setup.companies("be")}[A] == "nl"
    with pytest.raises(ConfigurationError, match=rf"{A} \(by nl, region nl\)"):
        office.setup.choose_companies("be", [A, C], actor=ANN)
    assert office.setup.integration("be").companies == ()
    office.setup.disconnect("nl", actor=ANN)
    assert {company.division: company.taken_by for company in office.setup.companies("be")}[A] is None
    office.setup.choose_companies("be", [A, C], actor=BOB)
    assert [company.division for company in office.setup.integration("nl").companies] == [B]
    assert office.steps("nl")[-1] == ("companies_chosen", "disconnected", BOB)
    assert office.setup.journal("nl")[0].message == f"Taken over by be: {A} Company {A}."


def test_an_archived_company_cannot_be_chosen_and_one_that_gets_archived_stays_chosen(office: Office) -> None:
    office.connect("nl", A)
    with pytest.raises(CompanyRefusedError, match="Oud is archived at Exact"):
        office.setup.choose_companies("nl", [A, OLD], actor=ANN)
    office.simulator.update(0, "Divisions", A, {"Status": 2})
    chosen = office.setup.choose_companies("nl", [A, B], actor=ANN)
    assert [(company.division, company.problem) for company in chosen.companies] == [
        (A, f"Company Company {A} is archived at Exact."),
        (B, None),
    ]


def test_a_company_appears_once_it_is_permitted_and_the_list_is_read_again(office: Office) -> None:
    office.connect("nl", A)
    office.simulator.permit(SECRET)
    assert SECRET not in [company.division for company in office.setup.companies("nl")]
    assert SECRET in [company.division for company in office.setup.companies("nl", reload=True)]
    assert office.setup.choose_companies("nl", [A, SECRET], actor=ANN).state is State.INITIAL_SYNC


def test_the_list_of_companies_is_not_asked_for_again_and_again(office: Office) -> None:
    office.connect("nl", A)
    office.simulator.clear_journal()
    office.setup.companies("nl")
    assert office.simulator.count_calls() == 0


def test_after_a_consent_the_list_of_companies_is_read_anew(office: Office) -> None:
    office.connect("nl", A)
    office.log_in_as(OTTO)
    office.simulator.permit(SECRET)
    office.authorise("nl")
    assert SECRET in [company.division for company in office.setup.companies("nl")]


def test_adding_a_company_loads_it_and_taking_one_out_needs_no_load(office: Office) -> None:
    office.connect("nl", A, B)
    office.run()
    assert office.setup.choose_companies("nl", [A], actor=ANN).state is State.HEALTHY
    assert office.setup.choose_companies("nl", [A, C], actor=ANN).state is State.INITIAL_SYNC
    assert {step.state for step in office.setup.progress("nl") if step.division == A} == {"done"}
    assert {step.state for step in office.setup.progress("nl") if step.division == C} == {"queued"}


def test_a_grant_that_has_ended_is_found_out_by_whoever_looks_for_companies(office: Office) -> None:
    office.connect("nl", A)
    office.simulator.revoke_grants()
    office.let_tokens_expire()
    with pytest.raises(ReauthorisationRequiredError, match="integration nl"):
        office.setup.companies("nl", reload=True)
    assert office.state("nl") is State.RECONNECT_NEEDED


def test_choosing_no_company_is_a_choice(office: Office) -> None:
    office.connect("nl", A)
    assert office.setup.choose_companies("nl", [], actor=ANN).state is State.CHOOSE_COMPANY


@pytest.mark.parametrize("codes", [[10**12], [-1], [SECRET], [0]])
def test_a_company_that_exact_does_not_list_cannot_be_chosen(office: Office, codes: list[int]) -> None:
    office.connect("nl", A)
    with pytest.raises(ConfigurationError, match="may not see company"):
        office.setup.choose_companies("nl", codes, actor=ANN)


# -- axes


def test_an_axis_is_loaded_only_while_it_is_active(office: Office) -> None:
    office.connect("nl", A, axes=["cost_centers"])
    office.run()
    assert office.scalar("SELECT count(*) FROM exact_online.cost_units") == 0
    chosen = office.setup.choose_axes("nl", ["cost_units"], actor=BOB)
    assert (chosen.axes, chosen.state) == (("cost_units",), State.INITIAL_SYNC)
    office.run()
    assert office.state("nl") is State.HEALTHY
    assert office.scalar("SELECT count(*) FROM exact_online.cost_units") == 2
    assert office.scalar("SELECT count(*) FROM exact_online.cost_centers") == 3
    assert office.setup.journal("nl")[1].message == "Axes: cost_units."


def test_changing_axes_does_not_hide_what_is_wrong(office: Office) -> None:
    office.connect("nl", A, B)
    office.simulator.refuse_division(B, "NoDivisionAccess")
    office.run()
    changed = office.setup.choose_axes("nl", ["cost_units"], actor=ANN)
    assert (changed.state, changed.reason) == (State.DEGRADED, Reason.COMPANY_REFUSED)
    assert f"division {B}" in changed.message


def test_an_axis_that_there_is_nothing_for_is_refused(office: Office) -> None:
    for axes in (["departments"], ["cost_center"], ["a\0b"]):
        with pytest.raises(ConfigurationError, match="There is no analytical axis"):
            office.setup.create("nl", connection_id="first", axes=axes, actor=ANN)


# -- sharing, pausing, disconnecting


def test_integrations_of_one_app_and_user_share_one_grant_and_the_last_one_takes_it_along(office: Office) -> None:
    office.connect("nl", A)
    office.connect("be", B)
    office.connect("fr", C, app="second")
    assert office.setup.integration("nl").shares_grant_with == ("be",)
    assert office.setup.integration("fr").shares_grant_with == ()
    assert office.setup.disconnect("nl", actor=ANN).user_name == ""
    assert "kept for be" in office.setup.journal("nl")[0].message
    assert office.run() == []
    office.setup.disconnect("be", actor=ANN)
    assert office.scalar("SELECT count(*) FROM exactsync.grants") == 1
    assert office.scalar(f"SELECT count(*) FROM exact_online.cost_centers WHERE division = {B}") == 3
    assert office.steps("nl")[-1] == ("disconnected", "disconnected", ANN)


def test_a_disconnected_integration_comes_back_with_everything_it_had(office: Office) -> None:
    office.connect("nl", A, B, axes=["cost_units"])
    office.run()
    office.setup.disconnect("nl", actor=ANN)
    office.simulator.clear_journal()
    back = office.authorise("nl")
    assert (back.state, [company.division for company in back.companies], back.axes) == (
        State.HEALTHY,
        [A, B],
        ("cost_units",),
    )
    assert office.run() == []
    assert office.simulator.count_calls("sync/Financial/GLAccounts", A) == 1  # only what changed


def test_the_grant_of_a_user_who_was_replaced_is_destroyed(office: Office) -> None:
    office.connect("nl", A)
    office.log_in_as(OTTO)
    assert office.authorise("nl").user_name == OTTO.name
    assert office.scalar("SELECT array_agg(user_name) FROM exactsync.grants") == [OTTO.name]


def test_tokens_of_a_consent_that_was_never_completed_do_not_stay(office: Office) -> None:
    office.connect("nl", A)
    office.execute("UPDATE exactsync.integrations SET grant_id = NULL, state = 'awaiting_consent'")
    office.execute("UPDATE exactsync.grants SET obtained_at = now() - interval '2 hours'")
    office.connect("be", B, app="second")
    office.setup.disconnect("be", actor=ANN)
    assert office.scalar("SELECT count(*) FROM exactsync.grants") == 0


def test_a_new_consent_revives_all_that_share_the_grant(office: Office) -> None:
    office.connect("nl", A)
    office.connect("be", B)
    office.setup.pause("be", actor=ANN)
    office.simulator.revoke_grants()
    office.let_tokens_expire()
    office.run()
    assert (office.state("nl"), office.state("be")) == (State.RECONNECT_NEEDED, State.RECONNECT_NEEDED)
    office.authorise("be", actor=BOB)
    assert (office.state("nl"), office.state("be")) == (State.INITIAL_SYNC, State.PAUSED)
    assert office.steps("nl")[-1] == ("authorised", "initial_sync", BOB)


def test_what_was_paused_rests_until_somebody_resumes_it_whatever_becomes_of_its_grant(office: Office) -> None:
    office.connect("nl", A)
    office.run()
    office.setup.pause("nl", actor=ANN)
    office.simulator.revoke_grants()
    office.let_tokens_expire()
    office.execute("UPDATE exactsync.grants SET obtained_at = now() - interval '2 days'")
    (kept,) = office.deployment.keeper.keep_all()
    assert kept.outcome == "ended"
    ended = office.setup.integration("nl")
    assert (ended.state, ended.is_paused) == (State.RECONNECT_NEEDED, True)
    office.simulator.clear_journal()
    assert office.run() == []
    assert office.simulator.count_calls() == 0
    (problem,) = office.deployment.connect(integrations=["nl"]).problems
    assert "Reconnect it, then resume it" in str(problem)
    assert office.authorise("nl", actor=BOB).state is State.PAUSED
    assert office.steps("nl")[-1] == ("authorised", "paused", BOB)
    assert office.setup.resume("nl", actor=BOB).state is State.HEALTHY
    assert not office.setup.integration("nl").is_paused


def test_who_disconnects_what_was_paused_and_reconnects_it_wants_it_to_go_on(office: Office) -> None:
    office.connect("nl", A)
    office.setup.pause("nl", actor=ANN)
    office.setup.disconnect("nl", actor=ANN)
    assert office.authorise("nl").state is State.INITIAL_SYNC


# -- removing


def test_what_was_set_up_by_mistake_can_be_removed_and_set_up_anew(office: Office) -> None:
    office.setup.create("nl", connection_id="first", axes=[], actor=ANN)
    state, code = office.follow(office.setup.consent_url("nl", actor=ANN))
    office.setup.remove("nl", actor=BOB)
    assert office.setup.integrations() == []
    with pytest.raises(ConsentError) as refused:
        office.setup.complete_consent(state=state, code=code, actor=ANN)
    assert refused.value.reason == "state_unknown"
    anew = office.connect("nl", A, app="second")
    assert (anew.connection_id, anew.axes) == ("second", known_axes())
    assert office.steps("nl") == [
        ("created", "awaiting_consent", ANN),
        ("removed", "not_configured", BOB),
        ("created", "awaiting_consent", ANN),
        ("authorised", "choose_company", ANN),
        ("companies_chosen", "initial_sync", ANN),
    ]


def test_removing_keeps_data_and_history_and_frees_companies_and_name(office: Office) -> None:
    office.connect("nl", A, B)
    office.run()
    before = office.steps("nl")
    office.setup.disconnect("nl", actor=ANN)
    office.setup.remove("nl", actor=BOB)
    with pytest.raises(ConfigurationError, match="There is no integration nl"):
        office.setup.integration("nl")
    assert office.steps("nl") == [
        *before,
        ("disconnected", "disconnected", ANN),
        ("removed", "not_configured", BOB),
    ]
    assert office.scalar(f"SELECT count(*) FROM exact_online.cost_centers WHERE division = {A}") == 3
    office.simulator.clear_journal()
    assert office.connect("NL", A).state is State.HEALTHY  # all of it was loaded before
    assert office.run() == []
    assert office.simulator.count_calls("sync/Financial/GLAccounts", A) == 1  # only what changed


def test_what_is_connected_must_be_disconnected_before_it_is_removed(office: Office) -> None:
    office.connect("nl", A)
    with pytest.raises(ConfigurationError, match="it cannot be removed now") as refused:
        office.setup.remove("nl", actor=ANN)
    assert "disconnect" in refused.value.remedy
    assert office.scalar("SELECT count(*) FROM exactsync.grants") == 1


def test_a_paused_integration_is_left_out_and_goes_on_once_resumed(office: Office) -> None:
    office.connect("nl", A)
    office.connect("be", B, app="second")
    assert office.setup.pause("nl", actor=ANN).state is State.PAUSED
    assert [ref.division for ref in office.deployment.connect().divisions] == [B]
    (problem,) = office.deployment.connect(integrations=["nl"]).problems
    assert "integration nl: It is paused. What to do: Resume it" in str(problem)
    (problem,) = office.deployment.connect(divisions=[A]).problems
    assert "It is paused" in str(problem)
    assert office.setup.resume("nl", actor=ANN).state is State.INITIAL_SYNC
    assert {ref.division for ref in office.deployment.connect().divisions} == {A, B}


def test_what_rests_or_awaits_its_consent_is_named_only_if_it_is_asked_for(office: Office) -> None:
    office.setup.create("be", connection_id="first", axes=None, actor=ANN)
    office.connect("nl", A)
    assert office.deployment.connect().problems == []
    (problem,) = office.deployment.connect(integrations=["be"]).problems
    assert "It is awaiting consent. What to do: Authorise it" in str(problem)
    office.setup.disconnect("nl", actor=ANN)
    connected = office.deployment.connect()
    assert (connected.divisions, connected.problems) == ([], [])
    (problem,) = office.deployment.connect(integrations=["nl"]).problems
    assert "It is disconnected. What to do: Reconnect it" in str(problem)


def test_what_is_not_possible_now_is_refused_with_what_is(office: Office) -> None:
    office.connect("nl", A)
    office.setup.pause("nl", actor=ANN)
    with pytest.raises(ConfigurationError, match=r"integration nl: It is paused: it cannot be paused now.*resume"):
        office.setup.pause("nl", actor=ANN)
    office.setup.disconnect("nl", actor=ANN)
    for change in (office.setup.pause, office.setup.resume, office.setup.disconnect):
        with pytest.raises(ConfigurationError, match="Possible now: reconnect"):
            change("nl", actor=ANN)


# -- the accounting base


def test_the_base_has_a_history_and_the_same_choice_twice_is_one(office: Office) -> None:
    assert office.setup.base() is None
    office.setup.switch_base("files", actor=ANN)
    office.setup.switch_base("files", actor=BOB)
    office.setup.switch_base("exact_online", actor=BOB)
    assert [(choice.base, choice.actor) for choice in office.setup.bases()] == [("exact_online", BOB), ("files", ANN)]
    assert office.setup.base().base == "exact_online"


def test_while_accounting_goes_to_files_nothing_is_read_from_exact_and_nothing_set_up(office: Office) -> None:
    office.connect("nl", A)
    office.setup.create("be", connection_id="second", axes=None, actor=ANN)
    office.setup.switch_base("files", actor=ANN)
    office.simulator.clear_journal()
    connected = office.deployment.connect()
    assert (connected.divisions, connected.problems) == ([], [])
    for refused in (
        lambda: office.setup.create("fr", connection_id="first", axes=None, actor=ANN),
        lambda: office.setup.consent_url("be", actor=ANN),
        lambda: office.setup.companies("nl", reload=True),
        lambda: office.setup.choose_companies("nl", [A, B], actor=ANN),
        lambda: office.deployment.authorise("first", code="c", integration="fr"),
        lambda: office.deployment.divisions("nl"),
    ):
        with pytest.raises(ConfigurationError, match=r"The accounting base is Files .*base exact_online"):
            refused()
    assert office.simulator.count_calls() == 0
    assert office.setup.pause("nl", actor=ANN).state is State.PAUSED


def test_switching_back_finds_everything_as_it_was(office: Office) -> None:
    office.connect("nl", A)
    office.run()
    before = office.setup.integration("nl")
    office.setup.switch_base("files", actor=ANN)
    office.run()
    assert office.setup.integration("nl") == before
    office.setup.switch_base("exact_online", actor=ANN)
    assert office.run() == []
    assert office.state("nl") is State.HEALTHY


def test_there_is_no_third_base(office: Office) -> None:
    with pytest.raises(ConfigurationError, match="Give `files` or `exact_online`"):
        office.setup.switch_base("paper", actor=ANN)
