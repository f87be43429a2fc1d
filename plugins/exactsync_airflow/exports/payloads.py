"""What the page Exports sends and gets, field by field. Amounts are text: a number of JSON may lose cents."""

from __future__ import annotations

from datetime import date  # noqa: TC003 (pydantic reads the annotations)
from decimal import Decimal  # noqa: TC003 (the same)

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from exactsync.payable import Kind  # noqa: TC001 (the same)
from exactsync.payables.lifecycle import Action, State  # noqa: TC001 (the same)
from exactsync_airflow.accounting_setup.payloads import Dag  # noqa: TC001 (the same)


class _Payload(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# -- what the page sends


class Question(_Payload):
    """Which payables to show; what is left out is all of them."""

    state: list[State] = Field(default_factory=list)
    company: int | None = Field(None, ge=-(2**31), lt=2**31)
    kind: Kind | None = None
    first: date | None = None
    last: date | None = None
    text: str = Field("", max_length=200)
    edited: bool = False
    offset: int = Field(0, ge=0, lt=2**31)


class Decision(_Payload):
    """What a person decided about a payable, and why."""

    source: str
    id: str
    action: Action
    why: str = Field(min_length=1, max_length=1000, pattern=r"\S")


# -- what the page gets


class Person(_Payload):
    """Who is asking, and what they may do."""

    name: str
    may_act: bool


class Company(_Payload):
    """A company that payables are booked in."""

    division: int
    name: str


class Total(_Payload):
    """What the payables of one state and currency come to."""

    state: State
    currency: str
    payables: int
    amount: Decimal


class Reason(_Payload):
    """What is in the way of a payable, and what to do about it."""

    message: str
    remedy: str


class Payable(_Payload):
    """Where one payable stands."""

    source: str
    id: str
    division: int | None
    state: State
    kind: Kind
    number: str | None
    description: str
    counterparty: str
    entry_date: date
    currency: str
    amount: Decimal
    reference: str
    reasons: list[Reason]
    message: str | None
    is_edited: bool
    attempts: int
    look_at: AwareDatetime | None
    entry_id: str | None
    entry_number: int | None
    link: str | None
    updated_at: AwareDatetime
    exported_at: AwareDatetime | None
    task_url: str | None
    actions: list[Action]


class Step(_Payload):
    """A line of a payable's history; `by` is a person, `task_url` the task of Airflow that did it instead."""

    at: AwareDatetime
    from_state: State | None
    to_state: State
    why: str
    by: str | None
    task_url: str | None


class History(_Payload):
    """What has become of a payable, the newest first."""

    steps: list[Step]


class Exports(_Payload):
    """All that the page shows."""

    user: Person
    now: AwareDatetime
    dag: Dag
    setup_url: str
    has_sources: bool
    edited: int
    companies: list[Company]
    totals: list[Total]
    found: int
    offset: int
    page_size: int
    payables: list[Payable]


class Decided(_Payload):
    """Where a payable stands after a decision."""

    state: State
