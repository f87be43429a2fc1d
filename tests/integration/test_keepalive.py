"""Grants that nobody syncs with: kept alive for months, warned of in time, adopted, and told about once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from exactsync.errors import ConfigurationError, ExactUnavailableError
from exactsync.lifecycle import Event, Reason, State
from exactsync.simulator import Fault, Settings
from exactsync.simulator.messages import text_response
from exactsync.warehouse import grants, journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from exactsync.keepalive import Keeper
    from exactsync.setup import Setup
    from exactsync.warehouse.alerts import Alerts
    from exactsync.warehouse.integrations import IntegrationInfo
    from tests.integration.conftest import Installation

NAME = "exact_online_default"
TOKEN_ENDPOINT = "/api/oauth2/token"
SETTINGS = Settings(token_lifetime_s=600)


class Office:
    """An installation with one integration, and its way through the months."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.exact = installation.simulator
        self.keeper: Keeper = installation.deployment.keeper
        self.alerts: Alerts = installation.deployment.alerts
        self.setup: Setup = installation.deployment.setup

    def pass_days(self, days: float) -> None:
        self.exact.clock.advance(days * 86_400)
        columns = ("consented_at", "obtained_at", "refreshable_at", "expires_at", "intent_expires_at")
        moved = ", ".join(f"{column} = {column} - make_interval(hours => :hours)" for column in columns)
        self.execute(f"UPDATE exactsync.grants SET {moved}", hours=int(days * 24))

    def execute(self, statement: str, **values: Any) -> None:
        with self.installation.engine.begin() as connection:
            connection.execute(text(statement), values)

    def keep(self) -> Any:
        (kept,) = self.keeper.keep_all()
        return kept

    def stop_exact(self) -> None:
        down = text_response("<html>Server maintenance", status=503, content_type="text/html")
        self.exact.plant(Fault(action=lambda *_: down, endpoint=TOKEN_ENDPOINT))

    def make_healthy(self) -> None:
        self.happens(Event.SYNC_SUCCEEDED, is_loaded=True)

    def happens(self, event: Event, **details: Any) -> None:
        with self.installation.engine.begin() as connection:
            journal.move(connection, NAME, event, actor="test", **details)

    def token_calls(self) -> int:
        return self.exact.count_calls(TOKEN_ENDPOINT)

    @property
    def integration(self) -> IntegrationInfo:
        return self.setup.integration(NAME)


@pytest.fixture
def office(install: Callable[[Settings], Installation]) -> Office:
    made = Office(install(SETTINGS))
    made.make_healthy()
    return made


def test_a_grant_that_was_refreshed_today_is_left_alone(office: Office) -> None:
    before = office.token_calls()
    kept = office.keep()
    assert (kept.outcome, kept.error, kept.grant.days_left) == ("fresh", None, 30)
    assert office.token_calls() == before


def test_a_paused_integrations_grant_lives_for_a_year(office: Office) -> None:
    office.setup.pause(NAME, actor="dana")
    for _ in range(13):
        office.pass_days(29)
        assert office.keep().outcome == "refreshed"
    assert office.integration.state is State.PAUSED
    assert office.exact.violations() == []


def test_grants_are_kept_alive_while_accounting_goes_to_files(office: Office) -> None:
    office.setup.switch_base("files", actor="dana")
    office.pass_days(2)
    assert office.keep().outcome == "refreshed"


def test_nothing_is_kept_of_what_was_disconnected(office: Office) -> None:
    office.setup.disconnect(NAME, actor="dana")
    assert office.keeper.keep_all() == []


def test_integrations_that_share_a_grant_are_one_entry(office: Office) -> None:
    office.installation.consent(integration="second")
    (grant,) = office.keeper.grants()
    assert grant.integrations == (NAME, "second")
    assert grant.label.endswith(f"· exact_online_default ({NAME}, second)")


def test_an_ended_grant_is_told_with_its_reason_and_asked_for_once(office: Office) -> None:
    office.exact.revoke_grants()
    office.pass_days(1)
    before = office.token_calls()
    for _ in range(3):
        kept = office.keep()
        assert (kept.outcome, kept.error.reason) == ("ended", "revoked")
    assert office.token_calls() == before + 1
    assert (office.integration.state, office.integration.reason) == (State.RECONNECT_NEEDED, Reason.REVOKED)
    latest = office.setup.journal(NAME)[0]
    assert (latest.event, latest.actor) == (Event.GRANT_ENDED, "keep-alive")


def test_while_exact_is_away_nothing_has_ended_and_the_error_says_when_to_come_back(office: Office) -> None:
    office.pass_days(3)
    office.stop_exact()
    kept = office.keep()
    assert kept.outcome == "unavailable"
    assert isinstance(kept.error, ExactUnavailableError)
    assert (kept.grant.is_active, kept.grant.days_left) == (True, 27)
    assert office.integration.state is State.HEALTHY


def test_an_app_that_is_no_longer_configured_keeps_its_grant_and_says_what_is_missing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_app(connection_id: str) -> Any:
        raise ConfigurationError(f"Connection {connection_id} is not known here.")

    monkeypatch.setattr(office.keeper._access, "_find_app", find_app)
    office.pass_days(1)
    kept = office.keep()
    assert (kept.outcome, kept.grant.is_active) == ("unavailable", True)
    assert "exact_online_default is not known here" in kept.message


