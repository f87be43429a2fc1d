"""Every error of exactsync, named by what the caller should do about it.

ExactSyncError
├── RetryLaterError             nothing is wrong with us: wait until `retry_at`, then go on
│   ├── QuotaExhaustedError       a limit of Exact or Spendesk is used up (`window` says which)
│   ├── TokenPendingError         there is no access token yet
│   ├── AccessRefusedError        Exact refuses even a new access token
│   ├── ExactUnavailableError     maintenance, 5xx, time-outs, dropped connections
│   ├── SpendeskUnavailableError  the same, at Spendesk
│   ├── SnapshotPendingError      Spendesk is still making a snapshot of payables
│   ├── DatasetBusyError          another reader holds the lease on this data set
│   ├── ExportPendingError        payables wait: for a look at Exact, or for another worker
│   ├── LoadDiscardedError        what was read so far no longer counts; it is read anew
│   └── DatabaseUnavailableError  a database of ours does not answer
├── ReauthorisationRequiredError  a person must authorise the app at Exact again
├── StoppedError                  a person has stopped what was at work; nothing is wrong
├── ConsentError                  a consent at Exact came to nothing; a person must start it again
├── ConfigurationError            a person must change a setting, a right or a scope
│   ├── ForbiddenError              Exact refuses the user a right, or the app a scope
│   └── CompanyRefusedError         Exact refuses one company; the others are not concerned
├── GuardError                    a plausibility check stopped the load; a person must confirm it
├── RefusedByExactError           Exact refuses what it was to create; its words say why
├── ClaimLostError                another worker has taken over the payable that this one was exporting
├── DoubtfulWriteError            nobody knows whether Exact has created something; look before another try
├── DefectError                   Exact or we broke the contract; report it
└── SkippableRecordError          one record is unusable; quarantine it and go on

A message says what happened and what to do next. Where it happened (integration, division, entity, page) is
attached on the way up by `at(...)`, so that the code that notices an error need not know where it stands.
It ends with the page of docs/runbook that treats it. No message may hold a secret.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from exactsync.errors.base import ExactSyncError as ExactSyncError
from exactsync.errors.base import runbook as runbook


class RetryLaterError(ExactSyncError):
    """Wait until `retry_at` (aware, UTC), then do the same again; nothing has been lost."""

    page = "exact-away"
    usual_remedy = "Nothing: it is tried again later."

    def __init__(self, message: str, *, retry_at: datetime, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.retry_at = retry_at


class QuotaExhaustedError(RetryLaterError):
    """A limit of Exact, or of Spendesk, is used up until `retry_at`.

    `window` is `minute` or `day` for the call budget, `errors` for the error-velocity limit of one endpoint.
    """

    page = "call-budget"

    def __init__(
        self,
        message: str,
        *,
        retry_at: datetime,
        window: Literal["minute", "day", "errors"],
        remedy: str = "",
    ) -> None:
        super().__init__(message, retry_at=retry_at, remedy=remedy)
        self.window = window

    @property
    def part(self) -> str:
        """The window."""
        return self.window


class TokenPendingError(RetryLaterError):
    """There is no access token before `retry_at`: another worker is fetching it, or Exact gives none yet.

    `is_refused`: Exact refuses the present one before its time; the authorisation may have been withdrawn.
    """

    page = "token-pending"

    def __init__(self, message: str, *, retry_at: datetime, is_refused: bool, remedy: str = "") -> None:
        super().__init__(message, retry_at=retry_at, remedy=remedy)
        self.is_refused = is_refused

    @property
    def part(self) -> str:
        """Whether a refusal is the cause."""
        return "refused" if self.is_refused else "refreshing"


class AccessRefusedError(RetryLaterError):
    """Exact answers 401 to an access token that it has just given."""

    page = "token-pending"
    usual_remedy = "Nothing, once. If it stays so, authorise the app again."

    @property
    def part(self) -> str:
        """Refused with two tokens."""
        return "refused-twice"


class ExactUnavailableError(RetryLaterError):
    """Exact does not answer, or answers that it cannot right now."""


class SpendeskUnavailableError(RetryLaterError):
    """Spendesk does not answer, or answers that it cannot right now."""

    page = "spendesk-away"


class SnapshotPendingError(RetryLaterError):
    """Spendesk is making a snapshot of payables; it may be asked about it again at `retry_at`."""

    page = "spendesk-away"

    @property
    def part(self) -> str:
        """Snapshots."""
        return "snapshots"


class DatasetBusyError(RetryLaterError):
    """Another reader holds the lease on (division, entity); `holder` says who."""

    page = "data-set-busy"
    usual_remedy = "Nothing: let it finish; the next run goes on from there. If it is dead, its hold ends by itself."

    def __init__(self, message: str, *, retry_at: datetime, holder: str) -> None:
        super().__init__(message, retry_at=retry_at)
        self.holder = holder


class ClaimLostError(ExactSyncError):
    """Another worker has taken over the payable that this one was exporting, or a person has decided about it."""

    page = "export"
    usual_remedy = "Nothing: whoever has taken over looks at Exact before anything is sent."

    @property
    def part(self) -> str:
        """Taken over."""
        return "taken-over"


class ExportPendingError(RetryLaterError):
    """Payables wait until `retry_at`: for the next look at Exact, for the next minute's calls, or for a dead worker."""

    page = "export"
    usual_remedy = "Nothing: it goes on by itself."

    @property
    def part(self) -> str:
        """Pending."""
        return "pending"


