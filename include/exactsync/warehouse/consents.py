"""Consents that are asked for at Exact: each state is good once, for ten minutes, for the person who asked.

Only a hash of the state is kept: who reads the table cannot complete another's consent.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from exactsync.errors import ConsentError

if TYPE_CHECKING:
    from sqlalchemy import Engine

LIFE_S: Final = 600.0
KEPT_DAYS: Final = 1
"""How long a state is remembered, to tell an old one from an invented one."""


def ask(engine: Engine, integration: str, *, actor: str) -> str:
    """Return a new state for a consent of this person to this integration."""
    state = secrets.token_urlsafe(32)
    with engine.begin() as connection:
        connection.execute(_FORGET, {"days": KEPT_DAYS})
        connection.execute(_ASK, {"hash": _hash(state), "integration": integration, "actor": actor, "life_s": LIFE_S})
    return state


def take(engine: Engine, state: str, *, actor: str) -> str:
    """Use a state up and return the integration it belongs to.

    Raises:
        ConsentError: the state is not known, is used or over, or belongs to another person (and stays theirs).
    """
    values = {"hash": _hash(state), "actor": actor}
    with engine.begin() as connection:
        integration = connection.scalar(_TAKE, values)
        found = None if integration else connection.execute(_LOOK, values).one_or_none()
    if integration:
        return str(integration)
    if found is None:
        raise ConsentError("Nobody here has asked for this consent.", reason="state_unknown")
    if found.actor != actor:
        raise ConsentError("Another person has asked for this consent.", reason="state_foreign")
    if found.used_at is not None:
        raise ConsentError("This answer of Exact has been used already.", reason="state_used")
    raise ConsentError("This consent took longer than ten minutes.", reason="state_expired")


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode(errors="surrogatepass")).hexdigest()


_FORGET = text("DELETE FROM exactsync.consents WHERE expires_at < clock_timestamp() - make_interval(days => :days)")

_ASK = text("""
INSERT INTO exactsync.consents (state_hash, integration, actor, expires_at)
VALUES (:hash, :integration, :actor, clock_timestamp() + make_interval(secs => :life_s))
""")

_TAKE = text("""
UPDATE exactsync.consents SET used_at = clock_timestamp()
WHERE state_hash = :hash AND actor = :actor AND used_at IS NULL AND expires_at > clock_timestamp()
RETURNING integration
""")

_LOOK = text("SELECT actor, used_at FROM exactsync.consents WHERE state_hash = :hash")
