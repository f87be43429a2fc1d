"""Views into the database: created, extended or rebuilt, and never at the cost of what others built on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import psycopg2.errors
from sqlalchemy import exc, text

from exactsync.errors import ConfigurationError
from exactsync.warehouse import schema

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from exactsync.warehouse.analysts.view import View

_DRAFT: Final = f"{schema.STAGING}.draft_of_a_view"

_COLUMNS = text("""
SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass(:view) AND attnum > 0 ORDER BY attnum
""")


def install(connection: Connection, view: View) -> bool:
    """Bring one view up to date; return whether that changed anything.

    A view that is as it should be is not touched, so that nobody's query is in the way. New columns are added behind
    the present ones, which keeps what others built on the view. One that loses a column or changes its type is dropped
    and created anew, in the caller's transaction.

    Raises:
        ConfigurationError: it must be dropped, and something else is built on it.
    """
    present = list(connection.scalars(_COLUMNS, {"view": view.qualified}))
    query = view.query(present)
    if present and _is_current(connection, view, query):
        return False
    try:
        with connection.begin_nested():
            _execute(connection, f"CREATE OR REPLACE VIEW {view.qualified} AS {query}")
    except exc.ProgrammingError as error:
        if not isinstance(error.orig, psycopg2.errors.InvalidTableDefinition):
            raise
        _drop(connection, view)
        _execute(connection, f"CREATE VIEW {view.qualified} AS {view.query([])}")
    return True


def _is_current(connection: Connection, view: View, query: str) -> bool:
    """Whether the database would store the query as it has stored the view."""
    _execute(connection, f"CREATE VIEW {_DRAFT} AS {query}")
    stored = text("SELECT pg_get_viewdef(to_regclass(:draft)) = pg_get_viewdef(to_regclass(:view))")
    is_same = connection.scalar(stored, {"draft": _DRAFT, "view": view.qualified})
    _execute(connection, f"DROP VIEW {_DRAFT}")
    return bool(is_same)


def _drop(connection: Connection, view: View) -> None:
    try:
        with connection.begin_nested():
            _execute(connection, f"DROP VIEW {view.qualified}")
    except exc.DBAPIError as error:
        if not isinstance(error.orig, psycopg2.errors.DependentObjectsStillExist):
            raise
        in_the_way = "; ".join((error.orig.diag.message_detail or "").splitlines())
        raise ConfigurationError(
            f"View {view.qualified} must be rebuilt, because it loses a column or one changes its type, and others are "
            f"built on it: {in_the_way}. Nothing was changed.",
            remedy="Keep their definitions (SELECT pg_get_viewdef('their name')), drop them, migrate, and create them "
            "again.",
        ) from None


def _execute(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(statement.replace("%", "%%"))
