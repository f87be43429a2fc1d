"""One call to Exact: token, reservation, request, what was learnt of the budget, what the answer means, another try.

What creates something is never tried again: see `writing`.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeVar

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from exactsync.errors import (
    AccessRefusedError,
    ConfigurationError,
    DoubtfulWriteError,
    ExactSyncError,
    ExactUnavailableError,
)
from exactsync.exact.odata import MalformedAnswerError
from exactsync.exact.redact import redact
from exactsync.exact.responses import MAINTENANCE_PAUSE_S, check_answer, exact_text, unavailable
from exactsync.exact.transport import NOT_SENT
from exactsync.failpoints import reach
from exactsync.outbound import GivenUpError, receive

if TYPE_CHECKING:
    from collections.abc import Callable

    from tenacity import RetryCallState

    from exactsync.exact.quota import CallBudget
    from exactsync.secret import Secret

ATTEMPTS: Final = 3
"""How often a call is made before Exact counts as unavailable; each attempt is a call of the budget."""

THROTTLED_PAUSE_S: Final = 60.0

T = TypeVar("T")

_back_off = wait_exponential_jitter(multiplier=0.5, max=8.0)


class AccessTokenSource(Protocol):
    """Gives calls their tokens (`exactsync.exact.grant.AccessTokens`)."""

    def access_token(self) -> Secret:
        """Return a token that Exact accepts now."""

    def after_refusal(self, refused: Secret) -> Secret:
        """Return another token after a 401, or raise RetryLaterError."""


class ThrottledError(ExactUnavailableError):
    """Exact answered 429; if the ledger keeps this budget, it knows by now until when."""


class Calls:
    """Makes calls and counts them; may be used by several threads at once."""

    def __init__(
        self,
        http: httpx.Client,
        tokens: AccessTokenSource,
        budget: CallBudget,
        *,
        read_s: float,
        sleep: Callable[[float], None],
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._budget = budget
        self._read_s = read_s
        self._sleep = sleep
        self._lock = threading.Lock()
        self._sent = 0

    @property
    def sent(self) -> int:
        """How many requests have gone out."""
        return self._sent

    def fetch(
        self,
        url: str,
        endpoint: str,
        division: int | None,
        parse: Callable[[bytes], T],
        *,
        may_wait: bool = True,
    ) -> T:
        """Return what `parse` makes of the answer's body, tried again while the trouble looks passing.

        `division` None is for addresses without a company, which no budget counts (KB-limits).
        """
        retrying = Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=_pause,
            retry=retry_if_exception_type((ExactUnavailableError, MalformedAnswerError)),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            content: T = retrying(self._attempt, url, endpoint, division, parse, may_wait)
        except ExactSyncError as error:
            raise error.at(division=division) from error.__cause__
        return content

    def post(self, url: str, endpoint: str, division: int, content: bytes) -> httpx.Response:
        """Send something to be created, once; return Exact's answer, whatever its status but 401 and 429.

        Raises:
            RetryLaterError: Exact has not acted on it.
            ConfigurationError: Exact's certificate is not trusted.
            DoubtfulWriteError: the connection was lost; Exact may have acted on it.
        """
        try:
            response = self._authorised("POST", url, endpoint, division, may_wait=True, content=content)
        except ExactSyncError as error:
            raise error.at(division=division) from error.__cause__
        return response

    def _attempt(self, url: str, endpoint: str, division: int | None, parse: Callable[[bytes], T], may_wait: bool) -> T:
        try:
            response = self._authorised("GET", url, endpoint, division, may_wait=may_wait)
        except DoubtfulWriteError as error:
            raise unavailable(error.message) from None
        check_answer(response, endpoint)
        return parse(response.content)

    def _authorised(
        self,
        method: Literal["GET", "POST"],
        url: str,
        endpoint: str,
        division: int | None,
        *,
        may_wait: bool,
        content: bytes | None = None,
    ) -> httpx.Response:
        """Return Exact's answer, asked for with another token if it refuses the first; it does nothing for a 401."""
        token = self._tokens.access_token()
        request = self._build(method, url, token, content)
        response = self._send(request, endpoint, division, may_wait)
        if response.status_code == 401:
            # A token must live to the end of a call, so a long one may fail near the token's end (picqer#487).
            token = self._tokens.after_refusal(token)
            response = self._send(self._build(method, url, token, content), endpoint, division, may_wait)
        if response.status_code == 401:
            later = unavailable("", pause_s=MAINTENANCE_PAUSE_S)
            raise AccessRefusedError(
                f'Exact answered 401 to {endpoint} with two access tokens: "{exact_text(response)}".',
                retry_at=later.retry_at,
            )
        return response

    def _build(self, method: str, url: str, token: Secret, content: bytes | None) -> httpx.Request:
        headers = {"Accept": "application/json", "Authorization": f"Bearer {token.reveal()}"}
        if content is not None:
            headers |= {"Content-Type": "application/json", "Prefer": "return=representation"}
        return self._http.build_request(method, url, headers=headers, content=content)

    def _send(self, request: httpx.Request, endpoint: str, division: int | None, may_wait: bool) -> httpx.Response:
        """Return Exact's answer to one call, whatever its status; 429 raises.

        Raises:
            ExactUnavailableError: Exact was not reached, or answered 429.
            DoubtfulWriteError: the connection was lost after it had been made.
            ConfigurationError: Exact's certificate is not trusted.
        """
        try:
            if division is None:
                response = self._exchange(request)
            else:
                response = self._spend(request, endpoint, division, may_wait)
        except NOT_SENT as error:
            raise _unreachable(error) from None
        except GivenUpError as error:
            raise DoubtfulWriteError(f"{error}, so Exact was not heard out on {endpoint}.") from None
        except httpx.HTTPError as error:
            raise DoubtfulWriteError(
                f"The connection to Exact was lost on {endpoint} ({type(error).__name__})."
            ) from None
        if response.status_code == 429:
            later = unavailable("", pause_s=THROTTLED_PAUSE_S)
            raise ThrottledError(f"Exact answered 429 to {endpoint}.", retry_at=later.retry_at)
        return response

    def _spend(self, request: httpx.Request, endpoint: str, division: int, may_wait: bool) -> httpx.Response:
        """Make one call of the budget, and tell the ledger what came back."""
        reservation = self._budget.reserve(endpoint, division, may_wait=may_wait)
        reach("ledger.reserved")
        try:
            response = self._exchange(request)
        except NOT_SENT:
            self._budget.release(reservation)
            raise
        except BaseException:
            self._budget.settle(reservation, None)
            raise
        reach("ledger.answered")
        self._budget.settle(reservation, response)
        reach("ledger.settled")
        return response

    def _exchange(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self._sent += 1
        return receive(self._http, request, within_s=self._read_s)


def _pause(state: RetryCallState) -> float:
    """After a 429 nothing: the ledger knows how long to wait."""
    error = state.outcome.exception() if state.outcome else None
    return 0.0 if isinstance(error, ThrottledError) else _back_off(state)


def _unreachable(error: httpx.HTTPError) -> ExactSyncError:
    said = redact(str(error))
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return ConfigurationError(
            f"Exact's certificate is not trusted: {said}.", remedy="Set the connection's extra `verify`."
        )
    return unavailable(f"Exact cannot be reached: {said}.")
