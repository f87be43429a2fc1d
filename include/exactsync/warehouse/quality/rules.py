"""The rules, derived from the declarations: an entity that is added is checked without being named here.

Each is one statement for all companies. It takes `divisions` and returns, for each of them, how many rows it is about,
how many are not as they should be, and some of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from exactsync.entity import Feed
from exactsync.warehouse import schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exactsync.entity import Column, Entity

SAMPLE: Final = 5
"""Of how many rows the keys are kept."""
LATE_AFTER: Final = timedelta(hours=3)
"""How old what is read every hour may become; a list that is compared once a day, that much older."""
CODE: Final = "code"


class Severity(StrEnum):
    """How bad it is if a rule does not hold."""

    ERROR = "error"
    """The tables are not what Exact has: the task fails."""
    WARN = "warn"
    """It may be so at Exact, or pass by itself: it is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What must hold for the live rows of one entity."""

    name: str
    severity: Severity
    entity: str
    subject: str
    """The column that it is about."""
    told: str
    """What is wrong with the rows that fail it."""
    statement: str
    """Returns division, checked, failing and sample of each of `:divisions`."""
    target: str | None = None
    """Another entity that it compares with; it holds only where that one is synced as well."""


def rules(entities: Mapping[str, Entity]) -> tuple[Rule, ...]:
    """Derive every rule from the declarations."""
    referred = {column.references for entity in entities.values() for column in entity.columns if _is_by_code(column)}
    return tuple(rule for entity in entities.values() for rule in _rules(entity, entities, entity.name in referred))


def late_after(entity: Entity | None) -> timedelta:
    """Return how old a data set may become; None: the reading of deletions."""
    is_compared = entity is not None and entity.feed is Feed.LIST
    return LATE_AFTER + entity.compare_every if entity and is_compared else LATE_AFTER


def _rules(entity: Entity, entities: Mapping[str, Entity], is_referred: bool) -> Iterator[Rule]:
    yield _unique(entity, entity.key, Severity.ERROR)
    if any(column.name == CODE for column in entity.columns):
        yield _filled(entity)
    if is_referred:
        yield _unique(entity, CODE, Severity.WARN)
    for column in entity.columns:
        if column.references:
            yield _resolves(entity, column, entities[column.references])
    if entity.counted_at:
        yield _counted(entity)
    yield _fresh(entity)


def _is_by_code(column: Column) -> bool:
    return column.referenced_column == CODE


def _unique(entity: Entity, column: str, severity: Severity) -> Rule:
    return Rule(
        name="unique",
        severity=severity,
        entity=entity.name,
        subject=column,
        told="rows share it with another one",
        statement=f"""
            SELECT division, sum(held)::bigint AS checked, coalesce(sum(held) FILTER (WHERE held > 1), 0)::bigint
                   AS failing, (array_agg(value ORDER BY value) FILTER (WHERE held > 1))[1:{SAMPLE}] AS sample
            FROM (SELECT division, "{column}"::text AS value, count(*) AS held FROM {schema.published_table(entity)}
                  WHERE division = ANY(:divisions) AND _deleted_at IS NULL AND "{column}" IS NOT NULL
                  GROUP BY division, "{column}") AS counted
            GROUP BY division""",
    )


def _filled(entity: Entity) -> Rule:
    return Rule(
        name="filled",
        severity=Severity.WARN,
        entity=entity.name,
        subject=CODE,
        told="rows have none",
        statement=_judged(entity, fails=f"coalesce(published.{CODE}, '') = ''"),
    )


def _resolves(entity: Entity, column: Column, target: Entity) -> Rule:
    """Look for the rows that point nowhere.

    A row that is younger than the last reading of what it points to may be ahead of it. While records of that are in
    quarantine, nobody knows what is missing.
    """
    name = f'published."{column.name}"'
    is_filled = f"{name} IS NOT NULL" if column.referenced_column != CODE else f"{name} <> ''"
    return Rule(
        name="resolves",
        severity=Severity.WARN,
        entity=entity.name,
        subject=column.name,
        target=target.name,
        told=f"rows point to no live row of {target.name}",
        statement=_judged(
            entity,
            fails=f"""NOT EXISTS (
                SELECT FROM {schema.published_table(target)} AS target
                WHERE target.division = published.division AND target._deleted_at IS NULL
                  AND target.{column.referenced_column} = {name})""",
            where=f"""AND {is_filled}
              AND published._loaded_at <= (SELECT state.published_at FROM exactsync.sync_state AS state
                  WHERE state.division = published.division AND state.entity = '{target.name}')
              AND NOT EXISTS (SELECT FROM exactsync.quarantine AS quarantine
                  WHERE quarantine.division = published.division AND quarantine.entity = '{target.name}')""",
        ),
    )


def _judged(entity: Entity, *, fails: str, where: str = "") -> str:
    return f"""
            SELECT division, count(*) AS checked, count(*) FILTER (WHERE fails) AS failing,
                   (array_agg(key ORDER BY key) FILTER (WHERE fails))[1:{SAMPLE}] AS sample
            FROM (SELECT published.division, published."{entity.key}"::text AS key, {fails} AS fails
                  FROM {schema.published_table(entity)} AS published
                  WHERE published.division = ANY(:divisions) AND published._deleted_at IS NULL {where}) AS judged
            GROUP BY division"""


def _counted(entity: Entity) -> Rule:
    """Judge the last two counts: Exact goes on changing while they are made, but hardly twice by the same number."""
    is_off = "difference <> 0 AND difference = difference_before"
    return Rule(
        name="counted",
        severity=Severity.WARN,
        entity=entity.name,
        subject="count",
        told="Exact counts so many more or fewer records, twice in a row",
        statement=f"""
            SELECT division, least AS checked, CASE WHEN {is_off} THEN abs(difference) ELSE 0 END AS failing,
                   CASE WHEN {is_off} THEN ARRAY['Exact ' || at_exact || ', here ' || least] END AS sample
            FROM exactsync.counts WHERE division = ANY(:divisions) AND entity = '{entity.name}'""",
    )


def _fresh(entity: Entity) -> Rule:
    hours = int(late_after(entity).total_seconds() // 3600)
    is_late = f"clock_timestamp() - published_at > interval '{hours} hours'"
    return Rule(
        name="fresh",
        severity=Severity.WARN,
        entity=entity.name,
        subject="published_at",
        told=f"it was not brought up to date for more than {hours} hours",
        statement=f"""
            SELECT division, 1 AS checked, ({is_late})::int AS failing,
                   CASE WHEN {is_late} THEN ARRAY[date_trunc('second', published_at)::text] END AS sample
            FROM exactsync.sync_state WHERE division = ANY(:divisions) AND entity = '{entity.name}'""",
    )
