"""What the page sends and gets, field by field."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class _Payload(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# -- what the page sends


class BaseChosen(_Payload):
    """The accounting base to work on from now on."""

    base: Literal["files", "exact_online"]


class NewConnection(_Payload):
    """A connection to set up."""

    name: str
    connection_id: str
    axes: list[str] = Field(max_length=100)


class CompaniesChosen(_Payload):
    """The companies to pull, all of them."""

    divisions: list[int] = Field(max_length=10_000)


class AxesChosen(_Payload):
    """The analytical axes that are active, all of them."""

    axes: list[str] = Field(max_length=100)


# -- what the page gets


class Person(_Payload):
    """Who is asking, and what they may do."""

    name: str
    may_act: bool
    may_edit_apps: bool


class BaseSwitch(_Payload):
    """One choice of the accounting base."""

    base: str
    at: AwareDatetime
    by: str


class Base(_Payload):
    """The accounting base; `current` is null until somebody has chosen."""

    current: str | None
    since: AwareDatetime | None
    by: str | None
    history: list[BaseSwitch]


class App(_Payload):
    """An app at Exact, without client id and secret."""

    connection_id: str
    region: str
    is_configured: bool
    problem: str | None
    remedy: str | None
    redirect_uri: str | None
    callback_uri: str


class Axis(_Payload):
    """An analytical axis, and how to see it in Exact."""

    name: str
    label: str
    where: str


class Dag(_Payload):
    """How the DAG behind the page stands."""

    id: str
    url: str
    is_paused: bool
    next_run_at: AwareDatetime | None
    is_scheduler_alive: bool


class Company(_Payload):
    """A company that a connection may see, or has chosen."""

    division: int
    name: str
    country: str
    customer: str
    status: str
    is_permitted: bool
    is_chosen: bool
    taken_by: str | None
    problem: str | None


class Companies(_Payload):
    """The companies that a connection may see."""

    companies: list[Company]


class JournalEntry(_Payload):
    """Something that happened to a connection."""

    at: AwareDatetime
    event: str
    from_state: str
    to_state: str
    reason: str | None
    message: str | None
    by: str


class Connection(_Payload):
    """A connection, with its chosen companies."""

    name: str
    connection_id: str
    region: str
    state: str
    state_label: str
    reason: str | None
    reason_text: str | None
    remedy: str | None
    since: AwareDatetime
    is_paused: bool
    authorised_by: str | None
    authorised_at: AwareDatetime | None
    lapses_in_days: int | None
    shares_grant_with: list[str]
    companies: list[Company]
    axes: list[str]
    last_sync_at: AwareDatetime | None
    next_run_at: AwareDatetime | None
    actions: list[str]


class ConnectionDetail(Connection):
    """A connection with its history, the newest first."""

    journal: list[JournalEntry]


class Overview(_Payload):
    """All that the page begins with."""

    user: Person
    now: AwareDatetime
    base: Base
    apps: list[App]
    apps_url: str
    axes: list[Axis]
    dag: Dag
    connections: list[Connection]


class ConsentAddress(_Payload):
    """Where a person consents at Exact."""

    url: str


class Run(_Payload):
    """The run that is at work on a connection, or will be, or was last."""

    id: str
    state: str
    url: str


class DataSet(_Payload):
    """How far one entity of one company has come."""

    division: int
    division_name: str
    entity: str
    label: str
    state: str
    rows: int
    message: str | None
    log_url: str | None


class Progress(_Payload):
    """How far a connection's sync has come."""

    state: str
    run: Run | None
    entities: list[DataSet]
