"""A Spendesk account as a source of payables: what it tells is stored, and what is to be booked is read back.

Every step can be put off or die and is taken up again where it stopped: pages and receipts that are stored are not
asked for again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from exactsync.errors import (
    ConfigurationError,
    DefectError,
    QuotaExhaustedError,
    SkippableRecordError,
    SnapshotPendingError,
    SpendeskUnavailableError,
)
from exactsync.spendesk import parse
from exactsync.spendesk.snapshots import Period, ask, periods, read_page
from exactsync.warehouse import snapshots, spend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from sqlalchemy import Engine

    from exactsync.payable import Payable, Receipt
    from exactsync.spendesk.client import SpendeskClient
    from exactsync.warehouse.snapshots import Snapshot

log = logging.getLogger(__name__)

TO_BE_BOOKED: Final = ("prepared",)
"""Bookkeeping statuses of payables that an accountant has made ready."""
LONGEST_MAKING: Final = timedelta(hours=1)
"""A snapshot that takes longer is asked for anew."""
LONGEST_REFUSED: Final = timedelta(hours=2)
"""For so long Spendesk may be at another snapshot; then the run fails, and the next one asks for the same days."""
_ANEW: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of listening to Spendesk."""

    read: int
    changed: int
    unreadable: int = 0


class Spending:
    """One Spendesk account, by the connection that leads to it.

    Args:
        engine: where schema `spendesk` is.
        client: its API.
        source: the connection's id.
        patience_s: how long what goes on where it stopped (receipts, reports) waits for the next minute's calls before
            QuotaExhaustedError; whole lists always wait.
    """

    def __init__(self, engine: Engine, client: SpendeskClient, source: str, *, patience_s: float = 0.0) -> None:
        self._engine = engine
        self._client = client
        self.source = source
        self._patience_s = patience_s
        self._poll_s = client.account.poll_s

    def receive_suppliers(self) -> Told:
        """Read and store all suppliers; errors as `SpendeskClient.get`."""
        rows = [parse.supplier_row(one) for one in self._client.list("/v1/suppliers")]
        with self._engine.begin() as connection:
            return Told(read=len(rows), changed=spend.store_suppliers(connection, self.source, rows))

    def receive_settlements(self) -> Told:
        """Read and store all settlements; errors as `SpendeskClient.get`."""
        rows = [parse.settlement_row(one) for one in self._client.list("/v1/settlements")]
        with self._engine.begin() as connection:
            changed = spend.store_settlements(connection, self.source, rows)
        return Told(read=len(rows), changed=changed, unreadable=sum(row["problem"] is not None for row in rows))

    def receive_payables(self, first: date, last: date, *, run_id: str) -> Told:
        """Read and store the payables of these days; called again with the same run, it goes on where it stopped.

        What is returned is the sum over all calls of the run.

        Args:
            first: the first day, by payable date.
            last: the last day, not in the future.
            run_id: which run asks.

        Raises:
            SnapshotPendingError: Spendesk is making a snapshot; call again at `retry_at`.
            SpendeskUnavailableError: it has been at another one for longer than LONGEST_REFUSED.
            ExactSyncError: others as `SpendeskClient.get`.
        """
        days = [(period.first, period.last) for period in periods(first, last)]
        for snapshot in self._planned(run_id, days):
            if snapshot.read_at is None:
                self._receive(snapshot)
        done = self._planned(run_id, days)
        return Told(
            read=sum(one.payables for one in done),
            changed=sum(one.changed for one in done),
            unreadable=sum(one.unreadable for one in done),
        )

    def _planned(self, run_id: str, days: list[tuple[date, date]]) -> list[Snapshot]:
        with self._engine.begin() as connection:
            return snapshots.plan(connection, self.source, run_id, days)

    def _receive(self, snapshot: Snapshot) -> None:
        """Bring one snapshot in: ask for it, or ask about it, or read it."""
        period = Period(first=snapshot.first_day, last=snapshot.last_day)
        if snapshot.key is None:
            self._ask(snapshot, period)
            raise _pending(period, self._poll_s)
        if (wait_s := _left_to_wait(snapshot, self._poll_s)) > 0:
            raise _pending(period, wait_s)
        with self._engine.begin() as connection:
            snapshots.note_polled(connection, snapshot.id)
        try:
            pages = list(self._pages(snapshot.key))
        except (ConfigurationError, DefectError):  # 404: kept no longer; ERROR: could not be made
            self._forget(snapshot)
            raise
        if not pages:
            if snapshot.asked_at and datetime.now(UTC) - snapshot.asked_at > LONGEST_MAKING:
                self._forget(snapshot)
            raise _pending(period, self._poll_s)
        self._store(snapshot, [record for page in pages for record in page])

    def _ask(self, snapshot: Snapshot, period: Period) -> None:
        for attempt in range(_ANEW):
            nonce = int(datetime.now(UTC).timestamp() * 1000) + attempt
            try:
                ticket = ask(self._client, period, nonce=nonce)
            except SnapshotPendingError as refusal:
                self._check_patience(snapshot, period, refusal)
                raise
            if not ticket.is_stale:
                break
        else:
            raise DefectError(f"Spendesk gives only old snapshots of {period}.")
        with self._engine.begin() as connection:
            snapshots.note_asked(connection, snapshot.id, ticket.key)

    def _check_patience(self, snapshot: Snapshot, period: Period, refusal: SnapshotPendingError) -> None:
        """Note that Spendesk is at another snapshot; raise SpendeskUnavailableError if it has been for too long."""
        with self._engine.begin() as connection:
            snapshots.note_refused(connection, snapshot.id)
        if snapshot.asked_at and datetime.now(UTC) - snapshot.asked_at > LONGEST_REFUSED:
            raise SpendeskUnavailableError(
                f"Spendesk makes no snapshot of {period}: it has been at another one for too long. {refusal.message}",
                retry_at=refusal.retry_at,
            ) from refusal

    def _forget(self, snapshot: Snapshot) -> None:
        with self._engine.begin() as connection:
            snapshots.forget_key(connection, snapshot.id)

    def _pages(self, key: str) -> Iterator[list[dict[str, Any]]]:
        """Yield the pages of a snapshot, at least one; nothing while it is being made."""
        number, seen = 1, 0
        while True:
            answer = read_page(self._client, key, number)
            if answer == "pending":
                return
            records, total = answer
            yield records
            seen += len(records)
            if seen >= total or not records:
                return
            number += 1

    def _store(self, snapshot: Snapshot, records: list[dict[str, Any]]) -> None:
        received = [self._read(record) for record in records]
        unreadable = [one for one in received if one.problem]
        with self._engine.begin() as connection:
            changed = spend.store_payables(connection, self.source, received)
            snapshots.note_read(
                connection, snapshot.id, payables=len(received), changed=changed, unreadable=len(unreadable)
            )
        for one in unreadable:
            log.warning("%s: payable %s is left out: %s", self.source, one.id, one.problem)

    def _read(self, record: dict[str, Any]) -> spend.Received:
        payable_id = str(record.get("id"))
        try:
            payable = parse.parse_payable(self.source, record)
            allocations = parse.parse_allocations(record)
        except SkippableRecordError as error:
            return spend.Received(id=payable_id, raw=record, payable=None, problem=error.message)
        return spend.Received(id=payable_id, raw=record, payable=payable, allocations=allocations)

    def receive_attachments(self) -> Told:
        """List the receipts of payables that are to be booked and have changed; each is a call, and stored at once.

        Raises:
            ExactSyncError: as `SpendeskClient.get`; what is stored by then stays.
        """
        with self._engine.connect() as connection:
            waiting = spend.payables_without_receipts(connection, self.source, TO_BE_BOOKED)
        for number, (payable_id, digest) in enumerate(waiting):
            try:
                rows = [parse.attachment_row(one) for one in self._attachments(_path(payable_id))]
            except QuotaExhaustedError:
                log.info(
                    "%s: receipts of %d payables are listed, %d are left.", self.source, number, len(waiting) - number
                )
                raise
            with self._engine.begin() as connection:
                spend.store_attachments(connection, self.source, payable_id, rows, digest=digest)
        return Told(read=len(waiting), changed=len(waiting))

    def payables(self) -> list[Payable]:
        """Return what is to be booked: each payable with its receipts, its counterparty with what matches suppliers."""
        with self._engine.connect() as connection:
            stored = spend.read_payables(connection, self.source, TO_BE_BOOKED)
        return [self._payable(one) for one in stored]

    def _payable(self, stored: spend.StoredPayable) -> Payable:
        payable = parse.parse_payable(self.source, stored.raw)
        party = replace(payable.counterparty, vat_number=stored.vat_number, iban=stored.iban, country=stored.country)
        receipts = tuple(parse.receipt(f"{_path(payable.id)}/{one['id']}", one) for one in stored.attachments)
        return replace(payable, counterparty=party, receipts=receipts)

    def fetch(self, receipt: Receipt) -> bytes:
        """Return a receipt's content. Its address is asked for each time: it is good for some minutes only.

        Raises:
            SkippableRecordError: Spendesk does not have it any more.
            ExactSyncError: others as `SpendeskClient.download`.
        """
        listed, _, attachment_id = receipt.url.rpartition("/")
        for one in self._attachments(listed):
            if str(one.get("id")) == attachment_id:
                return self._client.download(str(one["url"]))
        raise SkippableRecordError("Spendesk does not have this receipt any more.")

    def _attachments(self, path: str) -> list[dict[str, Any]]:
        listed = self._client.get(path, patience_s=self._patience_s).get("data")
        if not isinstance(listed, list):
            raise DefectError("Spendesk's answer is no list of receipts.")
        return listed

    def report(self, payable_id: str, status: str, reason: str | None) -> None:
        """Tell Spendesk what became of a payable: `exported`, or `failedToExport` with the reason."""
        body = {"payableId": payable_id, "bookkeepingStatus": status}
        told = body | ({"reason": reason} if reason else {})
        self._client.put("/v1/payables/bookkeeping-status", told, patience_s=self._patience_s)


def _path(payable_id: str) -> str:
    return f"/v1/payables/{payable_id}/attachments"


def _left_to_wait(snapshot: Snapshot, poll_s: float) -> float:
    asked = snapshot.last_asked_after
    return poll_s - (datetime.now(UTC) - asked).total_seconds() if asked else 0.0


def _pending(period: Period, wait_s: float) -> SnapshotPendingError:
    retry_at = datetime.now(UTC) + timedelta(seconds=wait_s)
    return SnapshotPendingError(f"Spendesk is making the snapshot of {period}.", retry_at=retry_at)
