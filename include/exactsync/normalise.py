"""Records as Exact sends them → a typed DataFrame → the text of a COPY. The one module that imports pandas.

A record that cannot be converted does not stop the others: it is set aside with its reason, as `Quarantined`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exactsync.entity import Column, ColumnType, Entity
from exactsync.errors import SkippableRecordError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MEMBER, OTHER, QUARANTINED = "member", "other", "quarantined"
"""Kinds of staged row: to be stored; known, but not ours to store (not a supplier); there, but unreadable."""

_DUTCH = "Europe/Amsterdam"
_DAY_MS = 86_400_000
# .NET's DateTime runs from year 1 to year 9999
_FIRST_MS, _LAST_MS = -62_135_596_800_000, 253_402_300_799_999
_DATE = re.compile(r"/Date\((-?\d{1,15})\)/")
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_INTEGER = re.compile(r"-?\d{1,19}")
_BITS = {ColumnType.SMALLINT: 15, ColumnType.INTEGER: 31, ColumnType.BIGINT: 63}
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

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

    frame: pd.DataFrame
    quarantined: list[Quarantined] = field(default_factory=list)
    characters_dropped: int = 0
    """How many U+0000 were dropped from texts: PostgreSQL cannot hold them."""

    def copy_text(self) -> str:
        r"""The page in the text format of PostgreSQL's COPY: one line a row, null is `\N`."""
        cells = [_copy_cells(self.frame[name]) for name in self.frame.columns]
        return "".join("\t".join(row) + "\n" for row in zip(*cells, strict=True))


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
    is_member = [_is_member(entity, record) for record in records]
    members = list(compress(records, is_member))
    others = [record for record, member in zip(records, is_member, strict=True) if not member]
    keyed = [entry.key for entry in quarantined if entry.key]
    texts = _TextCleaner()

    kinds = [MEMBER] * len(members) + [OTHER] * len(others) + [QUARANTINED] * len(keyed)
    stamps = [_timestamp(entity, record) for record in [*members, *others]] + [None] * len(keyed)
    keys = [_property(record, entity.key_property) for record in others] + keyed
    data: dict[str, pd.Series[Any]] = {
        "_load_id": pd.Series([load_id] * len(kinds), dtype="Int64"),
        "_seq": pd.Series(range(first_seq, first_seq + len(kinds)), dtype="Int64"),
        "_kind": pd.Series(kinds, dtype="str"),
        "_source_timestamp": pd.Series(pd.array(stamps, dtype="Int64")),
    }
    for column in entity.columns:
        rest = keys if column.name == entity.key else [None] * len(keys)
        values = [_property(record, column.source) for record in members] + rest
        try:
            data[column.name] = _series(column, values, texts)
        except SkippableRecordError as error:
            raise SkippableRecordError(f"property {column.source}: {error.message}") from error
    arrays = {name: series.array for name, series in data.items()}  # series would be aligned first, which takes as long
    return NormalisedPage(frame=pd.DataFrame(arrays), quarantined=quarantined, characters_dropped=texts.dropped)


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


def _property(record: Record, name: str) -> Any:
    if name not in record:
        raise SkippableRecordError(f"property {name} is missing")
    return record[name]


def _quarantined(entity: Entity, record: Record, reason: str) -> Quarantined:
    return Quarantined(
        key=_readable_key(entity, record), reason=reason, record=json.dumps(record, default=str).encode()
    )


def _readable_key(entity: Entity, record: Record) -> str | None:
    try:
        frame = _series(entity.columns[0], [_property(record, entity.key_property)], _TextCleaner())
    except SkippableRecordError:
        return None
    return None if frame.isna().iloc[0] else str(frame.iloc[0])


def _is_member(entity: Entity, record: Record) -> bool:
    if entity.member_property is None:
        return True
    value = _property(record, entity.member_property)
    if not isinstance(value, bool):
        raise SkippableRecordError(f"property {entity.member_property}: {_shown(value)} is not true or false")
    return value


def _timestamp(entity: Entity, record: Record) -> int | None:
    if "Timestamp" not in entity.select:
        return None
    value = _integer(_property(record, "Timestamp"), bits=63)
    if value is None:
        raise SkippableRecordError("property Timestamp is null")
    return value


