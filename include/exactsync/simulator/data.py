"""Makes believable records, the same ones for the same seed, and spoils the share that shall be hostile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from exactsync.simulator.database import SHARED, Database, Record
from exactsync.simulator.hostile import spoil
from exactsync.simulator.records import MAKERS, tax
from exactsync.simulator.records.divisions import describe_division

if TYPE_CHECKING:
    from exactsync.simulator.catalogue import Catalogue
    from exactsync.simulator.settings import Company, Settings

Values = dict[str, Any]
_EPOCH = datetime(2016, 1, 4, 8, 0, tzinfo=UTC)
_NEVER_SPOILED = frozenset(
    {"Divisions", "Me", "Deleted", "PurchaseEntries", "PurchaseEntryLines", "Documents", "DocumentAttachments"}
)
"""What must stay as it is for the simulator itself to work with it."""


class RecordFactory:
    """Makes records for one company."""

    def __init__(self, company: Company, settings: Settings, catalogue: Catalogue, database: Database) -> None:
        self.company = company
        self.random = Random(f"{settings.seed} {company.code}")  # noqa: S311 - reproducible, not secret
        self._settings = settings
        self._catalogue = catalogue
        self._database = database
        self._made: dict[str, int] = {}

    def create(self, entity_set: str, *, at: datetime | None = None) -> Values:
        """Return a new record; `at` is when it was created, or else some time in the past."""
        properties = self._catalogue.entity_sets[entity_set].properties
        number = self._made.get(entity_set, 0)
        self._made[entity_set] = number + 1
        make = MAKERS.get(entity_set, _make_plain)
        record = {**self._audit(at), **make(self, number)}
        if entity_set not in _NEVER_SPOILED and self.random.random() < self._settings.hostile:
            record = spoil(self.random, record, properties)
        record[self._catalogue.entity_sets[entity_set].key] = self._database.new_id()
        return {name: value for name, value in record.items() if name in properties}

    def pick(self, entity_set: str, name: str, *, share: float = 1.0) -> Any:
        """Return one value of `name` among the records there are; None in a share of the cases."""
        records = self.records(entity_set)
        if not records or self.random.random() >= share:
            return None
        return self.random.choice(records).get(name)

    def records(self, entity_set: str) -> list[Record]:
        """Return the records there are, in the order of their key."""
        return self._database.by_key(self.company.code, entity_set)

    def find(self, entity_set: str, name: str, value: object) -> Record | None:
        """Return a record whose property `name` has this value, if there is one."""
        return next((record for record in self.records(entity_set) if record.get(name) == value), None)

    def _audit(self, at: datetime | None) -> Values:
        user = self._settings.user
        created = at or _EPOCH + timedelta(milliseconds=self.random.randrange(10 * 365 * 86_400_000))
        modified = at or created + timedelta(milliseconds=self.random.randrange(200 * 86_400_000))
        return {
            "Division": self.company.code,
            "Created": created,
            "Creator": user.id,
            "CreatorFullName": user.name,
            "Modified": modified,
            "Modifier": user.id,
            "ModifierFullName": user.name,
        }


def _make_plain(_factory: RecordFactory, number: int) -> Values:
    """Make a record of an entity set that nobody has described further."""
    return {"Code": str(number), "Description": f"Record {number}"}


def seed(settings: Settings, catalogue: Catalogue, database: Database) -> dict[int, RecordFactory]:
    """Fill the database; return the factory of each company, for records that come later."""
    factories = {}
    for number, company in enumerate(settings.companies):
        database.put(SHARED, "Divisions", describe_division(company, number, created=_EPOCH))
        factory = factories[company.code] = RecordFactory(company, settings, catalogue, database)
        rest = [name for name in company.sizes if name not in MAKERS]
        for entity_set in (*MAKERS, *rest):
            for _ in range(company.sizes.get(entity_set, 0)):
                database.put(company.code, entity_set, factory.create(entity_set))
        for code in tax.book_vat(factory):
            database.put(company.code, "VATCodes", code)
    return factories
