"""How an installation gets at Exact: apps, grants and the call budget → clients."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from exactsync.errors import ConfigurationError
from exactsync.exact import oauth
from exactsync.exact.client import ExactClient
from exactsync.exact.consent import accept_code
from exactsync.exact.grant import PATIENCE_S, AccessTokens
from exactsync.exact.transport import Timeouts
from exactsync.outbound import open_client
from exactsync.warehouse.companies import DivisionInfo
from exactsync.warehouse.ledger import PostgresLedger
from exactsync.warehouse.tokens import PostgresTokenStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import httpx
    from sqlalchemy import Engine

    from exactsync.budget import Purpose
    from exactsync.credentials import App, Grant
    from exactsync.secret import Secret
    from exactsync.warehouse.integrations import IntegrationInfo


class Access:
    """The apps, grants and call budget of one installation; may be used by several threads at once.

    Args:
        engine: where grants and the ledger live.
        token_keys: Fernet keys; the first encrypts, all decrypt.
        instance_id: which installation this is; the database's own identity unless given.
        find_app: connection id → app; raises ConfigurationError for an unknown one.
        transport: how to reach Exact, if not directly.
        patience_s: how long to wait for the next minute's calls before QuotaExhaustedError, and for another worker's
            refresh before TokenPendingError (a few seconds at least).
    """

    def __init__(
        self,
        engine: Engine,
        *,
        token_keys: Sequence[str],
        instance_id: str | None,
        find_app: Callable[[str], App],
        transport: httpx.BaseTransport | None,
        patience_s: float,
    ) -> None:
        self._engine = engine
        self._token_keys = token_keys
        self._instance_id = instance_id
        self._find_app = find_app
        self._transport = transport
        self._patience_s = patience_s
        self._ledger = PostgresLedger(engine)
        self._http: dict[tuple[str, bool | str, str | None], httpx.Client] = {}
        self._opening = Lock()

    def close(self) -> None:
        """Close the connections to Exact."""
        with self._opening:
            while self._http:
                self._http.popitem()[1].close()

    @cached_property
    def grants(self) -> PostgresTokenStore:
        """Where grants live; ConfigurationError if there is no key to them."""
        # its keys are not needed to migrate
        return PostgresTokenStore(self._engine, self._token_keys, instance_id=self._instance_id)

    def app(self, connection_id: str) -> App:
        """Return the app of a connection; ConfigurationError if it is not configured."""
        return self._find_app(connection_id)

    def consent_url(self, connection_id: str, *, state: str) -> str:
        """Return the address at which a person lets the app in; Exact redirects with `state` and a code."""
        return oauth.authorise_url(self._find_app(connection_id), state)

    def accept(self, connection_id: str, code: str) -> Grant:
        """Turn the code of a consent into a stored grant; errors as `exact.consent.accept_code`."""
        return accept_code(self._find_app(connection_id), code, self.grants, self._ledger, transport=self._transport)

    def tokens(self, connection_id: str, grant_id: int) -> AccessTokens:
        """Return the access tokens of a grant to an app."""
        return self._tokens(self._find_app(connection_id), grant_id)

    def _tokens(self, app: App, grant_id: int) -> AccessTokens:
        patience_s = max(PATIENCE_S, self._patience_s)
        return AccessTokens(app, grant_id, self.grants, transport=self._transport, patience_s=patience_s)

    @contextmanager
    def client(
        self,
        integration: IntegrationInfo,
        *,
        before_each_call: Callable[[], None] = lambda: None,
        purpose: Purpose = "sync",
    ) -> Iterator[ExactClient]:
        """Open a client that works with the integration's app and grant.

        Args:
            integration: whose app and grant.
            before_each_call: may raise what ends the work.
            purpose: whose share of the day's calls is spent.

        Raises:
            ConfigurationError: its app is not configured, or nobody has authorised it.
        """
        app = self._find_app(integration.connection_id)
        if integration.grant_id is None:
            raise ConfigurationError(
                f"Nobody has authorised integration {integration.name} at Exact.",
                remedy="Authorise it on the page Accounting setup, or with `python -m exactsync authorise "
                f"--connection {integration.connection_id} --integration {integration.name}`.",
            )
        tokens = _GuardedTokens(self._tokens(app, integration.grant_id), before_each_call)
        with ExactClient(
            app,
            tokens,
            self._ledger,
            http=self._reach(app),
            patience_s=self._patience_s,
            purpose=purpose,
        ) as client:
            yield client

    def _reach(self, app: App) -> httpx.Client:
        """Return the HTTP client that all work with an app shares: a TLS handshake costs more than most calls."""
        with self._opening:
            key = app.base_url, app.verify, app.proxy
            if key not in self._http:
                self._http[key] = open_client(app, Timeouts().httpx, self._transport)
            return self._http[key]

    def list_divisions(self, integration: IntegrationInfo) -> list[DivisionInfo]:
        """Ask Exact which companies the integration may see now."""
        region = self._find_app(integration.connection_id).region
        with self.client(integration) as client:
            return [DivisionInfo.from_record(record, region=region) for record in client.divisions()]


@dataclass(frozen=True, slots=True)
class _GuardedTokens:
    """The access tokens of a grant, as long as `check` does not object."""

    tokens: AccessTokens
    check: Callable[[], None]

    def access_token(self) -> Secret:
        self.check()
        return self.tokens.access_token()

    def after_refusal(self, refused: Secret) -> Secret:
        return self.tokens.after_refusal(refused)
