"""The keys that tokens are encrypted with: the first one encrypts, all decrypt, so that keys can come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from exactsync.errors import ConfigurationError
from exactsync.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Sequence


class KeyRing:
    """The Fernet keys of an installation.

    Args:
        keys: the text of EXACTSYNC_TOKEN_KEYS, parted at the commas; blanks around a key and empty parts are ignored.

    Raises:
        ConfigurationError: one is no Fernet key, or there is none.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            fernets = [Fernet(key.strip()) for key in keys if key.strip()]
            self._all = MultiFernet(fernets)
        except ValueError:
            raise ConfigurationError(
                "EXACTSYNC_TOKEN_KEYS holds no valid Fernet key.",
                remedy="Make one with `python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key()"
                ".decode())'`.",
            ) from None
        self._first = fernets[0]

    def encrypt(self, secret: Secret) -> str:
        """Return the secret as it may be stored."""
        return self._first.encrypt(secret.reveal().encode()).decode()

    def decrypt(self, stored: str) -> Secret:
        """Return a secret that was stored; ConfigurationError if none of the keys opens it."""
        try:
            return Secret(self._all.decrypt(stored.encode()).decode())
        except InvalidToken:
            raise ConfigurationError(
                "None of the keys in EXACTSYNC_TOKEN_KEYS opens the stored tokens.",
                remedy="Add the key that they were stored with (the first key encrypts, all decrypt).",
            ) from None

    def renew(self, stored: str) -> str:
        """Return the same secret encrypted with the first key, unchanged if it is already; errors as `decrypt`."""
        try:
            self._first.decrypt(stored.encode())
        except InvalidToken:
            return self.encrypt(self.decrypt(stored))
        return stored
