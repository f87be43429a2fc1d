"""Where grants live: one encrypted row each, changed only by compare-and-set on its generation.

Every change is one statement in a transaction of its own, timed by the database's clock. Where a fact could be known a
little too early or too late, the row errs on the safe side: a token's life counts from when it was asked for, the wait
for the next one from when it was stored.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from exactsync.credentials import NOBODY, App, Claim, EndReason, Grant, TokenPair, User
from exactsync.errors import ConfigurationError
from exactsync.warehouse.instance import read_instance_id
from exactsync.warehouse.keys import KeyRing
from exactsync.warehouse.rotation import Rotation, rotate_keys

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Engine, Row

REFRESHABLE_SHARE: Final = 0.95
"""Exact refuses a refresh before this share of the access token's life: 570 of 600 s."""
STORE_PATIENCE_S: Final = 60.0
"""How long a new pair is held while the database is away: it exists nowhere else."""

CLIENT_PAUSE_H: Final = 1
"""For how long credentials that Exact refused are not shown to it again: refusals count as errors (KB-limits)."""

_READ = f"""
SELECT *, clock_timestamp() AS read_at,
       CASE WHEN client_refused_at > clock_timestamp() - interval '{CLIENT_PAUSE_H} hours'
            THEN client_refused END AS refused_client,
       EXISTS (SELECT FROM exactsync.grants AS other
               WHERE other.id <> grants.id AND other.user_id = grants.user_id
                 AND substring(other.app_key FROM '[^/]*$') = substring(grants.app_key FROM '[^/]*$')
                 AND other.consented_at > grants.obtained_at) AS is_replaced
FROM exactsync.grants
"""

_SAVE_CONSENT = text(f"""
INSERT INTO exactsync.grants AS grants (
    connection_id, app_key, user_id, user_name, instance_id, generation, access_token, refresh_token, lifetime_s,
    consented_at, obtained_at, refreshable_at, expires_at, status)
VALUES (
    :connection_id, :app_key, :user_id, :user_name, :instance_id, 1, :access, :refresh, :lifetime_s,
    clock_timestamp(), clock_timestamp(),
    clock_timestamp() + make_interval(secs => :lifetime_s * {REFRESHABLE_SHARE}),
    CAST(:requested_at AS timestamptz) + make_interval(secs => :lifetime_s),
    'active')
ON CONFLICT (app_key, user_id) DO UPDATE SET
    connection_id = excluded.connection_id, user_name = excluded.user_name, instance_id = excluded.instance_id,
    generation = grants.generation + 1,
    access_token = excluded.access_token, refresh_token = excluded.refresh_token,
    lifetime_s = excluded.lifetime_s, consented_at = excluded.consented_at, obtained_at = excluded.obtained_at,
    refreshable_at = excluded.refreshable_at, expires_at = excluded.expires_at,
    status = 'active', reason = NULL, client_refused = NULL, client_refused_at = NULL,
    intent_owner = NULL, intent_expires_at = NULL, intent_is_probe = false
RETURNING id
""")

_CLAIM = text("""
UPDATE exactsync.grants SET
    instance_id = :instance_id,
    intent_is_probe = intent_owner IS NOT NULL,
    probes = probes + (intent_owner IS NOT NULL)::integer,
    refreshable_at = CASE WHEN intent_owner IS NULL THEN clock_timestamp() ELSE refreshable_at END,
    intent_owner = :owner,
    intent_expires_at = clock_timestamp() + make_interval(secs => :lease_s)
WHERE id = :id AND generation = :generation AND status = 'active'
  AND coalesce(instance_id, :instance_id) = :instance_id
  AND refreshable_at <= clock_timestamp()
  AND (intent_expires_at IS NULL OR intent_expires_at <= clock_timestamp())
RETURNING refresh_token, intent_is_probe, clock_timestamp() AS claimed_at
""")

