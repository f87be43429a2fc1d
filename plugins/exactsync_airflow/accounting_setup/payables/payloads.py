"""What the page sends and gets about payables, field by field."""

from __future__ import annotations

from datetime import date  # noqa: TC003 (pydantic reads the annotations)
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class _Payload(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# -- what the page sends


class SourceSettings(_Payload):
    """How a source of payables is set up, all of it."""

    kind: Literal["spendesk", "files"]
    integration: str | None
    division: int | None
    creates_suppliers: bool
    requires_receipt: bool
    start_date: date | None
    entry_currency: Literal["functional", "payment"]


class MappingSet(_Payload):
    """What something is mapped to from now on; null forgets it."""

    kind: str = Field(max_length=1000)
    key: str
    target: str | None


# -- what the page gets


class Source(SourceSettings):
    """A source of payables, and who set it up."""

    name: str
    since: AwareDatetime
    by: str


class Sources(_Payload):
    """Every source of payables."""

    sources: list[Source]


class Line(_Payload):
    """Something that is mapped, or could be."""

    kind: str
    key: str
    label: str
    payables: int
    target: str | None
    target_name: str | None
    problem: str | None
    how: str | None
    set_by: str | None
    set_at: AwareDatetime | None
    is_open: bool


class Section(_Payload):
    """What is mapped of one kind; of very many lines the ones that need somebody first."""

    kind: str
    lines: list[Line]
    total: int
    problems: int
    unmapped: int


class Change(_Payload):
    """A change of what something is mapped to; null: nothing."""

    at: AwareDatetime
    kind: str
    key: str
    former: str | None
    target: str | None
    actor: str


class Mapped(_Payload):
    """How a source is mapped, and what was changed about it, the latest first."""

    now: AwareDatetime
    source: Source
    sections: list[Section]
    changes: list[Change]


class Choice(_Payload):
    """Something at Exact that can be mapped to."""

    value: str
    label: str
    about: str


class Choices(_Payload):
    """What can be mapped to; of very many the first."""

    choices: list[Choice]
    is_more: bool
