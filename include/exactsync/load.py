"""The words of a load: which division, in which run, and what came of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

Mode = Literal["incremental", "full"]
Outcome = Literal["published", "unchanged", "inactive", "stopped", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DivisionRef:
    """One division of one integration: what a task is about."""

    integration: str
    division: int
    name: str
    country: str

    @property
    def label(self) -> str:
        """How a person recognises it: `NL · 1000001 Demo Holding`; of none, its name."""
        return f"{self.country} · {self.division} {self.name}" if self.division else self.name

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads back: only JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Return the reference that `to_json` wrote."""
        return cls(**value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Novelty:
    """Something that Exact sent and no declaration knows: a property, or a value that its code list does not name."""

    property: str
    """Exact's name of it."""
    value: str = ""
    """Empty: the property itself is unknown."""

    def __str__(self) -> str:
        return f"{self.property} = {self.value}" if self.value else self.property


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Who is at work.

    `holder` names the holder of leases and stays the same over the retries of one piece of work, so that a retry may
    take over from the attempt that died.
    """

    run_id: str
    holder: str
    try_number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """What one load of one data set did; `inactive` and `stopped` ones did nothing, because people want it so.

    `calls` and `seconds` include the attempts before this one, up to the last page that each of them staged; and the
    call for the page behind it, which was under way by then.
    """

    integration: str
    division: int
    entity: str
    mode: str
    outcome: Outcome
    rows_read: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    quarantined: int = 0
    characters_dropped: int = 0
    calls: int = 0
    seconds: float = 0.0
    watermark_before: int | None = None
    watermark_after: int | None = None
    load_id: int | None = None

    @property
    def changed(self) -> bool:
        """Whether a reader of the table sees anything new."""
        return bool(self.inserted or self.updated or self.deleted)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionsResult:
    """What one reading of sync/Deleted did: entries read, rows soft-deleted by entity; or why Exact refused it."""

    integration: str
    division: int
    read: int
    calls: int
    seconds: float
    deleted: dict[str, int] = field(default_factory=dict)
    refusal: str = ""

    @property
    def outcome(self) -> Outcome:
        """What the load log calls it."""
        if self.refusal:
            return "refused"
        return "published" if any(self.deleted.values()) else "unchanged"
