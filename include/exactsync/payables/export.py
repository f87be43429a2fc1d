"""Export one payable: its supplier if need be, its document, its receipts, its entry; each created once, or looked for.

Each step is intended, taken and noted in three moves of which any may be the last: whoever comes next knows from
`export_steps` what may have happened, and looks at Exact before anything is created again.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from exactsync.errors import (
    ClaimLostError,
    ExactSyncError,
    QuotaExhaustedError,
    RefusedByExactError,
    RetryLaterError,
    SkippableRecordError,
)
from exactsync.failpoints import reach
from exactsync.payables import comparing, looking, sources
from exactsync.payables.claims import Booked
from exactsync.payables.entry import purchase_entry, shortened, wire_day
from exactsync.payables.looking import ATTACHMENTS, DOCUMENTS, ENTRIES, RELATIONS
from exactsync.payables.mapping import How, Relation
from exactsync.payables.receipts import fetch_attachments
from exactsync.payables.rows import Actor
from exactsync.payables.steps import DOCUMENT, ENTRY, SUPPLIER, Outcome, StepKey
from exactsync.payables.taking import PostponedError, Taken, Taker, UndecidedError
from exactsync.payables.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Engine

    from exactsync.load import Run
    from exactsync.payable import Payable
    from exactsync.payables.claims import Claim, Claims
    from exactsync.payables.entry import Booking
    from exactsync.payables.patience import Patience
    from exactsync.payables.preflight import Checked
    from exactsync.payables.receipts import Attachment, Receipts
    from exactsync.payables.taking import Writer

log = logging.getLogger(__name__)

_DEFECTS: Final = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""Mistakes of ours: one payable must not keep the others from being exported."""
PURCHASE_INVOICE: Final = 20
"""The type of the documents that receipts are attached to (documents/DocumentTypes)."""

Book = Callable[["Payable"], "Checked"]
"""How a payable is booked, or what is in the way: `preflight.check` with the mapping and the books of the run."""


