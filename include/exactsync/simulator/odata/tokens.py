"""Text of a query → tokens. Literals are read here, so that keys and skip tokens share them with filters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from exactsync.simulator.odata.syntax import EdmType, FilterError, Literal

_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | guid\s*'(?P<guid>[^']*)'            # a blank before the quote is in use (exactpy) and accepted
    | datetime\s*'(?P<datetime>[^']*)'
    | '(?P<text>(?:[^']|'')*)'
    | (?P<int64>-?\d+)L\b
    | (?P<double>-?\d+(?:\.\d+(?:[eE][+-]?\d+)?|[eE][+-]?\d+))[dDmMfF]?\b
    | (?P<int32>-?\d+)\b
    | (?P<name>[A-Za-z_]\w*)
    | (?P<punctuation>[(),])
    """,
    re.VERBOSE,
)
_DATETIME = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,7})?)?)?")
_CONSTANTS = {
    "true": Literal(True, EdmType.BOOLEAN),
    "false": Literal(False, EdmType.BOOLEAN),
    "null": Literal(None, EdmType.NULL),
}
_INT32 = range(-(2**31), 2**31)
_INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the query: a literal, or a name or a punctuation mark in `text`."""

    text: str
    position: int
    literal: Literal | None = None


def tokenize(query: str) -> list[Token]:
    """Return the words of `query`, blanks left out.

    Raises:
        FilterError: something in it is no word of OData.
    """
    tokens: list[Token] = []
    position = 0
    while position < len(query):
        match = _TOKEN.match(query, position)
        if match is None or match.lastgroup is None:
            raise FilterError
        if match.lastgroup != "space":
            tokens.append(_token(match.lastgroup, match[match.lastgroup], match.start()))
        position = match.end()
    return tokens


def parse_literals(query: str) -> list[Literal]:
    """Return the comma-separated literals of a key or a skip token.

    Raises:
        FilterError: it is no such list.
    """
    tokens = tokenize(query)
    values, commas = tokens[::2], tokens[1::2]
    literals = [token.literal for token in values if token.literal is not None]
    if len(literals) != len(commas) + 1 or len(values) != len(literals) or any(c.text != "," for c in commas):
        raise FilterError
    return literals


def _token(group: str, text: str, position: int) -> Token:
    if group == "punctuation":
        return Token(text, position)
    if group == "name":
        return Token(text, position, _CONSTANTS.get(text))
    try:
        return Token(text, position, _literal(group, text))
    except ValueError as error:
        raise FilterError from error


def _literal(group: str, text: str) -> Literal:
    if group == "guid":
        return Literal(UUID(text), EdmType.GUID)
    if group == "text":
        return Literal(text.replace("''", "'"), EdmType.STRING)
    if group == "datetime":
        return Literal(_parse_datetime(text), EdmType.DATETIME)
    if group == "double":
        return Literal(float(text), EdmType.DOUBLE)
    number = int(text)
    if number not in _INT64:
        raise ValueError(text)
    is_int32 = group == "int32" and number in _INT32
    return Literal(number, EdmType.INT32 if is_int32 else EdmType.INT64)


def _parse_datetime(text: str) -> datetime:
    """Read a wall-clock time; Exact's DateTime knows no offset."""
    if not _DATETIME.fullmatch(text):
        raise ValueError(text)
    whole, _, fraction = text.partition(".")
    moment = datetime.fromisoformat(whole)
    return moment.replace(microsecond=int(fraction.ljust(6, "0")[:6])) if fraction else moment
