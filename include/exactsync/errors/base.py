"""What every error of exactsync has: what happened, where, what to do about it, and the page that treats it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import ClassVar, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where in the work an error happened; unknown parts are None."""

    integration: str | None = None
    division: int | None = None
    entity: str | None = None
    page: int | None = None

    def __str__(self) -> str:
        known = ((field.name, getattr(self, field.name)) for field in fields(self))
        return ", ".join(f"{name} {value}" for name, value in known if value is not None)


class ExactSyncError(Exception):
    """Base of every error that exactsync raises on purpose."""

    page: ClassVar[str]
    """The page of the runbook that treats errors of this kind."""
    usual_remedy: ClassVar[str] = ""
    """What to do about an error of this kind, unless the one who raises it knows better."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy or self.usual_remedy
        self.location = Location()

    def at(
        self,
        *,
        integration: str | None = None,
        division: int | None = None,
        entity: str | None = None,
        page: int | None = None,
    ) -> Self:
        """Return the same error, knowing more about where it happened; what it already knows stays."""
        given = {"integration": integration, "division": division, "entity": entity, "page": page}
        unknown = {
            name: value for name, value in given.items() if value is not None and getattr(self.location, name) is None
        }
        self.location = replace(self.location, **unknown)  # type: ignore[arg-type]
        return self

    @property
    def part(self) -> str | None:
        """The part of the page that treats this very error; None: all of it."""
        return None

    @property
    def runbook(self) -> str:
        """Where the runbook treats it: `docs/runbook/call-budget.md#day`."""
        return runbook(self.page, self.part)

    def __str__(self) -> str:
        where = str(self.location)
        text = f"{where}: {self.message}" if where else self.message
        advised = f"{text} What to do: {self.remedy}" if self.remedy else text
        return f"{advised} More: {self.runbook}"


def runbook(page: str, part: str | None = None) -> str:
    """Return the address of a page of the runbook, or of a part of it."""
    return f"docs/runbook/{page}.md" + (f"#{part}" if part else "")