class _TextCleaner:
    """Drops U+0000 from texts and counts how many there were."""

    def __init__(self) -> None:
        self.dropped = 0

    def __call__(self, value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            raise SkippableRecordError(f"{_shown(value)} is not a text")
        text: str = value
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:
                raise SkippableRecordError("the text holds a lone surrogate, which is no character") from None
        if "\0" in text:
            self.dropped += text.count("\0")
            text = text.replace("\0", "")
        return text


def _series(column: Column, values: list[Any], texts: _TextCleaner) -> pd.Series[Any]:
    """Convert one column of wire values; SkippableRecordError if any of them is not of its type."""
    match column.type:
        case ColumnType.TEXT:
            return pd.Series([texts(value) for value in values], dtype="str")
        case ColumnType.CODE:
            return pd.Series([_trimmed(texts(value)) for value in values], dtype="str")
        case ColumnType.UUID:
            return pd.Series([_guid(value) for value in values], dtype="str")
        case ColumnType.BOOLEAN:
            return pd.Series(pd.array([_boolean(value) for value in values], dtype="boolean"))
        case ColumnType.NUMERIC:
            return pd.Series([_decimal(value) for value in values], dtype="object")
        case ColumnType.DATE:
            return _days(values)
        case ColumnType.TIMESTAMP:
            return _moments(values)
    integers = [_integer(value, bits=_BITS[column.type]) for value in values]
    return pd.Series(pd.array(integers, dtype="Int64"))


def _trimmed(value: str | None) -> str | None:
    return None if value is None else value.strip(" ")


def _guid(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _GUID.fullmatch(value):
        raise SkippableRecordError(f"{_shown(value)} is not a Guid")
    return value.lower()


def _boolean(value: Any) -> bool | None:
    if value is None or value is True or value is False:
        return value
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    raise SkippableRecordError(f"{_shown(value)} is neither yes nor no")


def _integer(value: Any, *, bits: int) -> int | None:
    if value is None:
        return None
    if isinstance(value, str) and _INTEGER.fullmatch(value):  # Exact sends Int64 as a JSON string
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not -(1 << bits) <= value < (1 << bits):
        raise SkippableRecordError(f"{_shown(value)} is not an integer of {bits + 1} bits")
    return value


def _decimal(value: Any) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SkippableRecordError(f"{_shown(value)} is not a number")
    return Decimal(repr(value))  # repr is the shortest decimal that reads back as the same double


def _days(values: list[Any]) -> pd.Series[Any]:
    days = [None if ms is None else ms // _DAY_MS for ms in map(_wire_ms, values)]
    return pd.Series(np.array(["NaT" if day is None else day for day in days], dtype="datetime64[D]").astype("M8[s]"))


def _moments(values: list[Any]) -> pd.Series[Any]:
    """Dutch wall-clock time → UTC. The hour that autumn doubles means its first occurrence."""
    wall = np.array(["NaT" if ms is None else ms for ms in map(_wire_ms, values)], dtype="datetime64[ms]")
    local = pd.Series(wall).dt.tz_localize(
        _DUTCH,
        ambiguous=np.ones(len(wall), dtype=bool),
        nonexistent="shift_forward",
    )
    return local.dt.tz_convert("UTC")


def _wire_ms(value: Any) -> int | None:
    """The number in `/Date(ms)/`, which counts from 1970 on the Dutch clock (KB-faq: "CET and not GMT")."""
    if value is None:
        return None
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    if not found or not _FIRST_MS <= (ms := int(found[1])) <= _LAST_MS:
        raise SkippableRecordError(f"{_shown(value)} is not a date")
    return ms


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"


def _copy_cells(series: pd.Series[Any]) -> list[str]:
    """One column as COPY cells."""
    if series.dtype == "str":
        return ["\\N" if value is pd.NA or value != value else value.translate(_ESCAPES) for value in series]
    if series.dtype.kind == "M":
        return _copy_times(series)
    show: Callable[[Any], str] = str
    if series.dtype == "boolean":
        show = {True: "t", False: "f"}.__getitem__
    missing = series.isna().to_numpy()
    return ["\\N" if absent else show(value) for value, absent in zip(series, missing, strict=True)]


def _copy_times(series: pd.Series[Any]) -> list[str]:
    """ISO 8601, with the offset where it is a moment; years before 1 the way PostgreSQL writes them."""
    is_moment = isinstance(series.dtype, pd.DatetimeTZDtype)
    plain = series.dt.tz_localize(None) if is_moment else series
    suffix = "+00" if is_moment else ""
    texts = np.datetime_as_string(plain.to_numpy(), unit="ms" if is_moment else "D")
    return ["\\N" if text == "NaT" else _with_era(str(text), suffix) for text in texts]


def _with_era(text: str, suffix: str) -> str:
    return f"0001{text[4:]}{suffix} BC" if text.startswith("0000-") else text + suffix
