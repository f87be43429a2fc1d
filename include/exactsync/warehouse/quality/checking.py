"""Check the data sets that were published at least once, and keep what was found."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from exactsync.lifecycle import State
from exactsync.warehouse.quality.results import CheckResult, keep
from exactsync.warehouse.quality.rules import rules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy import Connection, Engine

    from exactsync.entity import Entity
    from exactsync.warehouse.integrations import IntegrationInfo
    from exactsync.warehouse.quality.rules import Rule

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({"checked": 0, "failing": 0, "sample": None})
"""Of a company that has no row which the rule is about."""
_PUBLISHED: Final = text("SELECT division, entity FROM exactsync.sync_state WHERE published_at IS NOT NULL")


def check(
    engine: Engine, entities: Mapping[str, Entity], integrations: Iterable[IntegrationInfo], *, run_id: str
) -> list[CheckResult]:
    """Check the data sets of integrations that are at work by every rule; return what failed, the errors first.

    Args:
        engine: the warehouse.
        entities: what there is.
        integrations: whose companies; what was never published is left out.
        run_id: in which run.
    """
    at_work = (each for each in integrations if not each.is_paused and each.state is not State.DISCONNECTED)
    data_sets = {data_set for integration in at_work for data_set in integration.data_sets}
    with engine.begin() as connection:
        published = {(row.division, row.entity) for row in connection.execute(_PUBLISHED)} & data_sets
        found = [result for rule in rules(entities) for result in _apply(connection, rule, published)]
        keep(connection, found, run_id=run_id)
    return sorted((result for result in found if result.failing), key=lambda result: result.severity)


def _apply(connection: Connection, rule: Rule, published: Collection[tuple[int, str]]) -> list[CheckResult]:
    divisions = sorted(
        division
        for division, entity in published
        if entity == rule.entity and (rule.target is None or (division, rule.target) in published)
    )
    if not divisions:
        return []
    rows = connection.execute(text(rule.statement), {"divisions": divisions}).mappings()
    found = {row["division"]: row for row in rows}
    return [_result(rule, division, found.get(division, _NOTHING)) for division in divisions]


def _result(rule: Rule, division: int, row: Mapping[Any, Any]) -> CheckResult:
    return CheckResult(
        division=division,
        entity=rule.entity,
        rule=rule.name,
        subject=rule.subject,
        severity=rule.severity,
        checked=row["checked"],
        failing=row["failing"],
        sample=tuple(row["sample"] or ()),
        told=rule.told,
    )
