"""What the demo asks the simulator behind the client's back: the truth, the calls, the broken rules."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import httpx

from exactsync.entities import entities

if TYPE_CHECKING:
    from collections.abc import Collection

    from exactsync.entity import Entity


CallKey = tuple[int | None, str]
"""A division, and the path of an endpoint below it."""


class SimulatedExact:
    """The control API of a running simulator."""

    def __init__(self, url: str) -> None:
        self._control = httpx.Client(base_url=f"{url}/_simulator/", timeout=120)

    def is_up(self) -> bool:
        """Tell whether it answers."""
        try:
            self._get("clock")
        except httpx.TransportError:
            return False
        return True

    def count_records(self, division: int, entity: Entity) -> int:
        """Return how many records the endpoint holds, whether or not they belong to the entity."""
        return len(self._records(division, entity))

    def keys(self, division: int, entity: Entity) -> list[Any]:
        """Return the keys of the records that belong to the entity."""
        records = self._records(division, entity)
        if entity.member_property:
            records = [record for record in records if record[entity.member_property]]
        if entity.member_of and entity.member_column:
            owners = set(self.keys(division, entities()[entity.member_of]))
            records = [record for record in records if record[entity.member_column.source] in owners]
        return [record[entity.key_property] for record in records]

    def _records(self, division: int, entity: Entity) -> list[dict[str, Any]]:
        return self.records(division, entity.endpoint.rpartition("/")[2])

    def records(self, division: int, entity_set: str) -> list[dict[str, Any]]:
        """Return every record of an entity set, as the simulator has it."""
        return list(self.truth(division, entity_set)["records"])

    def truth(self, division: int, entity_set: str) -> dict[str, Any]:
        """Return every record of an entity set (`records`), and what each property holds (`kinds`)."""
        return dict(self._get(f"truth/{division}/{entity_set}"))

    def configure(self, **settings: float | str | bool) -> None:
        """Change how it behaves."""
        self._control.post("settings", json=settings).raise_for_status()

    def calls(self) -> Counter[CallKey]:
        """Return how often each endpoint of each division was called, refused calls included."""
        calls: Counter[CallKey] = Counter()
        for each in self._get("calls"):
            calls[each["division"], each["endpoint"]] += each["calls"]
        return calls

    def broken_rules(self) -> list[str]:
        """Return every rule of Exact that the client broke, oldest first."""
        return [f"{each['rule']}: {each['detail']}" for each in self._get("violations")]

    def change_at_random(self, number: int, *, seed: int, of: Collection[Entity] = ()) -> Counter[str]:
        """Insert, change and delete records of these entities (none: of all), and return how many of each."""
        entity_sets = [entity.endpoint.rpartition("/")[2] for entity in of]
        answer = self._control.post("changes", json={"random": number, "seed": seed, "entity_sets": entity_sets})
        return Counter(each["kind"] for each in answer.raise_for_status().json())

    def _get(self, path: str) -> Any:
        return self._control.get(path).raise_for_status().json()
