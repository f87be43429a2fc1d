"""When Exact changes what it sends: what is new is told once, what is missing or of another type is set aside."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from exactsync.entities import entities
from exactsync.errors import DefectError
from exactsync.load import Novelty
from exactsync.simulator import Company, Settings
from exactsync.simulator.faults import Fault, Proceed
from exactsync.warehouse import novelties

if TYPE_CHECKING:
    from collections.abc import Callable

    from exactsync.simulator.messages import Request, Response
    from tests.integration.conftest import Installation

NL = 1000001
SIZES = {"GLAccounts": 50, "Costcenters": 8, "Accounts": 20, "VATCodes": 7}
SETTINGS = Settings(
    calls_per_minute=1000,
    bulk_page_size=20,
    companies=(Company(code=NL, name="Demo Holding", country="NL", sizes=SIZES),),
)
TOLD = "SELECT string_agg(entity || ' ' || property || '=' || value, ', ' ORDER BY 1) FROM exactsync.novelties"
LIVE = "SELECT count(*) FROM exact_online.{} WHERE _deleted_at IS NULL"


@pytest.fixture
def installation(install: Callable[[Settings], Installation], caplog: pytest.LogCaptureFixture) -> Installation:
    caplog.set_level(logging.WARNING, logger="exactsync")
    return install(SETTINGS)


def answer_with(installation: Installation, entity_set: str, **properties: Any) -> None:
    """Let Exact answer every record of an entity set with these properties from now on."""
    installation.simulator.configure(additions={entity_set: properties})


def test_a_property_that_exact_adds_is_ignored_and_told_once_for_each_data_set(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    answer_with(installation, "GLAccounts", ReportingTag="Ω", Timestamp2=7)
    assert installation.sync("gl_accounts").inserted == 50
    assert installation.sync("gl_accounts", mode="full").outcome == "unchanged"
    assert installation.scalar(TOLD) == "gl_accounts ReportingTag=, gl_accounts Timestamp2="
    assert caplog.text.count("New at Exact, and told once: ReportingTag. The property is ignored.") == 1
    assert "Ω" not in caplog.text


def test_a_code_value_that_no_list_names_is_stored_as_sent_and_told_once(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    answer_with(installation, "GLAccounts", Type=977, BalanceSide="Q")
    assert installation.sync("gl_accounts").quarantined == 0
    installation.sync("gl_accounts", mode="full")
    stored = installation.scalar("SELECT string_agg(DISTINCT type || balance_side, '') FROM exact_online.gl_accounts")
    assert stored == "977Q"
    assert caplog.text.count("New at Exact, and told once: Type = 977. The code value is stored as sent.") == 1
    (row,) = [row for row in installation.deployment.status() if row["entity"] == "gl_accounts"]
    assert row["novelties"] == ["BalanceSide = Q", "Type = 977"]
    (company,) = installation.deployment.sync_health().companies
    (health,) = [each for each in company.data_sets if each.entity == "gl_accounts"]
    assert (health.standing, health.novelties) == ("healthy", 2)


def test_what_exact_has_always_sent_is_no_novelty(installation: Installation) -> None:
    left_out = [name for names in entities()["gl_accounts"].left_out.values() for name in names]
    answer_with(installation, "GLAccounts", **dict.fromkeys(left_out, "of no use"))
    for name in entities():
        installation.sync(name)
    assert installation.scalar(TOLD) is None


def test_names_that_postgresql_cannot_hold_and_hundreds_of_them_stop_nothing(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    def halve(_request: Request, proceed: Proceed) -> Response:
        answer = proceed()
        return replace(answer, body=answer.body.replace(b'"half"', b'"half \\ud800"'))

    installation.simulator.plant(Fault(endpoint="hrm/Costcenters", action=halve, occurrences=frozenset()))
    hostile = {"nul\0": 1, "half": 2, "line\nbreak": 3, "x" * 5000: 4, "": 5, "'); DROP TABLE": 6}
    answer_with(installation, "Costcenters", **hostile, **{f"P{number}": number for number in range(900)})
    result = installation.sync("cost_centers", mode="full")
    assert (result.inserted, result.quarantined) == (8, 0)
    told = [record.getMessage() for record in caplog.records if "New at Exact" in record.getMessage()]
    assert len(told) == 50
    assert max(map(len, told)) < 300
    assert not any(re.search(r"[\0\n\ud800]", line) for line in told)


def test_what_a_later_release_declares_is_shown_no_more(installation: Installation) -> None:
    answer_with(installation, "GLAccounts", ReportingTag=1, Type=977)
    installation.sync("gl_accounts")
    declared = entities()["gl_accounts"]
    columns = [replace(column, values={977: "new"}) if column.name == "type" else column for column in declared.columns]
    caught_up = replace(declared, columns=tuple(columns), left_out={"of no use": ("ReportingTag",)})
    with installation.engine.connect() as connection:
        assert len(novelties.read(connection, entities())[NL, "gl_accounts"]) == 2
        assert novelties.read(connection, {"gl_accounts": caught_up}) == {}


def test_however_much_is_new_the_table_of_it_stays_small(installation: Installation) -> None:
    for batch in range(40):
        found = [Novelty(property=f"P{batch}-{number}") for number in range(50)]
        with installation.engine.begin() as connection:
            novelties.note(connection, entities()["gl_accounts"], NL, found)
            novelties.note(connection, entities()["suppliers"], NL, found[:1])
    kept = "SELECT count(*) FROM exactsync.novelties WHERE entity = '{}'"
    assert installation.scalar(kept.format("gl_accounts")) < 600
    assert installation.scalar(kept.format("suppliers")) == 40


CHANGED = (
    ("Costcenters", {"Modified": 1}, "property Modified: 1 is not a date"),
    ("Costcenters", {"Description": ["a", "b"]}, "property Description: ['a', 'b'] is not a text"),
    ("Costcenters", {"ID": "7"}, "property ID: '7' is not a Guid"),
    ("VATCodes", {"Percentage": "21%"}, "property Percentage: '21%' is not a number"),
    ("VATCodes", {"IsBlocked": "J"}, "property IsBlocked: 'J' is neither yes nor no"),
    ("GLAccounts", {"Type": "11.5"}, "property Type: '11.5' is not an integer of 32 bits"),
    ("Accounts", {"IsSupplier": 1}, "property IsSupplier: 1 is not true or false"),
)
TABLES = {"Costcenters": "cost_centers", "VATCodes": "vat_codes", "Accounts": "suppliers", "GLAccounts": "gl_accounts"}


def test_a_property_of_another_type_fails_the_load_with_its_reason_and_readers_keep_what_they_had(
    installation: Installation,
) -> None:
    for entity_set, sent, reason in CHANGED:
        name = TABLES[entity_set]
        installation.sync(name)
        live = installation.scalar(LIVE.format(name))
        answer_with(installation, entity_set, **sent)
        with pytest.raises(DefectError) as failed:
            installation.sync(name, mode="full")
        all_of_it = (
            f"{SIZES[entity_set]} of {SIZES[entity_set]} records cannot be read, most of them because: {reason}."
        )
        assert f"{all_of_it} Nothing was changed; they are in exactsync.quarantine." in str(failed.value)
        assert str(failed.value).endswith("More: docs/runbook/quarantine.md#changed")
        assert installation.scalar("SELECT min(reason) FROM exactsync.quarantine") == reason
        assert installation.scalar(LIVE.format(name)) == live
        answer_with(installation, entity_set)
        assert installation.sync(name, mode="full").quarantined == 0
        assert installation.scalar("SELECT count(*) FROM exactsync.quarantine") == 0


def test_a_sync_page_without_timestamps_fails_at_once_for_the_watermark_would_skip_records(
    installation: Installation,
) -> None:
    answer_with(installation, "GLAccounts", Timestamp=None)
    with pytest.raises(DefectError, match="A record of a sync page has no Timestamp"):
        installation.sync("gl_accounts")
    assert installation.scalar(LIVE.format("gl_accounts")) == 0
