"""How long what we log is kept. Tables and their history are never shortened here, nor is what is still needed.

Rows go in small batches, each its own transaction: nothing waits for a clean-up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from exactsync.errors import ConfigurationError
from exactsync.warehouse import erasure, schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Engine

    from exactsync.entity import Entity

BATCH: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How long one table keeps its rows."""

    table: str
    days: int
    """Unless said otherwise."""
    least_days: int
    """What is younger may still be needed."""
    expired: str
    """Which rows may go, of table `old`, after `:days` days."""
    kept: str
    """What stays however old it is; empty: nothing does."""


RULES: Final = (
    Rule(
        table="load_log",
        days=400,
        least_days=7,
        expired="""old.published_at < now() - make_interval(days => :days) AND old.mode <> 'erasure' AND EXISTS (
            SELECT FROM exactsync.load_log AS later WHERE later.division = old.division AND later.entity = old.entity
            AND later.published_at > old.published_at)""",
        kept="the latest load of each data set, and what was erased",
    ),
    Rule(
        table="drift",
        days=400,
        least_days=7,
        expired="old.compared_at < now() - make_interval(days => :days)",
        kept="",
    ),
    Rule(
        table="quality_results",
        days=400,
        least_days=7,
        expired="""old.last_at < now() - make_interval(days => :days) AND EXISTS (
            SELECT FROM exactsync.quality_results AS later WHERE later.division = old.division
            AND later.entity = old.entity AND later.rule = old.rule AND later.subject = old.subject
            AND later.id > old.id)""",
        kept="the latest result of each check",
    ),
    Rule(
        table="novelties",
        days=400,
        least_days=30,
        expired="old.noted_at < now() - make_interval(days => :days)",
        kept="",
    ),
    Rule(
        table="spendesk_snapshots",
        days=90,
        least_days=2,
        expired="coalesce(old.read_at, old.asked_at, '-infinity') < now() - make_interval(days => :days)",
        kept="",
    ),
    Rule(
        table="integration_journal",
        days=730,
        least_days=30,
        expired="""old.at < now() - make_interval(days => :days) AND EXISTS (
            SELECT FROM exactsync.integration_journal AS later
            WHERE later.integration = old.integration AND later.id > old.id)""",
        kept="the latest step of each integration",
    ),
    Rule(
        table="payables_outbox_history",
        days=4_018,  # eleven years: Belgium and France keep books for ten after the financial year, the Dutch for seven
        least_days=2_557,
        expired="""old.at < now() - make_interval(days => :days) AND EXISTS (
            SELECT FROM exactsync.payables_outbox AS booked
            WHERE booked.source = old.source AND booked.payable_id = old.payable_id
            AND booked.state IN ('exported', 'exported_manually')) AND EXISTS (
            SELECT FROM exactsync.payables_outbox_history AS later
            WHERE later.source = old.source AND later.payable_id = old.payable_id AND later.id > old.id)""",
        kept="the latest step of each payable, and every one of what is not booked",
    ),
    Rule(
        table="consents",
        days=30,
        least_days=1,
        expired="old.expires_at < now() - make_interval(days => :days)",
        kept="",
    ),
    Rule(
        table="quarantine",
        days=180,
        least_days=30,
        expired="old.noted_at < now() - make_interval(days => :days)",
        kept="",
    ),
    Rule(
        table="tombstones",
        days=400,
        least_days=90,  # a staged load may be 30 days old, and Exact's own log 2 months
        expired=f"old.noted_at < now() - make_interval(days => :days) AND old.source_timestamp < {erasure.FOREVER}",
        kept="those of persons who were erased",
    ),
    Rule(
        table="calls_in_flight",
        days=1,
        least_days=1,
        expired="old.expires_at < extract(epoch FROM now()) - 86400 * CAST(:days AS integer)",
        kept="",
    ),
    Rule(
        table="call_errors",
        days=1,
        least_days=1,
        expired="old.occurred_at < extract(epoch FROM now()) - 86400 * CAST(:days AS integer)",
        kept="",
    ),
)

