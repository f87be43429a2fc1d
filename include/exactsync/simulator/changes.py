"""What people do in Exact between two readings: they add, change and delete records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from exactsync.simulator.catalogue import Kind, PropertySpec
from exactsync.simulator.database import SHARED, Key, LateChange
from exactsync.simulator.hostile import spoil_value

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from random import Random

    from exactsync.simulator.data import RecordFactory
    from exactsync.simulator.world import World

ChangeKind = Literal["insert", "update", "delete"]
_SUPPLIER = "IsSupplier"
_BOOKED = frozenset({"PurchaseEntries", "PurchaseEntryLines", "Documents", "DocumentAttachments"})
"""What nobody changes at random: it must add up."""
_CHANGEABLE = (Kind.TEXT, Kind.BOOLEAN, Kind.DAY, Kind.DOUBLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change that was made."""

    kind: ChangeKind
    division: int
    entity_set: str
    key: Key


class Clerk:
    """Makes changes as a user of Exact would. Not thread-safe."""

    def __init__(self, world: World, factories: Mapping[int, RecordFactory]) -> None:
        self._world = world
        self._factories = factories

    def insert(self, division: int, entity_set: str, values: Mapping[str, Any]) -> Change:
        """Add a believable record with `values` over it; values of unknown properties are refused."""
        self._check(entity_set, values)
        record = self._factories[division].create(entity_set, at=self._world.clock.utc())
        record.update(values)
        self._world.database.put(division, entity_set, record)
        return Change(kind="insert", division=division, entity_set=entity_set, key=record[self._key_of(entity_set)])

    def update(self, division: int, entity_set: str, key: Key, values: Mapping[str, Any]) -> Change:
        """Change a record: `values`, its rowversion, and when and by whom it was modified."""
        self._world.database.put(division, entity_set, self._modify(division, entity_set, key, values))
        return Change(kind="update", division=division, entity_set=entity_set, key=key)

    def update_late(self, division: int, entity_set: str, key: Key, values: Mapping[str, Any]) -> LateChange:
        """Change a record, but leave the change to be committed: its rowversion is of now."""
        return self._world.database.put_late(division, entity_set, self._modify(division, entity_set, key, values))

    def invent_values(self, random: Random, division: int, entity_set: str, key: Key) -> dict[str, Any]:
        """Return believable new values for one to three properties of a record."""
        return self._random_values(random, entity_set, self._world.database.get(division, entity_set, key))

    def _modify(self, division: int, entity_set: str, key: Key, values: Mapping[str, Any]) -> dict[str, Any]:
        self._check(entity_set, values)
        old = self._world.database.get(division, entity_set, key)
        modified: dict[str, Any] = {}
        if division != SHARED:
            modified = {"Modified": self._world.clock.utc(), "Modifier": self._world.settings.user.id}
        return {**old, **modified, **values}

    def touch(self, division: int, entity_set: str, key: Key) -> Change:
        """Give a record a new rowversion and change nothing that can be seen."""
        old = self._world.database.get(division, entity_set, key)
        self._world.database.put(division, entity_set, old)
        return Change(kind="update", division=division, entity_set=entity_set, key=key)

    def delete(self, division: int, entity_set: str, key: Key) -> Change:
        """Delete a record."""
        user = self._world.settings.user.id
        self._world.database.delete(division, entity_set, key, deleted_by=user)
        return Change(kind="delete", division=division, entity_set=entity_set, key=key)

    def make_random_changes(
        self, number: int, random: Random, divisions: Collection[int], entity_sets: Collection[str]
    ) -> list[Change]:
        """Make a mix of changes; empty collections mean everything that holds records."""
        places = [
            (division, entity_set)
            for division, entity_set in sorted(self._world.database.populated())
            if entity_set not in _BOOKED
            and (not divisions or division in divisions)
            and (not entity_sets or entity_set in entity_sets)
        ]
        return [self._change_something(random, *random.choice(places)) for _ in range(number if places else 0)]

    def _change_something(self, random: Random, division: int, entity_set: str) -> Change:
        records = self._world.database.by_key(division, entity_set)
        dice = random.random()
        if not records or dice < 0.2:
            return self.insert(division, entity_set, {})
        record = random.choice(records)
        key: Key = record[self._key_of(entity_set)]
        if dice < 0.35:
            return self.delete(division, entity_set, key)
        if dice < 0.4:
            return self.touch(division, entity_set, key)
        if dice < 0.5 and _SUPPLIER in record:
            return self.update(division, entity_set, key, {_SUPPLIER: not record[_SUPPLIER]})
        return self.update(division, entity_set, key, self._random_values(random, entity_set, record))

    def _random_values(self, random: Random, entity_set: str, record: Mapping[str, Any]) -> dict[str, Any]:
        properties = self._world.catalogue.entity_sets[entity_set].properties
        changeable = [spec for name, spec in properties.items() if name in record and spec.kind in _CHANGEABLE]
        chosen = random.sample(changeable, k=min(len(changeable), random.randint(1, 3)))
        return {spec.name: self._new_value(random, spec, record[spec.name]) for spec in chosen}

    def _new_value(self, random: Random, spec: PropertySpec, old: object) -> object:
        if spec.kind is Kind.BOOLEAN:
            return not old
        if random.random() < self._world.settings.hostile:
            return spoil_value(random, spec)
        if spec.kind is Kind.TEXT:
            return f"{str(old or '')[:40]} · {random.randrange(10**6)}"
        if spec.kind is Kind.DOUBLE:
            return random.randrange(1000) / 1000
        return self._world.clock.utc().date()

    def _key_of(self, entity_set: str) -> str:
        return self._world.catalogue.entity_sets[entity_set].key

    def _check(self, entity_set: str, values: Mapping[str, Any]) -> None:
        unknown = values.keys() - self._world.catalogue.entity_sets[entity_set].properties.keys()
        if unknown:
            raise ValueError(f"{entity_set} has no property {', '.join(sorted(unknown))}")
