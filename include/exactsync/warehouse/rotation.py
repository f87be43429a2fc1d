"""Encrypt every stored token with the first key, while workers go on using and refreshing them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from exactsync.errors import ConfigurationError, DefectError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from exactsync.warehouse.keys import KeyRing

ATTEMPTS: Final = 10
"""How often a grant may be refreshed under our hands; refreshes are minutes apart."""

_READ = text("SELECT generation, access_token, refresh_token FROM exactsync.grants WHERE id = :id")

_RENEW = text("""
UPDATE exactsync.grants SET access_token = :access, refresh_token = :refresh
WHERE id = :id AND generation = :generation AND refresh_token = :former
""")


@dataclass(slots=True, kw_only=True)
class Rotation:
    """What became of each grant, by its id."""

    renewed: list[int] = field(default_factory=list)
    """Encrypted with the first key now, by us."""
    current: list[int] = field(default_factory=list)
    """Encrypted with the first key already."""
    unreadable: list[int] = field(default_factory=list)
    """Opened by none of the keys; left as they are."""


def rotate_keys(engine: Engine, keys: KeyRing) -> Rotation:
    """Encrypt every grant's tokens with the first key; nothing that is refreshed meanwhile gets lost."""
    rotation = Rotation()
    with engine.connect() as connection:
        grant_ids = connection.scalars(text("SELECT id FROM exactsync.grants ORDER BY id")).all()
    for grant_id in grant_ids:
        try:
            outcome = _renew(engine, keys, grant_id)
        except ConfigurationError:
            outcome = "unreadable"
        if outcome:
            getattr(rotation, outcome).append(grant_id)
    return rotation


def _renew(engine: Engine, keys: KeyRing, grant_id: int) -> str:
    """Encrypt one grant anew, by compare-and-set: a pair that a worker has just stored is read again.

    Returns the list of `Rotation` that the grant belongs to; empty if it is gone.
    """
    for _ in range(ATTEMPTS):
        with engine.begin() as connection:
            row = connection.execute(_READ, {"id": grant_id}).one_or_none()
            if row is None:
                return ""
            renewed = {"access": keys.renew(row.access_token), "refresh": keys.renew(row.refresh_token)}
            if renewed == {"access": row.access_token, "refresh": row.refresh_token}:
                return "current"
            known = {"id": grant_id, "generation": row.generation, "former": row.refresh_token}
            if connection.execute(_RENEW, renewed | known).rowcount:
                return "renewed"
    raise DefectError(f"Grant {grant_id} changes faster than it can be encrypted anew.")
