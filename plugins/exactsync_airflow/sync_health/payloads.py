"""What the page Sync health gets, field by field."""

from __future__ import annotations

from datetime import date  # noqa: TC003 (pydantic reads the annotations)

from pydantic import AwareDatetime, BaseModel, ConfigDict

from exactsync_airflow.accounting_setup.payloads import Base, Dag  # noqa: TC001 (the same)


class _Payload(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Finding(_Payload):
    """Something that is not as it should be, and the page of the runbook that treats it."""

    text: str
    runbook: str | None


class DataSet(_Payload):
    """How one entity of one company stands, or the reading of its deletions."""

    entity: str
    standing: str
    findings: list[Finding]
    rows: int | None
    published_at: AwareDatetime | None
    attempted_at: AwareDatetime | None
    outcome: str | None
    quarantined: int
    drift: int
    failing_checks: int
    novelties: int
    task_url: str | None


class Limit(_Payload):
    """How much of one limit of Exact is used."""

    used: int
    limit: int
    resets_at: AwareDatetime | None


class Budget(_Payload):
    """What an app may call in one company."""

    day: Limit
    minute: Limit
    reserved: int
    is_shared: bool


class Company(_Payload):
    """One chosen company, with its data sets in the order of `SyncHealth.entities`."""

    connection: str
    division: int
    name: str
    findings: list[Finding]
    budget: Budget | None
    data_sets: list[DataSet]


class Connection(_Payload):
    """Where a connection stands."""

    name: str
    state: str
    state_label: str
    reason_text: str | None
    remedy: str | None


class Entity(_Payload):
    """One column of the grid."""

    name: str
    label: str


class DayOfChanges(_Payload):
    """What a day (UTC) changed in one company's tables."""

    division: int
    day: date
    inserted: int
    updated: int
    deleted: int


class SyncHealth(_Payload):
    """All that the page shows."""

    now: AwareDatetime
    base: Base
    dag: Dag
    setup_url: str
    entities: list[Entity]
    connections: list[Connection]
    companies: list[Company]
    days: list[date]
    changes: list[DayOfChanges]
