"""A database from before there were states: what was set up gets the state it is in, and goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic import command
from sqlalchemy import text

from exactsync.entities import entities
from exactsync.lifecycle import Reason, State
from exactsync.warehouse import migrate as migrations
from exactsync.warehouse import schema
from exactsync.warehouse.engine import create_engine
from tests.integration.people import ANN, SETTINGS, A, B, C, D, Office

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

BEFORE = "0002"
LONG_AGO = "2026-01-02 03:04:05+00"
WEIRD_NAME = "x" * 200

INTEGRATIONS = f"""
INSERT INTO exactsync.grants (connection_id, app_key, user_id, user_name, generation, access_token, refresh_token,
    lifetime_s, obtained_at, refreshable_at, expires_at, status, reason)
SELECT 'first', 'app ' || number, 'user', 'Dana Demo', 1, 'x', 'y', 600, now(), now(), now(),
    CASE number WHEN 2 THEN 'reconnect_needed' ELSE 'active' END, CASE number WHEN 2 THEN 'lapsed' END
FROM generate_series(1, 2) AS number;
INSERT INTO exactsync.integrations (name, grant_id, connection_id, all_divisions, inactive_axes, created_at) VALUES
    ('loaded', 1, 'first', false, '{{cost_units}}', '{LONG_AGO}'),
    ('LOADED', 1, 'first', false, '{{}}', '{LONG_AGO}'),
    ('loading', 1, 'first', false, '{{}}', '{LONG_AGO}'),
    ('lapsed', 2, 'first', false, '{{}}', '{LONG_AGO}'),
    ('{WEIRD_NAME}', 1, 'first', false, '{{}}', '{LONG_AGO}');
INSERT INTO exactsync.integration_divisions (integration, division, name, country, region, is_chosen) VALUES
    ('loaded', {A}, 'A', 'NL', 'nl', true), ('loaded', {B}, 'B', 'NL', 'nl', false),
    ('loading', {C}, 'C', 'NL', 'nl', true),
    ('lapsed', {D}, 'D', 'NL', 'nl', true);
INSERT INTO exactsync.sync_state (division, entity, watermark, published_at, attempted_at, outcome, message) VALUES
    ({A}, 'gl_accounts', 7, '{LONG_AGO}', '{LONG_AGO}', 'published', NULL),
    ({A}, 'vat_codes', NULL, '{LONG_AGO}', '{LONG_AGO}', 'unchanged', NULL),
    ({C}, 'gl_accounts', 7, '{LONG_AGO}', '{LONG_AGO}', 'published', NULL),
    ({C}, 'vat_codes', NULL, NULL, '{LONG_AGO}', 'ConfigurationError', 'Exact answered 403.'),
    ({D}, 'gl_accounts', 7, '{LONG_AGO}', '{LONG_AGO}', 'published', NULL);
"""


def migrate_to(engine: Engine, revision: str) -> None:
    """Bring an empty database to where an older version would have brought it."""
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA exactsync"))
        config = migrations._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        schema.create_missing(connection, entities())


@pytest.fixture
def old_engine(empty_database: str) -> Iterator[Engine]:
    engine = create_engine(empty_database)
    migrate_to(engine, BEFORE)
    yield engine
    engine.dispose()


@pytest.fixture
def office(old_engine: Engine) -> Iterator[Office]:
    """An office whose database was just upgraded."""
    with old_engine.begin() as connection:
        connection.exec_driver_sql(INTEGRATIONS)
    migrations.migrate(old_engine)
    office = Office(old_engine.url.render_as_string(hide_password=False), SETTINGS)
    yield office
    office.close()


def test_each_integration_gets_the_state_it_is_in(office: Office) -> None:
    found = {each.name: each for each in office.setup.integrations()}
    assert {name: (each.state, each.reason) for name, each in found.items()} == {
        "loaded": (State.HEALTHY, None),
        "LOADED": (State.CHOOSE_COMPANY, None),
        "loading": (State.INITIAL_SYNC, None),
        "lapsed": (State.RECONNECT_NEEDED, Reason.LAPSED),
        WEIRD_NAME: (State.CHOOSE_COMPANY, None),
    }
    loaded = found["loaded"]
    assert (loaded.axes, [company.division for company in loaded.companies]) == (("cost_centers", "projects"), [A])
    assert loaded.authorised_at == loaded.created_at
    assert f"{loaded.last_sync_at:%Y-%m-%d}" == "2026-01-02"
    assert found["LOADED"].last_sync_at is None
    assert loaded.is_stale


def test_each_history_begins_with_the_upgrade(office: Office) -> None:
    for each in office.setup.integrations():
        assert office.steps(each.name) == [("created", each.state, "upgrade")]


def test_what_was_set_up_before_can_be_looked_after(office: Office) -> None:
    assert office.setup.pause("loaded", actor=ANN).state is State.PAUSED
    assert office.setup.disconnect(WEIRD_NAME, actor=ANN).state is State.DISCONNECTED
    assert office.setup.disconnect("lapsed", actor=ANN).state is State.DISCONNECTED
    assert office.authorise("lapsed").state is State.INITIAL_SYNC


def test_an_empty_old_database_is_upgraded_too(old_engine: Engine) -> None:
    changes = migrations.migrate(old_engine)
    assert changes[0].startswith("migration 000")
    assert migrations.migrate(old_engine) == []


def test_an_integration_upgraded_without_its_loads_finds_out_by_its_next_run(
    empty_database: str, old_engine: Engine
) -> None:
    """Where grants have a database of their own, the upgrade cannot see what was loaded."""
    with old_engine.begin() as connection:
        connection.exec_driver_sql(INTEGRATIONS)
        connection.exec_driver_sql("DELETE FROM exactsync.sync_state")
    migrations.migrate(old_engine)
    office = Office(empty_database)
    try:
        assert office.state("loaded") is State.INITIAL_SYNC
        office.authorise("loaded")
        office.run()
        assert office.state("loaded") is State.HEALTHY
    finally:
        office.close()
