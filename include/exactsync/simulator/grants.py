"""Codes, refresh chains and access tokens: what Exact remembers about logins. No HTTP here."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exactsync.simulator.clock import Clock
    from exactsync.simulator.settings import Settings


@dataclass(slots=True, kw_only=True)
class Chain:
    """What one login of a user gave an app: a line of refresh tokens of which only the last is alive."""

    client_id: str
    user: str
    refresh_token: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    issued_at: float = 0.0
    old_tokens: dict[str, float] = field(default_factory=dict, repr=False)
    """Replaced refresh tokens, and when they were replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """An access token's owner and end, by `Clock.steady`."""

    chain: Chain
    expires_at: float
    is_aged: bool = False
    """It ended before its time, which the client could not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code:
    client_id: str
    user: str
    redirect_uri: str
    expires_at: float


class Grants:
    """Every code, chain and token that was issued. Not thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._codes: dict[str, _Code] = {}
        self._chains: dict[tuple[str, str], Chain] = {}
        self._access_tokens: dict[str, AccessToken] = {}
        self._issued: list[str] = []

    def issue_code(self, *, client_id: str, user: str, redirect_uri: str, settings: Settings) -> str:
        """Return a new code; it holds characters that a URL must encode, as Exact's do."""
        code = self._new_secret("stampNL001.", "+/=!")
        expires_at = self._clock.steady() + settings.code_lifetime_s
        self._codes[code] = _Code(client_id=client_id, user=user, redirect_uri=redirect_uri, expires_at=expires_at)
        return code

    def redeem_code(self, code: str, *, client_id: str, redirect_uri: str) -> Chain | None:
        """Use up a code and start a chain, which ends the one that the same user and app had before.

        Returns:
            The chain, without tokens yet; None if the code is unknown, used, too old or someone else's.
        """
        found = self._codes.pop(code, None)
        if found is None or found.expires_at <= self._clock.steady():
            return None
        if found.client_id != client_id or found.redirect_uri != redirect_uri:
            return None
        self.revoke(client_id=client_id, user=found.user)
        chain = Chain(client_id=client_id, user=found.user)
        self._chains[client_id, found.user] = chain
        return chain

    def find_chain(self, refresh_token: str, *, client_id: str) -> Chain | None:
        """Return the living chain that the token is or was part of."""
        for chain in self._chains.values():
            known = refresh_token == chain.refresh_token or refresh_token in chain.old_tokens
            if chain.client_id == client_id and known:
                return chain
        return None

    def rotate(self, chain: Chain, settings: Settings) -> None:
        """Put a new pair of tokens in the chain; the old access token lives on until its own end."""
        now = self._clock.steady()
        if chain.refresh_token:
            chain.old_tokens[chain.refresh_token] = now
        chain.refresh_token = self._new_secret("stampNL001.r-", "/+==")
        chain.access_token = self._new_secret("eyJ0eXAiOiJKV1QifQ.", "")
        chain.issued_at = now
        expires_at = now + settings.token_lifetime_s
        self._access_tokens[chain.access_token] = AccessToken(chain=chain, expires_at=expires_at)

    def find_access_token(self, token: str) -> AccessToken | None:
        """Return an access token whose chain lives, expired or not."""
        found = self._access_tokens.get(token)
        if found is None or self._chains.get((found.chain.client_id, found.chain.user)) is not found.chain:
            return None
        return found

    def age(self, token: str, settings: Settings) -> None:
        """Make an access token as old as it gets; if it is its chain's last one, the chain may be refreshed."""
        found = self.find_access_token(token)
        if found is None:
            return
        now = self._clock.steady()
        self._access_tokens[token] = AccessToken(chain=found.chain, expires_at=now, is_aged=True)
        if found.chain.access_token == token:
            found.chain.issued_at = min(found.chain.issued_at, now - settings.token_lifetime_s)

    def revoke(self, *, client_id: str, user: str) -> None:
        """End the chain of this user and app, access tokens included."""
        self._chains.pop((client_id, user), None)

    def revoke_all(self) -> None:
        """End every chain."""
        self._chains.clear()

    def issued(self) -> list[str]:
        """Return every code and token ever issued, for tests that search logs for them."""
        return list(self._issued)

    def _new_secret(self, prefix: str, suffix: str) -> str:
        secret = f"{prefix}{secrets.token_urlsafe(48)}{suffix}"
        self._issued.append(secret)
        return secret