ABANDONED: Final = Rule(
    table="loads",
    days=60,
    least_days=31,  # until then it may be continued
    expired="""old.started_at < now() - make_interval(days => :days) AND NOT EXISTS (
        SELECT FROM exactsync.leases AS lease WHERE lease.division = old.division AND lease.entity = old.entity
        AND lease.expires_at > now())""",
    kept="",
)
"""Loads that nobody has finished, with the pages staged for them."""

KEPT: Final = {
    "accounting_bases": "where accounting went, and who decided it",
    "alerts": "the latest of each kind, of each integration",
    "call_ledger": "one row for each app and company",
    "counts": "one row for each data set",
    "export_steps": "a few rows for each payable: what keeps it from being booked twice",
    "grants": "one row for each app and user",
    "integration_divisions": "one row for each company of each integration",
    "integrations": "one row each",
    "leases": "one row for each data set",
    "payable_mappings": "what people configured",
    "payable_mappings_history": "a row for each change, which people make by hand",
    "payable_sources": "one row each",
    "payables_outbox": "one row for each payable: what keeps it from being booked twice",
    "purchase_journals": "one row for each file: what keeps payables from being written twice",
    "schema_version": "one row",
    "sync_state": "one row for each data set",
}
"""Tables that do not grow with time, and why."""


def days_kept(chosen: Mapping[str, int]) -> dict[str, int]:
    """Return how many days each table keeps its rows: the defaults, with what was chosen over them.

    Raises:
        ConfigurationError: there is no such rule, or the time is so short that rows would go that are still needed.
    """
    rules = {rule.table: rule for rule in (*RULES, ABANDONED)}
    for table, days in chosen.items():
        if table not in rules:
            raise ConfigurationError(
                f"There is no retention for '{table}'.", remedy=f"Choose among: {', '.join(sorted(rules))}."
            )
        if days < rules[table].least_days:
            raise ConfigurationError(
                f"{table} must be kept for {rules[table].least_days} days at least: younger rows may still be needed.",
                remedy=f"Keep it for {rules[table].least_days} days or more.",
            )
    return {table: chosen.get(table, rule.days) for table, rule in rules.items()}


def trim(engine: Engine, entities: Mapping[str, Entity], chosen: Mapping[str, int]) -> dict[str, int]:
    """Delete what is older than it is kept, and what came back of persons who were erased; return rows by table.

    Args:
        engine: the database.
        entities: what there is: whose staged pages and quarantined records there may be.
        chosen: days by table, where they differ from the defaults.

    Raises:
        ConfigurationError: as `days_kept`.
    """
    days = days_kept(chosen)
    deleted = {rule.table: _trim(engine, rule, days[rule.table]) for rule in RULES}
    with engine.begin() as connection:
        deleted[ABANDONED.table] = _discard_abandoned(connection, entities, days[ABANDONED.table])
        deleted["quarantine"] += erasure.forget_quarantined(connection, entities)
    return deleted


def _trim(engine: Engine, rule: Rule, days: int) -> int:
    statement = text(f"""
        DELETE FROM exactsync.{rule.table} WHERE ctid = ANY(ARRAY(
            SELECT old.ctid FROM exactsync.{rule.table} AS old WHERE {rule.expired} LIMIT {BATCH}))
        """)
    total = 0
    while True:
        with engine.begin() as connection:
            gone = connection.execute(statement, {"days": days}).rowcount
        total += gone
        if gone < BATCH:
            return total


def _discard_abandoned(connection: Connection, entities: Mapping[str, Entity], days: int) -> int:
    abandoned = text(f"DELETE FROM exactsync.loads AS old WHERE {ABANDONED.expired} RETURNING entity, load_id")
    loads = connection.execute(abandoned, {"days": days}).all()
    for name, load_id in loads:
        if name in entities:
            staged = schema.staging_table(entities[name])
            connection.execute(text(f"DELETE FROM {staged} WHERE _load_id = :load_id"), {"load_id": load_id})
    return len(loads)
