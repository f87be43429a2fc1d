"""The body of a POST as typed values: what Exact's data service takes at all, before anyone looks at the books."""

from __future__ import annotations

import base64
import re
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import orjson

from exactsync.simulator.catalogue import EntitySet, Kind, PropertySpec
from exactsync.simulator.messages import RefusedError, Request, refuse
from exactsync.simulator.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exactsync.simulator.settings import Settings

Values = dict[str, Any]
_STREAM: Final = "Error processing request stream."
_JSON_DATE: Final = re.compile(r"/Date\((-?\d+)\)/")
_ZONED: Final = re.compile(r"(?:Z|[+-]\d\d:?\d\d)$")
_LIMITS: Final = {Kind.BYTE: (0, 2**8), Kind.INT16: (-(2**15), 2**15), Kind.INT32: (-(2**31), 2**31)}


def read_body(request: Request, entity_set: EntitySet, nested: Mapping[str, EntitySet], settings: Settings) -> Values:
    """Return the values of a new record, each of its property's type; lists under the names of `nested`.

    Raises:
        RefusedError: 400 in Exact's words, or 415.
    """
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise refuse(415, "Unsupported media type requested.", rule=Rule.NOT_JSON)
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise _bad_body("The request should be a valid top-level resource object.")
    return _read(body, entity_set, nested, settings)


def _read(body: Values, entity_set: EntitySet, nested: Mapping[str, EntitySet], settings: Settings) -> Values:
    values: Values = {}
    for name, value in body.items():
        spec = entity_set.properties.get(name)
        is_ours = name in entity_set.read_only
        if spec is None or (is_ours and settings.read_only_properties == "refused"):
            text = f"The property name '{name}' specified for type '{entity_set.model}' is not valid."
            raise _bad_body(text)
        if is_ours or value is None:
            continue
        if spec.kind is Kind.NAVIGATION:
            values[name] = [_read(one, nested[name], {}, settings) for one in _objects(value, name, nested)]
        else:
            values[name] = _convert(value, spec)
    return values


def _objects(value: object, name: str, nested: Mapping[str, EntitySet]) -> list[Values]:
    if name not in nested or not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise _bad_body(f"The value of the property '{name}' is not a list of entities.")
    return value


def _convert(value: object, spec: PropertySpec) -> Any:
    try:
        return _CONVERTERS[spec.kind](value, spec)
    except (TypeError, ValueError) as error:
        edm_type = f"Edm.{spec.kind.edm_type.name.title().replace('time', 'Time')}"
        text = (
            f"Error encountered in converting the value from request payload for property '{spec.name}' to type "
            f"'{edm_type}', which is the property's expected type."
        )
        raise _bad_body(text) from error


def _text(value: object, spec: PropertySpec) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value.strip() if spec.width or spec.kind is Kind.CODE else value


def _guid(value: object, _spec: PropertySpec) -> UUID:
    if not isinstance(value, str):
        raise TypeError
    return UUID(value)


def _boolean(value: object, _spec: PropertySpec) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _integer(value: object, spec: PropertySpec) -> int:
    low, end = _LIMITS[spec.kind]
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value < end:
        raise TypeError
    return value


def _double(value: object, _spec: PropertySpec) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not isfinite(value):
        raise TypeError
    return float(value)


def _day(value: object, _spec: PropertySpec) -> date:
    """Read a day; one with a zone ends up on the day before (reported; how exactly is not known)."""
    if not isinstance(value, str):
        raise TypeError
    if match := _JSON_DATE.fullmatch(value):
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(match[1]))).date()
    moment = datetime.fromisoformat(value)
    return (moment - timedelta(hours=1)).date() if _ZONED.search(value) else moment.date()


def _contents(value: object, _spec: PropertySpec) -> bytes:
    if not isinstance(value, str):
        raise TypeError
    return base64.b64decode(value, validate=True)


def _bad_body(text: str) -> RefusedError:
    return refuse(400, f"{_STREAM} {text}", rule=Rule.BAD_BODY)


_CONVERTERS: Final[dict[Kind, Callable[[object, PropertySpec], Any]]] = {
    Kind.GUID: _guid,
    Kind.STRING: _text,
    Kind.TEXT: _text,
    Kind.CODE: _text,
    Kind.BOOLEAN: _boolean,
    Kind.BYTE: _integer,
    Kind.INT16: _integer,
    Kind.INT32: _integer,
    Kind.DOUBLE: _double,
    Kind.DAY: _day,
    Kind.BINARY: _contents,
}
