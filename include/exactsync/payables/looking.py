"""Whether Exact has what was sent: looked for by our own reference, and read back.

Whether ExternalLinkReference can be filtered on is not documented; so what may be it is read (of the supplier, since
the first intent) and the reference compared here. Moments at Exact are Dutch wall clock without a zone (KB-odata).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from exactsync.errors import DefectError
from exactsync.exact.odata import literal, query
from exactsync.payables.comparing import ENTRY_PROPERTIES, LINE_PROPERTIES
from exactsync.payables.steps import DOCUMENT, ENTRY, SUPPLIER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from exactsync.exact.odata import Page
    from exactsync.payables.steps import StepState

ENTRIES: Final = "purchaseentry/PurchaseEntries"
LINES: Final = "purchaseentry/PurchaseEntryLines"
DOCUMENTS: Final = "documents/Documents"
ATTACHMENTS: Final = "documents/DocumentAttachments"
RELATIONS: Final = "crm/Accounts"

_DUTCH: Final = ZoneInfo("Europe/Amsterdam")
_OVERLAP: Final = timedelta(hours=2)
"""For clocks that are off, and for the hour that autumn doubles."""
_ENTRY: Final = ("ExternalLinkReference", *ENTRY_PROPERTIES)


class Reader(Protocol):
    """What reads lists of Exact (`exactsync.exact.client.ExactClient`)."""

    def get(self, endpoint: str, *, division: int, params: Mapping[str, str] | None = None) -> Page:
        """Return the first page of a list."""

    def follow(self, next_url: str, *, endpoint: str, division: int) -> Page:
        """Return the page that follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was sent, at Exact."""

    id: UUID
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsure:
    """Something that only a person can tell apart from what was sent."""

    message: str


def look(reader: Reader, division: int, state: StepState) -> Found | Unsure | None:
    """Return what a step has created at Exact; None: nothing that is there now.

    Raises:
        ExactSyncError: as `ExactClient.get`.
    """
    step = state.key.step
    if step == ENTRY:
        return _look_for_entry(reader, division, state)
    if step == DOCUMENT:
        since = f"Account eq {literal(UUID(state.sent['account']))} and {_created_since(state.first_intent_at)}"
        records = _read(reader, DOCUMENTS, division, ("ID", "Subject", "Account"), since)
        return _only([one for one in records if state.sent["reference"] in (one["Subject"] or "")], "ID", "documents")
    if step == SUPPLIER:
        since = f"Name eq {literal(state.sent['name'])} and {_created_since(state.first_intent_at)}"
        records = _read(reader, RELATIONS, division, ("ID", "Name", "VATNumber", "IsSupplier"), since)
        return _only([one for one in records if one["IsSupplier"]], "ID", "suppliers")
    of_document = f"Document eq {literal(UUID(state.sent['document']))}"
    records = _read(reader, ATTACHMENTS, division, ("ID", "FileName", "Document"), of_document)
    return _only([one for one in records if one["FileName"] == state.sent["file"]], "ID", "attachments")


def read_entry(reader: Reader, division: int, entry_id: UUID) -> Mapping[str, Any] | None:
    """Return an entry by its key; None: there is none."""
    records = _read(reader, ENTRIES, division, _ENTRY, f"EntryID eq {literal(entry_id)}")
    return next(records, None)


def read_since(reader: Reader, division: int, moment: datetime) -> Iterator[Mapping[str, Any]]:
    """Yield every entry that was made since a moment, whoever made it."""
    properties = ("EntryID", "EntryNumber", "ExternalLinkReference", "Supplier")
    return _read(reader, ENTRIES, division, properties, _created_since(moment))


def read_lines(reader: Reader, division: int, entry_id: UUID) -> list[Mapping[str, Any]]:
    """Return the lines of an entry; a 201 tells where they are, and not what they say (KB-goods)."""
    records = _read(reader, LINES, division, LINE_PROPERTIES, f"EntryID eq {literal(entry_id)}")
    return sorted(records, key=lambda line: line["LineNumber"] or 0)


def read_document(reader: Reader, division: int, document_id: UUID) -> Mapping[str, Any] | None:
    """Return where people see a document; None: there is none."""
    condition = f"ID eq {literal(document_id)}"
    return next(_read(reader, DOCUMENTS, division, ("ID", "DocumentViewUrl"), condition), None)


def is_whole(record: Mapping[str, Any] | None) -> bool:
    """Whether the answer to a POST tells enough of an entry; often all it tells is the key (Nango, basvanbeek)."""
    return record is not None and record.get("EntryNumber") is not None and record.get("AmountFC") is not None


def _look_for_entry(reader: Reader, division: int, state: StepState) -> Found | Unsure | None:
    sent = state.sent
    condition = f"Supplier eq {literal(UUID(sent['supplier']))} and {_created_since(state.first_intent_at)}"
    records = list(_read(reader, ENTRIES, division, _ENTRY, condition))
    ours = [one for one in records if (one["ExternalLinkReference"] or "").strip() == sent["reference"]]
    if ours:
        return _only(ours, "EntryID", "entries")
    alike = [
        one
        for one in records
        if sent["your_ref"]
        and (one["YourRef"] or "").strip() == sent["your_ref"].strip()
        and not (one["ExternalLinkReference"] or "").strip()
    ]
    if alike:
        numbers = ", ".join(str(one["EntryNumber"]) for one in alike)
        return Unsure(
            message=f"Exact has an entry of the same supplier and number ({numbers}), without our reference: it may be "
            "this one, or one that somebody made by hand. If it is this one, mark the payable as exported; if not, "
            "give that entry another number, and retry."
        )
    return None


def _only(records: list[Mapping[str, Any]], key: str, plural: str) -> Found | Unsure | None:
    if len(records) > 1:
        return Unsure(message=f"Exact has {len(records)} {plural} that are the one: delete all but one, and retry.")
    return Found(id=UUID(str(records[0][key])), record=records[0]) if records else None


def _created_since(moment: datetime) -> str:
    return f"Created ge {literal((moment - _OVERLAP).astimezone(_DUTCH).replace(tzinfo=None))}"


def _read(
    reader: Reader, endpoint: str, division: int, select: tuple[str, ...], condition: str
) -> Iterator[Mapping[str, Any]]:
    page = reader.get(endpoint, division=division, params=query(select=select, filter_=condition))
    seen = set[str]()
    yield from page.records
    while page.next_url:
        if page.next_url in seen:
            raise DefectError(f"Exact's list of {endpoint} runs in a circle.")
        seen.add(page.next_url)
        page = reader.follow(page.next_url, endpoint=endpoint, division=division)
        yield from page.records
