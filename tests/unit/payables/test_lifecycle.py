from __future__ import annotations

import pytest

from exactsync.payables.lifecycle import TRANSITIONS, Action, State, actions


def test_every_state_says_what_may_follow() -> None:
    assert set(TRANSITIONS) == set(State)


@pytest.mark.parametrize("state", [state for state in State if state.is_final])
def test_what_is_booked_stays_so(state: State) -> None:
    assert not TRANSITIONS[state]
    assert not actions(state)


def test_a_doubt_never_ends_in_another_post_without_a_look() -> None:
    assert State.PREPARED not in TRANSITIONS[State.IN_DOUBT]
    assert State.FAILED not in TRANSITIONS[State.IN_DOUBT]


def test_only_what_is_blocked_beside_its_twin_can_be_booked_anyway() -> None:
    assert {state for state in State if Action.BOOK_ANYWAY in actions(state, has_twin=True)} == {State.BLOCKED}
    assert not any(Action.BOOK_ANYWAY in actions(state) for state in State)


def test_nobody_can_send_back_what_may_be_booked() -> None:
    allowed = {state for state in State if Action.SEND_BACK in actions(state)}
    assert allowed == {State.PREPARED, State.BLOCKED, State.FAILED}
