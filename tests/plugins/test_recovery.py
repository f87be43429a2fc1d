from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSkipException,
)
from sqlalchemy.exc import DBAPIError

from exactsync.errors import (
    ConfigurationError,
    DatasetBusyError,
    DefectError,
    ExactUnavailableError,
    GuardError,
    QuotaExhaustedError,
    ReauthorisationRequiredError,
    TokenPendingError,
)
from exactsync.secret import Secret
from exactsync_airflow.recovery import RESCHEDULE_JITTER_S, SHORTEST_WAIT_S, airflow_errors, airflow_exception, diagnose

LATER = datetime.now(UTC) + timedelta(hours=1)

MINUTE = QuotaExhaustedError("60 calls used.", retry_at=LATER, window="minute")
DAY = QuotaExhaustedError("5,000 calls used.", retry_at=LATER, window="day")
BLOCKED = QuotaExhaustedError("10 errors within the hour.", retry_at=LATER, window="errors")
BUSY = DatasetBusyError(
    "weekly/gl_accounts/0 has been reading it since.", retry_at=LATER, holder="weekly/gl_accounts/0"
)
PENDING = TokenPendingError("Another worker is refreshing.", retry_at=LATER, is_refused=False)
AWAY = ExactUnavailableError("Maintenance.", retry_at=LATER)
GONE = ReauthorisationRequiredError("The grant is gone.", reason="revoked", remedy="Authorise again.")
FORBIDDEN = ConfigurationError("The user may not read this.", remedy="Give the right.")
SUSPICIOUS = GuardError("It would delete 90 % of suppliers.", remedy="Run it with confirm_deletions.")
BROKEN = DefectError("The page links to itself.")
DATABASE_AWAY = ConnectionError("server closed the connection")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (psycopg2.OperationalError("too many clients"), "lets nobody in, or went away: too many clients. What to do"),
        (psycopg2.InterfaceError("it is closed"), "lets nobody in, or went away: it is closed. What to do: Nothing"),
        (psycopg2.errors.DiskFull("it is full"), "has no room left: it is full. What to do: Give the disk"),
    ],
)
@pytest.mark.parametrize("is_wrapped", [True, False])
def test_what_the_driver_says_of_an_outage_is_told_with_what_to_do(
    said: psycopg2.Error, told: str, is_wrapped: bool
) -> None:
    error = DBAPIError.instance("SELECT 1", None, said, psycopg2.Error) if is_wrapped else said
    with pytest.raises(AirflowException, match=f"A database {told}.*database-away") as raised, airflow_errors():
        raise error
    assert type(raised.value) is AirflowException


@pytest.mark.parametrize(
    ("error", "exception"),
    [
        (MINUTE, AirflowRescheduleException),
        (PENDING, AirflowRescheduleException),
        (DAY, AirflowSkipException),
        (BLOCKED, AirflowSkipException),
        (BUSY, AirflowSkipException),
        (AWAY, AirflowException),
        (DATABASE_AWAY, AirflowException),
        (GONE, AirflowFailException),
        (FORBIDDEN, AirflowFailException),
        (SUSPICIOUS, AirflowFailException),
        (BROKEN, AirflowFailException),
    ],
)
def test_each_error_has_its_recovery(error: Exception, exception: type[Exception]) -> None:
    assert type(airflow_exception([diagnose(error)])) is exception


@pytest.mark.parametrize(
    ("errors", "exception"),
    [
        ([FORBIDDEN, MINUTE, AWAY], AirflowRescheduleException),
        ([FORBIDDEN, AWAY, BUSY], AirflowException),
        ([DAY, FORBIDDEN], AirflowFailException),
        ([DAY, BUSY], AirflowSkipException),
    ],
)
def test_of_several_errors_the_one_that_can_still_be_helped_decides(
    errors: list[Exception], exception: type[Exception]
) -> None:
    assert type(airflow_exception([diagnose(error) for error in errors])) is exception


def test_a_used_up_minute_is_waited_out_with_a_little_spread() -> None:
    later_still = QuotaExhaustedError("", retry_at=LATER + timedelta(seconds=40), window="minute")
    waits = set()
    for _ in range(20):
        exception = airflow_exception([diagnose(later_still), diagnose(MINUTE)])
        assert isinstance(exception, AirflowRescheduleException)
        waits.add((exception.reschedule_date - LATER).total_seconds())
    assert all(0 <= wait <= RESCHEDULE_JITTER_S for wait in waits)
    assert len(waits) > 10


def test_a_task_does_not_come_back_before_airflow_has_cleared_its_last_process_away() -> None:
    soon = QuotaExhaustedError("60 calls used.", retry_at=datetime.now(UTC), window="minute")
    exception = airflow_exception([diagnose(soon)])
    assert isinstance(exception, AirflowRescheduleException)
    assert exception.reschedule_date - soon.retry_at >= timedelta(seconds=SHORTEST_WAIT_S)


def test_the_whole_message_reaches_the_task_log() -> None:
    error = ConfigurationError("The user may not read this.", remedy="Give the right.")
    error.at(integration="nl", division=1000002, entity="suppliers")
    assert str(airflow_exception([diagnose(error), diagnose(GONE)])).splitlines() == [
        "integration nl, division 1000002, entity suppliers: The user may not read this. What to do: Give the right. "
        "More: docs/runbook/configuration.md",
        "The grant is gone. What to do: Authorise again. More: docs/runbook/reconnect.md#revoked",
    ]


def test_a_skipped_task_says_who_is_in_the_way_or_what_is_used_up() -> None:
    assert str(airflow_exception([diagnose(BUSY)])).startswith(f"skipped: another reader is at work. {BUSY}")
    assert diagnose(BUSY, is_patient=True).message == f"waits for another reader. {BUSY}"
    assert "degraded: budget" in str(airflow_exception([diagnose(DAY)]))
    assert "degraded: endpoint blocked" in str(airflow_exception([diagnose(BLOCKED)]))


def test_no_secret_gets_out_with_an_error_that_nobody_foresaw() -> None:
    token = Secret("an-access-token-that-must-stay-inside").reveal()

    def fetch() -> None:
        raise RuntimeError(f"GET failed, token {token}")

    with pytest.raises(RuntimeError) as raised:
        fetch()
    failure = diagnose(raised.value)
    assert token not in failure.message + failure.trace
    assert "RuntimeError" in failure.message
    assert "in fetch" in failure.trace


def test_the_librarys_errors_become_airflows_without_their_chain() -> None:
    with pytest.raises(AirflowFailException) as raised, airflow_errors():
        raise GONE
    assert raised.value.__suppress_context__
