"""Change requests come from our own page, and from nowhere else.

The session is a cookie, which a browser also sends along with what other sites make it ask for. So the browser has to
say that the request is our page's own, in one of the headers that no site can forge, and the body has to be JSON, which
no form can send.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from fastapi import HTTPException, Request, status

from exactsync_airflow.accounting_setup.links import base_url
from exactsync_airflow.accounting_setup.refusals import ForeignPageError

_OWN: Final = "same-origin"
_FOREIGN: Final = {"cross-site", "same-site"}


def require_own_page(request: Request) -> None:
    """Refuse a change that another site, or nobody knows who, asks for, or that is not JSON."""
    site = request.headers.get("sec-fetch-site")  # old browsers, and all where Airflow is served without TLS, omit it
    origin = request.headers.get("origin")
    is_own = (site or origin) and (site in {None, _OWN}) and (origin is None or _is_ours(origin, request))
    if not is_own:
        raise ForeignPageError("Changes are taken from our own page only.")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(status.HTTP_415_UNSUPPORTED_MEDIA_TYPE, "Changes are taken as application/json only.")


def refuse_foreign_page(request: Request) -> None:
    """Refuse what another site makes a browser ask for; a person who types the address may have it."""
    if request.headers.get("sec-fetch-site") in _FOREIGN:
        raise ForeignPageError("Other sites get no answer.")


def _is_ours(origin: str, request: Request) -> bool:
    """Compare with the configured address, or with the host the browser asked (a proxy may have ended its TLS)."""
    given, configured = urlsplit(origin), urlsplit(base_url(request))
    return (given.scheme, given.netloc) == (configured.scheme, configured.netloc) or bool(
        given.netloc and given.netloc == request.headers.get("host")
    )
