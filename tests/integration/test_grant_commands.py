"""keep-alive, rotate-keys and adopt, as a person at a terminal meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from exactsync.simulator import Settings, Simulator, SimulatorServer
from tests.integration.command_line import CONNECTION
from tests.integration.test_commands import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator


class Person(Terminal):
    """Somebody who has authorised the app."""

    def execute(self, statement: str) -> list[Any]:
        with self._engine.begin() as connection:
            result = connection.execute(text(statement))
            return list(result.all()) if result.returns_rows else []

    def pass_days(self, days: int) -> None:
        self.server.simulator.clock.advance(days * 86_400)
        moved = ", ".join(f"{name} = {name} - interval '{days} days'" for name in ("obtained_at", "refreshable_at"))
        self.execute(f"UPDATE exactsync.grants SET {moved}, expires_at = expires_at - interval '{days} days'")


@pytest.fixture
def person(migrated_database: str, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Iterator[Person]:
    with SimulatorServer(Simulator(Settings())) as server:
        made = Person(server, migrated_database, monkeypatch, capsys)
        made.done("authorise", "--connection", CONNECTION, "--code", made.code())
        yield made


def test_a_grant_that_rests_is_refreshed_and_the_days_left_are_shown(person: Person) -> None:
    person.pass_days(3)
    outcome = person.call("keep-alive")
    assert outcome.code == 0
    assert f"Dana Demo · {CONNECTION} ({CONNECTION})" in outcome.out
    assert "refreshed" in outcome.out
    assert "fresh " in person.call("keep-alive").out
    assert person.execute("SELECT refreshes FROM exactsync.grants") == [(1,)]


def test_an_ended_grant_fails_with_its_reason_and_the_way_out(person: Person) -> None:
    person.pass_days(31)
    outcome = person.call("keep-alive")
    assert outcome.code == 1
    assert "30 days" in outcome.complaint
    assert f"authorise --connection {CONNECTION}" in outcome.complaint


def test_while_exact_is_away_it_is_to_be_tried_again_later(person: Person, caplog: pytest.LogCaptureFixture) -> None:
    person.pass_days(21)
    person.server.stop()
    outcome = person.call("keep-alive")
    assert outcome.code == 75
    assert "lapses in 9 days" in caplog.text


def test_a_copy_of_the_database_is_adopted_before_it_is_used(person: Person) -> None:
    person.environ["EXACTSYNC_INSTANCE_ID"] = "the copy"
    person.pass_days(1)
    refused = person.call("keep-alive")
    assert (refused.code, "python -m exactsync adopt" in refused.complaint) == (1, True)
    assert "Adopted: Dana Demo" in person.call("adopt").out
    assert person.call("keep-alive").code == 0
    assert "Nothing to do" in person.call("adopt").out


def test_a_key_is_replaced_step_by_step(person: Person) -> None:
    old, new = person.environ["EXACTSYNC_TOKEN_KEYS"], Fernet.generate_key().decode()
    person.environ["EXACTSYNC_TOKEN_KEYS"] = f"{new},{old}"
    assert "with the first key now: 1 grants; already: 0" in person.call("rotate-keys").out
    assert "with the first key now: 0 grants; already: 1" in person.call("rotate-keys").out
    person.environ["EXACTSYNC_TOKEN_KEYS"] = new
    person.pass_days(1)
    assert person.call("keep-alive").code == 0


def test_a_key_that_was_dropped_too_early_is_missed_and_nothing_is_lost(person: Person) -> None:
    old, new = person.environ["EXACTSYNC_TOKEN_KEYS"], Fernet.generate_key().decode()
    person.environ["EXACTSYNC_TOKEN_KEYS"] = new
    outcome = person.call("rotate-keys")
    assert outcome.code == 1
    assert "opened by none of the keys: 1" in outcome.out
    assert "Add the key it was stored with" in outcome.complaint
    assert new not in outcome.out + outcome.err
    person.environ["EXACTSYNC_TOKEN_KEYS"] = f"{new},{old}"
    assert person.call("rotate-keys").code == 0
