"""Says what the warehouse must hold, from the simulator's typed truth alone, and names every cell that differs."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from tests.truth.columns import TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from sqlalchemy import Connection

    from exactsync.simulator import Simulator

Key = tuple[int, str]
"""Division and id."""
Cells = tuple[str | None, ...]
"""The columns of one row as text, `_source_timestamp` last."""

REGION = "nl"
"""Where the Exact Online of most tests is."""
BOOKKEEPING = {
    "division": "integer",
    "_source_timestamp": "bigint",
    "_loaded_at": "timestamp with time zone",
    "_load_id": "bigint",
    "_deleted_at": "timestamp with time zone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as it must be; `column` is empty if it is about the whole row."""

    table: str
    key: Key | None = None
    column: str = ""
    is_deleted: bool = False
    """Whether it is about a row that is, or must be, deleted."""
    expected: str | None
    found: str | None


@dataclass(slots=True)
class Verdict:
    """What a comparison found, and how much was compared."""

    expected: dict[tuple[str, Key], Cells] = field(default_factory=dict)
    """The cells of every row that must be live, by table and key."""
    differences: list[Difference] = field(default_factory=list)
    rows: int = 0
    cells: int = 0
    deleted: int = 0


@dataclass(slots=True)
class _Rows:
    """What a table holds."""

    live: dict[Key, Cells] = field(default_factory=dict)
    deleted: dict[Key, Cells] = field(default_factory=dict)
    repeated: list[Key] = field(default_factory=list)


class Oracle:
    """Compares the whole warehouse with the truth; remembers what has been live, to know what must be deleted now."""

    def __init__(self, simulator: Simulator, divisions: Collection[int], *, region: str = REGION) -> None:
        self._simulator = simulator
        self._divisions = divisions
        self._region = region
        self._last_seen: dict[str, dict[Key, Cells]] = {table.name: {} for table in TABLES}

    def check(self, connection: Connection, tables: Iterable[Table] = TABLES) -> Verdict:
        """Compare every column of every row, live or deleted; nothing is assumed about what a sync did.

        A deleted row must hold what it held when it was last found live.
        """
        verdict = Verdict()
        for table in tables:
            if wrong_columns := _wrong_columns(connection, table):
                verdict.differences += wrong_columns
                continue
            live = self._expected(table)
            self._last_seen[table.name] |= live
            gone = {key: cells for key, cells in self._last_seen[table.name].items() if key not in live}
            found = _read_rows(connection, table)
            verdict.differences += [
                *(Difference(table=table.name, key=key, expected="one row", found="more") for key in found.repeated),
                *_compare(table, live, found.live, is_deleted=False),
                *_compare(table, gone, found.deleted, is_deleted=True),
                *_wrong_loads(connection, table),
            ]
            verdict.expected |= {(table.name, key): cells for key, cells in live.items()}
            verdict.rows += len(live)
            verdict.deleted += len(gone)
            verdict.cells += len(live) * (len(table.columns) + 1) + len(gone) * len(table.columns)
        return verdict

    def _expected(self, table: Table) -> dict[Key, Cells]:
        return {
            (division, str(record[table.key[1]])): _expected_cells(table, record)
            for division in self._divisions
            for record in self._belonging(division, table)
        }

    def _belonging(self, division: int, table: Table) -> list[dict[str, Any]]:
        records = [{**record, "@region": self._region} for record in self._simulator.truth(division, table.entity_set)]
        if table.members is not None:
            return [record for record in records if record[table.members] is True]
        if table.parent is not None:
            pointer, entity_set, flag = table.parent
            parents = {one["ID"] for one in self._simulator.truth(division, entity_set) if one[flag] is True}
            return [record for record in records if record[pointer] in parents]
        return records


def _read_rows(connection: Connection, table: Table) -> _Rows:
    shown = [rule.read.format(f'"{column}"') for column, (_, rule) in table.columns.items()]
    statement = (
        f"SELECT division, {table.key[0]}::text, _deleted_at IS NULL, {', '.join(shown)}, _source_timestamp::text "
        f"FROM exact_online.{table.name}"
    )
    rows = _Rows()
    for division, identifier, is_live, *cells in connection.exec_driver_sql(statement):
        key = division, identifier
        if key in rows.live or key in rows.deleted:
            rows.repeated.append(key)
        (rows.live if is_live else rows.deleted)[key] = tuple(cells)
    return rows


def _expected_cells(table: Table, record: dict[str, Any]) -> Cells:
    cells = [None if record[source] is None else rule.show(record[source]) for source, rule in table.columns.values()]
    return (*cells, str(record["Timestamp"]) if table.has_timestamps else None)


def _wrong_columns(connection: Connection, table: Table) -> list[Difference]:
    rows = connection.execute(
        text(
            "SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute "
            "WHERE attrelid = to_regclass('exact_online.' || :table) AND attnum > 0 AND NOT attisdropped"
        ),
        {"table": table.name},
    )
    found: dict[str, str] = dict(rows.all())
    expected = {name: rule.sql_type for name, (_, rule) in table.columns.items()} | BOOKKEEPING
    return [
        Difference(table=table.name, column=name, expected=expected.get(name), found=found.get(name))
        for name in sorted(expected.keys() | found.keys())
        if expected.get(name) != found.get(name)
    ]


def _compare(
    table: Table, expected: dict[Key, Cells], found: dict[Key, Cells], *, is_deleted: bool
) -> Iterator[Difference]:
    about = partial(Difference, table=table.name, is_deleted=is_deleted)
    for key in expected.keys() ^ found.keys():
        yield about(key=key, expected="a row" if key in expected else "none", found="a row" if key in found else "none")
    # Of a deleted row, Exact's Timestamp is the one of a change that is not kept.
    columns = tuple(table.columns) if is_deleted else (*table.columns, "_source_timestamp")
    for key in expected.keys() & found.keys():
        for column, wanted, got in zip(columns, expected[key], found[key], strict=not is_deleted):
            if wanted != got:
                yield about(key=key, column=column, expected=wanted, found=got)


def _wrong_loads(connection: Connection, table: Table) -> list[Difference]:
    """Every row must name a load that the log knows, and a time that is not to come."""
    rows = connection.execute(
        text(f"""
        SELECT division, {table.key[0]}::text, _load_id::text, _loaded_at::text FROM exact_online.{table.name} AS row
        WHERE _loaded_at IS NULL OR _loaded_at > clock_timestamp() OR _deleted_at > clock_timestamp() OR NOT EXISTS (
            SELECT FROM exactsync.load_log AS log
            WHERE log.load_id = row._load_id AND log.division = row.division AND log.entity = '{table.name}'
              AND log.inserted + log.updated + log.deleted > 0)
        """)
    )
    return [
        Difference(
            table=table.name,
            key=(division, identifier),
            column="_load_id",
            expected="a load of the log",
            found=f"load {load_id} at {loaded_at}",
        )
        for division, identifier, load_id, loaded_at in rows
    ]
