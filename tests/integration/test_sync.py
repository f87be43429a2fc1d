"""The use case against the strict simulator: calls, watermarks, deletions, resumption, refusals."""

from __future__ import annotations

import sys
from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

import pytest

from exactsync.entities import entities
from exactsync.errors import DefectError
from exactsync.simulator import Company, Settings
from exactsync.simulator.faults import FAULTS, Fault, Proceed

if TYPE_CHECKING:
    from collections.abc import Callable

    from exactsync.simulator.messages import Request, Response
    from tests.integration.conftest import Installation

SIZES = {"GLAccounts": 2345, "VATCodes": 61, "Costcenters": 130, "Costunits": 0, "Accounts": 1999}
SETTINGS = Settings(
    hostile=0.2,
    calls_per_minute=1000,
    companies=(
        Company(code=1000001, name="Demo Holding", country="NL", sizes=SIZES),
        Company(code=1000002, name="Demo Belgium", country="BE", sizes={"GLAccounts": 3, "Accounts": 4}),
    ),
)
FIRST_CALLS = {
    "gl_accounts": ceil(2345 / 1000),
    "vat_codes": ceil(61 / 60),
    "cost_centers": ceil(130 / 60),
    "suppliers": ceil(1999 / 1000),
}
"""What a first sync costs where it is more than one call."""


@pytest.fixture
def installation(install: Callable[[Settings], Installation]) -> Installation:
    return install(SETTINGS)


@pytest.mark.parametrize("entity", list(entities()))
def test_the_first_sync_costs_one_call_a_page_and_the_next_finds_nothing_new(
    installation: Installation, entity: str
) -> None:
    first = installation.sync(entity)
    assert first.calls == FIRST_CALLS.get(entity, 1)
    second = installation.sync(entity)
    assert (second.outcome, second.inserted, second.updated, second.deleted) == ("unchanged", 0, 0, 0)
    assert installation.simulator.violations() == []


@pytest.mark.parametrize("entity", ["gl_accounts", "suppliers"])
def test_when_nothing_changed_a_sync_feed_costs_one_call(installation: Installation, entity: str) -> None:
    installation.sync(entity)
    assert installation.sync(entity).calls == 1


def test_where_nothing_has_changed_pandas_is_not_even_loaded(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.sync("suppliers")
    monkeypatch.setitem(sys.modules, "exactsync.normalise", None)
    assert installation.sync("suppliers").outcome == "unchanged"


def test_a_record_that_is_no_text_goes_to_quarantine_and_the_rest_of_its_page_is_stored(
    installation: Installation,
) -> None:
    def spoil(_request: Request, proceed: Proceed) -> Response:
        answer = proceed()
        return replace(answer, body=answer.body.replace(b'"Description":"', b'"Description":"\\ud800', 1))

    installation.simulator.plant(Fault(endpoint="hrm/Costcenters", action=spoil))
    result = installation.sync("cost_centers")
    assert (result.inserted, result.quarantined) == (129, 1)
    assert "lone surrogate" in installation.scalar("SELECT reason FROM exactsync.quarantine")
    assert installation.sync("cost_centers").inserted == 1
    assert installation.scalar("SELECT count(*) FROM exactsync.quarantine") == 0


def test_a_link_that_exact_no_longer_takes_is_let_go_and_the_load_begins_anew(installation: Installation) -> None:
    def fail(name: str, *pages: int) -> None:
        installation.simulator.clear_faults()
        action = FAULTS[name]()
        installation.simulator.plant(Fault(endpoint="hrm/Costcenters", action=action, occurrences=frozenset(pages)))

    fail("bad_request", 2)
    with pytest.raises(DefectError):
        installation.sync("cost_centers")
    assert installation.scalar("SELECT pages FROM exactsync.loads") == 1
    fail("bad_request", 1)
    with pytest.raises(DefectError, match="400"):
        installation.sync("cost_centers")
    assert installation.scalar("SELECT count(*) FROM exactsync.loads") == 0
    assert installation.sync("cost_centers").inserted == 130
