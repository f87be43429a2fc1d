"""Where Exact's login leads back to: a person's browser brings the code of their consent, or the reason why not.

The person must be logged in to Airflow here, and the one who began: the state in the address is theirs, serves once
and for minutes. Whoever is not logged in is told so before anything is looked at, so that logging in and reloading
goes on where it stopped. Nothing that came with the address is ever shown, and the only way on is our own page.
"""

from __future__ import annotations

import logging
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import unquote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from exactsync.errors import ExactSyncError
from exactsync.exact.redact import redact
from exactsync.warehouse.engine import clear_outages
from exactsync_airflow.accounting_setup import installation
from exactsync_airflow.accounting_setup.headers import INERT
from exactsync_airflow.accounting_setup.links import CALLBACK_PATH, page_location, root_path
from exactsync_airflow.accounting_setup.permissions import SYNC, Visitor
from exactsync_airflow.accounting_setup.refusals import log_defect, reason_of
from exactsync_airflow.accounting_setup.schedule import start_run_if_due

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser

log = logging.getLogger(__name__)
router = APIRouter()

_STYLE: Final = """
:root { color-scheme: light dark }
body { font: 1rem/1.6 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto; padding: 0 1.5rem }
h1 { font-size: 1.4rem }
"""
_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
<h1>{title}</h1>
{content}
</html>
"""
_POLICY: Final = f"{INERT}; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"

_LOG_IN: Final = """
<p>Exact Online has led you back to Airflow, but this browser is not logged in to Airflow at this address. Nothing is
lost:</p>
<ol>
<li><a href="{airflow}" target="_blank" rel="noopener">Log in to Airflow</a>; it opens in a new tab.</li>
<li>Come back to this tab and reload it, within three minutes of your consent.</li>
</ol>
<p>If that was too long ago, open <a href="{page}">Accounting setup</a> and authorise again.</p>
"""
_ASK: Final = """
<p>You are logged in, but you may not edit the DAG <code>exact_online_sync</code>, and only those who may can connect
Exact Online. Ask whoever administers Airflow for that right, or log in as somebody who has it, and authorise again.</p>
<p><a href="{airflow}">Back to Airflow</a></p>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What Exact's redirect carries."""

    state: str
    code: str | None
    error: str | None


def read_answer(request: Request) -> Answer:
    """Take what Exact's redirect carries out of the request: the code is a secret, and requests are logged.

    Decoded once, and a plus sign is no blank, see `exactsync.exact.oauth.exchange_code`.
    """
    pairs = (part.partition("=") for part in request.scope["query_string"].decode("latin-1").split("&"))
    given = {name: unquote(value) for name, _, value in pairs}
    request.scope["query_string"] = b""
    return Answer(state=given.get("state", ""), code=given.get("code") or None, error=given.get("error") or None)


@router.get(CALLBACK_PATH)
def oauth_callback(request: Request, answer: Annotated[Answer, Depends(read_answer)], user: Visitor) -> Response:
    """Complete the consent and lead to the page; a visitor who may not is told what to do."""
    if user is None:
        return _explain(request, HTTPStatus.UNAUTHORIZED, "You are not logged in to Airflow", _LOG_IN)
    if not SYNC.may_act(user):
        return _explain(request, HTTPStatus.FORBIDDEN, "You may not connect Exact Online", _ASK)
    location = page_location(request, **_complete(answer, user))
    return RedirectResponse(location, status_code=int(HTTPStatus.SEE_OTHER))


def _complete(answer: Answer, user: BaseUser) -> dict[str, str]:
    """Return what the page is told: the connection that was authorised, or the problem by its name."""
    actor = user.get_name()
    try:
        with clear_outages():
            setup = installation.deployment().setup
            info = setup.complete_consent(state=answer.state, code=answer.code, error=answer.error, actor=actor)
    except ExactSyncError as error:
        log.warning("A consent was not completed: %s", redact(str(error)))
        name = error.location.integration
        return {"connection": name, "problem": reason_of(error)} if name else {"problem": reason_of(error)}
    except Exception as error:  # a person who comes back from Exact must not end at a page of JSON
        log_defect(error)
        return {"problem": "defect"}
    start_run_if_due(setup, info, user_name=actor)
    return {"connection": info.name}


def _explain(request: Request, status: HTTPStatus, title: str, content: str) -> HTMLResponse:
    content = content.format(airflow=root_path(request), page=page_location(request))
    page = _PAGE.format(title=title, style=_STYLE, content=content)
    return HTMLResponse(page, status_code=int(status), headers={"Content-Security-Policy": _POLICY})
