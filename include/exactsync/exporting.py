"""Exports of one installation: what comes from where, is checked, booked at Exact, and told to where it came from."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from exactsync.connecting import require_at_work
from exactsync.errors import ExportPendingError
from exactsync.load import DivisionRef
from exactsync.payables import looking, preparing, reporting, restoring
from exactsync.payables.books import read_books
from exactsync.payables.claims import Claims, next_look
from exactsync.payables.export import Exporter
from exactsync.payables.journaling import Journaling
from exactsync.payables.outbox import Outbox
from exactsync.payables.periods import read_closed_periods
from exactsync.payables.preflight import check, check_for_file
from exactsync.payables.preparing import Prepared
from exactsync.payables.rows import Actor
from exactsync.payables.sources import read_mapping, read_sources
from exactsync.payables.turns import Turns
from exactsync.payables.wanted import Wanted
from exactsync.warehouse.accounting_base import read_base
from exactsync.warehouse.engine import clear_outages
from exactsync.warehouse.integrations import read_integrations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Engine

    from exactsync.access import Access
    from exactsync.exact.client import ExactClient
    from exactsync.load import Run
    from exactsync.payable import Payable
    from exactsync.payables.books import Books
    from exactsync.payables.intake import Intake
    from exactsync.payables.patience import Patience
    from exactsync.payables.preflight import Checked
    from exactsync.payables.receipts import Receipts
    from exactsync.payables.reporting import Reported
    from exactsync.payables.restoring import Recovered
    from exactsync.payables.rows import Row
    from exactsync.payables.sources import SourceInfo

log = logging.getLogger(__name__)

LONGEST_WAIT: Final = timedelta(minutes=30)
"""An export that has nothing to do for longer than that ends; the next one goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What one export of one company came to: its payables by state."""

    integration: str
    division: int
    states: dict[str, int] = field(default_factory=dict)


class Exporting:
    """What books payables at Exact.

    Args:
        engine: where integrations and grants live.
        warehouse: where the outbox is, and what is known of each company.
        access: how to get at Exact.
        intake: the sources: where receipts are, and who is told what became of payables.
        patience: how long to wait for what.
        journals_url: where purchase journals are written while the accounting base is files.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        warehouse: Engine,
        access: Access,
        intake: Intake,
        patience: Patience,
        journals_url: str | None = None,
    ) -> None:
        self._engine = engine
        self._warehouse = warehouse
        self._access = access
        self._intake = intake
        self._patience = patience
        self._journals_url = journals_url

    @cached_property
    def outbox(self) -> Outbox:
        """The payables, and what people decide about them."""
        return Outbox(self._warehouse)

    def companies(self, *, integrations: Sequence[str] = (), divisions: Sequence[int] = ()) -> list[DivisionRef]:
        """Return the companies that payables are booked in, of those that are named, if any are.

        While the accounting base is files, each source stands for one, whatever company it has.
        """
        if self._is_base_files():
            return [
                _as_company(info)
                for info in self._intake.sources().values()
                if (not integrations or {info.integration, info.source.name} & set(integrations))
                and (not divisions or info.source.division in divisions)
            ]
        with clear_outages():
            with self._warehouse.connect() as connection:
                infos = read_sources(connection).values()
            with self._engine.connect() as connection:
                known = {row["division"]: dict(row) for row in connection.execute(text(_COMPANIES)).mappings()}
        places = {
            (info.integration, info.source.division)
            for info in infos
            if (not integrations or info.integration in integrations)
            and (not divisions or info.source.division in divisions)
        }
        unnamed = {"name": "", "country": ""}
        return [
            DivisionRef(integration=integration, **{"division": division, **unnamed, **known.get(division, {})})
            for integration, division in sorted((a, b) for a, b in places if a is not None and b is not None)
        ]

    def prepare(self, ref: DivisionRef, *, run: Run) -> Prepared:
        """Check what waits to be booked in a company, with what is known now.

        Raises:
            ExactSyncError: by its kind, what to do about it.
        """
        actor, counts = Actor(name=run.holder, run_id=run.run_id), Counter[str]()
        if info := self._of_files(ref):
            return preparing.prepare(self._warehouse, info.source.name, self._book_in_file(info), actor=actor)
        with self._client(ref) as client:
            books = self._books(ref, client)
            for name, info in self._sources(ref).items():
                done = preparing.prepare(self._warehouse, name, self._book(info, books), actor=actor)
                counts.update({"prepared": done.prepared, "blocked": done.blocked})
        return Prepared(**counts)

    def export(self, ref: DivisionRef, *, run: Run, wanted: Wanted | None = None) -> Exported:
        """Book what is prepared, and look for what is in doubt; each payable on its own.

        While the accounting base is files, what is prepared is written to a purchase journal instead.

        Raises:
            ExportPendingError: some of it waits, for a look or a minute; come back at `retry_at`.
            ExactSyncError: others by their kind; what is booked stays booked, the rest waits.
        """
        wanted = wanted or Wanted()
        journaling = Journaling(self._warehouse, self._journals_url, run)
        if info := self._of_files(ref):
            with clear_outages():
                journaling.export(info, wanted)
            return self._exported(ref, run, source=info.source.name)
        for info in self._sources(ref).values():
            journaling.finish(info)
        claims = Claims(self._warehouse, run, self._patience)
        with ExitStack() as opened, self._client(ref) as client:
            # Read for the first payable, so that one whose books cannot be read is let go like any other.
            books, sources = cache(lambda: self._books(ref, client)), self._sources(ref)
            exporter = Exporter(
                self._warehouse,
                claims,
                client,
                book=lambda payable: self._book(sources[payable.source], books())(payable),
                receipts=cache(lambda source: self._receipts(sources[source], opened)),
                patience=self._patience,
                run=run,
            )
            taken_up = 0
            try:
                while claim := claims.take(ref.integration, ref.division, wanted):
                    taken_up += 1
                    exporter.export(claim)
            finally:
                log.info("%s: %d payables taken up.", ref.label, taken_up)
            self._require_done(ref, wanted)
        return self._exported(ref, run)

    def _exported(self, ref: DivisionRef, run: Run, *, source: str | None = None) -> Exported:
        rows = self.outbox.rows(Wanted(run_id=run.run_id, source=source))
        states = Counter(row.state.value for row in rows if source or row.division == ref.division)
        return Exported(integration=ref.integration, division=ref.division, states=dict(states))

    def recover(self, ref: DivisionRef, *, since: datetime, run: Run) -> list[Recovered]:
        """Mark what Exact has booked in a company since a backup was made, from which the warehouse was restored.

        Raises:
            ExactSyncError: by its kind, what to do about it; what is marked stays so.
        """
        with self._client(ref) as client:
            turns = Turns(self._warehouse, client, holder=run.holder, patience=self._patience)
            with turns.take(ref.division) as reader:
                entries = list(looking.read_since(reader, ref.division, since))
        return restoring.recover(self._warehouse, entries, actor=Actor(name=run.holder, run_id=run.run_id))

    def report(self) -> dict[str, Reported]:
        """Tell every Spendesk account what became of its payables; what cannot be told is told by the next run.

        Raises:
            QuotaExhaustedError: an account's calls are used up; call again at `retry_at`.
        """
        with clear_outages():
            with self._warehouse.connect() as connection:
                sources = read_sources(connection)
            told = {}
            for name, info in sources.items():
                if info.kind != "spendesk" or not reporting.count_untold(self._warehouse, name):
                    continue
                with self._intake.spending(name) as spending:
                    told[name] = reporting.report(self._warehouse, name, spending)
        return told

    def of_run(self, run_id: str) -> list[Row]:
        """Return the payables that a run has done something with."""
        return self.outbox.rows(Wanted(run_id=run_id))

    def _require_done(self, ref: DivisionRef, wanted: Wanted) -> None:
        at = next_look(self._warehouse, ref.integration, ref.division, wanted)
        if at and at < datetime.now(UTC) + LONGEST_WAIT:
            raise ExportPendingError("Payables wait to be taken up again.", retry_at=at)

    def _is_base_files(self) -> bool:
        with clear_outages():
            base = read_base(self._engine)
        return base is not None and base.base == "files"

    def _of_files(self, ref: DivisionRef) -> SourceInfo | None:
        """Return the source that a company stands for while the accounting base is files; None: it is a company."""
        info = self._intake.sources().get(ref.integration) if self._is_base_files() else None
        return info if info and _as_company(info) == ref else None

    def _book_in_file(self, info: SourceInfo) -> Callable[[Payable], Checked]:
        with self._warehouse.connect() as connection:
            mapping = read_mapping(connection, info.source)
        return lambda payable: check_for_file(payable, mapping)

    @contextmanager
    def _client(self, ref: DivisionRef) -> Iterator[ExactClient]:
        """Open a client that makes no more calls once a person has stopped the integration."""
        check_at_work = partial(require_at_work, self._engine, ref.integration)
        with clear_outages():
            check_at_work()
            (integration,) = read_integrations(self._engine, [ref.integration])
            with self._access.client(integration, before_each_call=check_at_work, purpose="export") as client:
                yield client

    def _receipts(self, info: SourceInfo, opened: ExitStack) -> Receipts:
        """Open where the receipts of a source are, until the export is over."""
        if info.kind == "files":
            return self._intake.folder(info.source.name)
        return opened.enter_context(self._intake.spending(info.source.name))

    def _sources(self, ref: DivisionRef) -> dict[str, SourceInfo]:
        with self._warehouse.connect() as connection:
            found = read_sources(connection)
        return {
            name: info
            for name, info in found.items()
            if (info.integration, info.source.division) == (ref.integration, ref.division)
        }

    def _books(self, ref: DivisionRef, client: ExactClient) -> Books:
        """Return what is known of a company, with the periods that are closed now."""
        books = read_books(self._warehouse, ref.division)
        with self._warehouse.connect() as connection:
            days = connection.execute(text(_DAYS), {"division": ref.division}).scalars().all()
        years = {
            period.year for period in books.periods if any(period.start_date <= day <= period.end_date for day in days)
        }
        return replace(books, closed_periods=read_closed_periods(client, ref.division, years=years))

    def _book(self, info: SourceInfo, books: Books) -> Callable[[Payable], Checked]:
        """Return how payables of a source are booked, with the mapping as it is now."""
        with self._warehouse.connect() as connection:
            mapping = read_mapping(connection, info.source)
        return lambda payable: check(payable, mapping, books)


def _as_company(info: SourceInfo) -> DivisionRef:
    """Return what stands for a source while the accounting base is files, where companies have no part."""
    name = f"Purchase journal of {info.source.name}"
    return DivisionRef(integration=info.source.name, division=0, name=name, country="")


_COMPANIES: Final = "SELECT division, name, country FROM exactsync.integration_divisions WHERE is_chosen"
_DAYS: Final = """
SELECT DISTINCT entry_date FROM exactsync.payables_outbox
WHERE division = :division AND state IN ('prepared', 'blocked', 'exporting', 'in_doubt')
"""
