"""Where a new record is checked against the books of one division, and filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exactsync.simulator.clock import AMSTERDAM
from exactsync.simulator.writing.words import Complaints, Phrase

if TYPE_CHECKING:
    from datetime import date
    from uuid import UUID

    from exactsync.simulator.database import Record
    from exactsync.simulator.world import World
    from exactsync.simulator.writing.bodies import Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A record to be stored."""

    entity_set: str
    record: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One POST at work. Whoever uses it holds the world's lock."""

    world: World
    division: int
    complaints: Complaints

    @property
    def today(self) -> date:
        """The day in the Netherlands."""
        return self.world.clock.utc().astimezone(AMSTERDAM).date()

    @property
    def currency(self) -> str:
        """The company's own."""
        return str(self.company["Currency"])

    @property
    def company(self) -> Record:
        """What the list of divisions says of the company."""
        return self.world.database.get(0, "Divisions", self.division)

    def require(self, values: Values, names: tuple[str, ...]) -> None:
        """Complain of each property that is missing or empty."""
        for name in names:
            if values.get(name) in (None, "", [], b""):
                self.complaints.say(Phrase.MANDATORY, name)

    def look_up(self, values: Values, name: str, entity_set: str) -> Record | None:
        """Return the record whose id a property holds; the id of another division's record is dropped, or refused."""
        key: UUID | None = values.get(name)
        if key is None:
            return None
        database = self.world.database
        if (found := database.find(self.division, entity_set, key)) is not None:
            return found
        is_foreign = any(
            database.find(company.code, entity_set, key) is not None for company in self.world.settings.companies
        )
        if is_foreign and self.world.settings.foreign_ids == "dropped":
            values[name] = None
        else:
            self.complaints.say(Phrase.INVALID_REFERENCE, name)
        return None

    def look_up_code(self, values: Values, name: str, entity_set: str) -> Record | None:
        """Return the record whose code a property holds, padded or not."""
        code: str | None = values.get(name)
        if code is None:
            return None
        found = next((one for one in self.records(entity_set) if (one["Code"] or "").strip() == code.strip()), None)
        if found is None:
            self.complaints.say(Phrase.INVALID_REFERENCE, name)
            return None
        values[name] = found["Code"]
        return found

    def records(self, entity_set: str) -> list[Record]:
        """Return the division's records."""
        return self.world.database.by_key(self.division, entity_set)

    def signed(self, values: Values) -> Values:
        """Return the values with a new id, and who made them when."""
        now, user = self.world.clock.utc(), self.world.settings.user
        signature: dict[str, Any] = {
            "Division": self.division,
            "Created": now,
            "Creator": user.id,
            "CreatorFullName": user.name,
            "Modified": now,
            "Modifier": user.id,
            "ModifierFullName": user.name,
        }
        return {**values, **signature, "ID": self.world.database.new_id()}
