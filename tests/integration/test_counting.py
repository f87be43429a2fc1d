"""Exact's own counts: what they cost, when they are made, and what is found by them."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from sqlalchemy import text

from exactsync.counting import CALLS_OF_A_RUN
from exactsync.entities import entities
from exactsync.load import Run
from exactsync.simulator import Company, Settings
from exactsync.simulator.faults import Fault, Proceed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from exactsync.simulator.messages import Request, Response
    from tests.integration.conftest import Installation

NL = 1000001
SIZES = {"GLAccounts": 30, "GLClassifications": 9, "Projects": 6, "Accounts": 20, "Costcenters": 8}
SETTINGS = Settings(
    hostile=0.5,
    calls_per_minute=1000,
    companies=(Company(code=NL, name="Demo Holding", country="NL", sizes=SIZES),),
)
COUNTED = ("gl_accounts", "gl_classifications", "projects", "suppliers")
COUNTS = frozenset({"financial/GLAccounts", "financial/GLClassifications", "project/Projects", "crm/Accounts"})
DIFFERENCES = "SELECT string_agg(entity || ' ' || difference, ', ' ORDER BY entity) FROM exactsync.counts"
NONE_DIFFERS = ", ".join(f"{name} 0" for name in COUNTED)


@pytest.fixture
def installation(install: Callable[[Settings], Installation]) -> Installation:
    return install(SETTINGS)


def execute(installation: Installation, statement: str) -> None:
    with installation.engine.begin() as connection:
        connection.execute(text(statement))


def run(installation: Installation, run_id: str, names: Collection[str] = tuple(entities())) -> int:
    """Do what a run of the main job does for a company; return the calls that took."""
    before = sum(installation.simulator.calls().values())
    ref = installation.ref(NL)
    for name in names:
        installation.deployment.sync(ref, name, mode="incremental", run=Run(run_id=run_id, holder=f"{run_id}/{name}"))
    installation.deployment.apply_deletions(ref, run=Run(run_id=run_id, holder=f"{run_id}/deletions"))
    return sum(installation.simulator.calls().values()) - before


def counts_made(installation: Installation) -> int:
    return sum(number for call, number in installation.simulator.calls().items() if call.endpoint in COUNTS)


def let_a_day_pass(installation: Installation) -> None:
    execute(installation, "UPDATE exactsync.counts SET counted_at = counted_at - interval '1 day'")


def found(installation: Installation) -> list[str]:
    return [str(result) for result in installation.deployment.check_quality("r") if result.rule == "counted"]


def spoil(_request: Request, proceed: Proceed) -> Response:
    """Answer with a page of which the first code is no text."""
    answer = proceed()
    return replace(answer, body=answer.body.replace(b'"Code":"', b'"Code":7,"_":"', 1))


def refuse(_request: Request, proceed: Proceed) -> Response:
    return replace(proceed(), status=403, body=b'{"error":{"message":{"value":"Forbidden"}}}')


def test_a_run_that_changed_nothing_counts_once_a_day_within_fifteen_calls(installation: Installation) -> None:
    run(installation, "first")
    assert run(installation, "second") == CALLS_OF_A_RUN
    assert installation.scalar(DIFFERENCES) == NONE_DIFFERS
    assert run(installation, "third") == CALLS_OF_A_RUN - len(COUNTED)
    installation.let_days_pass()
    let_a_day_pass(installation)
    assert run(installation, "a day later, all compared") == CALLS_OF_A_RUN
    assert run(installation, "the hour after that") == CALLS_OF_A_RUN
    assert counts_made(installation) == 2 * len(COUNTED)
    assert installation.simulator.violations() == []
    assert found(installation) == []


def test_a_difference_is_told_when_it_shows_twice_in_a_row_and_not_before(installation: Installation) -> None:
    run(installation, "first", COUNTED)
    assert installation.scalar(DIFFERENCES) == NONE_DIFFERS
    for run_id, lost, told in (("second", 2, []), ("third", 1, []), ("fourth", 0, ["told"])):
        execute(
            installation,
            "DELETE FROM exact_online.gl_accounts WHERE id IN "
            f"(SELECT id FROM exact_online.gl_accounts ORDER BY id LIMIT {lost})",
        )
        let_a_day_pass(installation)
        run(installation, run_id, COUNTED)
        assert len(found(installation)) == len(told), run_id
    assert found(installation) == [
        f"division {NL}, entity gl_accounts: count (counted, warn): 3 of 27: Exact counts so many more or fewer "
        "records, twice in a row, e.g. Exact 30, here 27."
    ]
    installation.sync("gl_accounts", mode="full")
    let_a_day_pass(installation)
    run(installation, "repaired", COUNTED)
    assert found(installation) == []


def test_what_is_in_quarantine_erased_or_just_deleted_is_no_difference(installation: Installation) -> None:
    installation.simulator.plant(Fault(endpoint="sync/Financial/GLAccounts", action=spoil))
    run(installation, "first", COUNTED)
    assert installation.scalar("SELECT count(*) FROM exactsync.quarantine") == 1
    assert installation.scalar(DIFFERENCES) == NONE_DIFFERS
    supplier = installation.scalar("SELECT min(id::text) FROM exact_online.suppliers WHERE _deleted_at IS NULL")
    installation.deployment.housekeeping.erase(NL, supplier, reason="asked")
    project = UUID(str(installation.simulator.truth(NL, "Projects")[0]["ID"]))
    installation.simulator.delete(NL, "Projects", project)
    let_a_day_pass(installation)
    run(installation, "second", COUNTED)
    assert installation.scalar(DIFFERENCES) == NONE_DIFFERS


def test_a_row_that_waits_in_quarantine_with_its_next_version_is_counted_once(installation: Installation) -> None:
    run(installation, "first", COUNTED)
    changed = UUID(str(installation.simulator.truth(NL, "GLAccounts")[0]["ID"]))
    installation.simulator.update(NL, "GLAccounts", changed, {"Description": "new"})
    installation.simulator.plant(Fault(endpoint="sync/Financial/GLAccounts", action=spoil))
    let_a_day_pass(installation)
    run(installation, "second", COUNTED)
    assert installation.scalar("SELECT count(*) FROM exactsync.quarantine") == 1
    assert installation.scalar("SELECT most - least FROM exactsync.counts WHERE entity = 'gl_accounts'") == 0


def test_nothing_is_counted_where_exact_refuses_to_tell_what_was_deleted(installation: Installation) -> None:
    installation.simulator.plant(Fault(endpoint="sync/Deleted", action=refuse, occurrences=frozenset()))
    run(installation, "first", COUNTED)
    assert counts_made(installation) == 0


def test_nothing_is_counted_once_half_of_the_days_calls_are_used(installation: Installation) -> None:
    run(installation, "first", ["divisions"])
    execute(installation, "UPDATE exactsync.call_ledger SET day_used = day_limit / 2 + 1")
    run(installation, "second", COUNTED)
    assert counts_made(installation) == 0


def test_where_exact_does_not_count_the_run_goes_on_and_asks_again_the_next_day(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    installation.simulator.plant(Fault(endpoint="financial/GLAccounts", action=refuse, occurrences=frozenset()))
    with caplog.at_level(logging.WARNING):
        for run_id in ("first", "second", "third"):
            run(installation, run_id, ["gl_accounts"])
    assert caplog.text.count("Exact's own count of gl_accounts is not known. ") == 1
    assert counts_made(installation) == 1
    assert found(installation) == []
    installation.simulator.clear_faults()
    let_a_day_pass(installation)
    run(installation, "a day later", ["gl_accounts"])
    assert installation.scalar(DIFFERENCES) == "gl_accounts 0"
