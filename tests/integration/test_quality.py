"""The checks of the published tables: what each of them finds in spoiled tables, how it is told and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from exactsync.entities import entities
from exactsync.simulator import Company, Settings
from exactsync.warehouse.quality import Severity, rules, trouble
from exactsync.warehouse.sync_health import Standing

if TYPE_CHECKING:
    from collections.abc import Callable

    from exactsync.warehouse.quality import CheckResult
    from tests.integration.conftest import Installation

NL = 1000001
SIZES = {"GLAccounts": 30, "Costcenters": 8, "VATCodes": 5, "Accounts": 20, "BankAccounts": 20, "GLClassifications": 9}
SETTINGS = Settings(
    hostile=0.0,
    calls_per_minute=1000,
    companies=(Company(code=NL, name="Demo Holding", country="NL", sizes=SIZES),),
)
LOADED = ("vat_codes", "cost_centers", "gl_accounts", "gl_classifications", "suppliers", "supplier_bank_accounts")
NOWHERE = "00000000-0000-4000-8000-000000000000"


def first(entity: str) -> str:
    return f"(SELECT min(id::text)::uuid FROM exact_online.{entity})"


ONE_ACCOUNT, ONE_CENTER = first("gl_accounts"), first("cost_centers")


@pytest.fixture
def installation(install: Callable[[Settings], Installation]) -> Installation:
    """A company of which six entities are loaded, each read once more after all others."""
    installation = install(SETTINGS)
    for name in LOADED:
        installation.sync(name)
    execute(installation, "UPDATE exactsync.sync_state SET published_at = clock_timestamp() WHERE watermark > 0")
    return installation


def execute(installation: Installation, statement: str) -> None:
    with installation.engine.begin() as connection:
        connection.execute(text(statement))


def check(installation: Installation, run_id: str = "r") -> list[CheckResult]:
    return installation.deployment.check_quality(run_id)


def found(installation: Installation) -> list[tuple[str, str, str, int]]:
    return [(result.entity, result.rule, result.subject, result.failing) for result in check(installation)]


def test_what_exact_has_without_a_flaw_passes_every_check(installation: Installation) -> None:
    assert check(installation) == []
    checked = installation.scalar("SELECT count(DISTINCT entity) FROM exactsync.quality_results")
    assert checked == len(LOADED)


def test_every_key_code_and_reference_that_is_declared_is_checked() -> None:
    made = {(rule.entity, rule.name, rule.subject) for rule in rules(entities())}
    for name, entity in entities().items():
        assert {(name, "unique", entity.key), (name, "fresh", "published_at")} <= made
        for column in entity.columns:
            assert not column.references or (name, "resolves", column.name) in made
            assert column.name != "code" or (name, "filled", "code") in made
    assert ("vat_codes", "unique", "code") in made
    assert ("suppliers", "unique", "code") not in made


SPOILED = (
    (
        f"UPDATE exact_online.gl_accounts SET code = '' WHERE id = {ONE_ACCOUNT}",
        "gl_accounts: code (filled, warn): 1 of 30: rows have none, e.g. ",
    ),
    (
        "UPDATE exact_online.cost_centers SET code = 'twin'",
        "cost_centers: code (unique, warn): 8 of 8: rows share it with another one, e.g. twin.",
    ),
    (
        f"UPDATE exact_online.gl_accounts SET vat_code = 'gone' WHERE id = {ONE_ACCOUNT}",
        "gl_accounts: vat_code (resolves, warn): 1 of 1: rows point to no live row of vat_codes, e.g. ",
    ),
    (
        f"UPDATE exact_online.gl_classifications SET parent_id = CASE WHEN id = {first('gl_classifications')} "
        f"THEN CAST('{NOWHERE}' AS uuid) END",
        "gl_classifications: parent_id (resolves, warn): 1 of 1: rows point to no live row of gl_classif",
    ),
    (
        f"UPDATE exact_online.supplier_bank_accounts SET account_id = '{NOWHERE}' "
        f"WHERE id = {first('supplier_bank_accounts')}",
        "supplier_bank_accounts: account_id (resolves, warn): 1 of ",
    ),
    (
        "UPDATE exactsync.sync_state SET published_at = now() - interval '4 hours' WHERE entity = 'suppliers'",
        "suppliers: published_at (fresh, warn): 1 of 1: it was not brought up to date for more than 3 hours, e.g. ",
    ),
)


def test_warnings_tell_what_is_wrong_where_and_how_often(installation: Installation) -> None:
    execute(installation, "UPDATE exact_online.gl_accounts SET vat_code = NULL")
    assert check(installation) == []
    for spoil, told in SPOILED:
        execute(installation, spoil)
        assert [str(result) for result in check(installation) if f"division {NL}, entity {told}" in str(result)], told
    failing = check(installation)
    assert len(failing) == len(SPOILED)
    assert trouble(failing) is None


def test_two_live_rows_of_one_key_are_an_error_that_shows_on_sync_health(installation: Installation) -> None:
    execute(installation, "ALTER TABLE exact_online.gl_accounts DROP CONSTRAINT gl_accounts_pkey CASCADE")
    execute(
        installation,
        f"INSERT INTO exact_online.gl_accounts SELECT * FROM exact_online.gl_accounts WHERE id = {ONE_ACCOUNT}",
    )
    (result,) = check(installation)
    assert (result.severity, result.subject, result.failing) == (Severity.ERROR, "id", 2)
    error = trouble([result])
    assert error is not None
    assert "gl_accounts: id (unique, error): 2 of 31: rows share it with another one" in str(error)
    assert str(error).endswith("More: docs/runbook/quality.md")
    (company,) = installation.deployment.sync_health().companies
    (health,) = [each for each in company.data_sets if each.entity == "gl_accounts"]
    assert (health.standing, health.failing_checks) == (Standing.DEGRADED, 1)
    assert health.findings[0].runbook == "docs/runbook/quality.md"


def test_what_is_deleted_is_not_checked_but_what_points_to_it_is(installation: Installation) -> None:
    execute(
        installation,
        f"UPDATE exact_online.gl_accounts SET cost_center_code = (SELECT code FROM exact_online.cost_centers "
        f"WHERE id = {ONE_CENTER}) WHERE id = {ONE_ACCOUNT}",
    )
    assert found(installation) == []
    for deleted in ("_deleted_at = now()", "code = ''"):
        execute(installation, f"UPDATE exact_online.cost_centers SET {deleted} WHERE id = {ONE_CENTER}")
        assert found(installation) == [("gl_accounts", "resolves", "cost_center_code", 1)]


def test_a_code_of_another_company_is_no_answer(installation: Installation) -> None:
    execute(
        installation,
        f"CREATE TEMP TABLE foreign_one AS SELECT * FROM exact_online.cost_centers WHERE id = {ONE_CENTER};"
        "UPDATE foreign_one SET division = 1000002, code = 'ELSEWHERE';"
        "INSERT INTO exact_online.cost_centers SELECT * FROM foreign_one; DROP TABLE foreign_one;"
        f"UPDATE exact_online.gl_accounts SET cost_center_code = 'ELSEWHERE' WHERE id = {ONE_ACCOUNT}",
    )
    assert found(installation) == [("gl_accounts", "resolves", "cost_center_code", 1)]


def test_what_is_compared_once_a_day_is_late_after_a_day_and_three_hours(installation: Installation) -> None:
    installation.sync("journals")
    late = []
    for hours in (26, 28):
        execute(
            installation,
            f"UPDATE exactsync.sync_state SET published_at = now() - interval '{hours} hours' "
            "WHERE entity = 'journals'",
        )
        late += [result.told for result in check(installation) if result.rule == "fresh"]
    assert late == ["it was not brought up to date for more than 27 hours"]


EXCUSES = (
    ("UPDATE exact_online.gl_accounts SET _loaded_at = {}", "'infinity'", "'-infinity'"),
    ("UPDATE exactsync.sync_state SET published_at = {} WHERE entity = 'cost_centers'", "NULL", "'infinity'"),
    ("UPDATE exactsync.quarantine SET entity = {}", "'cost_centers'", "'journals'"),
    ("UPDATE exactsync.integrations SET inactive_axes = {}", "'{cost_centers}'", "'{}'"),
    ("UPDATE exactsync.integrations SET is_paused = {}", "true", "false"),
)


def test_a_reference_is_not_judged_where_its_target_cannot_be_known(installation: Installation) -> None:
    execute(
        installation,
        "INSERT INTO exactsync.quarantine (division, entity, record_key, reason, record, load_id) "
        f"VALUES ({NL}, 'journals', 'k', 'why', '', 1)",
    )
    execute(installation, f"UPDATE exact_online.gl_accounts SET cost_center_code = 'X' WHERE id = {ONE_ACCOUNT}")
    for statement, excuse, back in EXCUSES:
        assert found(installation) == [("gl_accounts", "resolves", "cost_center_code", 1)], statement
        execute(installation, statement.format(excuse))
        assert found(installation) == [], statement
        execute(installation, statement.format(back))


def test_the_table_has_a_line_for_as_long_as_a_check_finds_the_same(installation: Installation) -> None:
    lines = "SELECT count(*) FROM exactsync.quality_results"
    check(installation)
    clean = installation.scalar(lines)
    check(installation)
    assert installation.scalar(lines) == clean
    execute(installation, f"UPDATE exact_online.gl_accounts SET code = '' WHERE id = {ONE_ACCOUNT}")
    for run_id in ("first", "second"):
        check(installation, run_id)
    assert installation.scalar(lines) == clean + 1
    execute(installation, "UPDATE exact_online.gl_accounts SET _deleted_at = now()")
    check(installation, "third")
    story = installation.scalar(f"""
        SELECT array_agg(failing || ' of ' || checked || ' ' || run_id ORDER BY id) FROM exactsync.quality_results
        WHERE division = {NL} AND entity = 'gl_accounts' AND rule = 'filled'""")
    assert story == ["0 of 30 r", "1 of 30 second", "0 of 0 third"]
