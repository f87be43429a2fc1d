"""The contents of this Exact Online: typed records, their rowversions, and the log of deletions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from exactsync.simulator.catalogue import Catalogue, Kind

if TYPE_CHECKING:
    from random import Random

    from exactsync.simulator.clock import Clock

Record = Mapping[str, Any]
Key = UUID | int
SHARED = 0
"""The "division" of what belongs to none: the list of divisions itself."""


@dataclass(slots=True)
class _Table:
    """Records by key in the order of their rowversion, since every change puts the record at the end."""

    by_timestamp: dict[Key, Record] = field(default_factory=dict)
    by_key: list[Record] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LateChange:
    """A change that has its rowversion and is not committed."""

    division: int
    entity_set: str
    key: Key
    record: Record


class Database:
    """One database of Exact: rowversions are unique and rising over all its divisions.

    Records are never changed in place, so a list that was handed out stays as it was. Not thread-safe.
    """

    def __init__(self, *, catalogue: Catalogue, clock: Clock, random: Random, first_rowversion: int) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._random = random
        self._next_rowversion = first_rowversion
        self._tables: defaultdict[tuple[int, str], _Table] = defaultdict(_Table)
        self._uncommitted: list[LateChange] = []

    def put(self, division: int, entity_set: str, record: Record) -> Record:
        """Store a record under its key with a new rowversion, as an insert or in place of what was there."""
        key = self._key(entity_set, record)
        table = self._tables[division, entity_set]
        table.by_timestamp.pop(key, None)
        stored = {**record, "Timestamp": self._take_rowversion()}
        table.by_timestamp[key] = stored
        table.by_key = None
        return stored

    def put_late(self, division: int, entity_set: str, record: Record) -> LateChange:
        """Take a rowversion for a new version of a record that nobody sees before it is committed."""
        stored = {**record, "Timestamp": self._take_rowversion()}
        key = self._key(entity_set, record)
        late = LateChange(division=division, entity_set=entity_set, key=key, record=stored)
        self._uncommitted.append(late)
        return late

    def commit(self, late: LateChange) -> None:
        """Let a late change be seen, at the place of its rowversion; one that was overtaken is forgotten."""
        if late not in self._uncommitted:
            return
        self._uncommitted.remove(late)
        table = self._table(late.division, late.entity_set)
        current = table.by_timestamp.get(late.key)
        if current is None or current["Timestamp"] > late.record["Timestamp"]:
            return
        table.by_timestamp[late.key] = late.record
        table.by_timestamp = dict(sorted(table.by_timestamp.items(), key=lambda item: item[1]["Timestamp"]))
        table.by_key = None

    def commit_all(self) -> int:
        """Commit every late change; return how many there were."""
        late_changes = list(self._uncommitted)
        for late in late_changes:
            self.commit(late)
        return len(late_changes)

    def get(self, division: int, entity_set: str, key: Key) -> Record:
        """Return one record.

        Raises:
            KeyError: there is none.
        """
        return self._table(division, entity_set).by_timestamp[key]

    def find(self, division: int, entity_set: str, key: Key) -> Record | None:
        """Return one record, None if there is none."""
        return self._table(division, entity_set).by_timestamp.get(key)

    def take_out(self, division: int, entity_set: str, key: Key) -> Record:
        """Remove a record as if it had never been, and return it.

        Raises:
            KeyError: there is none.
        """
        table = self._table(division, entity_set)
        table.by_key = None
        return table.by_timestamp.pop(key)

    def delete(self, division: int, entity_set: str, key: Key, *, deleted_by: UUID) -> None:
        """Remove a record; entity sets that sync/Deleted knows leave a line there.

        Raises:
            KeyError: there is none.
        """
        table = self._table(division, entity_set)
        del table.by_timestamp[key]
        table.by_key = None
        deleted_type = self._catalogue.entity_sets[entity_set].deleted_type
        if deleted_type is None:
            return
        timestamp = self._take_rowversion()
        line = {
            "Timestamp": timestamp,
            "ID": self.new_id(),
            "EntityKey": key,
            "EntityType": deleted_type,
            "DeletedBy": deleted_by,
            "DeletedDate": self._clock.utc(),
            "Division": division,
        }
        self._tables[division, "Deleted"].by_timestamp[timestamp] = line

    def forget_deletions(self, older_than_days: float) -> None:
        """Drop lines of the deletion log that Exact no longer keeps."""
        limit = self._clock.utc() - timedelta(days=older_than_days)
        for (_, entity_set), table in self._tables.items():
            if entity_set != "Deleted":
                continue
            for key in [k for k, line in table.by_timestamp.items() if line["DeletedDate"] < limit]:
                del table.by_timestamp[key]

    def by_timestamp(self, division: int, entity_set: str) -> list[Record]:
        """Return the records, lowest rowversion first."""
        return list(self._table(division, entity_set).by_timestamp.values())

    def by_key(self, division: int, entity_set: str) -> list[Record]:
        """Return the records in the order of their key; the list is shared, leave it as it is."""
        table = self._table(division, entity_set)
        if table.by_key is None:
            name = self._catalogue.entity_sets[entity_set].key
            table.by_key = sorted(table.by_timestamp.values(), key=lambda record: int(record[name]))
        return table.by_key

    def truth(self, division: int, entity_set: str) -> list[dict[str, Any]]:
        """Return every record with every property (and `Timestamp`), typed, in the order of their key."""
        properties = self._catalogue.entity_sets[entity_set].properties
        names = ["Timestamp", *(n for n, spec in properties.items() if spec.kind is not Kind.NAVIGATION)]
        return [{name: record.get(name) for name in names} for record in self.by_key(division, entity_set)]

    def populated(self) -> Iterator[tuple[int, str]]:
        """Yield division and entity set of everything that holds, or held, records."""
        yield from (place for place in list(self._tables) if place[0] != SHARED and place[1] != "Deleted")

    def new_id(self) -> UUID:
        """Return an id, the same one at the same point for the same seed."""
        return UUID(int=self._random.getrandbits(128), version=4)

    def _table(self, division: int, entity_set: str) -> _Table:
        """Return a table to read from; reading makes none."""
        return self._tables.get((division, entity_set), _Table())

    def _key(self, entity_set: str, record: Record) -> Key:
        key: Key = record[self._catalogue.entity_sets[entity_set].key]
        return key

    def _take_rowversion(self) -> int:
        self._next_rowversion += 1
        return self._next_rowversion - 1
