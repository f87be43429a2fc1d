"""The command `export`: what people at a terminal list, book and decide about."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from exactsync.commands import exporting
from exactsync.errors import ConfigurationError
from exactsync.load import DivisionRef
from exactsync.payables.lifecycle import State
from exactsync.payables.looking import read_since
from exactsync.payables.reporting import Reported
from exactsync.payables.restoring import recover
from exactsync.payables.rows import Key
from exactsync.payables.wanted import Wanted
from tests.payables.conftest import HUMAN, INTEGRATION, SOURCE, Office, many
from tests.payables.test_restoring import go_back
from tests.unit.payables.company import DIVISION, invoice

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from exactsync.load import Run
    from exactsync.payables.outbox import Outbox
    from exactsync.payables.restoring import Recovered
    from exactsync.payables.rows import Row

OURS = DivisionRef(integration=INTEGRATION, division=DIVISION, name="Demo", country="NL")
AWAY = DivisionRef(integration="away", division=1, name="Away", country="BE")


@dataclass
class Exporting:
    """What `Deployment.exporting` does, with the Exact of these tests."""

    office: Office
    asked: dict[str, Any] = field(default_factory=dict)

    @property
    def outbox(self) -> Outbox:
        return self.office.outbox

    def companies(self, **asked: Any) -> list[DivisionRef]:
        self.asked = asked
        return [AWAY, OURS]

    def prepare(self, company: DivisionRef, *, run: Run) -> None:
        if company is AWAY:
            raise ConfigurationError("Nobody is there.", remedy="Go and look.")
        self.office.prepare()

    def export(self, company: DivisionRef, *, run: Run, wanted: Wanted) -> None:
        self.run_id = run.run_id
        claims = self.office.claims("terminal", run.run_id)
        exporter = self.office.exporter("terminal")
        exporter._claims = claims
        while claim := claims.take(company.integration, company.division, wanted):
            exporter.export(claim)

    def recover(self, company: DivisionRef, *, since: datetime, run: Run) -> list[Recovered]:
        self.since = since
        if company is AWAY:
            raise ConfigurationError("Nobody is there.", remedy="Go and look.")
        return recover(self.office.engine, read_since(self.office.exact, DIVISION, since), actor=HUMAN)

    def of_run(self, run_id: str) -> list[Row]:
        return self.outbox.rows(Wanted(run_id=run_id))

    def report(self) -> dict[str, Reported]:
        return {SOURCE: Reported(told=1, failed=2)}


@pytest.fixture
def terminal(office: Office, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Exporting]:
    """Run `export` with arguments."""

    def run(*arguments: str) -> Exporting:
        parser = argparse.ArgumentParser()
        exporting.add_arguments(parser)
        made, setup = Exporting(office), SimpleNamespace(require_exact_online=lambda: None)
        monkeypatch.setattr(exporting, "open_ready_deployment", lambda: SimpleNamespace(exporting=made, setup=setup))
        exporting.export(parser.parse_args(arguments))
        return made

    return run


def test_payables_are_listed_by_what_is_asked_for_and_nothing_is_booked(
    office: Office, terminal: Callable[..., Exporting], capsys: pytest.CaptureFixture[str]
) -> None:
    office.deliver(*many(2), invoice(id="wrong", number="3", lines=()))
    terminal("--list", "--json", "--state", "blocked")
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["payable_id"], listed["state"], "payable" in listed) == ("wrong", "blocked", False)
    assert listed["reasons"][0]["check"] == "nothing_to_book"
    terminal("--list", "--payable", "p-2")
    shown = capsys.readouterr().out
    assert ("p-2" in shown, "p-1" in shown, "wrong" in shown) == (True, False, False)
    terminal("--list", "--from", "2030-01-01")
    assert "No payables." in capsys.readouterr().out
    assert office.exact.posts == []


def test_what_is_prepared_is_booked_and_a_company_that_cannot_be_does_not_stop_the_others(
    office: Office, terminal: Callable[..., Exporting], capsys: pytest.CaptureFixture[str]
) -> None:
    office.deliver(*many(2))
    with pytest.raises(ConfigurationError, match="Nobody is there") as error:
        terminal("--payable", "p-1")
    assert "away" in str(error.value)
    assert [office.row(each).state for each in ("p-1", "p-2")] == [State.EXPORTED, State.PREPARED]
    shown = capsys.readouterr().out
    assert ("p-1" in shown, "p-2" in shown) == (True, False)
    assert f"{SOURCE}: told of 1, 2 could not be told." in shown


def test_decisions_are_made_for_each_that_is_named_and_their_reason_is_kept(
    office: Office, terminal: Callable[..., Exporting], capsys: pytest.CaptureFixture[str]
) -> None:
    office.deliver(*many(3))
    terminal("--send-back", "p-1", "p-2", "--why", "wrong account")
    terminal("--mark-exported", "p-3", "--why", "booked by hand")
    terminal("--retry", "p-1", "--why", "mended")
    states = [office.row(each).state for each in ("p-1", "p-2", "p-3")]
    assert states == [State.BLOCKED, State.SENT_BACK, State.EXPORTED_MANUALLY]
    last = office.outbox.history(Key(SOURCE, "p-1"))[-1]
    assert (last.why, last.actor.endswith("(command line)")) == ("mended", True)
    assert f"{SOURCE}/p-2: sent back." in capsys.readouterr().out
    terminal("--history", "p-1", "--json")
    assert [step["why"] for step in json.loads(capsys.readouterr().out)][-2:] == ["wrong account", "mended"]


def test_a_decision_without_a_reason_or_about_nothing_changes_nothing(
    office: Office, terminal: Callable[..., Exporting]
) -> None:
    office.deliver(*many(1))
    with pytest.raises(ConfigurationError, match="No reason is given"):
        terminal("--send-back", "p-1")
    with pytest.raises(ConfigurationError, match="There is no payable p-9"):
        terminal("--retry", "p-9", "--why", "x")
    assert office.row().state is State.PREPARED


def test_after_a_restore_what_exact_has_is_marked_company_by_company(
    office: Office, terminal: Callable[..., Exporting], capsys: pytest.CaptureFixture[str]
) -> None:
    office.deliver(*many(1))
    office.export()
    go_back(office)
    with pytest.raises(ConfigurationError, match="Nobody is there") as error:
        terminal("--restored", "2026-11-02T03:00")
    assert "away" in str(error.value)
    assert office.row().state is State.EXPORTED_MANUALLY
    shown = capsys.readouterr().out
    assert all(said in shown for said in (office.row().reference, f"{SOURCE}/p-1", "marked as exported"))
    with pytest.raises(ConfigurationError):
        terminal("--restored", "2026-11-02T04:00+01:00", "--json")
    (known,) = json.loads(capsys.readouterr().out)
    assert (known["key"], known["fate"]) == (f"{SOURCE}/p-1", "known")


def test_a_backup_of_tomorrow_is_refused(
    terminal: Callable[..., Exporting], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        terminal("--restored", "2999-01-01")
    assert "is to come" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        terminal("--restored", "last night")
    assert "last night" in capsys.readouterr().err


def test_one_key_of_two_sources_is_asked_about(office: Office, terminal: Callable[..., Exporting]) -> None:
    office.execute("INSERT INTO exactsync.payable_sources (source, kind, actor) VALUES ('folder', 'files', 'test')")
    office.deliver(*many(1), invoice(source="folder", number="7"))
    with pytest.raises(ConfigurationError, match="Several sources have a payable p-1"):
        terminal("--send-back", "p-1", "--why", "x")
    terminal("--send-back", "p-1", "--source", "folder", "--why", "x")
    assert office.outbox.rows(Wanted(source=SOURCE))[0].state is State.PREPARED
