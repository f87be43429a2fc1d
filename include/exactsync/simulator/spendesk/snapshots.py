"""Snapshots of payables: asked for one at a time, made in the background, kept for 12 hours however stale."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from exactsync.simulator.spendesk.rules import SpendeskRule, refuse
from exactsync.simulator.spendesk.wire import write_v0, write_v1

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from exactsync.simulator.spendesk.settings import SpendeskSettings

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_FILTERS: Final = frozenset(
    {
        "bookkeepingStatus",
        "createdFrom",
        "createdTo",
        "exportedAfter",
        "fromPayableDate",
        "ids",
        "sortBy",
        "sortOrder",
        "toPayableDate",
        "updatedFrom",
    }
)


@dataclass(slots=True, kw_only=True)
class _Snapshot:
    query: dict[str, Any]
    key: str
    asked_at: float
    ready_at: float
    last_poll: float
    content: list[dict[str, Any]]


class Snapshots:
    """The snapshots of one company. Not thread-safe: the simulator holds its lock."""

    def __init__(self) -> None:
        self._by_query: dict[str, _Snapshot] = {}

    def ask(
        self, query: dict[str, Any], payables: Iterable[dict[str, Any]], settings: SpendeskSettings, now: datetime
    ) -> dict[str, Any]:
        """Begin a snapshot, or return the one that the same question has had within 12 hours.

        Raises:
            SpendeskRefusedError: the question is not allowed, or another snapshot is being made.
        """
        check_query(query, settings, now.date())
        moment = now.timestamp()
        self._forget(moment - settings.snapshot_life_s)
        known = self._by_query.get(repr(sorted(query.items())))
        if known is None:
            known = self._begin(query, payables, settings, moment)
        left = settings.snapshot_life_s - (moment - known.asked_at)
        return {
            "query": query,
            "key": known.key,
            "expireInSeconds": round(settings.snapshot_life_s),
            "remainingSeconds": round(left),
        }

    def _begin(
        self, query: dict[str, Any], payables: Iterable[dict[str, Any]], settings: SpendeskSettings, moment: float
    ) -> _Snapshot:
        if any(one.ready_at > moment for one in self._by_query.values()):
            raise refuse(
                409,
                "snapshot_in_progress",
                "Another snapshot is being generated.",
                rule=SpendeskRule.PARALLEL_SNAPSHOTS,
            )
        found = [one for one in payables if _matches(one, query)]
        found.sort(key=lambda one: (one["payableDate"], str(one["id"])))
        snapshot = _Snapshot(
            query=query,
            key=uuid4().hex,
            asked_at=moment,
            ready_at=moment + settings.snapshot_ready_s,
            last_poll=moment,
            content=[_write(one, settings) for one in found],
        )
        self._by_query[repr(sorted(query.items()))] = snapshot
        return snapshot

    def read(self, key: str, page: int, size: int, settings: SpendeskSettings, now: datetime) -> tuple[object, bool]:
        """Return a page of a snapshot, or that it is being made; and whether the client asked too soon.

        Raises:
            SpendeskRefusedError: there is no such snapshot, or it is older than 12 hours.
        """
        moment = now.timestamp()
        self._forget(moment - settings.snapshot_life_s)
        found = next((one for one in self._by_query.values() if one.key == key), None)
        if found is None:
            raise refuse(404, "not_found", "There is no such snapshot.", rule=None)
        if moment < found.ready_at:
            is_hasty = moment - found.last_poll < settings.shortest_poll_s
            found.last_poll = moment
            return {"status": "PENDING", "key": key}, is_hasty
        first = (page - 1) * size
        pagination = {"page": page, "pageSize": size, "total": len(found.content)}
        result = {"data": found.content[first : first + size], "meta": {"pagination": pagination}}
        return {"status": "COMPLETE", "key": key, "query": found.query, "result": result}, False

    def _forget(self, before: float) -> None:
        self._by_query = {query: one for query, one in self._by_query.items() if one.asked_at > before}


def check_query(query: dict[str, Any], settings: SpendeskSettings, today: date) -> None:
    """Refuse a question that Spendesk refuses.

    Raises:
        SpendeskRefusedError: an unknown filter, half a period, a period that is too long or ends in the future.
    """
    if unknown := query.keys() - _FILTERS:
        raise refuse(400, "validation", f"Unknown filters: {sorted(unknown)}.", rule=SpendeskRule.BAD_REQUEST)
    period = [query.get("fromPayableDate"), query.get("toPayableDate")]
    if period == [None, None]:
        return
    if not all(isinstance(day, str) and _DAY.fullmatch(day) for day in period):
        raise refuse(400, "validation", "A period needs two days.", rule=SpendeskRule.BAD_REQUEST)
    first, last = (date.fromisoformat(str(day)) for day in period)
    if last > today:
        raise refuse(409, "future_end", "The period ends in the future.", rule=SpendeskRule.FUTURE_END)
    if not timedelta() <= last - first <= timedelta(days=settings.longest_period_days):
        raise refuse(400, "period", "The period is longer than 31 days.", rule=SpendeskRule.LONG_PERIOD)


def _matches(payable: dict[str, Any], query: dict[str, Any]) -> bool:
    statuses = query.get("bookkeepingStatus")
    return all(
        (
            not statuses or payable["bookkeepingStatus"] in statuses,
            not query.get("ids") or str(payable["id"]) in query["ids"],
            _is_between(payable["payableDate"].isoformat(), query.get("fromPayableDate"), query.get("toPayableDate")),
            _is_between(_moment(payable["createdAt"]), query.get("createdFrom"), query.get("createdTo")),
            _is_between(_moment(payable["updatedAt"]), query.get("updatedFrom"), None),
            _is_between(_moment(payable["exportedAt"]), query.get("exportedAfter"), None),
        )
    )


def _is_between(value: str | None, first: str | None, last: str | None) -> bool:
    if value is None:
        return first is None
    return (first is None or value >= first) and (last is None or value <= last)


def _moment(value: datetime | None) -> str | None:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z") if value else None


def _write(payable: dict[str, Any], settings: SpendeskSettings) -> dict[str, Any]:
    shape = settings.shape
    if shape == "mixed":
        payable_id: UUID = payable["id"]
        shape = "v1" if payable_id.int % 2 else "v0"
    return write_v1(payable) if shape == "v1" else write_v0(payable)
