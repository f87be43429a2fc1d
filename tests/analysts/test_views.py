"""Views that follow the declarations, keep what others built on them, and show what is live."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from exactsync.entities import entities
from exactsync.entity import Column, ColumnType, Entity
from exactsync.errors import ConfigurationError
from exactsync.warehouse import analysts, schema
from exactsync.warehouse.analysts.views import views
from tests.analysts.rows import column, insert

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Engine

COLOUR = Column("Colour", "colour", ColumnType.TEXT, "It's 100 % new.")
SUPPLIERS = entities()["suppliers"]

_UNEXPLAINED = """
SELECT relname::text, attname::text FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = CAST('exact_online' AS regnamespace) AND relkind IN ('r', 'v') AND attnum > 0
  AND NOT attisdropped AND coalesce(col_description(attrelid, attnum), '') = ''
UNION ALL
SELECT relname::text, NULL FROM pg_class
WHERE relnamespace = CAST('exact_online' AS regnamespace) AND relkind IN ('r', 'v')
  AND coalesce(obj_description(oid, 'pg_class'), '') = ''
"""


def grown(column: Column = COLOUR) -> Mapping[str, Entity]:
    return {**entities(), "suppliers": replace(SUPPLIERS, columns=(*SUPPLIERS.columns, column))}


def migrated_to(connection: Connection, declared: Mapping[str, Entity]) -> list[str]:
    return schema.create_missing(connection, declared) + analysts.refresh(connection, declared)


def test_nothing_that_analysts_see_is_without_an_explanation(connection: Connection) -> None:
    assert connection.execute(text(_UNEXPLAINED)).all() == []


def test_a_view_tells_meaning_code_values_and_source_of_a_column_as_its_table_does(connection: Connection) -> None:
    told = "SELECT col_description(CAST('exact_online.{}' AS regclass), attnum) FROM pg_attribute "
    told += "WHERE attrelid = CAST('exact_online.{}' AS regclass) AND attname = 'balance_side'"
    by_table, by_view = (
        connection.scalar(text(told.format(name, name))) for name in ("gl_accounts", "current_gl_accounts")
    )
    assert by_table == by_view == entities()["gl_accounts"].columns[5].comment
    assert "debit" in by_view
    assert by_view.endswith("[BalanceSide]")


def test_a_table_that_gains_a_column_passes_it_on_and_what_others_built_stays(connection: Connection) -> None:
    connection.execute(text("CREATE SCHEMA reporting"))
    connection.execute(text("CREATE VIEW reporting.live AS SELECT * FROM exact_online.current_suppliers"))
    changes = migrated_to(connection, grown())
    assert changes[0] == "column exact_online.suppliers.colour"
    assert {"view exact_online.current_suppliers", "view exact_online.active_suppliers"} <= set(changes)
    insert(connection, "suppliers", code="7", colour="red")
    assert column(connection, "SELECT colour FROM exact_online.current_suppliers") == ["red"]
    assert column(connection, "SELECT colour FROM exact_online.active_suppliers") == ["red"]
    assert column(connection, "SELECT code FROM reporting.live") == ["7"]
    assert connection.execute(text(_UNEXPLAINED)).all() == []
    assert migrated_to(connection, grown()) == []


def test_a_view_that_loses_a_column_is_rebuilt_with_comments_and_rights(connection: Connection) -> None:
    migrated_to(connection, grown())
    assert "view exact_online.current_suppliers" in analysts.refresh(connection, entities())
    names = "SELECT attname::text FROM pg_attribute WHERE attrelid = CAST('exact_online.{}' AS regclass) AND attnum > 0"
    shown = column(connection, names.format("current_suppliers"))
    assert "colour" not in shown
    assert {"code", "_loaded_at"} < set(shown)
    assert connection.execute(text(_UNEXPLAINED)).all() == []
    connection.execute(text("SET ROLE exactsync_reader"))
    assert column(connection, "SELECT code FROM exact_online.current_suppliers") == []


def test_what_stands_in_the_way_of_rebuilding_a_view_is_named_and_kept(connection: Connection) -> None:
    migrated_to(connection, grown())
    connection.execute(text("CREATE SCHEMA reporting"))
    connection.execute(text("CREATE VIEW reporting.red AS SELECT colour FROM exact_online.current_suppliers"))
    with pytest.raises(ConfigurationError, match=r"current_suppliers must be rebuilt.*view reporting\.red depends on"):
        analysts.refresh(connection, entities())
    assert column(connection, "SELECT colour FROM reporting.red") == []


def test_a_view_that_is_as_it_should_be_is_not_touched(engine: Engine, connection: Connection) -> None:
    with engine.connect() as analyst:
        analyst.execute(text("SELECT * FROM exact_online.current_suppliers"))  # and holds its lock
        connection.execute(text("SET lock_timeout = '100ms'"))
        assert analysts.refresh(connection, entities()) == []


def test_an_entity_brings_its_view_along(connection: Connection) -> None:
    unicorns = replace(SUPPLIERS, name="unicorns", label="Unicorns", member_property=None)
    declared = {**entities(), "unicorns": unicorns}
    assert "view exact_online.current_unicorns" in migrated_to(connection, declared)
    assert "current_unicorns" in {view.name for view in views(declared)}


def test_a_deleted_row_is_in_no_view_of_what_is_current(connection: Connection) -> None:
    insert(connection, "suppliers", code="live")
    insert(connection, "suppliers", code="gone", _deleted_at=datetime.now(UTC))
    insert(connection, "cost_centers", code="gone", _deleted_at=datetime.now(UTC))
    insert(connection, "gl_accounts", code="gone", _deleted_at=datetime.now(UTC))
    for view in ("current_suppliers", "active_suppliers"):
        assert column(connection, f"SELECT code FROM exact_online.{view}") == ["live"]
    for view in ("analytical_axes", "chart_of_accounts", "current_cost_centers"):
        assert column(connection, f"SELECT code FROM exact_online.{view}") == []


def test_a_supplier_is_active_from_its_first_day_to_its_last_unless_it_is_blocked(connection: Connection) -> None:
    today = datetime.now(ZoneInfo("Europe/Amsterdam")).date()
    day = timedelta(days=1)
    cases: dict[str, tuple[bool | None, date | None, date | None]] = {
        "open": (False, None, None),
        "unknown": (None, None, None),
        "first day": (False, today, None),
        "last day": (False, None, today),
        "tomorrow": (False, today + day, None),
        "yesterday": (False, None, today - day),
        "blocked": (True, None, None),
    }
    for code, (is_blocked, start, end) in cases.items():
        insert(connection, "suppliers", code=code, is_blocked=is_blocked, start_date=start, end_date=end)
    active = column(connection, "SELECT code FROM exact_online.active_suppliers ORDER BY code")
    assert active == ["first day", "last day", "open", "unknown"]


def test_the_axes_have_one_shape(connection: Connection) -> None:
    insert(connection, "cost_centers", code="A", description="Amsterdam", end_date=date(2020, 1, 1))
    insert(connection, "cost_units", code="A", description="Apples")
    rows = connection.execute(
        text("SELECT axis, code, description, is_active FROM exact_online.analytical_axes ORDER BY axis")
    ).all()
    assert rows == [("cost_centers", "A", "Amsterdam", False), ("cost_units", "A", "Apples", True)]


def test_freshness_tells_of_a_table_that_did_not_change_that_it_is_fresh_all_the_same(connection: Connection) -> None:
    connection.execute(
        text("""
        INSERT INTO exactsync.sync_state (division, entity, published_at, changed_at, attempted_at, outcome)
        VALUES (1, 'suppliers', now() - interval '5 min', now() - interval '3 days', now(), 'unchanged'),
               (1, 'vat_codes', NULL, NULL, now(), 'X')
        """)
    )
    rows = connection.execute(
        text("""
        SELECT entity, age < interval '6 minutes', now() - changed_at > interval '2 days', outcome
        FROM exact_online.freshness ORDER BY entity
        """)
    ).all()
    assert rows == [("suppliers", True, True, "unchanged"), ("vat_codes", None, None, "X")]
