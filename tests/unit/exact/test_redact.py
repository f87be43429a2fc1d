from __future__ import annotations

import io
import logging
import subprocess
import sys
from base64 import b64encode
from collections import deque
from urllib.parse import quote
from weakref import WeakValueDictionary

import httpx
import pytest

from exactsync import secret
from exactsync.exact import oauth
from exactsync.exact.redact import RedactingFilter, redact
from exactsync.secret import Secret

VALUE = "tök+en/with=odd&chars"


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> Secret:
    """The only secret that the process knows: another test's might stand in an ordinary word."""
    monkeypatch.setattr(secret, "_in_use", WeakValueDictionary())
    monkeypatch.setattr(secret, "_latest", deque(maxlen=secret.REMEMBERED_SECRETS))
    return Secret(VALUE)


def test_a_secret_in_use_is_found_however_many_came_after_it(known):
    for number in range(2 * secret.REMEMBERED_SECRETS):
        Secret(f"of the past {number}")
    assert redact(f"before {known.reveal()} after") == "before *** after"


def test_a_secret_that_nobody_holds_any_more_is_still_found_while_it_is_young():
    Secret("an older token pair")
    assert redact("of an older token pair") == "of ***"


@pytest.mark.parametrize("spelling", [VALUE, quote(VALUE, safe=""), b64encode(VALUE.encode()).decode()])
def test_a_secret_is_found_in_each_spelling(spelling):
    assert redact(f"before {spelling} after").startswith("before ***")
    assert spelling not in redact(f"before {spelling} after")


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Authorization: Bearer stranger.token-1", "Authorization: Bearer ***"),
        ("https://x/cb?code=stamp.abc&state=1", "https://x/cb?code=***&state=1"),
        ("grant_type=refresh_token&refresh_token=zzz", "grant_type=refresh_token&refresh_token=***"),
        ('{"access_token": "zzz", "expires_in": "600"}', '{"access_token": "***", "expires_in": "600"}'),
        ("{'client_secret': 'zzz'}", "{'client_secret': '***'}"),
        ("postgresql://me:zzz@db:5432/x", "postgresql://me:***@db:5432/x"),
    ],
)
def test_a_strangers_secret_is_found_by_its_place(text, clean):
    assert redact(text) == clean


@pytest.mark.parametrize(
    "text", ["code 4000: Bank", '{"error":{"code":"","message":{}}}', "a bearer of news", "GET /api?$select=Code"]
)
def test_harmless_text_is_left_alone(text):
    assert redact(text) == text


def test_the_filter_cleans_message_arguments_and_traceback():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter())
    logger = logging.getLogger("exactsync.test.redact")
    logger.propagate = False
    logger.addHandler(handler)
    try:
        int(VALUE)
    except ValueError:
        logger.exception("got %s and %d", VALUE, 5, stack_info=True)
    assert "got *** and 5" in stream.getvalue()
    assert "invalid literal for int() with base 10: '***'" in stream.getvalue()
    assert VALUE not in stream.getvalue()


def test_installed_redaction_covers_debug_logs_of_the_http_library_and_uncaught_errors(app):
    script = f"""
import logging, sys, threading
from exactsync.secret import Secret
from exactsync.exact.redact import install_redaction
install_redaction(); install_redaction()
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
secret = Secret({VALUE!r})
logging.getLogger("httpcore.http11").debug("headers %r", [(b"Authorization", "Bearer " + secret.reveal())])
logging.getLogger("any").info("as %(name)s", {{"name": secret.reveal()}})
thread = threading.Thread(target=lambda: int(secret.reveal()))
thread.start(); thread.join()
raise RuntimeError("with " + secret.reveal())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    assert "Bearer ***" in done.stdout
    assert "as ***" in done.stdout
    assert "base 10: '***'" in done.stderr
    assert "RuntimeError: with ***" in done.stderr
    assert VALUE not in done.stdout + done.stderr


def test_a_token_answer_leaves_nothing_readable_in_debug_logs(app, caplog):
    body = {"access_token": "new-access-token", "refresh_token": "new-refresh-token", "expires_in": "600"}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=body))
    with caplog.at_level(logging.DEBUG):
        oauth.refresh(app, Secret("old-refresh-token"), transport)
    for needle in ("new-access-token", "new-refresh-token", "old-refresh-token", app.client_secret.reveal()):
        assert needle not in caplog.text


def test_a_secret_at_the_end_of_what_exact_said_is_redacted_before_it_is_cut(app):
    token = Secret("x" * 200)
    refusal = {"error": "invalid_grant", "error_description": "y" * 250 + token.reveal()}
    transport = httpx.MockTransport(lambda _request: httpx.Response(400, json=refusal))
    with pytest.raises(oauth.EndedError) as ended:
        oauth.refresh(app, token, transport)
    assert "xxx" not in str(ended.value)
