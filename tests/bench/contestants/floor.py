"""The floor: parse the same bytes, COPY them untyped into one table, INSERT … ON CONFLICT. Nothing is checked.

    python -m tests.bench.contestants.floor SERVER DATABASE

No types, no history, no change detection, no resuming, no deletions, no budget; one transaction.
"""

from __future__ import annotations

import io
import sys
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

import orjson
import psycopg2

from tests.bench.contestants.question import COLUMNS, SELECT

if TYPE_CHECKING:
    from collections.abc import Iterator

ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
TABLE: Final = ", ".join(f'"{name}" text' for name in COLUMNS)
UPDATES: Final = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in COLUMNS if name != "ID")


def read_pages(server: str, after: str) -> Iterator[list[dict[str, Any]]]:
    """Yield the records of each page."""
    connection = HTTPConnection(urlsplit(server).netloc)
    url = f"/api/v1/1000001/sync/CRM/Accounts?$select={SELECT}&$filter=" + quote(f"Timestamp gt {after}L")
    while url:
        connection.request("GET", url)
        answer = orjson.loads(connection.getresponse().read())["d"]
        yield answer["results"]
        url = answer.get("__next")


def copy_lines(records: list[dict[str, Any]]) -> str:
    """Return a page as COPY reads it."""
    lines = []
    for record in records:
        cells = [record[name] for name in COLUMNS]
        lines.append(
            "\t".join(
                [
                    r"\N" if cell is None else cell.translate(ESCAPES) if type(cell) is str else str(cell)
                    for cell in cells
                ]
            )
        )
    return "\n".join(lines) + "\n"


def main(server: str, database: str) -> None:
    """Load what changed since the last time."""
    with psycopg2.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute(f'CREATE TABLE IF NOT EXISTS suppliers ({TABLE}, PRIMARY KEY ("ID"))')
        cursor.execute(f"CREATE TEMPORARY TABLE staged ({TABLE})")
        cursor.execute("""SELECT coalesce(max("Timestamp"), '1') FROM suppliers""")
        (after,) = cursor.fetchone()
        for records in read_pages(server, after):
            if records:
                cursor.copy_expert("COPY staged FROM STDIN", io.StringIO(copy_lines(records)))
        cursor.execute(f'INSERT INTO suppliers SELECT * FROM staged ON CONFLICT ("ID") DO UPDATE SET {UPDATES}')


if __name__ == "__main__":
    main(*sys.argv[1:])
