"""Records as Exact sends them → typed columns of pandas → the text of a COPY. The one module that imports pandas.

A record that cannot be converted does not stop the others: it is set aside with its reason, as `Quarantined`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import compress
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exactsync.entity import ColumnType, Entity
from exactsync.errors import SkippableRecordError
from exactsync.wire import Texts, booleans, days, decimals, guids, integers, moments, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MEMBER, OTHER, QUARANTINED = "member", "other", "quarantined"
"""Kinds of staged row: to be stored; known, but not ours to store (not a supplier); there, but unreadable."""

_BITS = {ColumnType.SMALLINT: 15, ColumnType.INTEGER: 31, ColumnType.BIGINT: 63}
_YEAR_1 = np.datetime64("0001-01-01")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL = "\0"
"""A cell without a value, until all cells are escaped: no text holds this character."""
_TEXT = pd.StringDtype(storage="python", na_value=np.nan)

Record = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A record that could not be normalised: its key if that at least is readable, why, and the raw JSON."""

    key: str | None
    reason: str
    record: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalisedPage:
    """One page, typed: the columns of the staging table, in its order."""

    columns: dict[str, Any]
    """Arrays of pandas, all of one length."""
    quarantined: list[Quarantined] = field(default_factory=list)
    characters_dropped: int = 0
    """How many U+0000 were dropped from texts: PostgreSQL cannot hold them."""

    def __len__(self) -> int:
        """How many rows it has."""
        return len(self.columns["_seq"])

    def copy_text(self) -> str:
        r"""The page in the text format of PostgreSQL's COPY: one line a row, null is `\N`.

        Hardly any text needs an escape, so whether one does is asked of the whole page at once.
        """
        cells = [_copy_cells(values) for values in self.columns.values()]
        lines = _lines(cells)
        is_plain = lines.count("\n") == len(self) and lines.count("\t") == len(self) * (len(cells) - 1)
        if not is_plain or "\\" in lines or "\r" in lines:
            lines = _lines([[cell.translate(_ESCAPES) for cell in column] for column in cells])
        return lines.replace(_NULL, r"\N")


def normalise_page(entity: Entity, records: Sequence[Record], *, load_id: int, first_seq: int = 0) -> NormalisedPage:
    """Convert one page of records of `entity`; `first_seq` numbers its rows within load `load_id`."""
    try:
        return _page(entity, records, [], load_id, first_seq)
    except SkippableRecordError:
        readable, quarantined = _set_aside(entity, records)
        return _page(entity, readable, quarantined, load_id, first_seq)


def _page(
    entity: Entity, records: Sequence[Record], quarantined: list[Quarantined], load_id: int, first_seq: int
) -> NormalisedPage:
    is_member = _membership(entity, records)
    members = list(compress(records, is_member))
    others = [record for record, member in zip(records, is_member, strict=True) if not member]
    keyed = [entry.key for entry in quarantined if entry.key]
    keys = _property(others, entity.key_property) + keyed
    blank = [None] * len(keys)
    texts = Texts()

    kinds = [MEMBER] * len(members) + [OTHER] * len(others) + [QUARANTINED] * len(keyed)
    stamps = _timestamps(entity, [*members, *others]) + [None] * len(keyed)
    data: dict[str, Any] = {
        "_load_id": pd.array(np.full(len(kinds), load_id), dtype="Int64"),
        "_seq": pd.array(np.arange(first_seq, first_seq + len(kinds)), dtype="Int64"),
        "_kind": pd.array(kinds, dtype=_TEXT),
        "_source_timestamp": _nullable(stamps, np.int64),
    }
    wire = _transposed(members, [column.source for column in entity.columns])
    for column, present in zip(entity.columns, wire, strict=True):
        values = [*present, *(keys if column.name == entity.key else blank)]
        try:
            data[column.name] = _array(column.type, values, texts)
        except SkippableRecordError as error:
            raise SkippableRecordError(f"property {column.source}: {error.message}") from error
    return NormalisedPage(columns=data, quarantined=quarantined, characters_dropped=texts.dropped)


def _set_aside(entity: Entity, records: Sequence[Record]) -> tuple[list[Record], list[Quarantined]]:
    """Split a page into the records that can be converted and those that cannot, by halving."""
    try:
        _page(entity, records, [], 0, 0)
    except SkippableRecordError as error:
        if len(records) == 1:
            return [], [_quarantined(entity, records[0], error.message)]
        middle = len(records) // 2
        first, second = _set_aside(entity, records[:middle]), _set_aside(entity, records[middle:])
        return first[0] + second[0], first[1] + second[1]
    return list(records), []


