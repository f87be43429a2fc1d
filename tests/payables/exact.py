"""Exact as an export meets it: it takes entries, documents, attachments and suppliers, lists them, and goes wrong."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID, uuid4

from exactsync.errors import DoubtfulWriteError, ExactUnavailableError, RefusedByExactError
from exactsync.exact.odata import Page
from exactsync.exact.writing import Created

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

KEYS = {
    "purchaseentry/PurchaseEntries": "EntryID",
    "documents/Documents": "ID",
    "documents/DocumentAttachments": "ID",
    "crm/Accounts": "ID",
}
ENTRIES, DOCUMENTS, ATTACHMENTS, RELATIONS = KEYS
LINES = "purchaseentry/PurchaseEntryLines"
SCREEN = "https://start.exactonline.nl/docs/DocView.aspx?DocumentID={}"

Fault = Literal["lost after", "lost before", "late", "refused", "throttled", "silent"]
"""What becomes of a POST: no answer though it was committed, nor committed, committed when `commit_late` says so; a
business error; 429; 201 with nothing but the key."""


@dataclass
class FakeExact:
    """One company's books."""

    records: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    faults: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    posts: list[str] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    before_post: Callable[[str, Mapping[str, Any]], None] = lambda _endpoint, _body: None
    on_list: Callable[[], None] = lambda: None
    changed: dict[str, Any] = field(default_factory=dict)
    """What entries are booked with, whatever was sent: an id of another company is dropped to null, silently."""
    changed_lines: dict[str, Any] = field(default_factory=dict)
    screens: str | None = SCREEN
    """Where documents are seen."""
    words: str = "Ongeldige referentie: Btw-code\nVerplicht: Dagboek"
    _late: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def plant(self, endpoint: str, *faults: Fault) -> None:
        """Let the next POSTs to an endpoint go wrong, one after the other."""
        self.faults[endpoint].extend(faults)

    def commit_late(self) -> None:
        """Commit what was sent long ago."""
        for endpoint, record in self._late:
            self.records[endpoint].append(record)
        self._late.clear()

    def create(self, endpoint: str, *, division: int, body: Mapping[str, Any]) -> Created:
        self.before_post(endpoint, body)
        self.posts.append(endpoint)
        fault = self.faults[endpoint].popleft() if self.faults[endpoint] else None
        if fault == "throttled":
            raise ExactUnavailableError("Exact answered 429.", retry_at=datetime.now(UTC) + timedelta(seconds=30))
        if fault == "refused":
            raise RefusedByExactError(self.words, status=500)
        record = self._record(endpoint, body)
        if fault == "late":
            self._late.append((endpoint, record))
        elif fault != "lost before":
            self.records[endpoint].append(record)
        if fault in {"lost after", "lost before", "late"}:
            raise DoubtfulWriteError("The connection to Exact was lost.")
        return Created(key=record[KEYS[endpoint]], record=None if fault == "silent" else record)

    def get(self, endpoint: str, *, division: int, params: Mapping[str, str] | None = None) -> Page:
        self.looks.append(endpoint)
        self.on_list()
        if endpoint == LINES:
            return Page(records=self._lines((params or {})["$filter"]), next_url=None)
        guids = re.findall(r"(\w+) eq guid'([^']+)'", (params or {})["$filter"])
        names = re.findall(r"Name eq '([^']+)'", (params or {})["$filter"])
        found = [
            record
            for record in self.records[endpoint]
            if all(str(record[name]) == value for name, value in guids)
            and all(record["Name"] == name for name in names)
        ]
        return Page(records=found, next_url=None)

    def follow(self, next_url: str, *, endpoint: str, division: int) -> Page:
        raise AssertionError("there is one page")

    def screen(self, url: object) -> str | None:
        return str(url) if str(url).startswith("https://start.exactonline.nl/") else None

    def _lines(self, condition: str) -> list[dict[str, Any]]:
        (entry_id,) = re.findall("EntryID eq guid'([^']+)'", condition)
        entry = next(one for one in self.records[ENTRIES] if str(one["EntryID"]) == entry_id)
        lines = entry.get("PurchaseEntryLines", [])
        return [{"LineNumber": number, **line, **self.changed_lines} for number, line in enumerate(lines, start=1)]

    def _record(self, endpoint: str, body: Mapping[str, Any]) -> dict[str, Any]:
        record = {**body, KEYS[endpoint]: uuid4()}
        if endpoint == ENTRIES:
            record |= {
                "EntryNumber": 26600000 + len(self.records[endpoint]) + 1,
                "AmountFC": float(sum(_gross(line) for line in body["PurchaseEntryLines"])),
                "Document": body.get("Document"),
                "YourRef": body.get("YourRef"),
            }
            record |= self.changed
        if endpoint == DOCUMENTS:
            record["DocumentViewUrl"] = self.screens and self.screens.format(record["ID"])
        return record


def _gross(line: Mapping[str, Any]) -> Any:
    """Lines of VAT codes whose amounts are without VAT."""
    return line["AmountFC"] + line.get("VATAmountFC", 0)


@contextmanager
def unreachable(exact: FakeExact) -> Iterator[None]:
    """Let every list fail."""

    def fail() -> None:
        raise ExactUnavailableError("Exact does not answer.", retry_at=datetime.now(UTC) + timedelta(seconds=60))

    exact.on_list = fail
    yield
    exact.on_list = lambda: None


NOBODY = UUID(int=0)
