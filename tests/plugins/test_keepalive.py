from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from exactsync.errors import ConfigurationError, ExactUnavailableError, ReauthorisationRequiredError
from exactsync.keepalive import Kept
from exactsync.warehouse.grants_in_use import GrantInUse
from exactsync_airflow.operators import keepalive
from exactsync_airflow.operators.keepalive import (
    ExactOnlineGrantsOperator,
    ExactOnlineKeepAliveOperator,
    ExactOnlineLapseOperator,
)

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
GRANT = {"id": 7, "label": "Dana Demo · exact_nl (nl, be)"}


def grant(id_: int = 7, *, idle_days: float = 1.0) -> GrantInUse:
    return GrantInUse(
        id=id_,
        connection_id="exact_nl",
        user_name="Dana Demo",
        integrations=("nl", "be"),
        is_active=True,
        generation=1,
        obtained_at=NOW - timedelta(days=idle_days),
        read_at=NOW,
    )


class Keeper:
    """Has these grants; `error` is what refreshing one meets."""

    def __init__(self) -> None:
        self.known = [grant()]
        self.error: Any = None
        self.lapsing: list[GrantInUse] = []

    def grants(self) -> list[GrantInUse]:
        return self.known

    def keep(self, found: GrantInUse) -> Kept:
        return Kept(grant=found, outcome="ended" if self.error else "refreshed", error=self.error)

    def warn(self) -> list[GrantInUse]:
        return self.lapsing


class Deployment:
    def __init__(self) -> None:
        self.keeper = Keeper()

    def check(self) -> None:
        """The databases answer."""


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Deployment:
    fake = Deployment()
    monkeypatch.setattr(keepalive, "airflow_deployment", lambda _conn_id: fake)
    monkeypatch.setattr(keepalive, "notify", lambda *_: fake.__dict__.setdefault("notified", True))
    return fake


@pytest.fixture
def keep() -> Callable[[], ExactOnlineKeepAliveOperator]:
    return lambda: ExactOnlineKeepAliveOperator(task_id="keep_alive", grant=GRANT)


def test_each_grant_is_handed_on_with_a_label_that_people_know(deployment, context) -> None:
    handed_on = ExactOnlineGrantsOperator(task_id="grants").execute(context)
    assert handed_on == [GRANT]


def test_an_installation_that_nobody_has_authorised_yet_has_nothing_to_do(deployment, context) -> None:
    deployment.keeper.known = []
    assert ExactOnlineGrantsOperator(task_id="grants").execute(context) == []


def test_a_task_is_called_what_the_grant_is_called(keep) -> None:
    assert keep().label == "Dana Demo · exact_nl (nl, be)"


def test_a_refresh_is_told(deployment, context, keep) -> None:
    assert keep().execute(context) == "refreshed"


def test_a_grant_that_was_disconnected_meanwhile_is_left_alone(deployment, context, keep) -> None:
    deployment.keeper.known = [grant(8)]
    assert keep().execute(context) is None


@pytest.mark.parametrize(
    "error",
    [ReauthorisationRequiredError("Revoked.", reason="revoked"), ConfigurationError("exact_nl is not known.")],
    ids=type,
)
def test_what_only_a_person_can_mend_fails_at_once(deployment, context, keep, error) -> None:
    deployment.keeper.error = error
    with pytest.raises(AirflowFailException, match=error.message):
        keep().execute(context)


def test_while_exact_is_away_the_task_is_retried(deployment, context, keep) -> None:
    deployment.keeper.error = ExactUnavailableError("Away.", retry_at=NOW)
    with pytest.raises(AirflowException) as raised:
        keep().execute(context)
    assert not isinstance(raised.value, AirflowFailException)


def test_what_lapses_soon_is_returned_and_people_are_told(deployment, context) -> None:
    deployment.keeper.lapsing = [grant(idle_days=22.8)]
    assert ExactOnlineLapseOperator(task_id="warn").execute(context) == {"Dana Demo · exact_nl (nl, be)": 7}
    assert deployment.notified


def test_people_are_told_and_the_run_is_red_if_a_grant_could_not_be_kept(deployment, context, ti) -> None:
    ti.breadcrumbs = [{"task_id": "keep_alive", "map_index": 0, "state": "failed"}]
    with pytest.raises(AirflowFailException, match="Not every authorisation"):
        ExactOnlineLapseOperator(task_id="warn").execute(context)
    assert deployment.notified
