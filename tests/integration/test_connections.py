"""Connecting from the command line: all that the page does, for machines without a browser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from exactsync.entities import entities
from exactsync.simulator import Simulator, SimulatorServer
from tests.integration.command_line import CONNECTION, CommandLine
from tests.integration.people import SETTINGS, A, B
from tests.integration.test_commands import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTILE_NAME = "[red]<img src=x onerror=alert(1)>[blink]"


@pytest.fixture
def terminal(
    migrated_database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Terminal]:
    with SimulatorServer(Simulator(SETTINGS)) as server:
        terminal = Terminal(server, migrated_database, monkeypatch, capsys)
        yield terminal
        terminal.close()


def connections(terminal: Terminal, *arguments: str) -> list[dict[str, Any]]:
    """What `connections … --json` prints."""
    out: str = terminal.done("connections", *arguments, "--json").out
    found: list[dict[str, Any]] = json.loads(out)
    return found


def set_up(terminal: Terminal, name: str, *codes: int) -> None:
    terminal.done("authorise", "--connection", CONNECTION, "--integration", name, "--code", terminal.code())
    terminal.done("divisions", "--integration", name, "--choose", *map(str, codes))


def test_everything_that_the_page_does_is_done_without_a_browser(terminal: Terminal) -> None:
    (created,) = connections(terminal, "--create", "nl", "--connection", CONNECTION, "--axis", "cost_units")
    assert created["state"] == "awaiting_consent"
    set_up(terminal, "nl", A)
    (shown,) = connections(terminal)
    assert (shown["state"], shown["axes"], shown["authorised_by"]) == ("initial_sync", ["cost_units"], "Dana Demo")
    active = [entity.name for entity in entities().values() if entity.axis in (None, "cost_units")]
    assert {step["entity"]: step["state"] for step in connections(terminal, "--progress", "nl")} == dict.fromkeys(
        active, "queued"
    )
    terminal.done("sync")
    assert connections(terminal)[0]["state"] == "healthy"
    assert {step["state"] for step in connections(terminal, "--progress", "nl")} == {"done"}
    assert connections(terminal, "--axes", "nl", "cost_centers", "cost_units")[0]["state"] == "initial_sync"
    assert connections(terminal, "--axes", "nl")[0]["axes"] == []
    assert connections(terminal, "--pause", "nl")[0]["state"] == "paused"
    assert connections(terminal, "--resume", "nl")[0]["state"] == "healthy"
    (gone,) = connections(terminal, "--disconnect", "nl")
    assert (gone["state"], gone["authorised_by"], gone["actions"]) == ("disconnected", None, ["reconnect", "remove"])
    terminal.done("authorise", "--connection", CONNECTION, "--integration", "nl", "--code", terminal.code())
    (back,) = connections(terminal)
    assert (back["state"], [company["division"] for company in back["companies"]]) == ("healthy", [A])
    history = connections(terminal, "--history", "nl")
    assert [step["event"] for step in reversed(history)] == [
        "created",
        "authorised",
        "companies_chosen",
        "sync_succeeded",
        "axes_chosen",
        "axes_chosen",
        "paused",
        "resumed",
        "disconnected",
        "authorised",
    ]
    assert {step["actor"] for step in history} == {"command line", "sync"}


def test_what_is_removed_leaves_the_list_and_its_history_says_how(terminal: Terminal) -> None:
    connections(terminal, "--create", "by mistake", "--connection", CONNECTION)
    said = terminal.done("connections", "--remove", "by mistake").out
    assert "connections --history 'by mistake'" in said
    assert connections(terminal) == []
    assert [step["event"] for step in connections(terminal, "--history", "by mistake")] == ["removed", "created"]
    outcome = terminal.call("connections", "--remove", "by mistake")
    assert (outcome.code, "There is no integration by mistake" in outcome.complaint) == (1, True)


def test_names_are_printed_as_they_are(terminal: Terminal) -> None:
    created = terminal.done("connections", "--create", HOSTILE_NAME, "--connection", CONNECTION).out
    assert f"authorise --connection {CONNECTION} --integration '{HOSTILE_NAME}'" in created
    set_up(terminal, HOSTILE_NAME, A)
    for arguments in ((), ("--history", HOSTILE_NAME), ("--progress", HOSTILE_NAME)):
        out = terminal.done("connections", *arguments).out
        assert HOSTILE_NAME in out or "[red]" not in out
    assert HOSTILE_NAME in terminal.done("connections").out
    assert HOSTILE_NAME in terminal.done("status").out


def test_what_is_wrong_is_said_under_the_list_with_the_way_out(terminal: Terminal) -> None:
    set_up(terminal, "nl", A, B)
    terminal.simulator.refuse_division(B, "DivisionBlocked")
    assert terminal.call("sync").code == 1
    out = terminal.done("connections").out
    assert "Degraded (company_refused)" in out
    assert f"division {B}" in out
    assert "Permit it to the app in Exact Online" in out
    (shown,) = connections(terminal)
    assert [bool(company["problem"]) for company in shown["companies"]] == [False, True]
    assert "Degraded (company_refused)" in terminal.done("status").out


def test_what_is_not_possible_now_is_refused_with_what_is(terminal: Terminal) -> None:
    set_up(terminal, "nl", A)
    outcome = terminal.call("connections", "--resume", "nl")
    assert outcome.code == 1
    assert "It is initial sync: it cannot be resumed now. What to do: Possible now: sync" in outcome.complaint


def test_an_integration_that_rests_is_named_if_it_is_asked_for(terminal: Terminal) -> None:
    set_up(terminal, "nl", A)
    terminal.done("connections", "--pause", "nl")
    assert terminal.done("sync").err == ""
    outcome = terminal.call("sync", "--integration", "nl")
    assert (outcome.code, "connections --resume" in outcome.complaint) == (1, True)


def test_creating_the_same_twice_is_refused_and_authorising_the_same_twice_is_not(terminal: Terminal) -> None:
    set_up(terminal, "nl", A)
    assert terminal.call("connections", "--create", "NL", "--connection", CONNECTION).code == 1
    assert terminal.call("connections", "--create", "be", "--connection", "nowhere").code == 1
    set_up(terminal, "nl", A)
    assert len(connections(terminal)) == 1


def test_the_base_is_shown_and_switched_with_what_that_means(terminal: Terminal) -> None:
    set_up(terminal, "nl", A)
    assert "never chosen" in terminal.done("base").out
    switched = terminal.done("base", "files").out
    assert "Nothing is read from or sent to Exact Online any more" in switched
    terminal.simulator.clear_journal()
    idle = terminal.run("sync")
    assert (idle.code, idle.out) == (0, "Nothing was pulled.\n")
    assert "The accounting base is Files" in idle.err
    assert terminal.simulator.count_calls() == 0
    outcome = terminal.call("authorise", "--connection", CONNECTION, "--integration", "be")
    assert (outcome.code, "base exact_online" in outcome.complaint, outcome.out) == (1, True, "")
    back = terminal.done("base", "exact_online").out
    assert "must be prepared again" in back
    assert "same base" in back
    history = terminal.done("base").out
    assert history.index("Exact Online") < history.index("Files")
    terminal.done("sync")


@pytest.mark.parametrize(
    "arguments",
    [
        ("connections", "--create", "nl"),
        ("connections", "--create", "nl", "--connection", CONNECTION, "--axis", "profit"),
        ("connections", "--pause", "a", "--resume", "b"),
        ("connections", "--axes"),
        ("base", "paper"),
    ],
)
def test_wrong_use_exits_with_2(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    assert terminal.call(*arguments).code == 2


def test_a_script_sets_everything_up_in_a_process_of_its_own(terminal: CommandLine) -> None:
    outcome = terminal.run("connections", "--create", "nl", "--connection", CONNECTION)
    assert (outcome.code, outcome.err) == (0, "")
    outcome = terminal.run("authorise", "--connection", CONNECTION, "--integration", "nl", "--code", terminal.code())
    assert outcome.out == "Integration nl: authorised by Dana Demo.\n"
