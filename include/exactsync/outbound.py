"""How calls leave this house: one HTTP client for each service, with its certificates and its proxy."""

from __future__ import annotations

import ssl
from http.cookiejar import DefaultCookiePolicy
from typing import Final, Protocol

import httpx

_NO_COOKIES: Final = DefaultCookiePolicy(allowed_domains=())


class Service(Protocol):
    """Where calls go, as a connection describes it."""

    @property
    def verify(self) -> bool | str:
        """Whether the server's certificate is checked, or the path of the certificates to check it with."""

    @property
    def proxy(self) -> str | None:
        """The proxy to go through."""


def open_client(service: Service, timeout: httpx.Timeout, transport: httpx.BaseTransport | None) -> httpx.Client:
    """Return an HTTP client with the service's certificate and proxy settings; it follows no redirect, keeps no cookie.

    A given transport is used as it is, and left open: it belongs to whoever made it.
    """
    if transport is not None:
        client = httpx.Client(transport=_Borrowed(transport), timeout=timeout)
    else:
        given = service.verify
        verify = ssl.create_default_context(cafile=given) if isinstance(given, str) else given
        client = httpx.Client(verify=verify, proxy=service.proxy, timeout=timeout)
    client.cookies.jar.set_policy(_NO_COOKIES)
    return client


class _Borrowed(httpx.BaseTransport):
    """A transport that outlives the client using it."""

    def __init__(self, lender: httpx.BaseTransport) -> None:
        self._lender = lender

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._lender.handle_request(request)