def _property(records: Sequence[Record], name: str) -> list[Any]:
    try:
        return [record[name] for record in records]
    except KeyError:
        raise SkippableRecordError(f"property {name} is missing") from None


def _transposed(records: Sequence[Record], names: Sequence[str]) -> Iterable[Sequence[Any]]:
    """Return the values of each of these properties, at least two, in the order of the records."""
    if not records:
        return [()] * len(names)
    try:
        return zip(*map(itemgetter(*names), records), strict=True)
    except KeyError as missing:
        raise SkippableRecordError(f"property {missing.args[0]} is missing") from None


def _quarantined(entity: Entity, record: Record, reason: str) -> Quarantined:
    return Quarantined(
        key=_readable_key(entity, record), reason=reason, record=json.dumps(record, default=str).encode()
    )


def _readable_key(entity: Entity, record: Record) -> str | None:
    try:
        (key,) = _array(entity.columns[0].type, _property([record], entity.key_property), Texts())
    except SkippableRecordError:
        return None
    return None if pd.isna(key) else str(key)


def _membership(entity: Entity, records: Sequence[Record]) -> list[bool]:
    if entity.member_property is None:
        return [True] * len(records)
    values = _property(records, entity.member_property)
    for value in values:
        if not isinstance(value, bool):
            raise SkippableRecordError(f"property {entity.member_property}: {shown(value)} is not true or false")
    return values


def _timestamps(entity: Entity, records: Sequence[Record]) -> list[int | None]:
    if "Timestamp" not in entity.select:
        return [None] * len(records)
    values = integers(_property(records, "Timestamp"), bits=63)
    if None in values:
        raise SkippableRecordError("property Timestamp is null")
    return values


def _array(kind: ColumnType, values: list[Any], texts: Texts) -> Any:
    """Convert one column of wire values; SkippableRecordError if any of them is not of its type."""
    match kind:
        case ColumnType.TEXT:
            return pd.array(texts(values), dtype=_TEXT)
        case ColumnType.CODE:
            return pd.array(texts.codes(values), dtype=_TEXT)
        case ColumnType.UUID:
            return pd.array(guids(values), dtype=_TEXT)
        case ColumnType.BOOLEAN:
            return _nullable(booleans(values), np.bool_)
        case ColumnType.NUMERIC:
            return pd.array(decimals(values), dtype="object")
        case ColumnType.DATE:
            return pd.array(days(values))
        case ColumnType.TIMESTAMP:
            return pd.DatetimeIndex(moments(values), tz="UTC").array
    return _nullable(integers(values, bits=_BITS[kind]), np.int64)


def _nullable(values: list[Any], kind: type[np.generic]) -> Any:
    """Return integers or flags as pandas keeps them where some are missing."""
    missing = np.array([value is None for value in values], dtype=bool)
    present = np.array([0 if value is None else value for value in values], dtype=kind)
    make = pd.arrays.BooleanArray if kind is np.bool_ else pd.arrays.IntegerArray
    return make(present, missing)


def _lines(columns: list[list[str]]) -> str:
    return "\n".join([*map("\t".join, zip(*columns, strict=True)), ""])


def _copy_cells(values: Any) -> list[str]:
    """One column as COPY cells, not escaped yet."""
    match values.dtype.kind:
        case "M":
            return _with_nulls(values, _copy_times(values))
        case "b":
            flags = values.to_numpy(dtype=np.bool_, na_value=False).tolist()
            return _with_nulls(values, ["t" if flag else "f" for flag in flags])
        case "i":
            return _with_nulls(values, list(map(str, values.to_numpy(dtype=np.int64, na_value=0).tolist())))
    if values.dtype == _TEXT:
        texts: list[str] = values.to_numpy(dtype=object, na_value=_NULL).tolist()
        return texts
    present = np.asarray(values, dtype=object).tolist()
    return [_NULL if value is None else str(value) for value in present]


def _with_nulls(values: Any, cells: list[str]) -> list[str]:
    for place in np.flatnonzero(values.isna()).tolist():
        cells[place] = _NULL
    return cells


def _copy_times(values: Any) -> list[str]:
    """ISO 8601, with a Z where it is a moment; years before 1 the way PostgreSQL writes them."""
    is_moment = isinstance(values.dtype, pd.DatetimeTZDtype)
    times = values.to_numpy(dtype="datetime64[ms]")
    texts = np.datetime_as_string(times, "ms", timezone="UTC") if is_moment else np.datetime_as_string(times, "D")
    cells: list[str] = texts.tolist()
    for place in np.flatnonzero(times < _YEAR_1).tolist():
        cells[place] = f"0001{cells[place][4:]} BC"
    return cells
