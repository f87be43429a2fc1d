"""What the people on call see at a glance: each data set, the call budgets, what changed day by day."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, event

from exactsync.entities import entities
from exactsync.entity import Feed
from exactsync.exact.client import ExactClient
from exactsync.load import DivisionRef
from exactsync.simulator.faults import FAULTS, Fault
from exactsync.warehouse.load_log import DELETIONS
from exactsync.warehouse.sync_health import DAYS, Standing
from tests.integration.people import ENTITIES, A, B, Office

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exactsync.warehouse.sync_health import CompanyHealth, DataSetHealth


@pytest.fixture
def office(migrated_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setitem(ExactClient.__init__.__kwdefaults__, "sleep", lambda _seconds: None)
    office = Office(migrated_database)
    yield office
    office.close()


@pytest.fixture
def loaded(office: Office) -> Office:
    """An office whose integration `nl` has loaded the five entities of companies A and B."""
    office.connect("nl", A, B)
    assert office.run() == []
    return office


def company(office: Office, division: int = A) -> CompanyHealth:
    (found,) = [each for each in office.deployment.sync_health().companies if each.division == division]
    return found


def data_set(office: Office, entity: str, division: int = A) -> DataSetHealth:
    (found,) = [each for each in company(office, division).data_sets if each.entity == entity]
    return found


def ref(division: int) -> DivisionRef:
    return DivisionRef(integration="nl", division=division, name="", country="NL")


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """Note every statement that is sent to a database meanwhile."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


# -- data sets


def test_nothing_set_up_is_nothing_to_show(office: Office) -> None:
    health = office.deployment.sync_health()
    assert (health.integrations, health.companies, health.changes) == ((), (), ())


def test_each_company_shows_every_entity_and_its_deletions_in_one_order(loaded: Office) -> None:
    health = loaded.deployment.sync_health()
    assert [(each.integration, each.division, each.name) for each in health.companies] == [
        ("nl", A, f"Company {A}"),
        ("nl", B, f"Company {B}"),
    ]
    for each in health.companies:
        assert [found.entity for found in each.data_sets] == [*entities(), DELETIONS]
        assert each.findings == ()


def test_what_was_read_shows_its_live_rows_and_who_read_it_when(loaded: Office) -> None:
    loaded.execute(f"UPDATE exact_online.vat_codes SET _deleted_at = now() WHERE division = {B}")
    health = loaded.deployment.sync_health()
    read = data_set(loaded, "vat_codes")
    assert (read.standing, read.rows, read.findings, read.quarantined) == (Standing.HEALTHY, 2, (), 0)
    assert (read.outcome, read.holder) == ("published", f"dag/run/vat_codes/{A}")
    assert timedelta(0) <= health.now - read.published_at < timedelta(minutes=1)
    assert data_set(loaded, "vat_codes", B).rows == 0


def test_what_was_never_read_waits(loaded: Office) -> None:
    waiting = data_set(loaded, DELETIONS)
    assert (waiting.standing, waiting.rows, waiting.published_at) == (Standing.WAITING, None, None)


def test_an_axis_that_is_not_active_has_nothing_to_show(office: Office) -> None:
    office.connect("nl", A, axes=["cost_units"])
    office.run()
    assert data_set(office, "cost_centers").standing is Standing.INACTIVE
    assert data_set(office, "cost_units").standing is Standing.HEALTHY


def test_what_is_being_read_shows_who_reads_it(loaded: Office) -> None:
    loaded.execute(f"""
        UPDATE exactsync.leases SET holder = 'dag/other/vat_codes/4', expires_at = now() + interval '1 minute'
        WHERE division = {A} AND entity = 'vat_codes'""")
    running = data_set(loaded, "vat_codes")
    assert (running.standing, running.holder, running.rows) == (Standing.RUNNING, "dag/other/vat_codes/4", 2)


