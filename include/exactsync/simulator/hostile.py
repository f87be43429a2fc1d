# ruff: noqa: RUF001 - ambiguous characters are the point
"""Values that Exact's types allow and that break careless readers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from exactsync.simulator.catalogue import Kind, PropertySpec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

TEXTS = (
    "",
    " ",
    "NULL",
    "null",
    "None",
    "NaN",
    r"\N",
    r"\.",
    "back\\slash \\n \\t \\\\ end\\",
    "tab\there",
    "line\nbreak",
    "carriage\rreturn",
    "both\r\nends\n",
    "nul\x00inside",
    "\x00",
    "bell\x07 escape\x1b unit\x1f delete\x7f",
    "'single' \"double\" `back` ''two''",
    '"quoted at both ends"',
    "comma, semicolon; pipe| {json: [1]}",
    "  blanks around  ",
    "no-break\u00a0space and\u200bzero width\ufeff",
    "emoji 🧾👩🏽‍💻🇳🇱",
    "עברית with العربية mixed",
    "\u202eright to left\u202c",
    "e\u0301 against é, ﬁ ligature, İ ı",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "line\u2028separator\u2029paragraph\x85next",
    "<b>&amp; </b><![CDATA[ ]]>",
    "'; DROP TABLE suppliers; --",
    '=HYPERLINK("http://example.com")',
    "%s %(name)s {0} ${x} $1",
    "true",
    "0012",
    "1e5",
    "-0",
    "2024-01-31",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \U0010fffd",
    "x" * 2000,
    "🧾" * 1000,
)
CODES = (
    "A B", "1 2 3", "0", "00", "007", "é", "'", '"', "\\", r"\N", "NULL", "a'b", "1e3", "-1", "a\tb", "🧾", "ß", "%",
    "x,y", "",
)  # fmt: skip
DAYS = (
    date(1899, 12, 30),
    date(1900, 1, 1),
    date(1969, 12, 31),
    date(1970, 1, 1),
    date(2000, 2, 29),
    date(2023, 10, 29),
    date(2024, 3, 31),
    date(2038, 1, 20),
    date(2100, 2, 28),
    date(2101, 12, 31),
    date(2262, 4, 12),
    date(2999, 12, 31),
    date(9999, 12, 31),
)
MOMENTS = (
    datetime(1955, 7, 1, 10, 0, 0, 10_000, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 0, 0, tzinfo=UTC),
    datetime(1969, 12, 31, 22, 59, 59, 997_000, tzinfo=UTC),
    datetime(2023, 10, 29, 0, 30, 0, 123_000, tzinfo=UTC),  # 02:30, first time
    datetime(2023, 10, 29, 1, 30, 0, 123_000, tzinfo=UTC),  # 02:30 again
    datetime(2023, 10, 29, 0, 0, 0, tzinfo=UTC),
    datetime(2023, 10, 29, 1, 59, 59, 990_000, tzinfo=UTC),
    datetime(2023, 10, 29, 2, 0, 0, tzinfo=UTC),
    datetime(2024, 3, 31, 0, 59, 59, 990_000, tzinfo=UTC),  # 01:59:59.99
    datetime(2024, 3, 31, 1, 0, 0, tzinfo=UTC),  # 03:00, there is no 02:00
    datetime(2024, 12, 31, 23, 30, 0, tzinfo=UTC),  # next year in the Netherlands
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime(2105, 7, 1, 12, 0, 0, 1_000, tzinfo=UTC),
    datetime(2262, 4, 11, 23, 47, 17, tzinfo=UTC),
    datetime(2500, 1, 1, 0, 0, 0, tzinfo=UTC),
)
DOUBLES = (
    -0.5, 1e-07, 0.1 + 0.2, 1 / 3, 2.0**53, 123456789.123, 1e22, 5e-324, 1.7976931348623157e308, -1e-300, 0.0, 100.0,
)  # fmt: skip
_SHARE_OF_PROPERTIES = 0.5


def spoil(random: Random, record: Mapping[str, Any], properties: Mapping[str, PropertySpec]) -> dict[str, Any]:
    """Return the record with about half of its spoilable values replaced by hostile ones, or by null."""
    spoiled = dict(record)
    for name, spec in properties.items():
        choices = _CHOICES.get(spec.kind)
        if choices is None or random.random() >= _SHARE_OF_PROPERTIES:
            continue
        spoiled[name] = spoil_value(random, spec)
    return spoiled


def spoil_value(random: Random, spec: PropertySpec) -> Any:
    """Return a hostile value of the property's kind; codes are never null and fit their width."""
    if spec.kind is Kind.CODE:
        fitting = [code for code in CODES if not spec.width or len(code) <= spec.width]
        return random.choice(fitting)
    choices = _CHOICES[spec.kind]
    return None if random.random() < 1 / 8 else random.choice(choices)


_CHOICES: dict[Kind, tuple[Any, ...]] = {
    Kind.TEXT: TEXTS,
    Kind.CODE: CODES,
    Kind.DAY: DAYS,
    Kind.MOMENT: MOMENTS,
    Kind.DOUBLE: DOUBLES,
}
