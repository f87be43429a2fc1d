"""Addresses of Exact's own screens, which people open in a browser."""

from __future__ import annotations

import re
from typing import Final

_SCREEN: Final = re.compile(
    r"https://(start\.exactonline\.(?:nl|be|fr|de|es|co\.uk|com))/[\w./?&=%~,;:+!*()@$#{}-]*", re.ASCII
)
"""No user before the host, no blank, backslash, quote or control character: what browsers read otherwise than we do."""
LONGEST: Final = 2_000


def is_screen(url: object, host: str | None = None) -> bool:
    """Whether something is an https address at Exact that may become a link.

    Args:
        url: what somebody says is one.
        host: which of Exact's hosts; None: any of them.
    """
    match = _SCREEN.fullmatch(url) if isinstance(url, str) and len(url) <= LONGEST else None
    return match is not None and (host is None or match[1] == host)
