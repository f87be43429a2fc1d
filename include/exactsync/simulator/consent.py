"""The pages that a person sees while authorising an app."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exactsync.simulator.settings import RegisteredApp, User

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; background: #f2f4f7; color: #1d2733; margin: 0 }}
  main {{ max-width: 26rem; margin: 12vh auto; background: #fff; padding: 2rem; border-radius: 8px }}
  h1 {{ font-size: 1.3rem; margin: 0 0 1rem }}
  button {{ font: inherit; padding: .5rem 1.4rem; margin-right: .6rem; border-radius: 4px; border: 1px solid #c3cad3 }}
  button[value=allow] {{ background: #c8102e; border-color: #c8102e; color: #fff }}
</style>
<main>{content}</main>
</html>
"""
_CONSENT = """
<h1>{app} wants to use Exact Online (simulated)</h1>
<p>You are logged in as {user}. The app may read and write the companies that you have permitted to it.</p>
<form method="post" action="/api/oauth2/auth">
{fields}
<button id="allow" name="decision" value="allow">Allow</button>
<button id="deny" name="decision" value="deny">Deny</button>
</form>
"""
CARRIED_FIELDS = ("client_id", "redirect_uri", "response_type", "state")


def consent_page(app: RegisteredApp, user: User, parameters: Mapping[str, str]) -> str:
    """Return the page on which the user allows the app, or doesn't."""
    fields = "\n".join(
        f'<input type="hidden" name="{name}" value="{escape(parameters[name])}">'
        for name in CARRIED_FIELDS
        if name in parameters
    )
    content = _CONSENT.format(app=escape(app.name), user=escape(user.name), fields=fields)
    return _PAGE.format(title="Authorise", content=content)


def refusal_page(text: str) -> str:
    """Return the page that says why there is nothing to allow."""
    return _PAGE.format(title="Refused", content=f"<h1>Not possible</h1><p>{escape(text)}</p>")
