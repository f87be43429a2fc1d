"""Keep secrets out of every text that leaves the process: messages, logs (DEBUG too) and tracebacks.

Two nets, one under the other: every `Secret` this process has made is blanked out in each spelling it may take, and so
is whatever stands where Exact's protocol puts a secret.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from typing import Any, Final

from exactsync.secret import known_secrets

MASK: Final = "***"

_NAMES = r"access_token|refresh_token|client_secret|code|password|id_token"
_PATTERNS: Final = (
    # Authorization: Bearer …, Basic …
    re.compile(r"(?P<kept>\b(?:bearer|basic)\s+)[A-Za-z0-9+/=._~%-]{8,}", re.IGNORECASE),
    # ?code=…&…, grant_type=…&refresh_token=…
    re.compile(rf"(?P<kept>(?:^|[?&\s'\"])(?:{_NAMES})=)[^&\s'\"#]+", re.IGNORECASE),
    # {"access_token": "…"}
    re.compile(rf"(?P<kept>[\"'](?:{_NAMES})[\"']\s*:\s*b?[\"'])[^\"']+", re.IGNORECASE),
    # scheme://user:password@host
    re.compile(r"(?P<kept>[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s/@]+(?=@)", re.IGNORECASE),
)


def redact(text: str) -> str:
    """Return the text with every secret in it replaced by `***`."""
    for secret in known_secrets():
        if secret in text:
            text = text.replace(secret, MASK)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<kept>{MASK}", text)
    return text


class RedactingFilter(logging.Filter):
    """Take secrets out of each record's message, arguments and traceback; drops no record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record where it holds a secret, and let it pass."""
        message = record.getMessage()
        clean = redact(message)
        if clean != message:
            record.msg, record.args = clean, ()
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = redact("".join(traceback.format_exception(*record.exc_info)).rstrip())
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True


def install_redaction() -> None:
    """Redact every record of the standard logging from now on, whichever logger and handler it takes.

    Also redacts the traceback of an exception that nobody catches, in any thread. Calling it again changes nothing.
    """
    make_record = logging.getLogRecordFactory()
    if isinstance(make_record, _RedactedRecords):
        return
    logging.setLogRecordFactory(_RedactedRecords(make_record))
    sys.excepthook = _print_redacted
    threading.excepthook = _print_redacted_of_thread


class _RedactedRecords:
    """A log record factory whose records hold no secret."""

    def __init__(self, make_record: Any) -> None:
        self._make_record = make_record
        self._filter = RedactingFilter()

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record: logging.LogRecord = self._make_record(*args, **kwargs)
        self._filter.filter(record)
        return record


def _print_redacted(kind: Any, error: BaseException, trace: Any) -> None:
    sys.stderr.write(redact("".join(traceback.format_exception(kind, error, trace))))


def _print_redacted_of_thread(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None and not issubclass(failed.exc_type, SystemExit):
        _print_redacted(failed.exc_type, failed.exc_value, failed.exc_traceback)
