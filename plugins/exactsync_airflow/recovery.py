"""The one place where an error becomes what Airflow does about it.

| error                                   | Airflow                                                           |
| --------------------------------------- | ----------------------------------------------------------------- |
| a minute's budget used up               | rescheduled to the next minute: the slot is free, no retry spent  |
| the next access token is on its way     | rescheduled likewise                                              |
| Spendesk is making a snapshot           | rescheduled likewise                                              |
| payables wait for a look at Exact       | rescheduled likewise, to the next look                            |
| a day's budget used up, endpoint blocked | skipped: *degraded*, the run goes on and the next one resumes    |
| another reader holds the data set       | skipped, naming the holder; rescheduled where the task is patient |
| Exact away; anything not foreseen       | a normal retry that backs off                                     |
| re-authorise, configure, confirm, report | failed at once: only a person can mend it                        |
"""

from __future__ import annotations

import logging
import traceback
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from random import SystemRandom
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSkipException,
)

from exactsync.errors import (
    DatasetBusyError,
    DefectError,
    ExactSyncError,
    ExportPendingError,
    QuotaExhaustedError,
    RetryLaterError,
    SnapshotPendingError,
    TokenPendingError,
    runbook,
)
from exactsync.exact.redact import redact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

log = logging.getLogger(__name__)

RESCHEDULE_JITTER_S = 3.0
"""Waiting tasks come back spread over this long, so that they do not all reach for the first call of a minute."""


SHORTEST_WAIT_S = 10.0
"""A task comes back no sooner than this: if the scheduler of Airflow 3.3 learns of the end of the process that a task
left only when the task is queued or running again, it takes that for the death of the new process and spends a try.
Measured with a real scheduler on two overloaded cores: 39 of 60 tasks that came back at once, 14 of 60 after 1 s, 8
after 2 s, 15 after 5 s, none of 180 after 10 s."""


LOOK_AGAIN = timedelta(minutes=1)
"""How often a patient task looks whether another reader has finished."""


class Recovery(IntEnum):
    """What mends an error; of several in one task, the first in this order decides."""

    RESCHEDULE = 1
    RETRY = 2
    FAIL = 3
    SKIP = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Something that could not be done: what mends it, and what the task log says about it, free of secrets."""

    recovery: Recovery
    message: str
    retry_at: datetime | None = None
    trace: str = ""
    """The traceback, where whoever mends it needs it."""

    def __str__(self) -> str:
        return f"{self.message}\n{self.trace}".rstrip()


def diagnose(error: Exception, *, is_patient: bool = False) -> Failure:
    """Say what mends an error; a patient task waits until another reader of its data set has finished."""
    if is_patient and isinstance(error, DatasetBusyError):
        retry_at = min(error.retry_at, datetime.now(UTC) + LOOK_AGAIN)
        message = f"waits for another reader. {error}"
        return Failure(recovery=Recovery.RESCHEDULE, message=redact(message), retry_at=retry_at)
    needs_trace = isinstance(error, DefectError) or not isinstance(error, ExactSyncError)
    return Failure(
        recovery=_recovery(error),
        message=redact(_message(error)),
        retry_at=error.retry_at if isinstance(error, RetryLaterError) else None,
        trace=redact("".join(traceback.format_exception(error))) if needs_trace else "",
    )


def airflow_exception(failures: Sequence[Failure]) -> AirflowException:
    """Choose the exception that makes Airflow do the right thing about all these failures (at least one)."""
    recovery = min(failure.recovery for failure in failures)
    message = "\n".join(failure.message for failure in failures)
    match recovery:
        case Recovery.RESCHEDULE:
            return AirflowRescheduleException(_wake_up(failures))  # type: ignore[no-untyped-call]
        case Recovery.RETRY:
            return AirflowException(message)
        case Recovery.FAIL:
            return AirflowFailException(message)
        case Recovery.SKIP:
            return AirflowSkipException(message)


@contextmanager
def airflow_errors() -> Iterator[None]:
    """Turn whatever error a library call raises into Airflow's; Airflow itself does not say why a task is put off."""
    from exactsync.warehouse.engine import clear_outages

    try:
        with clear_outages():
            yield
    except ExactSyncError as error:
        failure = diagnose(error)
        if failure.recovery is Recovery.RESCHEDULE:
            log.info("%s", failure)
        raise airflow_exception([failure]) from None


def _recovery(error: Exception) -> Recovery:
    match error:
        case QuotaExhaustedError(window="minute") | TokenPendingError():
            return Recovery.RESCHEDULE
        case SnapshotPendingError() | ExportPendingError():
            return Recovery.RESCHEDULE
        case QuotaExhaustedError() | DatasetBusyError():
            return Recovery.SKIP
        case ExactSyncError() if not isinstance(error, RetryLaterError):
            return Recovery.FAIL
        case _:
            return Recovery.RETRY


def _message(error: Exception) -> str:
    match error:
        case QuotaExhaustedError(window="day"):
            return f"degraded: budget. {error}"
        case QuotaExhaustedError(window="errors"):
            return f"degraded: endpoint blocked. {error}"
        case DatasetBusyError():
            return f"skipped: another reader is at work. {error}"
        case ExactSyncError():
            return str(error)
        case _:
            return f"{type(error).__name__}: {error} More: {runbook('unforeseen')}"


def _wake_up(failures: Sequence[Failure]) -> datetime:
    waits = [failure.retry_at for failure in failures if failure.recovery is Recovery.RESCHEDULE and failure.retry_at]
    soonest = datetime.now(UTC) + timedelta(seconds=SHORTEST_WAIT_S)
    return max(min(waits), soonest) + timedelta(seconds=SystemRandom().uniform(0, RESCHEDULE_JITTER_S))
