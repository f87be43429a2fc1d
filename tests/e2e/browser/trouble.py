"""An installation in which not everything is fine: what the page Sync health is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from exactsync.demo.simulated_exact import SimulatedExact
from tests.e2e.warehouse import drift_apart, execute

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exactsync.demo.stack import Stack

NL, BE, FR = 1000001, 1000002, 1000003
CHANGES, SEED = 240, 7
UNUSABLE: Final = """
    INSERT INTO exactsync.quarantine (division, entity, record_key, reason, record, load_id)
    SELECT 1000001, 'suppliers', number::text, 'Blocked: 7 is not a boolean', '{}', 1
    FROM generate_series(1, 2) AS number
"""
NEW_AT_EXACT: Final = """
    INSERT INTO exactsync.novelties (division, entity, property, value)
    VALUES (1000001, 'gl_accounts', 'ReportingTag', ''), (1000001, 'gl_accounts', 'Type', '977')
"""
SPREAD: Final = """
    UPDATE exactsync.load_log SET published_at = published_at - make_interval(days => day.number)
    FROM (SELECT load_id, entity, (row_number() OVER (ORDER BY load_id, entity) * 5 % 13)::integer AS number
          FROM exactsync.load_log) AS day
    WHERE (load_log.load_id, load_log.entity) = (day.load_id, day.entity)
"""


def cause_trouble(stack: Stack, on_call: Any, exact: Any, *, entities: Sequence[str] = ()) -> None:
    """Sync these entities, or all; then let a sync meet a missing right, a day whose calls are used up, bad records."""
    on_call.run(entities=list(entities))
    SimulatedExact(stack.exact_url).change_at_random(CHANGES, seed=SEED)
    exact.plant("forbidden", "vat/VATCodes", division=BE)
    exact.plant("day_limit", "sync/CRM/Accounts", division=FR)
    on_call.run(entities=list(entities))
    execute(stack, UNUSABLE)


def drift_and_double(stack: Stack, on_call: Any, exact: Any) -> None:
    """Compare an account table that has drifted apart, and read cost centres of which two share their code."""
    drift_apart(stack, "gl_accounts", NL)
    execute(stack, NEW_AT_EXACT)
    one, other = exact.records(NL, "Costcenters")[:2]
    twin = {"division": NL, "entity_set": "Costcenters", "key": other["ID"], "values": {"Code": one["Code"]}}
    exact.change("changes", changes=[{**twin, "kind": "update"}])
    on_call.run(divisions=[NL], entities=["gl_accounts", "cost_centers"], mode="full")


def spread_changes(stack: Stack) -> None:
    """Let what was loaded today have been loaded within two weeks."""
    execute(stack, SPREAD)
