"""COMMENTs on views: what each means, and each of its columns; written only where they differ from what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

_PRESENT = text("""
SELECT coalesce(attname::text, ''), coalesce(description, '')
FROM (
    SELECT NULL AS attname, obj_description(to_regclass(:relation), 'pg_class') AS description
    UNION ALL
    SELECT attname, col_description(attrelid, attnum) FROM pg_attribute
    WHERE attrelid = to_regclass(:relation) AND attnum > 0 AND NOT attisdropped
) AS commented
""")


def comment(connection: Connection, view: str, about: str, columns: Mapping[str, str]) -> None:
    """Say what a view means, and each of these columns that it has.

    Args:
        connection: the transaction.
        view: its qualified name.
        about: what it means.
        columns: what each column means, by name.
    """
    present: dict[str, str] = dict(connection.execute(_PRESENT, {"relation": view}).all())
    statements = [f"COMMENT ON VIEW {view} IS {_literal(about)}"] if present[""] != about else []
    statements += [
        f'COMMENT ON COLUMN {view}."{name}" IS {_literal(meaning)}'
        for name, meaning in columns.items()
        if present.get(name, meaning) != meaning
    ]
    if statements:
        connection.exec_driver_sql("; ".join(statements).replace("%", "%%"))


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