def test_what_a_person_must_mend_has_failed_and_names_the_page_of_the_runbook(loaded: Office) -> None:
    loaded.simulator.refuse_division(B, "NoDivisionAccess")
    loaded.attempt(ref(B), "cost_units")
    loaded.deployment.conclude()
    failed = data_set(loaded, "cost_units", B)
    (finding,) = failed.findings
    assert (failed.standing, failed.outcome) == (Standing.FAILED, "CompanyRefusedError")
    assert finding.text.startswith("page 1: Exact "), "where it stands tells which data set it is about"
    assert "What to do:" in finding.text
    assert "docs/runbook" not in finding.text
    assert finding.runbook == "docs/runbook/company-refused.md"
    assert failed.rows == 2, "what was loaded before is still there"
    assert data_set(loaded, "cost_units", A).standing is Standing.HEALTHY


def test_what_passes_by_itself_is_degraded(loaded: Office) -> None:
    loaded.simulator.plant(Fault(action=FAULTS["maintenance"](), endpoint="vat/VATCodes", every=1))
    loaded.attempt(ref(A), "vat_codes")
    loaded.deployment.conclude()
    degraded = data_set(loaded, "vat_codes")
    assert (degraded.standing, degraded.findings[0].runbook) == (Standing.DEGRADED, "docs/runbook/exact-away.md")


def test_what_a_person_has_mended_waits_for_the_next_attempt(loaded: Office) -> None:
    loaded.simulator.refuse_division(A, "NoDivisionAccess")
    loaded.attempt(ref(A), "cost_units")
    loaded.deployment.conclude()
    loaded.setup.pause("nl", actor="ann")
    loaded.setup.resume("nl", actor="ann")
    assert data_set(loaded, "cost_units").standing is Standing.WAITING


def test_drift_that_the_last_comparison_repaired_is_shown_and_degrades_nothing(loaded: Office) -> None:
    for load, missed in ((-1, 7), (0, 2)):
        loaded.execute(f"""
            INSERT INTO exactsync.drift (load_id, integration, division, entity, run_id, compared_at, missed_inserts,
                missed_updates, missed_deletes, late_rows, changed_since)
            VALUES ({load}, 'nl', {A}, 'vat_codes', 'r', now() + interval '{load} days', {missed}, 1, 1, 3, 50)""")
    repaired = data_set(loaded, "vat_codes")
    assert (repaired.standing, repaired.drift, repaired.findings) == (Standing.HEALTHY, 4, ())
    assert data_set(loaded, "vat_codes", B).drift == 0


def test_records_in_quarantine_degrade_what_is_otherwise_loaded(loaded: Office) -> None:
    loaded.execute(f"""
        INSERT INTO exactsync.quarantine (division, entity, record_key, reason, record, load_id)
        SELECT {A}, 'suppliers', number::text, 'unreadable', '\\x00', 1 FROM generate_series(1, 1200) AS number""")
    degraded = data_set(loaded, "suppliers")
    assert (degraded.standing, degraded.quarantined) == (Standing.DEGRADED, 1200)
    (finding,) = degraded.findings
    assert finding.text == "1,200 records are in quarantine; the others are loaded."
    assert finding.runbook == "docs/runbook/quarantine.md"


def test_what_is_older_than_it_should_be_is_degraded(loaded: Office) -> None:
    loaded.execute("UPDATE exactsync.sync_state SET published_at = now() - interval '4 hours'")
    late = data_set(loaded, "gl_accounts")
    (finding,) = late.findings
    assert late.standing is Standing.DEGRADED
    assert finding.text == "It was not brought up to date for more than 3 hours."


def test_a_list_that_is_compared_once_a_day_may_be_older(loaded: Office) -> None:
    assert entities()["payment_conditions"].feed is Feed.LIST
    loaded.execute(f"""
        INSERT INTO exactsync.sync_state (division, entity, published_at)
        VALUES ({A}, 'payment_conditions', now() - interval '26 hours'),
               ({B}, 'payment_conditions', now() - interval '28 hours')
        ON CONFLICT (division, entity) DO UPDATE SET published_at = EXCLUDED.published_at""")
    assert data_set(loaded, "payment_conditions", A).standing is Standing.HEALTHY
    assert data_set(loaded, "payment_conditions", B).standing is Standing.DEGRADED


