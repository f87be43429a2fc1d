"""Texts that must not be read: they show themselves only when asked to, and the process knows how to find them."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from collections import deque
from hmac import compare_digest
from typing import Final
from urllib.parse import quote, quote_plus
from weakref import WeakValueDictionary

REMEMBERED_SECRETS: Final = 512
"""How many of the latest secrets are still looked for in texts once nobody holds them."""
SHORTEST_REDACTABLE: Final = 6  # shorter values would blank out ordinary words

_in_use: WeakValueDictionary[int, Secret] = WeakValueDictionary()
_latest: deque[tuple[str, ...]] = deque(maxlen=REMEMBERED_SECRETS)


def known_secrets() -> list[str]:
    """Return every spelling (raw, percent-encoded, base64) of this process's secrets, longest first.

    These are the secrets that something still holds, however old they are, and the latest of the others.
    """
    held = [secret for secret in (held() for held in _in_use.valuerefs()) if secret is not None]
    spelt = {*_latest.copy(), *(secret.spellings for secret in held)}
    return sorted({text for spellings in spelt for text in spellings}, key=len, reverse=True)


class Secret:
    """A text that shows itself only when asked to: `str`, `repr` and format give `***`."""

    __slots__ = ("__weakref__", "_value", "spellings")

    def __init__(self, value: str) -> None:
        self._value = value
        self.spellings = _spellings(value)
        _in_use[id(self)] = self
        if self.spellings not in _latest:
            _latest.append(self.spellings)

    def reveal(self) -> str:
        """Return the text, for the one place that must send or encrypt it."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)


def _spellings(value: str) -> tuple[str, ...]:
    """Return how `value` may be spelled in a log, so that it can be found and removed there."""
    if len(value) < SHORTEST_REDACTABLE:
        return ()
    raw = value.encode()
    plain = (value, quote(value, safe=""), quote_plus(value))
    encoded = (encode(raw).decode().rstrip("=") for encode in (b64encode, urlsafe_b64encode))
    return tuple(dict.fromkeys((*plain, *encoded)))