class Exporter:
    """Exports the payables of one company, one at a time.

    Args:
        engine: where the outbox is.
        claims: what this worker takes.
        exact: what reads and writes at Exact.
        book: how a payable is booked.
        receipts: where the receipts of a source are.
        patience: how long to wait for what.
        run: who is at work.
    """

    def __init__(
        self,
        engine: Engine,
        claims: Claims,
        exact: Writer,
        *,
        book: Book,
        receipts: Callable[[str], Receipts],
        patience: Patience,
        run: Run,
    ) -> None:
        self._engine = engine
        self._claims = claims
        self._exact = exact
        self._book = book
        self._receipts = receipts
        self._patience = patience
        self._actor = Actor(name=run.holder, run_id=run.run_id)
        turns = Turns(engine, exact, holder=run.holder, patience=patience)
        self._taker = Taker(engine, claims, exact, turns, patience)

    def export(self, claim: Claim) -> None:
        """Bring a payable as far as it gets now, and end the claim with where it stands.

        Raises:
            ExactSyncError: what stops all others, too: no token, no budget, no access. The payable is let go.
        """
        try:
            self._export(claim)
        except UndecidedError as doubt:
            self._claims.doubted(claim, doubt.message, looks=doubt.looks, again_in_s=doubt.again_in_s)
        except PostponedError as wait:
            self._claims.released(claim, why=wait.message, again_in_s=wait.again_in_s)
        except (RefusedByExactError, SkippableRecordError) as error:
            self._claims.failed(claim, error.message)
        except ClaimLostError as error:
            log.warning("%s", error)
            with suppress(ClaimLostError):  # if only a step is another worker's
                self._claims.released(claim, why=error.message, again_in_s=self._patience.again_s)
        except _DEFECTS as error:
            log.exception("%s cannot be exported.", claim.key)
            self._claims.broken(claim, f"exactsync cannot export it ({type(error).__name__}: {error}). Report this.")
        except ExactSyncError as error:
            self._claims.released(claim, why=error.message, again_in_s=_wait_s(error))
            raise

    def _export(self, claim: Claim) -> None:
        self._taker.settle(claim)
        entry = self._taker.read(_key(claim, ENTRY))
        if entry and entry.exact_id and entry.outcome is Outcome.DONE:
            self._conclude(claim, Taken(id=entry.exact_id), document=None)
            return
        checked = self._book(claim.payable)
        if checked.booking is None:
            self._claims.blocked(claim, checked.findings)
            return
        attachments = self._fetch(claim)
        supplier = self._supplier(claim, checked.booking)
        if self._claims.blocked_as_twin(claim, supplier):
            return
        booking = replace(checked.booking, supplier=supplier)
        document = self._document(claim, booking, attachments)
        self._conclude(claim, self._enter(claim, booking, document.id if document else None), document)

    def _fetch(self, claim: Claim) -> list[Attachment]:
        if not claim.payable.receipts:
            return []
        try:
            return fetch_attachments(self._receipts(claim.key.source), claim.payable)
        except QuotaExhaustedError:  # nor can the receipts of the others be fetched before the next minute
            raise
        except RetryLaterError as error:  # the source's trouble is no reason to stop the others
            raise PostponedError(error.message, again_in_s=_wait_s(error)) from None

    def _supplier(self, claim: Claim, booking: Booking) -> UUID:
        """Return the relation that is owed: as it was matched, which is kept from now on, or created."""
        if booking.supplier and booking.match is None:
            return booking.supplier
        relation = booking.match
        if relation is None:
            body = booking.new_supplier or {}
            key = StepKey(source=claim.key.source, subject=claim.payable.counterparty.id, step=SUPPLIER)
            created = self._taker.take(claim, key, RELATIONS, body, {"name": body["Name"]})
            relation = Relation(id=created.id, how=How.CREATED)
        with self._engine.begin() as connection:
            kept = sources.keep_match(
                connection, claim.key.source, claim.payable.counterparty.id, relation, self._actor
            )
        if kept != relation.id:
            raise PostponedError("Its supplier was matched otherwise meanwhile.", again_in_s=self._patience.again_s)
        return kept

    def _document(self, claim: Claim, booking: Booking, attachments: list[Attachment]) -> Taken | None:
        """Create the document that the receipts are attached to, and attach them."""
        if not attachments:
            return None
        payable, account = claim.payable, str(booking.supplier)
        body = {
            "Subject": f"{shortened(payable.number or payable.description)} {claim.reference}",
            "Type": PURCHASE_INVOICE,
            "Account": account,
            "DocumentDate": wire_day(payable.payable_date),
        }
        sent = {"reference": claim.reference, "account": account}
        document = self._taker.take(claim, _key(claim, DOCUMENT), DOCUMENTS, body, sent)
        reach("export.documented")
        for attachment in attachments:
            name = attachment.file_name(claim.reference)
            content = base64.b64encode(attachment.content).decode()
            attached = {"Document": str(document.id), "FileName": name, "Attachment": content}
            of_document = {"document": str(document.id), "file": name}
            self._taker.take(claim, _key(claim, attachment.step), ATTACHMENTS, attached, of_document)
        reach("export.attached")
        return document

    def _enter(self, claim: Claim, booking: Booking, document: UUID | None) -> Taken:
        payable = claim.payable
        body = purchase_entry(payable, booking, reference=claim.reference, document=document)
        amount = payable.amount if booking.currency == payable.currency else payable.functional_amount
        names = dict(booking.names)
        if booking.supplier:
            names.setdefault(booking.supplier, payable.counterparty.name)
        if document:
            names[document] = "the receipts"
        sent = {
            "reference": claim.reference,
            "supplier": str(booking.supplier),
            "your_ref": payable.number,
            "document": str(document) if document else None,
            **comparing.describe(body, amount=amount, names=names),
        }
        return self._taker.take(claim, _key(claim, ENTRY), ENTRIES, body, sent)

    def _conclude(self, claim: Claim, entry: Taken, document: Taken | None) -> None:
        """Compare the entry with what was sent, and end the claim: it is booked, or a person must look."""
        record, lines = self._read_back(claim, entry)
        if record is None:
            message = (
                f"Exact had booked it as {entry.id}, and does not show it any more: was the entry deleted? It is not "
                "sent again: book it by hand if need be, and mark the payable as exported."
            )
            raise UndecidedError(message, again_in_s=None)
        state = self._taker.read(_key(claim, ENTRY))
        sent: dict[str, Any] = state.sent if state else {}
        number = record["EntryNumber"]
        if wrong := comparing.differences(sent, record, lines):
            raise UndecidedError(
                f"Exact has booked it as entry {number}, but not as it was sent. {'; '.join(wrong)}. Correct the entry "
                "at Exact, and retry; or mark the payable as exported.",
                again_in_s=None,
            )
        link = self._link(claim, sent["document"], document)
        booked = Booked(entry_id=entry.id, number=number, document_id=sent["document"], link=link)
        self._claims.exported(claim, booked, why=f"Booked as entry {number}.")
        reach("export.recorded")

    def _read_back(self, claim: Claim, entry: Taken) -> tuple[Mapping[str, Any] | None, Sequence[Mapping[str, Any]]]:
        """Return an entry with its lines, as Exact has them; None and no lines: there is none."""
        with self._taker.turn(claim) as reader:
            record = entry.record
            if not looking.is_whole(record):
                record = looking.read_entry(reader, claim.division, entry.id)
            return record, looking.read_lines(reader, claim.division, entry.id) if record else []

    def _link(self, claim: Claim, document_id: str | None, document: Taken | None) -> str | None:
        """Return where people see the document, from which Exact leads to the entry; None: it does not say."""
        if document_id is None:
            return None
        told = document.record if document else None
        if not told or not told.get("DocumentViewUrl"):
            with self._taker.turn(claim) as reader:
                told = looking.read_document(reader, claim.division, UUID(document_id))
        return self._exact.screen(told.get("DocumentViewUrl")) if told else None


def _key(claim: Claim, step: str) -> StepKey:
    return StepKey(source=claim.key.source, subject=claim.key.id, step=step)


def _wait_s(error: ExactSyncError) -> float:
    """Return how long after an error it is worth another try."""
    if isinstance(error, RetryLaterError):
        return max(0.0, (error.retry_at - datetime.now(UTC)).total_seconds())
    return 0.0