_SAVE_REFRESH = text(f"""
UPDATE exactsync.grants SET
    generation = generation + 1,
    access_token = :access, refresh_token = :refresh, lifetime_s = :lifetime_s,
    obtained_at = clock_timestamp(),
    refreshable_at = clock_timestamp() + make_interval(secs => :lifetime_s * {REFRESHABLE_SHARE}),
    expires_at = CAST(:claimed_at AS timestamptz) + make_interval(secs => :lifetime_s),
    status = 'active', reason = NULL, client_refused = NULL, client_refused_at = NULL,
    intent_owner = NULL, intent_expires_at = NULL, intent_is_probe = false,
    refreshes = refreshes + 1
WHERE id = :id AND generation = :generation
""")

# A probe that found nothing out leaves the question open for the next one.
_RELEASE = text("""
UPDATE exactsync.grants SET
    refreshable_at = CASE WHEN :share > 0 THEN clock_timestamp() + make_interval(secs => lifetime_s * :share)
                          ELSE refreshable_at END,
    probes = probes - (intent_is_probe AND :share = 0)::integer,
    client_refused = :client_refused,
    client_refused_at = CASE WHEN :client_refused IS NOT NULL THEN clock_timestamp() END,
    intent_owner = CASE WHEN intent_is_probe THEN intent_owner END,
    intent_expires_at = CASE WHEN intent_is_probe THEN clock_timestamp() END
WHERE id = :id AND generation = :generation AND intent_owner = :owner
""")

_ORPHAN = text(f"""
UPDATE exactsync.grants SET
    intent_owner = '{NOBODY}' || intent_owner,
    intent_expires_at = clock_timestamp() + make_interval(secs => :pause_s)
WHERE id = :id AND generation = :generation AND intent_owner = :owner
""")

_END = text("""
UPDATE exactsync.grants SET status = 'reconnect_needed', reason = :reason
WHERE id = :id AND generation = :generation AND status = 'active'
""")

_ADOPT = text("""
UPDATE exactsync.grants SET instance_id = :instance_id
WHERE instance_id <> :instance_id RETURNING id
""")


