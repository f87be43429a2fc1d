"""On-call presses *Clear* on tasks in every state that a task of ours can be in: what was cleared is done, once."""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psutil

from exactsync.demo.simulated_exact import SimulatedExact
from exactsync.entities import entities
from exactsync.warehouse.engine import create_engine
from exactsync.warehouse.leases import lease
from tests.e2e.warehouse import live_keys, query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exactsync.demo.stack import Stack

NL, BE, FR = 1000001, 1000002, 1000003
EACH = tuple(entities())
ALONE = [name for name, entity in entities().items() if entity.member_of is None]
"""The tasks that wait for `connect` only."""
HELD_S = 110.0
"""Nearly as long as a client has patience: what waits for this answer is killed long before it comes."""
SLOTS, FEW_SLOTS = 128, 4
"""Of Airflow's default pool: as they are set, and so few that tasks must wait for one."""


def clear_does_right_in_every_state(stack: Stack, on_call: Any, exact: Any) -> None:
    exact.change("journal/clear")
    stack.exactsync("divisions", "--choose", str(NL))
    run_id = unfinished_tasks_are_done_once(stack, on_call, exact)
    company_that_came_is_loaded_with_what_changed(stack, on_call, exact, run_id)
    waiting_tasks_are_done_once(stack, on_call, exact, run_id)
    company_that_went_is_no_ones_problem(stack, on_call, exact, run_id)
    tasks_that_connect_let_down_wait_for_connect(stack, on_call, exact)
    assert {each["rule"] for each in exact.read("violations")} == {"forbidden_division"}


def unfinished_tasks_are_done_once(stack: Stack, on_call: Any, exact: Any) -> str:
    """Clear tasks that run, are being killed, wait for a retry, failed, were skipped, or have not begun."""
    held = {"gl_accounts": "sync/Financial/GLAccounts", "cost_centers": "hrm/Costcenters"}
    for endpoint in held.values():
        exact.plant("slow", endpoint, parameters={"seconds": HELD_S}, occurrences=[2])
    exact.plant("unavailable", "sync/CRM/Accounts")
    exact.plant("forbidden", "vat/VATCodes")
    wanted = {
        "gl_accounts": {"running": 1},
        "cost_centers": {"running": 1},
        "suppliers": {"up_for_retry": 1},
        "vat_codes": {"failed": 1},
        "cost_units": {"skipped": 1},
        "deletions": {"None": 1},
    }
    with held_by_another(stack, NL, "cost_units"):
        run_id = on_call.start(mode="full")
        on_call.wait_until(run_id, lambda: on_call.states(run_id).items() >= wanted.items())
    on_call.wait_until(run_id, lambda: all(exact.calls(endpoint) == 2 for endpoint in held.values()))

    exact.mend()
    on_call.clear(run_id, *EACH)
    on_call.clear(run_id, "cost_centers")  # which is restarting now: the next process need not await its end
    on_call.wait(run_id)
    all_is_right(stack, on_call, exact, run_id, NL)
    assert {exact.calls(endpoint) for endpoint in held.values()} == {3}  # two pages, and the second one again
    return str(run_id)


def company_that_came_is_loaded_with_what_changed(stack: Stack, on_call: Any, exact: Any, run_id: str) -> None:
    """Clear `connect` of a run that went well."""
    renamed, deleted = (record["ID"] for record in exact.records(NL, "GLAccounts")[:2])
    place = {"division": NL, "entity_set": "GLAccounts"}
    exact.change(
        "changes",
        changes=[
            {**place, "kind": "update", "key": renamed, "values": {"Description": "Cleared"}},
            {**place, "kind": "delete", "key": deleted},
        ],
    )
    stack.exactsync("divisions", "--choose", str(NL), str(BE))
    on_call.clear(run_id, "connect")
    on_call.wait(run_id)
    all_is_right(stack, on_call, exact, run_id, NL, BE)
    assert query(stack, "SELECT description FROM exact_online.gl_accounts WHERE id = %s", renamed) == [("Cleared",)]


