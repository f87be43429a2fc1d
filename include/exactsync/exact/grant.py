"""Access tokens out of a grant that many workers share, without ever losing its single-use refresh token.

Reading takes no lock. From 95 % of the access token's life on, one worker commits an *intent* to refresh, holds no
transaction while it asks Exact, and stores the answer only if the generation is still the one it claimed. The others
wait for the result. An intent whose owner died, or got no clear answer, leaves one question: did Exact use the refresh
token up? One worker at a time may *probe* with the same token: that yields the next pair or proves the grant's end.
While probes get no answer either, they become rare, and whoever comes in between is told when the next one may be made.

Why a grant ended is told by the first refusal: what Exact says, what our row knows, and nothing that is only likely.
"""

from __future__ import annotations

import os
import random
import socket
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol
from uuid import uuid4

from exactsync.credentials import GRANT_LIFE
from exactsync.errors import (
    ConfigurationError,
    DefectError,
    ExactUnavailableError,
    ReauthorisationRequiredError,
    RetryLaterError,
    TokenPendingError,
)
from exactsync.exact import oauth
from exactsync.failpoints import reach
from exactsync.lifecycle import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from exactsync.credentials import App, Claim, EndReason, Grant, TokenPair, User
    from exactsync.exact.transport import Timeouts
    from exactsync.secret import Secret

LEASE_MARGIN_S: Final = 20.0
SETTLING_S: Final = 5.0
"""After an unclear answer to a refresh, how long Exact is left in peace before the probe."""
PROBE_PAUSE_S: Final = 60.0
LONGEST_PROBE_PAUSE_S: Final = 1_800.0
"""After an unclear answer to a probe, the pause is as long as the question has been open, within these bounds: 1, 2,
4 … 30 minutes. Exact may count token calls (200 a day for an app and user, as announced in 2021)."""
PATIENCE_S: Final = 5.0
"""How long a worker waits for another one's refresh before it goes away and comes back later."""
LONGEST_NAP_S: Final = 0.5
TOO_EARLY_PAUSE: Final = 0.25
"""After a refusal as too early, the share of a lifetime to wait: refusals count as errors (picqer#475)."""


class TokenStore(Protocol):
    """Where grants live. All times are the store's own; every change checks the generation that it is about."""

    def clock(self) -> datetime:
        """Return the store's time."""

    def read(self, grant_id: int) -> Grant:
        """Return a grant as it stands, without a lock.

        Raises:
            ConfigurationError: there is no such grant, or the key to its tokens is not at hand.
        """

    def save_consent(self, app: App, user: User, pair: TokenPair, *, requested_at: datetime) -> Grant:
        """Store the pair of a new consent: the user's one grant to this app, replaced if it exists."""

    def claim(self, grant_id: int, generation: int, *, owner: str, lease_s: float) -> Claim | None:
        """Commit the intent to refresh; None if it is not due, not ours, no longer that generation or claimed.

        The first claim of a generation sets its grant's `refreshable_at` to now; probes leave that as it is.
        """

    def save_refresh(self, claim: Claim, pair: TokenPair) -> bool:
        """Store the next pair if the generation is still the claimed one; a success undoes any end."""

    def release(self, claim: Claim, *, client_refused: str | None = None) -> None:
        """Give the claim back: the refresh token was not used by it.

        `client_refused` is the fingerprint of the app's credentials, if Exact refused those.
        """

    def postpone(self, claim: Claim, *, lifetime_share: float) -> None:
        """Give the claim back, and let nobody refresh for this share of the access token's lifetime."""

    def orphan(self, claim: Claim, *, pause_s: float) -> None:
        """Leave the claim without an owner: after `pause_s`, one probe may find out what became of it."""

    def end(self, claim: Claim, reason: EndReason) -> bool:
        """Mark the grant as needing a person if the generation is still the claimed one."""


