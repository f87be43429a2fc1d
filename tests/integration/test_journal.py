"""Many at once: whatever people, runs and the clock do together, each journal is one way from state to state."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import DBAPIError

from exactsync import health
from exactsync.errors import ConfigurationError, ConsentError, ExactSyncError, ReauthorisationRequiredError
from exactsync.lifecycle import Event, State
from exactsync.warehouse import grants, journal
from tests.integration.people import ANN, BOB, A, B, C, Office

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

AT_ONCE = 8


@pytest.fixture
def office(migrated_database: str) -> Iterator[Office]:
    office = Office(migrated_database)
    yield office
    office.close()


def at_once(*actions: Callable[[], object]) -> list[object]:
    """Do all of it at once; return what each gave, errors of ours included."""

    def attempt(action: Callable[[], object]) -> object:
        try:
            return action()
        except ExactSyncError as error:
            return error

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(attempt, actions))


def require_one_way(office: Office, name: str) -> None:
    """Check that each step begins where the one before it has ended, and the last one where the integration is."""
    steps = list(reversed(office.setup.journal(name, limit=10_000)))
    assert [step.from_state for step in steps] == [State.NOT_CONFIGURED, *(step.to_state for step in steps[:-1])]
    stored = office.deployment.integrations([name])[0]
    assert steps[-1].to_state == stored.state
    if stored.reason:
        assert [step.reason for step in steps if step.to_state == stored.state][-1] == stored.reason


def test_of_many_who_do_the_same_one_does_it(office: Office) -> None:
    office.connect("nl", A)
    answers = at_once(*[lambda: office.setup.pause("nl", actor=ANN)] * AT_ONCE)
    refused = [answer for answer in answers if isinstance(answer, ConfigurationError)]
    assert len(refused) == AT_ONCE - 1
    assert [step[0] for step in office.steps("nl")].count("paused") == 1


def test_a_state_never_changes_without_its_line_in_the_journal(office: Office) -> None:
    office.connect("nl", A)
    office.execute("ALTER TABLE exactsync.integration_journal ADD CHECK (actor <> 'bob') NOT VALID")
    before = office.setup.integration("nl")
    for change in (office.setup.pause, office.setup.disconnect):
        with pytest.raises(DBAPIError):
            change("nl", actor=BOB)
    with pytest.raises(DBAPIError):
        office.setup.choose_companies("nl", [B], actor=BOB)
    with pytest.raises(DBAPIError):
        office.setup.create("be", connection_id="first", axes=None, actor=BOB)
    assert office.setup.integration("nl").companies == before.companies
    assert office.setup.integration("nl").state == before.state
    assert [each.name for each in office.setup.integrations()] == ["nl"]
    assert office.scalar("SELECT count(*) FROM exactsync.grants") == 1


def test_whatever_happens_together_the_journal_is_one_way(office: Office, seed: int) -> None:
    office.connect("nl", A)
    office.connect("be", B)
    office.run()
    dice = random.Random(seed)

    def play(name: str) -> Iterator[Callable[[], object]]:
        info = office.deployment.integrations([name])[0]
        ended = ReauthorisationRequiredError("It has ended.", reason="wrong_client")
        yield lambda: office.setup.pause(name, actor=ANN)
        yield lambda: office.setup.resume(name, actor=BOB)
        yield lambda: office.setup.choose_axes(name, dice.sample(["cost_centers", "cost_units"], 1), actor=ANN)
        yield lambda: health.note_end(office.engine, info, ended)
        yield lambda: health.note_problem(office.engine, info, ConfigurationError("It is broken."))
        yield office.deployment.conclude
        yield lambda: revive(office, info.grant_id, name)

    for _ in range(12):
        actions = [action for name in ("nl", "be") for action in play(name)]
        dice.shuffle(actions)
        at_once(*actions[:AT_ONCE])
    assert len(office.setup.journal("nl", limit=10_000)) > 10
    require_one_way(office, "nl")
    require_one_way(office, "be")


def revive(office: Office, grant_id: int | None, name: str) -> None:
    """Do what a consent does once Exact has given the tokens."""
    with office.engine.begin() as connection:
        grants.bind(connection, name, grant_id or 0, actor=BOB, loaded={name}, message="")


def test_who_lets_go_of_a_shared_grant_at_once_leaves_no_tokens_behind(office: Office) -> None:
    for _ in range(8):
        for name, code in (("nl", A), ("be", B), ("fr", C)):
            if any(each.name == name for each in office.setup.integrations()):
                office.authorise(name)
            else:
                office.connect(name, code)
        at_once(*(lambda name=name: office.setup.disconnect(name, actor=ANN) for name in ("nl", "be", "fr")))
        assert office.scalar("SELECT count(*) FROM exactsync.grants") == 0
        told = [office.setup.journal(name)[0].message for name in ("nl", "be", "fr")]
        assert told.count("The tokens are destroyed.") == 1


def test_a_consent_and_a_disconnect_of_the_same_grant_leave_either_of_them_whole(office: Office) -> None:
    office.connect("nl", A)
    office.setup.create("be", connection_id="first", axes=None, actor=ANN)
    for _ in range(6):
        state, code = office.follow(office.setup.consent_url("be", actor=ANN))
        _, answer = at_once(
            lambda: office.setup.disconnect("nl", actor=BOB),
            lambda state=state, code=code: office.setup.complete_consent(state=state, code=code, actor=ANN),
        )
        be = office.deployment.integrations(["be"])[0]
        if isinstance(answer, ConsentError):
            assert answer.reason == "code_refused"
        else:
            assert be.grant_status == "active"
            office.setup.companies("be", reload=True)
        require_one_way(office, "be")
        office.authorise("nl")


def test_two_who_create_the_same_name_get_one_integration(office: Office) -> None:
    names = ["nl", "NL", "Nl", "nL"]
    answers = at_once(
        *(lambda name=name: office.setup.create(name, connection_id="first", axes=None, actor=ANN) for name in names)
    )
    assert len([answer for answer in answers if isinstance(answer, ConfigurationError)]) == 3
    assert len(office.setup.integrations()) == 1


def test_two_who_choose_the_same_company_at_once_do_not_both_get_it(office: Office) -> None:
    for name in ("nl", "be"):
        office.setup.create(name, connection_id="first", axes=None, actor=ANN)
        office.authorise(name)
    for _ in range(5):
        answers = at_once(
            *(lambda name=name: office.setup.choose_companies(name, [A, B], actor=ANN) for name in ("nl", "be"))
        )
        assert len([answer for answer in answers if isinstance(answer, ConfigurationError)]) == 1
        for name in ("nl", "be"):
            office.setup.choose_companies(name, [], actor=ANN)
    require_one_way(office, "nl")


def test_two_callbacks_with_the_same_state_redeem_one_code(office: Office) -> None:
    office.setup.create("nl", connection_id="first", axes=None, actor=ANN)
    state, code = office.follow(office.setup.consent_url("nl", actor=ANN))
    answers = at_once(*[lambda: office.setup.complete_consent(state=state, code=code, actor=ANN)] * AT_ONCE)
    refused = [answer.reason for answer in answers if isinstance(answer, ConsentError)]
    assert refused == ["state_used"] * (AT_ONCE - 1)
    assert office.simulator.count_calls("/api/oauth2/token") == 1


def test_a_verdict_on_a_state_that_is_over_is_no_verdict(office: Office) -> None:
    office.connect("nl", A)
    office.run()
    judged = office.deployment.integrations(["nl"])[0].since
    office.setup.pause("nl", actor=ANN)
    office.setup.resume("nl", actor=ANN)
    with office.engine.begin() as connection:
        is_news = journal.move(
            connection,
            "nl",
            Event.SYNC_DEGRADED,
            actor="sync",
            reason=health.Reason.MAINTENANCE,
            message="",
            judged=judged,
        )
    assert not is_news
    assert office.state("nl") is State.HEALTHY


def test_switching_the_base_at_once_gives_a_history_without_repetitions(office: Office) -> None:
    bases = ["files", "exact_online"] * 4
    at_once(*(lambda base=base: office.setup.switch_base(base, actor=ANN) for base in bases))
    history: Sequence[str] = [choice.base for choice in office.setup.bases()]
    assert all(one != other for one, other in pairwise(history))
