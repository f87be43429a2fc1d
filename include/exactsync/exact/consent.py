"""Turn a person's consent into a grant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exactsync.credentials import User
from exactsync.errors import ExactSyncError
from exactsync.exact import oauth
from exactsync.exact.client import ExactClient

if TYPE_CHECKING:
    import httpx

    from exactsync.credentials import App, Grant
    from exactsync.exact.grant import TokenStore
    from exactsync.exact.quota import Ledger
    from exactsync.secret import Secret


def accept_code(
    app: App, code: str, store: TokenStore, ledger: Ledger, *, transport: httpx.BaseTransport | None = None
) -> Grant:
    """Return the grant that a consent gave, stored: the user's only one to this app, replacing an earlier one.

    Args:
        app: the app that was consented to.
        code: what Exact's redirect carried, see `oauth.exchange_code`.
        store: where grants live.
        ledger: where the call budget is kept; asking who consented costs nothing of it.
        transport: how to reach Exact, if not directly.

    Raises:
        ReauthorisationRequiredError: Exact did not take the code: consent again.
        ConfigurationError: Exact did not take the app's credentials.
        ExactUnavailableError: Exact gave tokens but not whose they are: consent again.
    """
    requested_at = store.clock()
    pair = oauth.exchange_code(app, code, transport)
    with ExactClient(app, _NewToken(pair.access), ledger, transport=transport) as client:
        try:
            me = client.me()
        except ExactSyncError as error:
            error.remedy = "Authorise again: these tokens could not be kept."
            raise
    user = User(id=str(me["UserID"]).lower(), name=str(me.get("FullName") or me.get("UserName") or me["UserID"]))
    return store.save_consent(app, user, pair, requested_at=requested_at)


class _NewToken:
    """The token of a consent that is not stored yet."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def access_token(self) -> Secret:
        return self._token

    def after_refusal(self, refused: Secret) -> Secret:
        return refused