class AccessTokens:
    """The access tokens of one grant; safe to use from many threads and processes."""

    def __init__(
        self,
        app: App,
        grant_id: int,
        store: TokenStore,
        *,
        transport: httpx.BaseTransport | None = None,
        timeouts: Timeouts = oauth.TIMEOUTS,
        patience_s: float = PATIENCE_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._app = app
        self._grant_id = grant_id
        self._store = store
        self._transport = transport
        self._timeouts = timeouts
        self._patience_s = patience_s
        self._sleep = sleep
        self._owner = f"{socket.gethostname()}/{os.getpid()}/{uuid4().hex[:8]}"

    def access_token(self) -> Secret:
        """Return a token that Exact accepts now, refreshed first if it is due.

        Raises:
            ReauthorisationRequiredError: a person is needed; `reason` is an EndReason.
            ConfigurationError: there is no token endpoint at the app's address.
            ExactUnavailableError: the token endpoint gave no clear answer.
            TokenPendingError: another worker's refresh takes long, or a refresh is not possible yet.
            RetryLaterError: the token endpoint is left in peace; both tell with `retry_at` when to come back.
        """
        give_up_at = time.monotonic() + self._patience_s
        while True:
            grant = self._read()
            if grant.is_usable:
                return grant.access
            if grant.is_refreshable and not grant.is_being_refreshed:
                self._refresh(grant)
            else:
                self._await_change(grant, give_up_at)

    def after_refusal(self, refused: Secret) -> Secret:
        """Return another token after Exact answered 401 to `refused`.

        Raises:
            TokenPendingError: there can be no other token yet; `retry_at` tells when.
            ReauthorisationRequiredError, ConfigurationError, ExactUnavailableError: as `access_token`.
        """
        grant = self._read()
        if grant.access == refused and not grant.is_refreshable:
            raise _pending(
                "Exact refuses the access token before its time, and gives no new one yet: has the authorisation been "
                "withdrawn at Exact?",
                (grant.refreshable_at - grant.read_at).total_seconds(),
                is_refused=True,
            )
        return self.access_token()

    def _read(self) -> Grant:
        grant = self._store.read(self._grant_id)
        if not grant.is_ours:
            raise _ended(grant, "other_instance")
        if grant.app_key != self._app.key:
            given_to = f"It was given to app {grant.app_key}, and connection {self._app.connection_id} is another one."
            raise _ended(grant, "wrong_client", given_to)
        if grant.status == "reconnect_needed":
            raise _ended(grant, grant.reason or "revoked")
        if grant.refused_client == self._app.fingerprint:
            raise _ended(grant, "wrong_client", "It is asked again in an hour, or once they have changed.")
        return grant

    def _await_change(self, grant: Grant, give_up_at: float) -> None:
        """Sleep a little while another worker refreshes, or until a refresh or a probe is possible."""
        until, left_s = grant.refreshable_at, give_up_at - time.monotonic()
        message = "The access token is over, and Exact gives no new one yet."
        if grant.is_being_refreshed and grant.intent_expires_at is not None:
            until, message = grant.intent_expires_at, "Another worker is refreshing the access token."
        is_at_work = grant.is_being_refreshed and not grant.is_unanswered
        if grant.is_unanswered:
            message = "Exact's token endpoint gives no clear answer, and is left in peace for a while."
            left_s = min(left_s, SETTLING_S)
        wait_s = (until - grant.read_at).total_seconds()
        if left_s <= 0 or (wait_s > left_s and not is_at_work):
            raise _later(message, wait_s) if grant.is_unanswered else _pending(message, wait_s)
        self._sleep(min(wait_s, LONGEST_NAP_S) * random.uniform(0.1, 1.0) + 0.005)  # noqa: S311 - jitter

    def _refresh(self, grant: Grant) -> None:
        """Refresh once, if no one else does; the row tells the result."""
        lease_s = self._timeouts.deadline_s + LEASE_MARGIN_S
        started = time.monotonic()
        claim = self._store.claim(grant.id, grant.generation, owner=self._owner, lease_s=lease_s)
        if claim is None:
            return
        reach("refresh.claimed")
        if time.monotonic() - started > LEASE_MARGIN_S:  # the answer could come after the lease's end
            self._store.release(claim)
            return
        pair = self._ask(claim, grant)
        if pair is not None:
            reach("refresh.answered")
            self._store.save_refresh(claim, pair)
            reach("refresh.stored")

    def _ask(self, claim: Claim, grant: Grant) -> TokenPair | None:
        """Ask Exact for the next pair; on a failure, leave the intent as what is known of the refresh token says."""
        try:
            return oauth.refresh(self._app, claim.refresh, self._transport, timeouts=self._timeouts)
        except oauth.EndedError as error:
            reason = self._explain(error.reason, claim)
            if self._store.end(claim, reason):
                raise _ended(grant, reason, str(error)) from None
            return None  # another worker has the next generation already
        except oauth.TooEarlyError:
            self._store.postpone(claim, lifetime_share=TOO_EARLY_PAUSE)
            return None
        except oauth.NotSentError as error:
            self._store.release(claim)
            raise _unavailable(str(error), SETTLING_S) from None
        except oauth.WrongClientError as error:
            self._store.release(claim, client_refused=self._app.fingerprint)
            raise _ended(grant, "wrong_client", error.message) from None
        except (ConfigurationError, DefectError):
            self._store.release(claim)
            raise
        except oauth.UnansweredError as error:
            pause_s = _pause_s(claim, grant)
            self._store.orphan(claim, pause_s=pause_s)
            raise _unavailable(f"No clear answer from Exact's token endpoint: {error}", pause_s) from None
        except BaseException:
            self._store.orphan(claim, pause_s=_pause_s(claim, grant))
            raise

    def _explain(self, said: EndReason, claim: Claim) -> EndReason:
        """Say more than Exact does, where we know more."""
        grant = self._store.read(claim.grant_id)
        if said == "used" and not claim.is_probe and grant.intent_owner == claim.owner:
            return "used_elsewhere"  # this is the first time that one of us has shown Exact this token
        if said == "revoked" and grant.is_replaced:
            return "replaced"
        if said == "revoked" and grant.idle >= GRANT_LIFE:
            return "lapsed"
        return said


def _pause_s(claim: Claim, grant: Grant) -> float:
    """Tell for how long no one shall ask what became of this claim."""
    if not claim.is_probe:
        return SETTLING_S
    open_s = (claim.claimed_at - grant.refreshable_at).total_seconds()
    return min(max(open_s, PROBE_PAUSE_S), LONGEST_PROBE_PAUSE_S)


def _ended(grant: Grant, reason: EndReason, said: str = "") -> ReauthorisationRequiredError:
    explained, way = Reason(reason), ""
    if reason not in {"other_instance", "wrong_client"}:
        command = f"python -m exactsync authorise --connection {grant.connection_id}"
        way = f" On the page Accounting setup, or with `{command}`."
    return ReauthorisationRequiredError(
        f"{explained.text} It is the grant of {grant.user.name} to connection {grant.connection_id}. {said}".rstrip(),
        reason=reason,
        remedy=explained.remedy + way,
    )


def _later(message: str, wait_s: float) -> RetryLaterError:
    retry_at = _in(wait_s)
    return RetryLaterError(message, retry_at=retry_at, remedy=_from(retry_at))


def _pending(message: str, wait_s: float, *, is_refused: bool = False) -> TokenPendingError:
    retry_at = _in(wait_s)
    return TokenPendingError(message, retry_at=retry_at, is_refused=is_refused, remedy=_from(retry_at))


def _unavailable(message: str, wait_s: float) -> ExactUnavailableError:
    retry_at = _in(wait_s)
    return ExactUnavailableError(message, retry_at=retry_at, remedy=_from(retry_at))


def _in(wait_s: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=max(wait_s, 1.0))


def _from(retry_at: datetime) -> str:
    return f"Nothing: it is tried again, from {retry_at:%Y-%m-%d %H:%M:%S} UTC on."
