"""Where which fault strikes, and what is read meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from exactsync.simulator.faults import FAULTS, Phase, WayOut
from tests.torture.matrix_world import small_company
from tests.truth.columns import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.truth.columns import Table

RECORDS = 8
SETTINGS = small_company(Accounts=RECORDS, Costcenters=RECORDS, GLAccounts=RECORDS)


FAULTS_OF_READING = [name for name, kind in FAULTS.items() if kind.way_out.keys() & {Phase.TOKEN, Phase.PAGE}]
"""Those that strike runs; what strikes what is created is another matter."""


class Place(StrEnum):
    """Where in a run a fault strikes."""

    TOKEN = "token"
    FIRST = "first page"
    MIDDLE = "middle page"
    LAST = "last page"
    PUBLISH = "publish"

    @property
    def page(self) -> int:
        """The page that is being read."""
        return {Place.MIDDLE: 2, Place.LAST: 3}.get(self, 1)

    @property
    def phase(self) -> Phase:
        """What the library of faults calls it."""
        return Phase.TOKEN if self is Place.TOKEN else Phase.PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """What is read while the fault strikes."""

    kind: str
    name: str
    endpoint: str
    entity: str
    text: str
    """A property that can be changed."""

    @property
    def table(self) -> Table:
        """Its table, as the oracle knows it."""
        return next(table for table in TABLES if table.name == self.entity)

    @property
    def is_logged(self) -> bool:
        """Whether its deletions are known from sync/Deleted."""
        return self.endpoint.startswith("sync/")

    @property
    def is_deletions(self) -> bool:
        """Whether it is the log of deletions."""
        return self.name != self.entity


DATA_SETS = (
    DataSet(kind="sync feed", name="suppliers", endpoint="sync/CRM/Accounts", entity="suppliers", text="AddressLine1"),
    DataSet(kind="list", name="cost_centers", endpoint="hrm/Costcenters", entity="cost_centers", text="Description"),
    DataSet(kind="deletions", name="deletions", endpoint="sync/Deleted", entity="gl_accounts", text="Description"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One fault at one place."""

    fault: str
    data_set: DataSet
    place: Place
    is_lasting: bool
    """It strikes as often as the client tries, and not only once."""

    def __str__(self) -> str:
        return f"{self.place}, {'again and again' if self.is_lasting else 'once'}"

    @property
    def way_out(self) -> WayOut:
        """The least that is to be made of it."""
        return FAULTS[self.fault].way_out[self.place.phase]

    @property
    def needs_full_read(self) -> bool:
        """Whether the record in question is seen again only when all is read.

        A change that commits late lies below the watermark; so does a record that came spoiled. What is deleted from a
        list is found when it is compared, once a day.
        """
        is_unlogged_deletion = self.fault == "record_deleted" and self.data_set.kind == "list"
        return self.fault == "late_commit" or self.way_out is WayOut.QUARANTINE or is_unlogged_deletion


def cells(fault: str, data_set: DataSet) -> Iterator[Cell]:
    """Yield where a fault can strike while a data set is read; at the token it does not matter what is read."""
    for place in Place:
        if place.phase not in FAULTS[fault].way_out:
            continue
        if place is Place.PUBLISH and (data_set.is_deletions or not _outlives_its_call(fault)):
            continue  # each page of deletions is published by itself
        if place is Place.TOKEN and data_set is not DATA_SETS[0]:
            continue
        for is_lasting in _persistence(fault, data_set, place):
            yield Cell(fault=fault, data_set=data_set, place=place, is_lasting=is_lasting)


def _outlives_its_call(fault: str) -> bool:
    """Whether a fault changes something at Exact or around it, and not only an answer."""
    return FAULTS[fault]._construct.__module__.endswith((".contents", ".surroundings"))


def _persistence(fault: str, data_set: DataSet, place: Place) -> Sequence[bool]:
    """Return how a fault strikes: where once is enough to know, only so that the client's patience does not help."""
    if place is Place.PUBLISH:
        return [False]
    if FAULTS[fault].pages_only and place is not Place.MIDDLE:
        return [False]
    is_first_of_kind = data_set is DATA_SETS[0] and place in (Place.TOKEN, Place.MIDDLE)
    return [False, True] if is_first_of_kind or FAULTS[fault].pages_only else [True]