class LoadDiscardedError(RetryLaterError):
    """The pages read so far no longer count: the company was moved at Exact while they were read."""

    page = "load-discarded"
    usual_remedy = "Nothing: the next try reads the data set in full."


class DatabaseUnavailableError(RetryLaterError):
    """One of our databases does not answer, or cannot do its work now; it may by itself, or its URL may be wrong."""

    page = "database-away"

    def __init__(self, message: str, *, remedy: str = "") -> None:
        retry_at = datetime.now(UTC) + timedelta(minutes=1)
        remedy = remedy or (
            "Nothing, if it is being restarted. Otherwise check the server and its address (warehouse_default, "
            "EXACTSYNC_WAREHOUSE_URL, EXACTSYNC_STATE_URL)."
        )
        super().__init__(message, retry_at=retry_at, remedy=remedy)


class ReauthorisationRequiredError(ExactSyncError):
    """The grant is gone: a person must authorise at Exact again. `reason` is one of the grant's end reasons."""

    page = "reconnect"

    def __init__(self, message: str, *, reason: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.reason = reason

    @property
    def part(self) -> str:
        """The reason."""
        return self.reason


class StoppedError(ExactSyncError):
    """A person has paused or disconnected what was at work, or has switched the accounting base."""

    page = "stopped"
    usual_remedy = "Nothing: it goes on where it stopped once it is resumed, reconnected or switched back."


ConsentReason = Literal["state_unknown", "state_expired", "state_used", "state_foreign", "denied", "code_refused"]


class ConsentError(ExactSyncError):
    """A consent at Exact came to nothing; `reason` says why. Nothing has changed."""

    page = "consent"
    usual_remedy = "Start again with Authorise or Reconnect, and finish within ten minutes."

    def __init__(self, message: str, *, reason: ConsentReason, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.reason: ConsentReason = reason

    @property
    def part(self) -> str:
        """The reason."""
        return self.reason


class ConfigurationError(ExactSyncError):
    """A setting, a right, a scope or an argument is wrong; trying again does not help."""

    page = "configuration"


class ForbiddenError(ConfigurationError):
    """Exact refuses a right to the user or a scope to the app."""


class CompanyRefusedError(ConfigurationError):
    """Exact refuses one company: it is archived, blocked or not permitted. The others are not concerned."""

    page = "company-refused"


class GuardError(ExactSyncError):
    """A plausibility check stopped a load before it committed; it needs an explicit confirmation."""

    page = "guard"


class QualityError(ExactSyncError):
    """Published tables are not as they must be, by the checks of `warehouse.quality`; they stay as they are."""

    page = "quality"
    usual_remedy = "Run exact_online_full_refresh for the companies named. If it comes again, report it."


class RefusedByExactError(ExactSyncError):
    """Exact refuses what it was to create. `words` are its own, in the language of the user who authorised the app."""

    page = "export"
    usual_remedy = "Mend what Exact names, and retry the payable."

    def __init__(self, words: str, *, status: int) -> None:
        super().__init__(words or f"Exact refused it with {status}, and said nothing.")
        self.status = status
        self.words = words

    @property
    def part(self) -> str:
        """Failed."""
        return "failed"


class DoubtfulWriteError(ExactSyncError):
    """Nobody knows whether Exact has created what it was sent: it must be looked for before another try."""

    page = "export"
    usual_remedy = "Nothing: it is looked for at Exact before anything is sent again."

    @property
    def part(self) -> str:
        """In doubt."""
        return "in-doubt"


class DefectError(ExactSyncError):
    """Exact answered something that its contract rules out, or our own code is wrong."""

    page = "defect"
    usual_remedy = "Report this if it happens again: the next run begins where this one stopped."


class SkippableRecordError(ExactSyncError):
    """One record cannot be used; it goes to quarantine and the rest goes on."""

    page = "quarantine"
