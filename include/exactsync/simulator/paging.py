"""One page out of the records of a list, and where the next one begins."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import islice
from typing import TYPE_CHECKING, Any

from exactsync.simulator.wire import comparable_reader, key_literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exactsync.simulator.catalogue import Endpoint
    from exactsync.simulator.query import Query
    from exactsync.simulator.wire import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPage:
    """The records of a page, the `$skiptoken` of the next one if there is more, and the count if asked for."""

    records: list[Record]
    skiptoken: str | None
    total: int | None


def read_page(records: Sequence[Record], query: Query, endpoint: Endpoint, *, page_size: int) -> RecordPage:
    """Return the page that the query asks for.

    Args:
        records: all records of the list in the order of the endpoint's key.
        query: the checked query.
        endpoint: whose list it is.
        page_size: the most records that a page holds; a larger `$top` gives no more.
    """
    order = _Order(query, endpoint)
    ordered = records if order.is_natural else sorted(records, key=order.sort_key)
    start = 0
    if query.resume_after is not None:
        after = order.position(query.resume_after)
        start = bisect_right(ordered, after, key=order.sort_key)
    limit = page_size if query.top is None else min(query.top, page_size)
    matches = (record for record in islice(ordered, start, None) if _passes(query, record))
    page = list(islice(matches, limit))
    has_more = query.top is None and next(matches, None) is not None
    return RecordPage(
        records=page,
        skiptoken=order.skiptoken(page[-1]) if has_more else None,
        total=count(records, query) if query.wants_count else None,
    )


def count(records: Sequence[Record], query: Query) -> int:
    """Return how many records pass the filter, on all pages together."""
    return sum(_passes(query, record) for record in records)


def _passes(query: Query, record: Record) -> bool:
    return query.predicate is None or query.predicate(record)


class _Order:
    """The order of a list: the properties of `$orderby`, then the key. Null comes first, as in SQL Server."""

    def __init__(self, query: Query, endpoint: Endpoint) -> None:
        self._descends = [descends for _, descends in query.order]
        self._readers = [comparable_reader(endpoint.properties[name]) for name, _ in query.order]
        self._as_key = cmp_to_key(self._compare)
        self.is_natural = len(query.order) == 1

    @property
    def sort_key(self) -> Callable[[Record], Any]:
        """The function that makes a record sortable, and comparable with `position`."""
        if self.is_natural:
            return self._readers[0]
        return lambda record: self._as_key([read(record) for read in self._readers])

    def position(self, values: tuple[Any, ...]) -> Any:
        """Return where a record with these values stands."""
        return values[0] if self.is_natural else self._as_key(list(values))

    def skiptoken(self, record: Record) -> str:
        """Return the token that begins after `record`."""
        return ",".join(key_literal(read(record)) for read in self._readers)

    def _compare(self, left: list[Any], right: list[Any]) -> int:
        for a, b, descends in zip(left, right, self._descends, strict=True):
            if a == b:
                continue
            is_less = a is None or (b is not None and a < b)
            return -1 if is_less != descends else 1
        return 0
