"""What brings payables in: sources that are set up, what they tell, and the outbox that takes it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from exactsync.errors import ConfigurationError
from exactsync.payables.files.folder import Folder, Refused
from exactsync.payables.outbox import Outbox
from exactsync.payables.sources import read_sources
from exactsync.payables.spending import Spending
from exactsync.payables.withdrawing import withdraw
from exactsync.spendesk.client import SpendeskClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    import httpx
    from sqlalchemy import Engine

    from exactsync.payables.receiving import Received
    from exactsync.payables.rows import Actor
    from exactsync.payables.sources import SourceInfo
    from exactsync.spendesk.account import SpendeskAccount

LOOKBACK_DAYS: Final = 62
"""How far back payables are read again: two snapshots of 31 days."""


def no_account(connection_id: str) -> SpendeskAccount:
    """Find no account: for installations that know of none."""
    raise ConfigurationError(f"Connection {connection_id} is not known here.", remedy="Create it, of type Spendesk.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of taking a source's payables into the outbox."""

    received: Received
    refused: tuple[Refused, ...] = field(default=())
    """What could not be read of its files."""
    withdrawn: int = 0
    """Payables that somebody else has booked meanwhile."""


class Intake:
    """The sources of payables of one installation.

    Args:
        engine: the warehouse.
        find_account: connection id → account; raises ConfigurationError for an unknown one.
        transport: how to reach Spendesk, if not directly.
        patience_s: how long to wait for the next minute's calls, see `Spending`.
    """

    def __init__(
        self,
        engine: Engine,
        find_account: Callable[[str], SpendeskAccount],
        transport: httpx.BaseTransport | None = None,
        *,
        patience_s: float = 0.0,
    ) -> None:
        self._engine = engine
        self._find_account = find_account
        self._transport = transport
        self._patience_s = patience_s

    def sources(self) -> dict[str, SourceInfo]:
        """Return every source that is set up, by its name."""
        with self._engine.connect() as connection:
            return read_sources(connection)

    @contextmanager
    def spending(self, source: str) -> Iterator[Spending]:
        """Open a source that is a Spendesk account; ConfigurationError if its connection is missing or incomplete."""
        with SpendeskClient(self._find_account(source), transport=self._transport) as client:
            yield Spending(self._engine, client, source, patience_s=self._patience_s)

    def folder(self, source: str) -> Folder:
        """Open a source that is a folder of files; ConfigurationError if it is not there."""
        with self._engine.connect() as connection:
            address = connection.scalar(_ADDRESS, {"source": source})
        if not address:
            raise ConfigurationError(
                f"The source {source} has no address.", remedy="Say where its files lie, in payable_sources.address."
            )
        return Folder(source, address)

    def days(self, source: str, *, lookback_days: int = LOOKBACK_DAYS) -> tuple[date, date]:
        """Return the first and the last day whose payables are read now: none from before the cut-over."""
        today = datetime.now(UTC).date()
        start = self._source(source).source.start_date
        first = today - timedelta(days=lookback_days)
        return max(first, start) if start else first, today

    def take(self, source: str, *, actor: Actor) -> Taken:
        """Take what a source has to book into the outbox; what is known already is known again.

        What waits there and was booked by somebody else, as Spendesk says, is withdrawn.

        Raises:
            ConfigurationError: it is not set up, or its folder is not there.
        """
        outbox = Outbox(self._engine)
        if self._source(source).kind == "files":
            payables, refused = self.folder(source).payables()
            return Taken(received=outbox.receive(payables, actor=actor), refused=tuple(refused))
        with self.spending(source) as spending:
            received = outbox.receive(spending.payables(), actor=actor)
        return Taken(received=received, withdrawn=withdraw(self._engine, source, actor=actor))

    def _source(self, source: str) -> SourceInfo:
        found = self.sources().get(source)
        if found is None:
            raise ConfigurationError(
                f"Nothing is set up for payables of {source}.", remedy="Set it up on the page Accounting setup."
            )
        return found


_ADDRESS: Final = text("SELECT address FROM exactsync.payable_sources WHERE source = :source")