def test_what_a_person_has_paused_rests_however_old_it_gets(loaded: Office) -> None:
    loaded.execute("UPDATE exactsync.sync_state SET published_at = now() - interval '9 days'")
    loaded.setup.pause("nl", actor="ann")
    health = loaded.deployment.sync_health()
    assert {each.standing for found in health.companies for each in found.data_sets} == {Standing.RESTING}


def test_a_company_that_exact_no_longer_lists_says_so_as_a_whole(loaded: Office) -> None:
    loaded.execute(f"UPDATE exactsync.integration_divisions SET is_permitted = false WHERE division = {B}")
    (finding,) = company(loaded, B).findings
    assert "no longer lists" in finding.text
    assert finding.runbook == "docs/runbook/company-refused.md"
    assert company(loaded, A).findings == ()


# -- calls


def test_the_budget_shows_what_the_ledger_counts(loaded: Office) -> None:
    budget = company(loaded).budget
    counted = loaded.scalar(f"SELECT day_used FROM exactsync.call_ledger WHERE division = {A}")
    assert (budget.day.used, budget.day.limit, budget.reserved) == (counted, 5_000, 250)
    assert 0 < budget.minute.used <= budget.day.used
    assert budget.minute.limit == 60
    assert budget.day.resets_at > datetime.now(UTC)
    assert budget.is_shared is False


def test_a_window_that_is_over_counts_no_more(loaded: Office) -> None:
    loaded.execute("UPDATE exactsync.call_ledger SET day_used = 4000, minute_used = 60, minute_resets_at = 0")
    budget = company(loaded).budget
    assert (budget.minute.used, budget.minute.resets_at) == (0, None)
    assert budget.day.used == 4000


def test_a_company_nobody_has_called_has_no_budget_yet_and_another_apps_calls_are_not_its_own(office: Office) -> None:
    office.connect("nl", A)
    office.execute(f"""
        INSERT INTO exactsync.call_ledger (app_key, division, minute_limit, day_limit, day_used)
        VALUES ('other', {A}, 60, 5000, 17)""")
    assert company(office).budget is None


# -- changes


def test_changes_are_summed_by_day_and_company(loaded: Office) -> None:
    today = datetime.now(UTC).date()
    loaded.execute(f"""
        UPDATE exactsync.load_log SET published_at = date_trunc('day', now()) - interval '{DAYS - 2} days'
        WHERE division = {B} AND entity = 'suppliers';
        UPDATE exactsync.load_log SET published_at = now() - interval '{DAYS + 1} days'
        WHERE division = {B} AND entity <> 'suppliers';
        UPDATE exactsync.load_log SET updated = 5, deleted = 2 WHERE division = {A} AND entity = 'vat_codes'""")
    long_ago, today_a = loaded.deployment.sync_health().changes
    rows = sum(data_set(loaded, entity).rows for entity in ENTITIES)
    assert (today_a.division, today_a.inserted, today_a.updated, today_a.deleted) == (A, rows, 5, 2)
    assert today - today_a.day <= timedelta(days=1)
    assert (long_ago.division, long_ago.inserted) == (B, data_set(loaded, "suppliers", B).rows)
    assert isinstance(long_ago.day, date)


def test_a_day_without_a_change_is_left_out(loaded: Office) -> None:
    loaded.execute("UPDATE exactsync.load_log SET inserted = 0")
    assert loaded.deployment.sync_health().changes == ()


# -- many


def test_the_number_of_questions_does_not_grow_with_the_companies(loaded: Office) -> None:
    with counted_statements() as few:
        loaded.deployment.sync_health()
    loaded.execute("""
        INSERT INTO exactsync.integration_divisions (integration, division, name, country, region, is_chosen)
        SELECT 'nl', number, 'Company', 'NL', 'nl', true FROM generate_series(1, 48) AS number""")
    with counted_statements() as many:
        assert len(loaded.deployment.sync_health().companies) == 50
    assert len(many) == len(few)
