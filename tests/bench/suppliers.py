"""The suppliers that every contestant loads: pages of Exact's sync endpoint, made once and kept as bytes.

Names and addresses are those of the simulator; the envelope and the spelling of values are those of Exact.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import orjson

from exactsync.simulator.vocabulary import FAMILY_NAMES, LANGUAGES, LEGAL_FORMS, PLACES, TRADES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

DIVISION: Final = 1000001
PAGE: Final = 1000
"""Records on a page of a sync endpoint."""
CHANGED_SHARE: Final = 0.01
BEFORE: Final = 10_000_000_000
"""The Timestamp that the first record's follows: all have as many digits, so they rise as texts too."""

_MIDNIGHT_2024: Final = 1_704_067_200_000
_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class PageBytes:
    """Where the records of one page stand in the file."""

    offset: int
    length: int


class Feed:
    """All pages of one number of suppliers, in a file below `folder`; made if they are not there yet."""

    def __init__(self, folder: Path, rows: int) -> None:
        self.rows = rows
        self.changed_rows = max(1, round(rows * CHANGED_SHARE))
        self.file = folder / f"suppliers-{rows}.pages"
        self._index = folder / f"suppliers-{rows}.json"

    def prepare(self) -> None:
        """Write the pages, unless they are there."""
        if self._index.exists():
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        first = (make_supplier(number, BEFORE + number) for number in range(1, self.rows + 1))
        step = self.rows // self.changed_rows
        changed = (
            make_supplier(1 + number * step, BEFORE + self.rows + 1 + number, name="Changed meanwhile B.V.")
            for number in range(self.changed_rows)
        )
        with self.file.open("wb") as file:
            index = [[_write(file, page) for page in _paged(records)] for records in (first, changed)]
        self._index.write_text(json.dumps(index))

    @cached_property
    def _pages(self) -> list[list[PageBytes]]:
        return [[PageBytes(*place) for place in pages] for pages in json.loads(self._index.read_text())]

    def after(self, timestamp: int) -> list[PageBytes]:
        """Return the pages of what changed after a Timestamp that one of the three loads has reached."""
        first, changed = self._pages
        if timestamp <= BEFORE:
            return first
        return changed if timestamp == BEFORE + self.rows else []


def make_supplier(number: int, timestamp: int, *, name: str | None = None) -> dict[str, Any]:
    """Return one record as Exact sends it; the same number gives the same supplier."""
    random = Random(number)
    country = random.choice(("NL", "NL", "BE", "FR"))
    place = random.choice(PLACES[country])
    key = UUID(int=random.getrandbits(128), version=4)
    own = f"{random.choice(FAMILY_NAMES)} {random.choice(TRADES)} {random.choice(LEGAL_FORMS[country])}"
    day = _MIDNIGHT_2024 + random.randrange(700) * _DAY_MS
    return {
        "__metadata": {
            "uri": f"https://start.exactonline.nl/api/v1/{DIVISION}/sync/CRM/Accounts(guid'{key}')",
            "type": "Exact.Web.Api.Models.CRM.Account",
        },
        "ID": str(key),
        "Code": str(number).rjust(18),
        "Name": name or own,
        "SearchCode": own.split()[0].upper(),
        "Blocked": random.random() < 0.03,
        "Status": random.choice((None, "A", "C")),
        "Type": "A",
        "VATNumber": f"{country}{random.randrange(10**8, 10**9)}B01" if random.random() < 0.8 else None,
        "ChamberOfCommerce": str(random.randrange(10**7, 10**8)) if random.random() < 0.7 else None,
        "AddressLine1": f"{place.street} {random.randrange(1, 400)}",
        "AddressLine2": random.choice((None, None, "", "2e verdieping")),
        "Postcode": place.postcode,
        "City": place.city,
        "Country": f"{country} ",
        "CountryName": {"NL": "Nederland", "BE": "België", "FR": "France"}[country],
        "Email": random.choice((None, f"facturen@relation{number}.example")),
        "Phone": random.choice((None, "", f"+31 20 {random.randrange(10**6, 10**7)}")),
        "Website": f"https://relation{number}.example" if random.random() < 0.4 else None,
        "Language": random.choice(LANGUAGES[country]),
        "PurchaseCurrency": random.choice(("EUR", "EUR", "EUR", "USD")),
        "PurchaseVATCode": random.choice((None, "1  ", "2  ", "4  ")),
        "PurchaseLeadDays": random.choice((None, 1, 2, 5)),
        "PaymentConditionPurchase": random.choice((None, "30", "14")),
        "GLAccountPurchase": str(UUID(int=random.randrange(40), version=4)) if random.random() < 0.6 else None,
        "CreditLinePurchase": random.choice((0, 0, 12500.5)),
        "IsSales": random.random() < 0.2,
        "StartDate": _date(day),
        "EndDate": _date(day + 900 * _DAY_MS) if random.random() < 0.05 else None,
        "Created": _date(day + random.randrange(_DAY_MS)),
        "Modified": _date(day + random.randrange(_DAY_MS * 30)),
        "IsSupplier": True,
        "Timestamp": str(timestamp),
    }


def _date(wire_ms: int) -> str:
    return f"/Date({wire_ms})/"


def _paged(records: Iterable[dict[str, Any]]) -> Iterable[bytes]:
    page: list[dict[str, Any]] = []
    for record in records:
        page.append(record)
        if len(page) == PAGE:
            yield orjson.dumps(page)
            page = []
    if page:
        yield orjson.dumps(page)


def _write(file: Any, page: bytes) -> tuple[int, int]:
    offset = file.tell()
    file.write(page)
    return offset, len(page)
