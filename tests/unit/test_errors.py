from __future__ import annotations

from datetime import UTC, datetime

import pytest

from exactsync.errors import DatabaseUnavailableError, DatasetBusyError, DefectError, ExactSyncError, RetryLaterError
from exactsync.exact.odata import MalformedAnswerError

SOON = datetime.now(UTC)


@pytest.mark.parametrize(
    "error",
    [
        RetryLaterError("It is late.", retry_at=SOON),
        DatasetBusyError("It is being read.", retry_at=SOON, holder="another run"),
        DatabaseUnavailableError("It is away."),
        DefectError("It makes no sense."),
        MalformedAnswerError("It is no JSON."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_says_what_to_do_even_if_nobody_said_so(error: ExactSyncError) -> None:
    assert " What to do: " in str(error)


def test_whoever_knows_better_is_heard() -> None:
    assert str(DefectError("It makes no sense.", remedy="Ask.")) == (
        "It makes no sense. What to do: Ask. More: docs/runbook/defect.md"
    )
