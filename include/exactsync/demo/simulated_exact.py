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

    def writes(self) -> int:
        """Return how many calls were to create something, refused ones included."""
        return sum(each["calls"] for each in self._get("writes"))

    def plant(self, name: str, **parameters: object) -> int:
        """Let a fault of the library strike every call to the API from now on; return its id."""
        fault = {"name": name, "parameters": parameters, "occurrences": []}
        return int(self._control.post("faults", json=fault).raise_for_status().json()["id"])

    def struck(self, fault_id: int) -> int:
        """Return how many calls a planted fault has struck."""
        return next(int(each["struck"]) for each in self._get("faults") if each["id"] == fault_id)

    def remove(self, fault_id: int) -> None:
        """Take a fault away."""
        self._control.delete(f"faults/{fault_id}").raise_for_status()

    def broken_rules(self) -> list[str]:
        """Return every rule of Exact that the client broke, oldest first."""
        return [f"{each['rule']}: {each['detail']}" for each in self._get("violations")]

    def change_at_random(
        self, number: int, *, seed: int, of: Collection[Entity] = (), divisions: Collection[int] = ()
    ) -> Counter[str]:
        """Insert, change and delete records of these entities and divisions (none: of all); return how many of each."""
        entity_sets = [entity.endpoint.rpartition("/")[2] for entity in of]
        wanted = {"random": number, "seed": seed, "entity_sets": entity_sets, "divisions": list(divisions)}
        answer = self._control.post("changes", json=wanted)
        return Counter(each["kind"] for each in answer.raise_for_status().json())

    def _get(self, path: str) -> Any:
        return self._control.get(path).raise_for_status().json()
