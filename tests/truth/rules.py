# ruff: noqa: RUF001 - ambiguous characters are the point
"""One rule for each kind of value: what the warehouse must show for a typed value, and values that try it hard.

Values are compared as PostgreSQL prints them, since Python's datetime does not reach as far as the table's.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

_NETHERLANDS = ZoneInfo("Europe/Amsterdam")
_MOMENT = "YYYY-MM-DD HH24:MI:SS.US AD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How a typed value of Exact must stand in the warehouse."""

    name: str
    sql_type: str
    show: Callable[[Any], str]
    """A typed value, not None → the text that `read` must give."""
    read: str
    """The SQL that shows a column as text."""
    spoil: str
    """The SQL of a wrong value, made of a right one: as near to it as can be."""
    draw: Callable[[Random], Any]
    """A value at the edge of what Exact's type allows."""


def _without_nul(value: str) -> str:
    return "".join(value.split("\0"))


@lru_cache(maxsize=4096)
def _shortest_decimal(number: float) -> str:
    """Return the decimal with the fewest digits that is read back as the same double."""
    for digits in range(17):
        text = f"{number:.{digits}e}"
        if float(text) == number:
            break
    exact = format(Decimal(text) + 0, "f")
    return exact.rstrip("0").rstrip(".") if "." in exact else exact


def _moment_of_dutch_clock(moment: datetime) -> str:
    """Return the UTC moment at which a Dutch clock first shows what it shows at `moment`."""
    shown = moment.astimezone(_NETHERLANDS).replace(fold=0)
    return f"{shown.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' ', timespec='microseconds')} AD"


_TEXTS = (
    "",
    " ",
    "\0",
    "\0\0",
    "before\0after",
    "\0 both ends \0",
    " blanks, and a tab\t",
    r"\N",
    r"\.",
    "\\",
    "\\\\N\n\\.\r\n\t",
    "NULL",
    "{}",
    "E'\\x00'",
    "'; DELETE FROM exact_online.suppliers; --",
    '"',
    "a,b;c|d",
    "\x01\x08\x0b\x0c\x1f\x7f\x80\x85\x9f\ufeff\ufffe\uffff",
    "e\u0301 é ﬀ ß ı",
    "\u202eright to left\u2066",
    "🏳️‍🌈👩🏽‍🚒\U0010ffff",
    "long " * 1000,
)
_CODES = ("0", "00", "a b", r"\N", r"\.", "\\", "'", '"', "é", "🧾", "a\tb", "a\nb", "-0", "1e5", "٣", "")
_FRACTIONS = (0.0, -0.0, 0.21, 0.1 + 0.2, -1e-5, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1e15, 1e16)
_MOMENTS = (
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1583, 2, 28, 23, 59, 59, 999_000, tzinfo=UTC),
    datetime(1937, 6, 30, 23, 45, tzinfo=UTC),
    datetime(1940, 5, 15, 22, 39, 59, 999_000, tzinfo=UTC),
    datetime(1969, 12, 31, 22, 59, 59, 999_000, tzinfo=UTC),
    datetime(1977, 9, 25, 0, 30, tzinfo=UTC),
    datetime(2024, 10, 27, 0, 59, 59, 999_000, tzinfo=UTC),
    datetime(2024, 10, 27, 1, 0, tzinfo=UTC),
    datetime(2024, 10, 27, 1, 59, 59, 999_000, tzinfo=UTC),
    datetime(2025, 3, 30, 1, 0, tzinfo=UTC),
    datetime(2099, 10, 25, 1, 30, tzinfo=UTC),
    datetime(9999, 12, 31, 22, 59, 59, 999_000, tzinfo=UTC),
)
_DAYS = (date.min, date(4, 2, 29), date(1582, 10, 15), date(1969, 12, 31), date(2024, 3, 31), date.max)


def _draw_fraction(random: Random) -> float:
    (number,) = struct.unpack("<d", random.randbytes(8))
    return number if isfinite(number) and random.random() < 0.7 else random.choice(_FRACTIONS)


def _draw_moment(random: Random) -> datetime:
    """Some moment of two centuries, or one of a night in which the Dutch clock is set back."""
    dice = random.random()
    if dice < 0.3:
        return random.choice(_MOMENTS)
    if dice < 0.6:
        night = datetime(random.randrange(1996, 2037), 10, 31, tzinfo=UTC)
        sunday = night - timedelta(days=(night.weekday() + 1) % 7)
        return sunday + timedelta(milliseconds=random.randrange(3 * 3_600_000))
    return datetime(1890, 1, 1, tzinfo=UTC) + timedelta(milliseconds=random.randrange(200 * 365 * 86_400_000))


def _draw_whole(lowest: int, highest: int) -> Callable[[Random], int]:
    return lambda random: random.choice((lowest, highest, 0, 1, random.randint(lowest, highest)))


def _whole(name: str, sql_type: str, lowest: int, highest: int) -> Rule:
    return Rule(
        name=name,
        sql_type=sql_type,
        show=str,
        read="{}::text",
        spoil="{0} + CASE WHEN {0} > 0 THEN -1 ELSE 1 END",
        draw=_draw_whole(lowest, highest),
    )


KEY = Rule(
    name="key",
    sql_type="uuid",
    show=lambda value: str(value).lower(),
    read="{}::text",
    spoil="(substr({0}::text, 1, 35) || translate(right({0}::text, 1), '0123456789abcdef', '123456789abcdef0'))::uuid",
    draw=lambda random: random.choice((UUID(int=0), UUID(int=2**128 - 1), UUID(int=random.getrandbits(128)))),
)
CODE = Rule(
    name="code",
    sql_type="text",
    show=lambda value: _without_nul(value).strip(" "),
    read="{}",
    spoil="{} || ' '",
    draw=lambda random: random.choice(_CODES),
)
TEXT = Rule(
    name="text",
    sql_type="text",
    show=_without_nul,
    read="{}",
    spoil="{} || ' '",
    draw=lambda random: random.choice(_TEXTS),
)
FLAG = Rule(
    name="flag",
    sql_type="boolean",
    show=lambda value: {True: "true", False: "false"}[value],
    read="{}::text",
    spoil="NOT {}",
    draw=lambda random: random.choice((True, False)),
)
BYTE = _whole("byte", "smallint", 0, 255)
INT16 = _whole("int16", "smallint", -(2**15), 2**15 - 1)
INT32 = _whole("int32", "integer", -(2**31), 2**31 - 1)
INT64 = _whole("int64", "bigint", -(2**63), 2**63 - 1)
FRACTION = Rule(
    name="fraction",
    sql_type="numeric",
    show=_shortest_decimal,
    read="trim_scale({})::text",
    spoil="{} + 1e-330",
    draw=_draw_fraction,
)
MOMENT = Rule(
    name="moment",
    sql_type="timestamp with time zone",
    show=_moment_of_dutch_clock,
    read=f"to_char({{}} AT TIME ZONE 'UTC', '{_MOMENT}')",
    spoil="{} + interval '1 millisecond'",
    draw=_draw_moment,
)
DAY = Rule(
    name="day",
    sql_type="date",
    show=lambda value: f"{value.isoformat()} AD",
    read="to_char({}, 'YYYY-MM-DD AD')",
    spoil="{} + 1",
    draw=lambda random: random.choice((*_DAYS, date.fromordinal(random.randrange(1, date.max.toordinal())))),
)
