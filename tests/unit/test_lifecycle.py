"""The state machine: what leads where, what is refused, and that the page about it tells the truth."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from exactsync.errors import ConfigurationError
from exactsync.lifecycle import TRANSITIONS, Action, Choice, Event, Facts, Reason, State, actions, next_state
from tests.unit.lifecycle_page import PAGE, written

EVERYTHING = Facts(has_companies=True, is_loaded=True)
NOTHING = Facts(has_companies=False, is_loaded=False)
LOADING = Facts(has_companies=True, is_loaded=False)

EVENT_OF = {
    Action.AUTHORISE: Event.AUTHORISED,
    Action.RECONNECT: Event.AUTHORISED,
    Action.CHOOSE_COMPANIES: Event.COMPANIES_CHOSEN,
    Action.CHOOSE_AXES: Event.AXES_CHOSEN,
    Action.PAUSE: Event.PAUSED,
    Action.RESUME: Event.RESUMED,
    Action.DISCONNECT: Event.DISCONNECTED,
    Action.REMOVE: Event.REMOVED,
}
STORED = [state for state in State if state is not State.NOT_CONFIGURED]


def test_the_page_shows_the_machine_as_it_is() -> None:
    page = PAGE.read_text()
    assert "stateDiagram-v2" in page
    assert page == written(page), "write it anew: python -m tests.unit.lifecycle_page"


def test_the_way_of_an_integration_from_nothing_to_healthy_and_back() -> None:
    way = [
        (Event.CREATED, NOTHING, State.AWAITING_CONSENT),
        (Event.AUTHORISED, NOTHING, State.CHOOSE_COMPANY),
        (Event.COMPANIES_CHOSEN, LOADING, State.INITIAL_SYNC),
        (Event.SYNC_SUCCEEDED, LOADING, State.INITIAL_SYNC),
        (Event.SYNC_DEGRADED, LOADING, State.DEGRADED),
        (Event.SYNC_SUCCEEDED, LOADING, State.INITIAL_SYNC),
        (Event.SYNC_SUCCEEDED, EVERYTHING, State.HEALTHY),
        (Event.COMPANIES_CHOSEN, LOADING, State.INITIAL_SYNC),
        (Event.GRANT_ENDED, LOADING, State.RECONNECT_NEEDED),
        (Event.AUTHORISED, EVERYTHING, State.HEALTHY),
        (Event.PAUSED, EVERYTHING, State.PAUSED),
        (Event.RESUMED, EVERYTHING, State.HEALTHY),
        (Event.DISCONNECTED, EVERYTHING, State.DISCONNECTED),
        (Event.AUTHORISED, EVERYTHING, State.HEALTHY),
        (Event.DISCONNECTED, EVERYTHING, State.DISCONNECTED),
        (Event.REMOVED, EVERYTHING, State.NOT_CONFIGURED),
    ]
    state = State.NOT_CONFIGURED
    for event, facts, expected in way:
        state = next_state(state, event, facts)
        assert state == expected, event


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (NOTHING, State.CHOOSE_COMPANY),
        (Facts(has_companies=False, is_loaded=True), State.CHOOSE_COMPANY),
        (LOADING, State.INITIAL_SYNC),
        (EVERYTHING, State.HEALTHY),
    ],
)
@pytest.mark.parametrize(
    ("state", "event"),
    [
        (State.RECONNECT_NEEDED, Event.AUTHORISED),
        (State.DISCONNECTED, Event.AUTHORISED),
        (State.PAUSED, Event.RESUMED),
    ],
)
def test_who_comes_back_goes_on_where_it_stopped(state: State, event: Event, facts: Facts, expected: State) -> None:
    assert next_state(state, event, facts) == expected


@pytest.mark.parametrize("facts", [NOTHING, LOADING, EVERYTHING])
def test_what_was_paused_is_paused_again_once_its_grant_is_renewed_and_goes_on_only_when_resumed(facts: Facts) -> None:
    paused = replace(facts, is_paused=True)
    assert next_state(State.PAUSED, Event.GRANT_ENDED, paused) is State.RECONNECT_NEEDED
    for mended in (Event.AUTHORISED, Event.SYNC_SUCCEEDED):
        assert next_state(State.RECONNECT_NEEDED, mended, paused) is State.PAUSED
    assert next_state(State.PAUSED, Event.RESUMED, paused) == Choice.WORK.resolve(facts)
    assert next_state(State.DISCONNECTED, Event.AUTHORISED, paused) == Choice.WORK.resolve(facts)


def test_only_what_is_not_connected_can_be_removed() -> None:
    assert {state for state, event in TRANSITIONS if event is Event.REMOVED} == {
        State.AWAITING_CONSENT,
        State.DISCONNECTED,
    }


def test_what_is_not_possible_is_refused_with_what_is() -> None:
    refused = set(itertools.product(State, Event)) - set(TRANSITIONS)
    assert (State.DISCONNECTED, Event.PAUSED) in refused
    for state, event in refused:
        with pytest.raises(ConfigurationError) as raised:
            next_state(state, event, EVERYTHING)
        for action in actions(state):
            assert action.replace("_", " ") in raised.value.remedy


@pytest.mark.parametrize("state", STORED)
def test_every_action_that_is_offered_is_possible(state: State) -> None:
    for action in actions(state):
        if action is not Action.SYNC:
            next_state(state, EVENT_OF[action], EVERYTHING)


@pytest.mark.parametrize("state", STORED)
def test_no_state_is_a_dead_end(state: State) -> None:
    def neighbours(at: State) -> set[State]:
        after = {TRANSITIONS[known] for known in TRANSITIONS if known[0] == at}
        work = {State.CHOOSE_COMPANY, State.INITIAL_SYNC, State.HEALTHY} if after & set(Choice) else set()
        return {each for each in after if isinstance(each, State)} | work

    reached, new = {state}, {state}
    while new:
        new = {each for at in new for each in neighbours(at)} - reached
        reached |= new
    assert State.HEALTHY in reached


def test_only_what_is_at_work_is_synced_by_hand() -> None:
    assert {state for state in State if Action.SYNC in actions(state)} == {
        State.INITIAL_SYNC,
        State.HEALTHY,
        State.DEGRADED,
    }


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_says_what_happened_and_what_to_do(reason: Reason) -> None:
    assert reason.text.endswith(".")
    assert reason.remedy.endswith(".")
