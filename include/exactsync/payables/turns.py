"""One looker per company: Exact forbids two readers of one list at a time (KB-best), and many workers may be in doubt.

A turn is a lease as readers of data sets hold them, but short, and it outlives its holder: whoever dies while it reads
may leave a call behind that Exact is still answering.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from exactsync.errors import DatasetBusyError
from exactsync.warehouse.leases import lease

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Engine

    from exactsync.exact.odata import Page
    from exactsync.payables.looking import Reader
    from exactsync.payables.patience import Patience
    from exactsync.warehouse.leases import Lease

LOOKS: Final = "payables"
"""What the lease is called, beside those of data sets."""
_NAPS: Final = 20
"""How often a waiting worker asks for its turn."""


class Turns:
    """When a worker may look for payables at Exact.

    Args:
        engine: where the outbox is.
        reader: what reads lists of Exact.
        holder: who looks; the retry of the same task need not wait for what it held itself.
        patience: how long a turn lasts, and how long it is waited for.
    """

    def __init__(self, engine: Engine, reader: Reader, *, holder: str, patience: Patience) -> None:
        self._engine = engine
        self._reader = reader
        self._holder = holder
        self._patience = patience

    @contextmanager
    def take(self, division: int) -> Iterator[Reader]:
        """Yield what reads a company's lists, which nobody else does until it is given back.

        Raises:
            DatasetBusyError: others have looked for longer than anyone waits.
        """
        with ExitStack() as stack:
            held = self._wait(stack, division)
            yield _Turn(self._engine, self._reader, held, self._patience.turn_s)

    def _wait(self, stack: ExitStack, division: int) -> Lease:
        ends_at = time.monotonic() + self._patience.turn_wait_s
        while True:
            try:
                return stack.enter_context(
                    lease(
                        self._engine,
                        division=division,
                        entity=LOOKS,
                        holder=self._holder,
                        lasts_s=self._patience.turn_s,
                        outlives_holder=True,
                    )
                )
            except DatasetBusyError:
                if time.monotonic() > ends_at:
                    raise
            time.sleep(self._patience.turn_wait_s / _NAPS)


class _Turn:
    """Reads lists while the turn lasts; every page renews it."""

    def __init__(self, engine: Engine, reader: Reader, held: Lease, lasts_s: float) -> None:
        self._engine = engine
        self._reader = reader
        self._held = held
        self._lasts_s = lasts_s

    def get(self, endpoint: str, *, division: int, params: Mapping[str, str] | None = None) -> Page:
        self._renew()
        return self._reader.get(endpoint, division=division, params=params)

    def follow(self, next_url: str, *, endpoint: str, division: int) -> Page:
        self._renew()
        return self._reader.follow(next_url, endpoint=endpoint, division=division)

    def _renew(self) -> None:
        with self._engine.begin() as connection:
            self._held.renew(connection, lasts_s=self._lasts_s)
