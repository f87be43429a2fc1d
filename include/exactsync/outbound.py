"""How calls leave this house, and answers enter it: a client for each service, and an end to every answer."""

from __future__ import annotations

import ssl
from contextlib import closing, contextmanager
from contextvars import ContextVar
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

import httpx

from exactsync.deadline import bound, within
from exactsync.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LONGEST_ANSWER: Final = 64 * 2**20
"""Bytes, unpacked. The longest that is known, a page of 1,000 relations with every property, has less than 8 MB."""

_OF_THE_WIRE: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_PUBLIC: Final = (".exactonline.", ".spendesk.com")
_NO_COOKIES: Final = DefaultCookiePolicy(allowed_domains=())

_on_sent: ContextVar[Callable[[], None] | None] = ContextVar("on_sent", default=None)


class GivenUpError(httpx.TransportError):
    """An answer that came on and on, and was not waited for any longer; the text says how long it was waited for."""


class TooLongError(GivenUpError):
    """An answer of more bytes than the service can have to say."""


class Service(Protocol):
    """Where calls go, as a connection describes it."""

    @property
    def connection_id(self) -> str:
        """The connection, for messages."""

    @property
    def base_url(self) -> str:
        """Scheme and host."""

    @property
    def verify(self) -> bool | str:
        """Whether the server's certificate is checked, or the path of the certificates to check it with."""

    @property
    def proxy(self) -> str | None:
        """The proxy to go through."""


def open_client(service: Service, timeout: httpx.Timeout, transport: httpx.BaseTransport | None) -> httpx.Client:
    """Return an HTTP client with the service's certificate and proxy settings; it follows no redirect, keeps no cookie.

    A given transport is used as it is, and left open: it belongs to whoever made it.

    Raises:
        ConfigurationError: tokens would go to Exact or Spendesk in the clear, or to whoever says to be them.
    """
    _require_safe(service)
    if transport is not None:
        client = httpx.Client(transport=_Borrowed(transport), timeout=timeout)
    else:
        given = service.verify
        verify = ssl.create_default_context(cafile=given) if isinstance(given, str) else given
        client = bound(httpx.Client(verify=verify, proxy=service.proxy, timeout=timeout))
    client.cookies.jar.set_policy(_NO_COOKIES)
    return client


def _require_safe(service: Service) -> None:
    url = urlsplit(service.base_url)
    host = (url.hostname or "").lower()
    if any(domain in f".{host}" for domain in _PUBLIC) and (url.scheme != "https" or service.verify is False):
        raise ConfigurationError(
            f"Connection {service.connection_id} would send tokens to {host} without checking who answers.",
            remedy="Use https, and give the extra `verify` the file of your own certificate authority if there is one.",
        )


@contextmanager
def telling(on_sent: Callable[[], None]) -> Iterator[None]:
    """Call `on_sent` whenever this thread has sent a request meanwhile, and begins to wait for the answer."""
    reset = _on_sent.set(on_sent)
    try:
        yield
    finally:
        _on_sent.reset(reset)


def receive(
    client: httpx.Client, request: httpx.Request, *, within_s: float, longest: int = LONGEST_ANSWER
) -> httpx.Response:
    """Return the answer with its whole body.

    httpx bounds each silence, not their sum, and no length: an answer that drips, in its head or body, or never ends,
    would hold the process, or fill its memory.

    Raises:
        GivenUpError: it was not complete after `within_s`.
        TooLongError: it has more than `longest` bytes.
        httpx.TransportError: no answer, or not all of it.
    """
    if tell := _on_sent.get():
        request.extensions["trace"] = partial(_tell_sent, tell)
    ends_at, body = monotonic() + within_s, bytearray()
    late = GivenUpError(f"An answer was not complete after {within_s:.0f} s", request=request)
    try:
        with within(within_s), closing(client.send(request, stream=True)) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > longest:
                    raise TooLongError(f"An answer of more than {longest / 2**20:.0f} MB is none", request=request)
                if monotonic() > ends_at:
                    raise late
    except httpx.ReadTimeout:
        if monotonic() < ends_at:
            raise  # a silence that was too long by itself
        raise late from None
    headers = [(name, value) for name, value in response.headers.items() if name not in _OF_THE_WIRE]
    return httpx.Response(response.status_code, headers=headers, content=bytes(body), request=request)


def _tell_sent(tell: Callable[[], None], event: str, _: Mapping[str, Any]) -> None:
    """Take what httpcore tells of a request's progress."""
    if event.endswith(".send_request_body.complete"):
        tell()


class _Borrowed(httpx.BaseTransport):
    """A transport that outlives the client using it."""

    def __init__(self, lender: httpx.BaseTransport) -> None:
        self._lender = lender

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._lender.handle_request(request)