class PostgresTokenStore:
    """The `TokenStore` of `exactsync.exact.grant`, in the table `exactsync.grants`.

    Args:
        engine: where the table is.
        keys: Fernet keys; the first encrypts, all decrypt. The text of EXACTSYNC_TOKEN_KEYS, parted at the commas.
        instance_id: which installation this is; the database's own identity unless given.
    """

    def __init__(self, engine: Engine, keys: Sequence[str], *, instance_id: str | None = None) -> None:
        self._engine = engine
        self._keys = KeyRing(keys)
        self._given_instance_id = instance_id

    @cached_property
    def _instance_id(self) -> str:
        return self._given_instance_id or read_instance_id(self._engine)

    def clock(self) -> datetime:
        """Return the database's time."""
        with self._engine.connect() as connection:
            now: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
            return now

    def read(self, grant_id: int) -> Grant:
        """Return a grant as it stands, without a lock."""
        with self._engine.connect() as connection:
            row = connection.execute(text(f"{_READ} WHERE id = :id"), {"id": grant_id}).one_or_none()
        if row is None:
            raise ConfigurationError(
                f"There is no grant {grant_id} in the database.",
                remedy="Authorise the app again, or check EXACTSYNC_STATE_URL.",
            )
        return self._grant(row)

    def read_all(self) -> list[Grant]:
        """Return every grant, oldest first."""
        with self._engine.connect() as connection:
            return [self._grant(row) for row in connection.execute(text(f"{_READ} ORDER BY id"))]

    def save_consent(self, app: App, user: User, pair: TokenPair, *, requested_at: datetime) -> Grant:
        """Store the pair of a new consent: the user's one grant to this app, replaced if it exists."""
        values = {
            "connection_id": app.connection_id,
            "app_key": app.key,
            "user_id": user.id,
            "user_name": user.name,
            "instance_id": self._instance_id,
            "requested_at": requested_at,
            **self._encrypted(pair),
        }
        for attempt in _persistently():
            with attempt, self._engine.begin() as connection:
                grant_id = connection.execute(_SAVE_CONSENT, values).scalar_one()
        return self.read(grant_id)

    def claim(self, grant_id: int, generation: int, *, owner: str, lease_s: float) -> Claim | None:
        """Commit the intent to refresh; None if it is not due, not ours, no longer that generation or claimed.

        `refreshable_at` then says since when the question of this refresh is open.
        """
        values = {
            "id": grant_id,
            "generation": generation,
            "instance_id": self._instance_id,
            "owner": owner,
            "lease_s": lease_s,
        }
        with self._engine.begin() as connection:
            row = connection.execute(_CLAIM, values).one_or_none()
        if row is None:
            return None
        return Claim(
            grant_id=grant_id,
            generation=generation,
            owner=owner,
            refresh=self._keys.decrypt(row.refresh_token),
            claimed_at=row.claimed_at,
            is_probe=row.intent_is_probe,
        )

    def save_refresh(self, claim: Claim, pair: TokenPair) -> bool:
        """Store the next pair if the generation is still the claimed one, waiting for a database that is away."""
        is_saved = False
        for attempt in _persistently():
            with attempt:
                is_saved = self._change(_SAVE_REFRESH, claim, claimed_at=claim.claimed_at, **self._encrypted(pair))
        return is_saved

    def release(self, claim: Claim, *, client_refused: str | None = None) -> None:
        """Give the claim back: the refresh token was not used by it; remember whose credentials Exact refused."""
        self._change(_RELEASE, claim, share=0.0, client_refused=client_refused)

    def postpone(self, claim: Claim, *, lifetime_share: float) -> None:
        """Give the claim back, and let nobody refresh for this share of the access token's lifetime."""
        self._change(_RELEASE, claim, share=lifetime_share, client_refused=None)

    def orphan(self, claim: Claim, *, pause_s: float) -> None:
        """Leave the claim without an owner: after `pause_s`, one probe may find out what became of it."""
        self._change(_ORPHAN, claim, pause_s=pause_s)

    def end(self, claim: Claim, reason: EndReason) -> bool:
        """Mark the grant as needing a person if the generation is still the claimed one."""
        return self._change(_END, claim, reason=reason)

    def adopt(self) -> list[int]:
        """Take over every grant that belongs to another installation; return their ids."""
        with self._engine.begin() as connection:
            return list(connection.scalars(_ADOPT, {"instance_id": self._instance_id}))

    def rotate_keys(self) -> Rotation:
        """Encrypt every token with the first key, while others use and refresh them."""
        return rotate_keys(self._engine, self._keys)

    def _change(self, statement: Any, claim: Claim, **values: object) -> bool:
        known = {"id": claim.grant_id, "generation": claim.generation, "owner": claim.owner}
        with self._engine.begin() as connection:
            return bool(connection.execute(statement, {**known, **values}).rowcount)

    def _encrypted(self, pair: TokenPair) -> dict[str, object]:
        return {
            "access": self._keys.encrypt(pair.access),
            "refresh": self._keys.encrypt(pair.refresh),
            "lifetime_s": pair.lifetime_s,
        }

    def _grant(self, row: Row[Any]) -> Grant:
        return Grant(
            id=row.id,
            connection_id=row.connection_id,
            app_key=row.app_key,
            user=User(id=row.user_id, name=row.user_name),
            generation=row.generation,
            access=self._keys.decrypt(row.access_token),
            status=row.status,
            reason=row.reason,
            obtained_at=row.obtained_at,
            refreshable_at=row.refreshable_at,
            expires_at=row.expires_at,
            intent_owner=row.intent_owner,
            intent_expires_at=row.intent_expires_at,
            refreshes=row.refreshes,
            probes=row.probes,
            is_ours=row.instance_id in (None, self._instance_id),
            is_replaced=row.is_replaced,
            refused_client=row.refused_client,
            read_at=row.read_at,
        )


def _persistently() -> Retrying:
    return Retrying(
        retry=retry_if_exception_type(OperationalError),
        stop=stop_after_delay(STORE_PATIENCE_S),
        wait=wait_exponential_jitter(multiplier=0.1, max=5.0),
        reraise=True,
    )
