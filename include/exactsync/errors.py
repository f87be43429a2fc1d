"""Every error of exactsync, named by what the caller should do about it.

ExactSyncError
├── RetryLaterError             nothing is wrong with us: wait until `retry_at`, then go on
│   ├── QuotaExhaustedError       a limit of Exact is used up (`window` says which)
│   ├── TokenPendingError         there is no access token yet
│   ├── AccessRefusedError        Exact refuses even a new access token
│   ├── ExactUnavailableError     maintenance, 5xx, time-outs, dropped connections
│   ├── SpendeskUnavailableError  the same, at Spendesk
│   ├── DatasetBusyError          another reader holds the lease on this data set
│   ├── LoadDiscardedError        what was read so far no longer counts; it is read anew
│   └── DatabaseUnavailableError  a database of ours does not answer
├── ReauthorisationRequiredError  a person must authorise the app at Exact again
├── StoppedError                  a person has stopped what was at work; nothing is wrong
├── ConsentError                  a consent at Exact came to nothing; a person must start it again
├── ConfigurationError            a person must change a setting, a right or a scope
│   ├── ForbiddenError              Exact refuses the user a right, or the app a scope
│   └── CompanyRefusedError         Exact refuses one company; the others are not concerned
├── GuardError                    a plausibility check stopped the load; a person must confirm it
├── DefectError                   Exact or we broke the contract; report it
└── SkippableRecordError          one record is unusable; quarantine it and go on

A message says what happened and what to do next. Where it happened (integration, division, entity, page) is
attached on the way up by `at(...)`, so that the code that notices an error need not know where it stands.
It ends with the page of docs/runbook that treats it. No message may hold a secret.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Literal, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where in the work an error happened; unknown parts are None."""

    integration: str | None = None
    division: int | None = None
    entity: str | None = None
    page: int | None = None

    def __str__(self) -> str:
        known = ((field.name, getattr(self, field.name)) for field in fields(self))
        return ", ".join(f"{name} {value}" for name, value in known if value is not None)


class ExactSyncError(Exception):
    """Base of every error that exactsync raises on purpose."""

    page: ClassVar[str]
    """The page of the runbook that treats errors of this kind."""
    usual_remedy: ClassVar[str] = ""
    """What to do about an error of this kind, unless the one who raises it knows better."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy or self.usual_remedy
        self.location = Location()

    def at(
        self,
        *,
        integration: str | None = None,
        division: int | None = None,
        entity: str | None = None,
        page: int | None = None,
    ) -> Self:
        """Return the same error, knowing more about where it happened; what it already knows stays."""
        given = {"integration": integration, "division": division, "entity": entity, "page": page}
        unknown = {
            name: value for name, value in given.items() if value is not None and getattr(self.location, name) is None
        }
        self.location = replace(self.location, **unknown)  # type: ignore[arg-type]
        return self

    @property
    def part(self) -> str | None:
        """The part of the page that treats this very error; None: all of it."""
        return None

    @property
    def runbook(self) -> str:
        """Where the runbook treats it: `docs/runbook/call-budget.md#day`."""
        return runbook(self.page, self.part)

    def __str__(self) -> str:
        where = str(self.location)
        text = f"{where}: {self.message}" if where else self.message
        advised = f"{text} What to do: {self.remedy}" if self.remedy else text
        return f"{advised} More: {self.runbook}"


def runbook(page: str, part: str | None = None) -> str:
    """Return the address of a page of the runbook, or of a part of it."""
    return f"docs/runbook/{page}.md" + (f"#{part}" if part else "")


class RetryLaterError(ExactSyncError):
    """Wait until `retry_at` (aware, UTC), then do the same again; nothing has been lost."""

    page = "exact-away"
    usual_remedy = "Nothing: it is tried again later."

    def __init__(self, message: str, *, retry_at: datetime, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.retry_at = retry_at


class QuotaExhaustedError(RetryLaterError):
    """A limit of Exact is used up until `retry_at`.

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


class DatasetBusyError(RetryLaterError):
    """Another reader holds the lease on (division, entity); `holder` says who."""

    page = "data-set-busy"
    usual_remedy = "Nothing: let it finish; the next run goes on from there. If it is dead, its hold ends by itself."

    def __init__(self, message: str, *, retry_at: datetime, holder: str) -> None:
        super().__init__(message, retry_at=retry_at)
        self.holder = holder


class LoadDiscardedError(RetryLaterError):
    """The pages read so far no longer count: the company was moved at Exact while they were read."""

    page = "load-discarded"
    usual_remedy = "Nothing: the next try reads the data set in full."


class DatabaseUnavailableError(RetryLaterError):
    """One of our databases does not answer; it may come back by itself, or its URL may be wrong."""

    page = "database-away"

    def __init__(self, message: str) -> None:
        retry_at = datetime.now(UTC) + timedelta(minutes=1)
        remedy = (
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


class DefectError(ExactSyncError):
    """Exact answered something that its contract rules out, or our own code is wrong."""

    page = "defect"
    usual_remedy = "Report this if it happens again: the next run begins where this one stopped."


class SkippableRecordError(ExactSyncError):
    """One record cannot be used; it goes to quarantine and the rest goes on."""

    page = "quarantine"
