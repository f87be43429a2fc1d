"""Talk to Spendesk's public API: a token of an hour, few calls, and errors that say what to do."""

from __future__ import annotations

import threading
import time
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import httpx
import orjson
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from exactsync.errors import DefectError, SpendeskUnavailableError
from exactsync.outbound import TooLongError, open_client, receive
from exactsync.secret import Secret
from exactsync.spendesk.answers import check_answer, reset_s, throttled, unavailable, unreachable
from exactsync.spendesk.limits import CallLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from exactsync.spendesk.account import SpendeskAccount

T = TypeVar("T")

TOKEN_PATH: Final = "/v1/auth/token"  # noqa: S105 - a path
USUAL_LIFETIME_S: Final = 3_600.0
ATTEMPTS: Final = 3
TIMEOUT_S: Final = 60.0
ANSWER_S: Final = 120.0
"""How long an answer may take altogether; a silence in it, half as long."""
TOKEN_MARGIN_S: Final = 60.0
"""A token that is about to end is not used any more."""
LARGEST_RECEIPT: Final = 25 * 2**20
"""What is larger is not even fetched; Exact takes 10 MB."""
_LONGEST_LIST: Final = 10_000


class SpendeskClient:
    """One company's calls; may be used by several threads at once. Tokens stay in memory (Spendesk's guide).

    Args:
        account: whose calls these are.
        transport: how to reach Spendesk, if not directly; it stays open when the client closes.
        limits: what lets calls through.
        now: seconds that only ever rise.
        sleep: how to wait between attempts.
    """

    def __init__(
        self,
        account: SpendeskAccount,
        *,
        transport: httpx.BaseTransport | None = None,
        limits: CallLimits | None = None,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.account = account
        self._http = open_client(account, httpx.Timeout(TIMEOUT_S), transport)
        self._limits = limits or CallLimits(calls_per_minute=account.calls_per_minute)
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()
        self._token: tuple[Secret, float] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to Spendesk."""
        self._http.close()

    def get(
        self, path: str, params: Mapping[str, str] | None = None, *, patience_s: float | None = None
    ) -> dict[str, Any]:
        """Return the JSON object at a path such as `/v1/suppliers`.

        Args:
            path: below the base URL.
            params: the query.
            patience_s: how long to wait for a call to be left; None: as long as the limits of this client do.

        Raises:
            RetryLaterError: the calls are used up, or Spendesk does not answer.
            ConfigurationError: credentials, scopes or the address are wrong.
            DefectError: Spendesk does not understand us, or we don't understand Spendesk.
        """
        return self._again_if_away(lambda: self._call("GET", path, params=params, patience_s=patience_s))

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a body; for what may be said twice without harm. Errors as `get`."""
        return self._again_if_away(lambda: self._call("POST", path, body=body))

    def put(self, path: str, body: Mapping[str, Any], *, patience_s: float | None = None) -> None:
        """Set something; patience and errors as `get`."""
        self._again_if_away(lambda: self._call("PUT", path, body=body, patience_s=patience_s))

    def list(self, path: str, params: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the records of all pages of a list; each page is a call. Errors as `get`."""
        seen = 0
        for page in range(1, _LONGEST_LIST):
            records, total = page_of(self.get(path, {**(params or {}), "page": str(page)}))
            yield from records
            seen += len(records)
            if not records or seen >= total:
                return

    def download(self, url: str) -> bytes:
        """Return a receipt. Its address is signed and may lie on another host, so our token does not go along.

        Raises:
            SpendeskUnavailableError: it cannot be fetched now; its address may have run out.
            DefectError: it is larger than any receipt.
        """
        return self._again_if_away(lambda: self._download(url))

    def _again_if_away(self, call: Callable[[], T]) -> T:
        retrying = Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential_jitter(multiplier=0.5, max=8.0),
            retry=retry_if_exception_type(SpendeskUnavailableError),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(call)

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        patience_s: float | None = None,
    ) -> dict[str, Any]:
        response = self._authorised(method, path, params, body, patience_s)
        if response.status_code == 401:
            with self._lock:
                self._token = None
            response = self._authorised(method, path, params, body, patience_s)
        check_answer(response, path, self.account.connection_id)
        return _parse(response, path)

    def _authorised(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
        patience_s: float | None,
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._access_token().reveal()}"}
        url = f"{self.account.base_url}{path}"
        request = self._http.build_request(method, url, params=params, json=body, headers=headers)
        with self._limits.call(patience_s=patience_s):
            response = self._send(request, path)
        if response.status_code == 429:
            self._limits.pause(reset_s(response))
            raise throttled(response)
        if response.headers.get("x-ratelimit-remaining") == "0":
            self._limits.pause(reset_s(response))
        return response

    def _access_token(self) -> Secret:
        with self._lock:
            if self._token is None or self._token[1] <= self._now():
                self._token = self._fetch_token()
            return self._token[0]

    def _fetch_token(self) -> tuple[Secret, float]:
        account = self.account
        body = {"grant_type": "client_credentials", "scope": " ".join(account.scopes)}
        url = f"{account.base_url}{TOKEN_PATH}"
        credentials = f"{account.client_id}:{account.client_secret.reveal()}".encode()
        headers = {"Authorization": f"Basic {b64encode(credentials).decode()}"}
        response = self._send(self._http.build_request("POST", url, json=body, headers=headers), TOKEN_PATH)
        check_answer(response, TOKEN_PATH, account.connection_id)
        answer = _parse(response, TOKEN_PATH)
        try:
            lifetime_s = float(answer.get("expires_in") or USUAL_LIFETIME_S)
            return Secret(str(answer["access_token"])), self._now() + lifetime_s - TOKEN_MARGIN_S
        except (KeyError, TypeError, ValueError):
            raise DefectError("Spendesk's answer holds no token.") from None

    def _send(self, request: httpx.Request, path: str) -> httpx.Response:
        try:
            return receive(self._http, request, within_s=ANSWER_S)
        except httpx.HTTPError as error:
            raise unreachable(error, path) from None

    def _download(self, url: str) -> bytes:
        try:
            request = self._http.build_request("GET", url)
        except httpx.InvalidURL:
            raise DefectError("Spendesk's address of a receipt is no address.") from None
        if request.url.scheme != "https" and _origin(request.url) != _origin(httpx.URL(self.account.base_url)):
            raise DefectError("Spendesk's address of a receipt is not https.")
        try:
            response = receive(self._http, request, within_s=ANSWER_S, longest=LARGEST_RECEIPT)
        except TooLongError:
            raise DefectError(f"A receipt is larger than {LARGEST_RECEIPT // 2**20} MB.") from None
        except httpx.HTTPError as error:
            raise unreachable(error, "the address of a receipt") from None
        if not response.is_success:
            raise unavailable(f"Spendesk answered {response.status_code} to the address of a receipt.")
        return response.content


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def page_of(answer: dict[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """Return the records of one page of a list, and how many the list has.

    Raises:
        DefectError: the answer is no page.
    """
    try:
        records, total = list(answer["data"]), int(answer["meta"]["pagination"]["total"])
    except (KeyError, TypeError, ValueError, OverflowError):
        raise DefectError("Spendesk's answer is no page of a list.") from None
    if not all(isinstance(record, dict) for record in records):
        raise DefectError("Spendesk's answer is no list of records.")
    return records, total


def _parse(response: httpx.Response, path: str) -> dict[str, Any]:
    if not response.content:
        return {}
    try:
        answer = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        raise unavailable(f"Spendesk's answer to {path} is not JSON.") from None
    if not isinstance(answer, dict):
        raise DefectError(f"Spendesk's answer to {path} is not an object.")
    return answer