def waiting_tasks_are_done_once(stack: Stack, on_call: Any, exact: Any, run_id: str) -> None:
    """Clear tasks that are queued or scheduled: the processes that they had been given to are turned away."""
    exact.change(f"divisions/{BE}", refusal="NoDivisionAccess")
    before = exact.calls("hrm/Costunits")
    on_call.set_slots(FEW_SLOTS)
    with no_process_to_run_in():
        for _ in range(2):
            on_call.clear(run_id, *EACH)
            on_call.wait_until(run_id, lambda: on_call.count(run_id, "queued") == FEW_SLOTS)
            on_call.wait_until(run_id, lambda: on_call.count(run_id, "scheduled") == 2 * len(ALONE) - FEW_SLOTS)
        on_call.set_slots(SLOTS)
    on_call.wait(run_id)
    exact.change(f"divisions/{BE}", refusal=None)
    assert on_call.state(run_id) == "failed"
    ended = {task: on_call.states(run_id)[task] for task in (*EACH, "deletions")}
    assert ended.pop("divisions") == {"success": 2}  # Exact lists a company that it refuses
    assert ended == {task: {"success": 1, "failed": 1} for task in ended}, ended
    assert exact.calls("hrm/Costunits") == before + 2  # once for each company


def company_that_went_is_no_ones_problem(stack: Stack, on_call: Any, exact: Any, run_id: str) -> None:
    """Clear `connect` after a company that failed was taken out; then clear a task that was removed by that."""
    stack.exactsync("divisions", "--choose", str(NL))
    on_call.clear(run_id, "connect")
    on_call.wait(run_id)
    all_is_right(stack, on_call, exact, run_id, NL)
    assert all(on_call.states(run_id)[task] == {"success": 1, "removed": 1} for task in (*EACH, "deletions"))

    on_call.clear(run_id, "gl_accounts", downstream=False)
    on_call.wait(run_id)
    assert on_call.state(run_id) == "success"
    assert on_call.states(run_id)["gl_accounts"] == {"success": 1, "removed": 1}


def tasks_that_connect_let_down_wait_for_connect(stack: Stack, on_call: Any, exact: Any) -> None:
    """Clear a task whose upstream failed, then what failed."""
    run_id = on_call.run(divisions=[FR])
    on_call.clear(run_id, "gl_accounts", downstream=False)
    on_call.wait(run_id)
    assert on_call.states(run_id)["connect"] == {"failed": 1}
    assert on_call.states(run_id)["gl_accounts"] == {"upstream_failed": 1}

    stack.exactsync("divisions", "--choose", str(FR))
    on_call.clear(run_id, "connect")
    on_call.wait(run_id)
    all_is_right(stack, on_call, exact, run_id, FR)


def all_is_right(stack: Stack, on_call: Any, exact: Any, run_id: str, *divisions: int) -> None:
    """See that the run went well, and that each record that Exact holds stands in its table once."""
    assert on_call.state(run_id) == "success"
    for entity in entities().values():
        for division in divisions:
            keys = map(str, SimulatedExact(stack.exact_url).keys(division, entity))
            assert sorted(live_keys(stack, entity, division)) == sorted(keys)


@contextmanager
def held_by_another(stack: Stack, division: int, entity: str) -> Iterator[None]:
    """Hold the lease on a data set, as a sync by hand would."""
    engine = create_engine(stack.environment["EXACTSYNC_WAREHOUSE_URL"])
    try:
        with lease(engine, division=division, entity=entity, holder=f"{socket.gethostname()}/{os.getpid()}"):
            yield
    finally:
        engine.dispose()


@contextmanager
def no_process_to_run_in() -> Iterator[None]:
    """Stop the executor's processes: what is given to them stays queued."""
    children = psutil.Process().children(recursive=True)
    processes = [child for child in children if "LocalExecutor" in str(child.as_dict(["cmdline"]))]
    assert processes
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()
