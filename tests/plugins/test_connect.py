from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowRescheduleException

from exactsync.errors import (
    ConfigurationError,
    ExactUnavailableError,
    QuotaExhaustedError,
    ReauthorisationRequiredError,
)
from exactsync_airflow.operators.connect import ExactOnlineConnectOperator

LATER = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DEAD = ReauthorisationRequiredError("The grant is gone.", reason="revoked", remedy="Authorise again.")


def connect(**arguments: Any) -> ExactOnlineConnectOperator:
    return ExactOnlineConnectOperator(task_id="connect", **arguments)


def test_each_division_is_a_batch_of_its_own(deployment, context, demo, shop) -> None:
    assert connect().execute(context) == [[demo.to_json()], [shop.to_json()]]


@pytest.mark.parametrize("many", [1, 16, 17, 500])
def test_many_divisions_share_few_tasks_evenly_and_none_is_lost(deployment, context, demo, many) -> None:
    deployment.found = [replace(demo, division=number) for number in range(many)]
    batches = connect(most_batches=16).execute(context)
    assert [division["division"] for batch in batches for division in batch] == list(range(many))
    assert len(batches) == min(many, 16)
    assert max(map(len, batches)) - min(map(len, batches)) <= 1


def test_an_installation_with_nothing_to_pull_has_no_batch(deployment, context) -> None:
    deployment.found = []
    assert connect().execute(context) == []


def test_the_choice_reaches_the_library(deployment, context) -> None:
    connect(integrations=["nl"], divisions=[1000001]).execute(context)
    assert deployment.calls == [("connect", {"integrations": ["nl"], "divisions": [1000001]})]


def test_one_dead_grant_does_not_stop_the_others_but_is_reported(deployment, context, ti, demo) -> None:
    deployment.found, deployment.problems = [demo], [DEAD]
    assert connect().execute(context) == [[demo.to_json()]]
    (problem,) = ti.xcoms["problems"]
    assert (problem["message"], problem["skipped"]) == (str(DEAD), False)


def test_it_fails_with_every_reason_when_nobody_can_be_reached(deployment, context, ti) -> None:
    forbidden = ConfigurationError("No right.", remedy="Give it.")
    deployment.found, deployment.problems = [], [DEAD, forbidden]
    with pytest.raises(AirflowFailException) as raised:
        connect().execute(context)
    assert str(raised.value).splitlines() == [str(DEAD), str(forbidden)]
    assert [problem["message"] for problem in ti.xcoms["problems"]] == [str(DEAD), str(forbidden)]


def test_it_waits_for_the_next_minute_rather_than_leave_an_integration_out(deployment, context, ti) -> None:
    deployment.problems = [QuotaExhaustedError("60 calls used.", retry_at=LATER, window="minute")]
    with pytest.raises(AirflowRescheduleException):
        connect().execute(context)
    assert ti.xcoms == {}


def test_it_is_retried_while_exact_is_away(deployment, context) -> None:
    deployment.errors = {"connect": [ExactUnavailableError("Maintenance.", retry_at=LATER)]}
    with pytest.raises(AirflowException) as raised:
        connect().execute(context)
    assert type(raised.value) is AirflowException


def test_a_wrong_setting_fails_it_at_once_with_the_way_out(deployment, context) -> None:
    deployment.errors = {"connect": [ConfigurationError("The schema is missing.", remedy="Run `migrate`.")]}
    with pytest.raises(AirflowFailException, match="What to do: Run `migrate`"):
        connect().execute(context)
