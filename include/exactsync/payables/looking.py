"""Whether Exact has what was sent: looked for by our own reference, and compared with what was sent.

Whether ExternalLinkReference can be filtered on is not documented; so what may be it is read (of the supplier, since
the first intent) and the reference compared here. Moments at Exact are Dutch wall clock without a zone (KB-odata).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from exactsync.errors import DefectError
from exactsync.exact.odata import literal, query
from exactsync.payables.steps import DOCUMENT, ENTRY, SUPPLIER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from exactsync.exact.odata import Page
    from exactsync.payables.steps import StepState

ENTRIES: Final = "purchaseentry/PurchaseEntries"
DOCUMENTS: Final = "documents/Documents"
ATTACHMENTS: Final = "documents/DocumentAttachments"
RELATIONS: Final = "crm/Accounts"

_DUTCH: Final = ZoneInfo("Europe/Amsterdam")
_OVERLAP: Final = timedelta(hours=2)
"""For clocks that are off, and for the hour that autumn doubles."""
_ENTRY: Final = (
    "EntryID",
    "EntryNumber",
    "ExternalLinkReference",
    "YourRef",
    "Supplier",
    "Journal",
    "Currency",
    "AmountFC",
    "Document",
)


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


def differences(sent: Mapping[str, Any], record: Mapping[str, Any]) -> list[str]:
    """Return in what an entry differs from what was sent, for people; an id of another company is dropped silently.

    An amount's sign is not compared: how Exact shows a credit note's is not documented.
    """
    found = []
    for name, wanted in (("Supplier", sent["supplier"]), ("Document", sent["document"])):
        has = record.get(name)
        if wanted and (has is None or UUID(str(has)) != UUID(wanted)):
            found.append(f"{name} is {has or 'empty'} instead of {wanted}")
    for name, wanted in (("Journal", sent["journal"]), ("Currency", sent["currency"]), ("YourRef", sent["your_ref"])):
        has = (record.get(name) or "").strip()
        if wanted and has != wanted.strip():
            found.append(f"{name} is '{has}' instead of '{wanted}'")
    amount = record.get("AmountFC")
    if amount is None or abs(Decimal(str(amount))) != abs(Decimal(sent["amount"])):
        found.append(f"the amount is {amount} instead of {sent['amount']}")
    return found


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
