"""Where grants live: one encrypted row each, changed only by compare-and-set on its generation.

Every change is one statement in a transaction of its own, timed by the database's clock. Where a fact could be known a
little too early or too late, the row errs on the safe side: a token's life counts from when it was asked for, the wait
for the next one from when it was stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from exactsync.credentials import NOBODY, App, Claim, EndReason, Grant, Secret, TokenPair, User
from exactsync.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Engine, Row

REFRESHABLE_SHARE: Final = 0.95
"""Exact refuses a refresh before this share of the access token's life: 570 of 600 s."""
STORE_PATIENCE_S: Final = 60.0
"""How long a new pair is held while the database is away: it exists nowhere else."""

_READ = "SELECT *, clock_timestamp() AS read_at FROM exactsync.grants"

_SAVE_CONSENT = text(f"""
INSERT INTO exactsync.grants AS grants (
    connection_id, app_key, user_id, user_name, generation, access_token, refresh_token, lifetime_s,
    obtained_at, refreshable_at, expires_at, status)
VALUES (
    :connection_id, :app_key, :user_id, :user_name, 1, :access, :refresh, :lifetime_s,
    clock_timestamp(),
    clock_timestamp() + make_interval(secs => :lifetime_s * {REFRESHABLE_SHARE}),
    CAST(:requested_at AS timestamptz) + make_interval(secs => :lifetime_s),
    'active')
ON CONFLICT (app_key, user_id) DO UPDATE SET
    connection_id = excluded.connection_id, user_name = excluded.user_name,
    generation = grants.generation + 1,
    access_token = excluded.access_token, refresh_token = excluded.refresh_token,
    lifetime_s = excluded.lifetime_s, obtained_at = excluded.obtained_at,
    refreshable_at = excluded.refreshable_at, expires_at = excluded.expires_at,
    status = 'active', reason = NULL,
    intent_owner = NULL, intent_expires_at = NULL, intent_is_probe = false
RETURNING id
""")

_CLAIM = text("""
UPDATE exactsync.grants SET
    intent_is_probe = intent_owner IS NOT NULL,
    probes = probes + (intent_owner IS NOT NULL)::integer,
    refreshable_at = CASE WHEN intent_owner IS NULL THEN clock_timestamp() ELSE refreshable_at END,
    intent_owner = :owner,
    intent_expires_at = clock_timestamp() + make_interval(secs => :lease_s)
WHERE id = :id AND generation = :generation AND status = 'active'
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
    status = 'active', reason = NULL,
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


class PostgresTokenStore:
    """The `TokenStore` of `exactsync.exact.grant`, in the table `exactsync.grants`.

    Args:
        engine: where the table is.
        keys: Fernet keys; the first encrypts, all decrypt. The text of EXACTSYNC_TOKEN_KEYS, parted at the commas.
    """

    def __init__(self, engine: Engine, keys: Sequence[str]) -> None:
        self._engine = engine
        self._fernet = _fernet(keys)

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
            "requested_at": requested_at,
            **self._encrypted(pair),
        }
        for attempt in _persistently():
            with attempt, self._engine.begin() as connection:
                grant_id = connection.execute(_SAVE_CONSENT, values).scalar_one()
        return self.read(grant_id)

    def claim(self, grant_id: int, generation: int, *, owner: str, lease_s: float) -> Claim | None:
        """Commit the intent to refresh; None if it is not due, is no longer that generation or is claimed.

        `refreshable_at` then says since when the question of this refresh is open.
        """
        values = {"id": grant_id, "generation": generation, "owner": owner, "lease_s": lease_s}
        with self._engine.begin() as connection:
            row = connection.execute(_CLAIM, values).one_or_none()
        if row is None:
            return None
        return Claim(
            grant_id=grant_id,
            generation=generation,
            owner=owner,
            refresh=self._decrypted(row.refresh_token),
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

    def release(self, claim: Claim) -> None:
        """Give the claim back: the refresh token was not used by it."""
        self._change(_RELEASE, claim, share=0.0)

    def postpone(self, claim: Claim, *, lifetime_share: float) -> None:
        """Give the claim back, and let nobody refresh for this share of the access token's lifetime."""
        self._change(_RELEASE, claim, share=lifetime_share)

    def orphan(self, claim: Claim, *, pause_s: float) -> None:
        """Leave the claim without an owner: after `pause_s`, one probe may find out what became of it."""
        self._change(_ORPHAN, claim, pause_s=pause_s)

    def end(self, claim: Claim, reason: EndReason) -> bool:
        """Mark the grant as needing a person if the generation is still the claimed one."""
        return self._change(_END, claim, reason=reason)

    def _change(self, statement: Any, claim: Claim, **values: object) -> bool:
        known = {"id": claim.grant_id, "generation": claim.generation, "owner": claim.owner}
        with self._engine.begin() as connection:
            return bool(connection.execute(statement, {**known, **values}).rowcount)

    def _encrypted(self, pair: TokenPair) -> dict[str, object]:
        return {
            "access": self._fernet.encrypt(pair.access.reveal().encode()).decode(),
            "refresh": self._fernet.encrypt(pair.refresh.reveal().encode()).decode(),
            "lifetime_s": pair.lifetime_s,
        }

    def _decrypted(self, token: str) -> Secret:
        try:
            return Secret(self._fernet.decrypt(token.encode()).decode())
        except InvalidToken:
            raise ConfigurationError(
                "None of the keys in EXACTSYNC_TOKEN_KEYS opens the stored tokens.",
                remedy="Add the key that they were stored with (the first key encrypts, all decrypt).",
            ) from None

    def _grant(self, row: Row[Any]) -> Grant:
        return Grant(
            id=row.id,
            connection_id=row.connection_id,
            app_key=row.app_key,
            user=User(id=row.user_id, name=row.user_name),
            generation=row.generation,
            access=self._decrypted(row.access_token),
            status=row.status,
            reason=row.reason,
            obtained_at=row.obtained_at,
            refreshable_at=row.refreshable_at,
            expires_at=row.expires_at,
            intent_owner=row.intent_owner,
            intent_expires_at=row.intent_expires_at,
            refreshes=row.refreshes,
            probes=row.probes,
            read_at=row.read_at,
        )


def _fernet(keys: Sequence[str]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key.strip()) for key in keys if key.strip()])
    except ValueError:
        raise ConfigurationError(
            "EXACTSYNC_TOKEN_KEYS holds no valid Fernet key.",
            remedy="Make one with `python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key()"
            ".decode())'`.",
        ) from None


def _persistently() -> Retrying:
    return Retrying(
        retry=retry_if_exception_type(OperationalError),
        stop=stop_after_delay(STORE_PATIENCE_S),
        wait=wait_exponential_jitter(multiplier=0.1, max=5.0),
        reraise=True,
    )
