"""Which periods are closed to purchases: asked of Exact for each export, since a bookkeeper closes them at any time."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, Protocol

from exactsync.errors import DefectError, ForbiddenError
from exactsync.exact.odata import query

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from exactsync.exact.odata import Page

log = logging.getLogger(__name__)

ENDPOINT: Final = "read/financial/JournalStatusList"
_PROPERTIES: Final = ("Journal", "Year", "Period", "Status")
_CLOSED: Final = 1
"""Status: 0 open, 1 closed (REST reference of JournalStatusList)."""


class Reader(Protocol):
    """Who reads Exact: `ExactClient` does."""

    def get(self, endpoint: str, *, division: int, params: Mapping[str, str] | None = None) -> Page:
        """Return the first page of an endpoint."""

    def follow(self, next_url: str, *, endpoint: str, division: int) -> Page:
        """Return the page that a link leads to."""


def read_closed_periods(reader: Reader, division: int, *, years: Collection[int]) -> frozenset[tuple[str, int, int]]:
    """Return the periods of these financial years that are closed: (journal, year, period). One call, as a rule.

    Where the right to ask is missing none is known to be closed: Exact refuses the entry instead.

    Raises:
        ExactSyncError: as `ExactClient.get`.
    """
    if not years:
        return frozenset()
    wanted = " or ".join(f"Year eq {year}" for year in sorted(set(years)))
    params = query(select=_PROPERTIES, filter_=f"Status eq {_CLOSED} and ({wanted})")
    try:
        records = _read(reader, division, params)
    except ForbiddenError as error:
        log.warning("Closed periods are not known before Exact refuses them: %s", error.message)
        return frozenset()
    return frozenset(
        (str(record["Journal"]).strip(), int(record["Year"]), int(record["Period"]))
        for record in records
        if record["Status"] == _CLOSED
    )


def _read(reader: Reader, division: int, params: Mapping[str, str]) -> list[dict[str, Any]]:
    page = reader.get(ENDPOINT, division=division, params=params)
    records, seen = list(page.records), set[str]()
    while page.next_url:
        if page.next_url in seen:
            raise DefectError("Exact's list of closed periods runs in a circle.")
        seen.add(page.next_url)
        page = reader.follow(page.next_url, endpoint=ENDPOINT, division=division)
        records += page.records
    return records
