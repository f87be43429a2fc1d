"""The main job in a real scheduler: what a team lives through in its first hour with it."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest

from exactsync.entities import entities
from tests.e2e.clearing import clear_does_right_in_every_state
from tests.e2e.conftest import OnCall
from tests.e2e.warehouse import drift_apart, live_rows, query

if TYPE_CHECKING:
    from exactsync.demo.stack import Stack

NL, BE = 1000001, 1000002
LABELS = {NL: "NL · 1000001 Demo Holding", BE: "BE · 1000002 Demo Belgium"}
MINUTE_S = 3
"""Long enough for the ordinary runs, short enough to wait for."""
HELD_S = 25.0
"""How long Exact keeps back the first page of a full refresh: an hourly run begins and ends meanwhile."""


@pytest.mark.timeout(900)
def test_a_team_lives_with_the_main_job(stack: Stack, on_call: Any, exact: Any) -> None:
    exact.change("settings", minute_s=MINUTE_S)
    stack.exactsync("divisions", "--choose", str(NL), str(BE))
    first_run_loads_everything(stack, on_call, exact)
    second_run_loads_only_what_changed(stack, on_call, exact)
    full_refresh_repairs_what_was_missed_while_an_hourly_run_gives_way(stack, on_call, exact)
    refused_company_fails_alone_and_is_mended_by_a_clear(stack, on_call, exact)
    assert exact.read("violations") == []
    clear_does_right_in_every_state(stack, on_call, exact)
    used_up_minute_is_waited_out_unless_it_is_cleared(stack, on_call, exact)
    assert exact.read("violations") == []
    no_log_holds_a_secret(stack, exact)


def first_run_loads_everything(stack: Stack, on_call: Any, exact: Any) -> None:
    run_id = on_call.run()
    assert on_call.state(run_id) == "success"
    assert live_rows(stack, "gl_accounts") == {company: len(exact.records(company, "GLAccounts")) for company in LABELS}
    for entity in entities():
        shown = {each["rendered_map_index"] for each in on_call.instances(run_id) if each["task_id"] == entity}
        assert shown == set(LABELS.values())
    assert on_call.asset_events(run_id) == {
        f"exact_online.{entity}": len(filled) for entity in entities() if (filled := live_rows(stack, entity))
    }


def second_run_loads_only_what_changed(stack: Stack, on_call: Any, exact: Any) -> None:
    renamed, deleted = (record["ID"] for record in exact.records(NL, "GLAccounts")[:2])
    place = {"division": NL, "entity_set": "GLAccounts"}
    exact.change(
        "changes",
        changes=[
            {**place, "kind": "update", "key": renamed, "values": {"Description": "Renamed"}},
            {**place, "kind": "delete", "key": deleted},
        ],
    )
    run_id = on_call.run(entities=["gl_accounts"])
    assert on_call.state(run_id) == "success"
    assert on_call.asset_events(run_id) == {"exact_online.gl_accounts": 2}  # the load's, and the deletions'
    found = "SELECT description, _deleted_at IS NOT NULL FROM exact_online.gl_accounts WHERE id = %s"
    assert query(stack, found, renamed) == [("Renamed", False)]
    assert query(stack, found, deleted)[0][1]
    assert "1000001" in on_call.log(run_id, task_of(on_call, run_id, "publish"))


def full_refresh_repairs_what_was_missed_while_an_hourly_run_gives_way(
    stack: Stack, on_call: OnCall, exact: Any
) -> None:
    live = "SELECT id, code, description FROM exact_online.current_gl_accounts WHERE division = %s ORDER BY id"
    before = query(stack, live, NL)
    drift_apart(stack, "gl_accounts", NL)
    exact.change("journal/clear")
    exact.plant("slow", "sync/Financial/GLAccounts", parameters={"seconds": HELD_S}, occurrences=[1])
    weekly = OnCall(stack, "exact_online_full_refresh")
    refresh = weekly.start(divisions=[NL], entities=["gl_accounts"])
    weekly.wait_until(refresh, lambda: exact.calls("sync/Financial/GLAccounts"))

    hourly = on_call.run(divisions=[NL], entities=["gl_accounts"])
    assert on_call.state(hourly) == "success"
    assert on_call.states(hourly)["gl_accounts"] == {"skipped": 1}
    holder = re.escape(f"exact_online_full_refresh/{refresh}/gl_accounts/0")
    told = f"skipped: another reader is at work. .*{holder} .* has been reading this data set since"
    for task in ("gl_accounts", "publish"):
        assert re.search(told, on_call.log(hourly, task_of(on_call, hourly, task))), task

    weekly.wait(refresh)
    assert weekly.state(refresh) == "success"
    assert query(stack, live, NL) == before
    for task, where in (("gl_accounts", ""), ("publish", f"division {NL}, gl_accounts: ")):
        told = f"Drift found, and repaired: {where}1 missed insert, 1 missed update, 1 missed delete"
        assert told in weekly.log(refresh, task_of(weekly, refresh, task))
    columns = "missed_inserts, missed_updates, missed_deletes, changed_since"
    assert query(stack, f"SELECT {columns} FROM exactsync.drift WHERE run_id = %s", refresh) == [(1, 1, 1, 0)]
    exact.mend()


def task_of(on_call: OnCall, run_id: str, task: str) -> dict[str, Any]:
    """Return the one instance of a task in a run."""
    (instance,) = (each for each in on_call.instances(run_id) if each["task_id"] == task)
    return instance


def refused_company_fails_alone_and_is_mended_by_a_clear(stack: Stack, on_call: Any, exact: Any) -> None:
    exact.change(f"divisions/{BE}", refusal="NoDivisionAccess")
    run_id = on_call.run(entities=["gl_accounts"])
    assert on_call.state(run_id) == "failed"
    assert on_call.states(run_id)["gl_accounts"] == {"success": 1, "failed": 1}
    assert on_call.states(run_id)["deletions"] == {"success": 1, "failed": 1}
    (failed,) = (
        each for each in on_call.instances(run_id) if (each["task_id"], each["state"]) == ("gl_accounts", "failed")
    )
    assert (failed["rendered_map_index"], failed["try_number"]) == (LABELS[BE], 1)
    log = on_call.log(run_id, failed)
    assert f"division {BE}, entity gl_accounts" in log
    assert "What to do:" in log

    exact.change(f"divisions/{BE}", refusal=None)
    exact.change("journal/clear")
    on_call.clear_failed(run_id)
    assert on_call.state(run_id) == "success"
    assert exact.calls("sync/Financial/GLAccounts") == 1


def used_up_minute_is_waited_out_unless_it_is_cleared(stack: Stack, on_call: Any, exact: Any) -> None:
    exact.change("journal/clear")
    exact.change("settings", calls_per_minute=4)
    stack.exactsync("divisions", "--choose", str(NL))
    exact.plant("minute_limit", "vat/VATCodes")
    run_id = on_call.start(divisions=[NL])
    on_call.wait_until(run_id, lambda: on_call.states(run_id).get("vat_codes") == {"up_for_reschedule": 1})
    exact.mend()
    on_call.clear(run_id, "vat_codes", downstream=False)
    on_call.wait(run_id)
    assert on_call.state(run_id) == "success"
    tries = {each["task_id"]: each["try_number"] for each in on_call.instances(run_id)}
    assert tries.pop("vat_codes") == 2
    assert set(tries.values()) == {1}


def no_log_holds_a_secret(stack: Stack, exact: Any) -> None:
    """Search what every process wrote at DEBUG for every secret, as it is, percent-encoded and in base64."""
    needles = {spelling for secret in exact.read("secrets") for spelling in spellings(secret)}
    assert len(needles) > 3
    logs = [path for path in stack.folder.rglob("*.log") if path.is_file()]
    assert len(logs) > 20
    texts = {path: path.read_bytes() for path in logs}
    assert any(b"DEBUG" in text or b'"debug"' in text for text in texts.values())
    found = {(path.name, needle[:6]) for path, text in texts.items() for needle in needles if needle.encode() in text}
    assert found == set()


def spellings(secret: str) -> set[str]:
    raw = secret.encode()
    base64 = {b64encode(raw).decode().rstrip("="), urlsafe_b64encode(raw).decode().rstrip("=")}
    return {secret, quote(secret, safe=""), quote_plus(secret)} | base64
