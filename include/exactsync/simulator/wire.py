"""Typed values → what Exact sends: padded codes, Int64 as strings, `/Date(ms)/` in Dutch wall-clock time."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from exactsync.simulator.catalogue import Endpoint, Kind, PropertySpec
from exactsync.simulator.clock import AMSTERDAM

if TYPE_CHECKING:
    from exactsync.simulator.odata.evaluate import Reader

Record = Mapping[str, Any]

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock time has no zone on the wire
_MILLISECOND = timedelta(milliseconds=1)
_MIDNIGHT = time()
_WHOLE_LIMIT = 1e15


def wall_clock(moment: datetime) -> datetime:
    """Return what a clock in the Netherlands shows at `moment` ("CET and not GMT", Exact's FAQ)."""
    return moment.astimezone(AMSTERDAM).replace(tzinfo=None)


def encode_date(moment: datetime) -> str:
    """Return `/Date(ms)/` of a wall-clock time, read as if it were UTC."""
    return f"/Date({(moment - _EPOCH) // _MILLISECOND})/"


def pad(value: str, spec: PropertySpec) -> str:
    """Return a fixed-length text with its blanks."""
    return value.rjust(spec.width) if spec.padding == "left" else value.ljust(spec.width)


def comparable_reader(spec: PropertySpec) -> Reader:
    """Return the function that reads a property in the form that `$filter` and `$orderby` compare."""
    name = spec.name
    convert = partial(pad, spec=spec) if spec.width else _COMPARABLE.get(spec.kind)
    if convert is None:
        return lambda record: record.get(name)

    def read(record: Record) -> Any:
        value = record.get(name)
        return None if value is None else convert(value)

    return read


def _day_start(day: date) -> datetime:
    return datetime.combine(day, _MIDNIGHT)


def _plain_number(number: float) -> float | int:
    """Return a whole double as it is sent: without a decimal point (`AmountFC 9075` in samples)."""
    return int(number) if abs(number) < _WHOLE_LIMIT and number == int(number) else number


_COMPARABLE: dict[Kind, Callable[[Any], Any]] = {Kind.MOMENT: wall_clock, Kind.DAY: _day_start}
_ENCODERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.GUID: str,
    Kind.INT64: str,
    Kind.BINARY: lambda _content: None,  # Exact takes contents and does not send them back (REST reference)
    Kind.DOUBLE: _plain_number,
    Kind.MOMENT: lambda moment: encode_date(wall_clock(moment)),
    Kind.DAY: lambda day: encode_date(_day_start(day)),
}


def key_literal(value: object) -> str:
    """Return a key as it stands in a URL: `guid'…'`, `387L`, `12`, `'GMD'`."""
    if isinstance(value, UUID):
        return f"guid'{value}'"
    if isinstance(value, datetime):
        return f"datetime'{value.isoformat()}'"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, int) and not -(2**31) <= value < 2**31:
        return f"{value}L"
    return str(value)


class RecordEncoder:
    """Encodes the records of one answer.

    Args:
        endpoint: whose records they are.
        collection_url: the absolute URL of the endpoint, for `__metadata`.
        select: the properties asked for; None: all.
    """

    def __init__(self, endpoint: Endpoint, collection_url: str, select: tuple[str, ...] | None) -> None:
        names = endpoint.properties if select is None else select
        specs = [endpoint.properties[name] for name in names]
        self._plain = [(spec.name, _encoder(spec)) for spec in specs if spec.kind is not Kind.NAVIGATION]
        self._navigations = [spec.name for spec in specs if spec.kind is Kind.NAVIGATION]
        self._endpoint = endpoint
        self._collection_url = collection_url
        key = endpoint.properties[endpoint.key]
        self._suffix = "L" if key.kind is Kind.INT64 else ""

    def encode(self, record: Record) -> dict[str, Any]:
        """Return the record as JSON holds it."""
        uri = f"{self._collection_url}({self._key(record)})"
        encoded: dict[str, Any] = {"__metadata": {"uri": uri, "type": self._endpoint.entity_set.model}}
        for name, encode in self._plain:
            value = record.get(name)
            encoded[name] = None if value is None else encode(value)
        for name in self._navigations:
            encoded[name] = {"__deferred": {"uri": f"{uri}/{name}"}}
        return encoded

    def _key(self, record: Record) -> str:
        """Write the key as `Entity(…)` has it: a literal, or `name=literal` of each part."""
        if len(self._endpoint.keys) > 1:
            return ",".join(f"{name}={record[name]!r}" for name in self._endpoint.keys)
        key = record[self._endpoint.key]
        return f"{key}{self._suffix}" if isinstance(key, int) else key_literal(key)


def _encoder(spec: PropertySpec) -> Callable[[Any], Any]:
    if spec.width:
        return partial(pad, spec=spec)
    return _ENCODERS.get(spec.kind, lambda value: value)


def truth_as_json(value: object) -> object:
    """Return a typed value for the control API: ISO for dates and times, text for ids, base64 for contents."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes):
        return b64encode(value).decode("ascii")
    if isinstance(value, (date, UUID)):
        return value.isoformat() if isinstance(value, date) else str(value)
    return value