def test_below_ten_days_a_warning_is_logged_and_shown_until_a_refresh_succeeds(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.stop_exact()
    office.pass_days(19.5)
    assert office.keep().outcome == "unavailable"
    assert office.keeper.warn() == []
    office.pass_days(1)
    (grant,) = office.keeper.warn()
    assert timedelta(days=9) < grant.left < timedelta(days=10)
    assert "lapses in 9 days" in caplog.text
    assert (office.integration.state, office.integration.reason) == (State.DEGRADED, Reason.GRANT_LAPSING)
    office.keeper.warn()
    assert [entry.event for entry in office.setup.journal(NAME)].count(Event.SYNC_DEGRADED) == 1

    office.exact.clear_faults()
    office.pass_days(0.5)
    assert office.keep().outcome == "refreshed"
    assert office.integration.state is not State.DEGRADED
    assert office.keeper.warn() == []


def test_an_adopted_grant_goes_on_where_it_stopped(office: Office) -> None:
    office.execute("UPDATE exactsync.grants SET instance_id = 'production'")
    office.pass_days(1)
    assert office.keep().error.reason == "other_instance"
    assert office.integration.reason is Reason.OTHER_INSTANCE
    (adopted,) = office.keeper.adopt(actor="dana")
    assert adopted.integrations == (NAME,)
    assert office.integration.state is not State.RECONNECT_NEEDED
    assert office.setup.journal(NAME)[0].actor == "dana"
    assert office.keep().outcome == "refreshed"
    assert office.keeper.adopt(actor="dana") == []


def told(office: Office) -> list[tuple[str, str]]:
    """Tell everything that is due, as a task does."""
    due = office.alerts.claim()
    for alert in due:
        office.alerts.settle(alert, is_told=True)
    return [(alert.kind, alert.reason) for alert in due]


def end_grant(office: Office, reason: Reason) -> None:
    office.execute("UPDATE exactsync.grants SET status = 'reconnect_needed', reason = :reason", reason=reason)
    (grant,) = office.keeper.grants()
    grants.end(office.installation.engine, grant.id, reason, actor="sync", message="It is gone.")


def test_a_lost_grant_is_told_once_each_time_it_is_lost(office: Office) -> None:
    assert told(office) == []
    end_grant(office, Reason.REVOKED)
    assert told(office) == [("act", "revoked")]
    assert told(office) == []
    office.installation.consent()
    assert told(office) == []
    end_grant(office, Reason.REVOKED)
    assert told(office) == [("act", "revoked")]


def test_a_sync_that_fails_three_runs_in_a_row_is_told_once_with_its_beginning(office: Office) -> None:
    office.happens(Event.SYNC_DEGRADED, reason=Reason.MAINTENANCE, message="down")
    began = office.setup.journal(NAME)[0].at
    for runs, reason in ((2, Reason.MAINTENANCE), (3, Reason.SYNC_FAILING)):
        assert told(office) == []
        office.happens(Event.SYNC_DEGRADED, reason=reason, message="no")
        office.execute("UPDATE exactsync.integrations SET failing_runs = :runs", runs=runs)
    (alert,) = office.alerts.claim()
    assert (alert.kind, alert.reason, alert.since, alert.failing_runs) == ("failing", "sync_failing", began, 3)
    assert "keeps failing" in alert.title
    office.alerts.settle(alert, is_told=True)
    office.happens(Event.SYNC_DEGRADED, reason=Reason.BUDGET, message="used up")
    assert told(office) == []
    office.happens(Event.SYNC_DEGRADED, reason=Reason.SYNC_FAILING, message="again")
    assert told(office) == []


def test_a_sync_that_failed_again_after_it_was_fine_is_news(office: Office) -> None:
    for _ in range(2):
        office.happens(Event.SYNC_DEGRADED, reason=Reason.SYNC_FAILING, message="no")
        office.execute("UPDATE exactsync.integrations SET failing_runs = 3")
        assert told(office) == [("failing", "sync_failing")]
        office.make_healthy()
        office.execute("UPDATE exactsync.integrations SET failing_runs = 0")
        assert told(office) == []


def test_a_budget_that_is_used_up_for_days_wakes_nobody(office: Office) -> None:
    office.happens(Event.SYNC_DEGRADED, reason=Reason.BUDGET, message="used up")
    office.execute("UPDATE exactsync.integrations SET failing_runs = 50")
    assert told(office) == []


def test_what_could_not_be_told_is_told_later_and_by_one_only(office: Office) -> None:
    end_grant(office, Reason.LAPSED)
    (alert,) = office.alerts.claim()
    assert office.alerts.claim() == []  # another task, at the same time
    office.alerts.settle(alert, is_told=False)
    assert told(office) == [("act", "lapsed")]


def test_what_a_task_died_over_is_told_by_another_a_while_later(office: Office) -> None:
    end_grant(office, Reason.LAPSED)
    office.alerts.claim()
    assert told(office) == []
    office.execute("UPDATE exactsync.alerts SET claimed_at = claimed_at - interval '11 minutes'")
    assert told(office) == [("act", "lapsed")]


def test_a_grant_that_lapses_soon_is_told_as_something_to_do(office: Office) -> None:
    office.pass_days(21)
    office.keeper.warn()
    (alert,) = office.alerts.claim()
    assert (alert.kind, alert.title) == ("act", f"{NAME}: the authorisation at Exact Online ends soon")
