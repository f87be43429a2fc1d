"""What other people do in Exact while a list is being read."""

from __future__ import annotations

from http import HTTPStatus
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

from exactsync.simulator.faults.kinds import WayOut, fault
from exactsync.simulator.faults.pages import records_answered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exactsync.simulator.database import Key
    from exactsync.simulator.faults.planting import Action, Call
    from exactsync.simulator.messages import Request, Response
    from exactsync.simulator.wire import Record

_UNCHANGEABLE = frozenset({"Deleted", "Divisions", "Me"})
_SEED = "other people"


class _Place:
    """The entity set that a call reads, and which of its records a fault is about."""

    def __init__(self, call: Call, key: UUID | None) -> None:
        assert call.target.endpoint is not None  # noqa: S101 - these faults match lists only
        assert call.target.division is not None  # noqa: S101 - only `current/Me` has none
        entity_set = call.target.endpoint.entity_set
        self.clerk = call.clerk
        self._database = call.world.database
        self.name = entity_set.name
        self.division = call.target.division
        self.random = Random(f"{_SEED} {call.planted.id} {call.number}")  # noqa: S311 - reproducible, not secret
        self._key_name = entity_set.key
        self._key = key

    def keys(self, records: list[Record]) -> list[Key]:
        """Return the keys of records."""
        return [record[self._key_name] for record in records]

    def choose(self, records: list[Record]) -> Key | None:
        """Return the key that is meant: the given one if it is there, or that of any of the records."""
        if self._key is not None:
            return self._key if self._exists(self._key) else None
        return self.random.choice(self.keys(records)) if records else None

    def _exists(self, key: Key) -> bool:
        return key in self.keys(self._database.by_key(self.division, self.name))

    def change(self, key: Key, values: Mapping[str, Any] | None) -> None:
        """Change a record: the given values, or believable ones."""
        self.clerk.update(self.division, self.name, key, values or self.invent(key))

    def invent(self, key: Key) -> dict[str, Any]:
        """Return believable new values for a record."""
        return self.clerk.invent_values(self.random, self.division, self.name, key)


def _parse_key(key: str | UUID | None) -> UUID | None:
    return UUID(key) if isinstance(key, str) else key


def _can_change(call: Call) -> bool:
    endpoint = call.target.endpoint
    return endpoint is not None and call.target.division is not None and endpoint.entity_set.name not in _UNCHANGEABLE


@fault(source="a row changed while paging moves to a later page", page=WayOut.TRANSPARENT, pages_only=True)
def row_changed(*, key: str | UUID | None = None, values: Mapping[str, Any] | None = None) -> Action:
    """After the page is answered, a record of page 1 changes: any, or the one with `key`; in a sync feed it moves.

    `values` are the new ones; without them they are invented.
    """
    wanted = _parse_key(key)

    def act(_request: Request, call: Call) -> Response:
        response = call()
        if response.status != HTTPStatus.OK or not _can_change(call):
            call.missed()
            return response
        place = _Place(call, wanted)
        with call.world.lock:
            chosen = place.choose(records_answered(call, from_start=True))
            if chosen is None:
                call.missed()
            else:
                place.change(chosen, values)
        return response

    return act


@fault(source="deleted rows do not appear in sync", page=WayOut.TRANSPARENT, pages_only=True)
def record_deleted(*, key: str | UUID | None = None) -> Action:
    """After the page is answered, a record of it is deleted: any, or the one with `key`."""
    wanted = _parse_key(key)

    def act(_request: Request, call: Call) -> Response:
        response = call()
        if response.status != HTTPStatus.OK or not _can_change(call):
            call.missed()
            return response
        place = _Place(call, wanted)
        with call.world.lock:
            chosen = place.choose(records_answered(call))
            if chosen is None:
                call.missed()
            else:
                place.clerk.delete(place.division, place.name, chosen)
        return response

    return act


@fault(source="a late commit may carry a lower rowversion", page=WayOut.RETRY_LATER, pages_only=True)
def late_commit(
    *, calls: int | None = 1, key: str | UUID | None = None, values: Mapping[str, Any] | None = None
) -> Action:
    """Before the page is answered, a change takes its Timestamp but is not committed; then another record changes.

    The change is seen when `calls` more matching calls have been answered, counted from the struck one; None: when it
    is committed (`Simulator.commit_late_changes`), or the fault removed. By then higher Timestamps have been read.
    """
    wanted = _parse_key(key)

    def act(_request: Request, call: Call) -> Response:
        if not _can_change(call):
            call.missed()
            return call()
        place = _Place(call, wanted)
        with call.world.lock:
            records = call.world.database.by_timestamp(place.division, place.name)
            chosen = place.choose(records)
            others = [key for key in place.keys(records) if key != chosen]
            if chosen is None or not others:
                call.missed()
            else:
                late = place.clerk.update_late(place.division, place.name, chosen, values or place.invent(chosen))
                place.change(place.random.choice(others), None)
                call.after(calls, lambda: call.world.database.commit(late))
        return call()

    return act
