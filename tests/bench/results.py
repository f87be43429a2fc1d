"""What was measured: every run of every contestant, and the figures that are drawn from them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, field
from statistics import quantiles
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.arena import Cost

PHASES: Final = {"first": "first load", "changed": "1 % changed", "nothing": "nothing changed"}
"""What is loaded into one database, one after the other."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some runs, and the quartiles around it."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        return cls(*(quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3))


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that was measured several times."""

    contestant: str
    rows: int
    """In the first load; the feed of changes has 1 % of it."""
    phase: str
    latency_s: float = 0.0

    @property
    def loaded(self) -> int:
        """The rows that come."""
        return {"first": self.rows, "changed": max(1, self.rows // 100)}.get(self.phase, 0)


@dataclass(frozen=True, slots=True)
class Results:
    """All runs."""

    runs: dict[Case, list[Cost]] = field(default_factory=lambda: defaultdict(list))

    def add(self, case: Case, cost: Cost) -> None:
        self.runs[case].append(cost)

    def spread(self, case: Case, measure: Callable[[Cost], float]) -> Spread:
        """Return the median and quartiles of something measured."""
        return Spread.of([measure(cost) for cost in self.runs[case]])

    def median(self, case: Case, name: str = "wall_s") -> float:
        """Return the median of one of the figures of `Cost`."""
        return Spread.of([getattr(cost, name) for cost in self.runs[case]]).median

    def ratio(self, ours: Case, theirs: Case) -> float:
        """Return how many times as many rows a second the first makes as the second, by medians."""
        return self.median(theirs) / self.median(ours)

    def to_json(self) -> list[dict[str, object]]:
        """Return every run, for those who want to draw their own figures."""
        return [asdict(case) | asdict(cost) for case, costs in self.runs.items() for cost in costs]
