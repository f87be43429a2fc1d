"""Values as Exact sends them → values as they are meant, a whole column at a time.

What Exact sends is nearly always well formed, so that is checked first, of all values at once: which types occur, or
all texts joined into one. Only where that fails are values looked at one by one, to say which of them is wrong.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from exactsync.errors import SkippableRecordError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

_DUTCH: Final = ZoneInfo("Europe/Amsterdam")
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - on whatever clock

_NOTHING: Final = type(None)
_TEXTS: Final = frozenset({str, _NOTHING})
_FLAGS: Final = frozenset({bool, _NOTHING})
_NUMBERS: Final = frozenset({int, float, _NOTHING})

_DAY_MS: Final = 86_400_000
# .NET's DateTime runs from year 1 to year 9999
_FIRST_MS, _LAST_MS = -62_135_596_800_000, 253_402_300_799_999
_NO_TIME: Final = np.iinfo(np.int64).min
"""How NumPy holds a moment that is none."""
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()

_DATE: Final = re.compile(r"/Date\((-?\d{1,15})\)/")
_GUID_LENGTH: Final = 36
_DASHES: Final = (8, 13, 18, 23)
_INTEGER: Final = re.compile(r"-?\d{1,19}")
_LENGTHS: Final = frozenset(range(1, 20))


class Texts:
    """Takes columns of texts, drops U+0000 from them, which PostgreSQL cannot hold, and counts how many there were."""

    def __init__(self) -> None:
        self.dropped = 0

    def __call__(self, values: Sequence[Any]) -> Sequence[str | None]:
        """Return the texts as sent; SkippableRecordError if a value is none."""
        if not _TEXTS.issuperset(map(type, values)):
            raise _refusal(values, lambda value: type(value) in _TEXTS, "is not a text")
        joined = "".join(filter(None, values))
        if not joined.isascii():
            try:
                joined.encode()
            except UnicodeEncodeError:
                raise SkippableRecordError("the text holds a lone surrogate, which is no character") from None
        if "\0" in joined:
            self.dropped += joined.count("\0")
            return [value and value.replace("\0", "") for value in values]
        return values

    def codes(self, values: Sequence[Any]) -> Sequence[str | None]:
        """Return the texts without the blanks that Exact pads codes with."""
        texts = self(values)
        if " " not in "".join(filter(None, texts)):
            return texts
        return [text and text.strip(" ") for text in texts]


def guids(values: Sequence[Any]) -> Sequence[str | None]:
    """Return the Guids in lower case; SkippableRecordError if a value is none."""
    present = [value for value in values if value is not None]
    if not _are_guids(present):
        raise _refusal(values, lambda value: value is None or _are_guids([value]), "is not a Guid")
    return [value and value.lower() for value in values]


def _are_guids(values: Sequence[Any]) -> bool:
    """Whether each has 36 characters, four dashes in their places, and hexadecimal digits in all others."""
    if not {str}.issuperset(map(type, values)) or not {_GUID_LENGTH}.issuperset(map(len, values)):
        return False
    joined = "".join(values)
    if any(joined[place::_GUID_LENGTH].strip("-") for place in _DASHES):
        return False
    digits = joined.replace("-", "")
    try:
        return len(bytes.fromhex(digits)) == 16 * len(values)  # it would pass over blanks between two bytes
    except ValueError:
        return False


def booleans(values: Sequence[Any]) -> list[bool | None]:
    """Return the flags; a 0/1 byte is one. SkippableRecordError if a value is neither yes nor no."""
    if _FLAGS.issuperset(map(type, values)):
        return list(values)
    return [_boolean(value) for value in values]


def _boolean(value: Any) -> bool | None:
    if value is None or value is True or value is False:
        return value
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    raise SkippableRecordError(f"{shown(value)} is neither yes nor no")


def integers(values: Sequence[Any], *, bits: int) -> list[int | None]:
    """Return the integers of so many bits beside the sign; SkippableRecordError if a value is none."""
    present = [value for value in values if value is not None]
    read = list(map(int, present)) if _are_digits(present) else present
    if not {int}.issuperset(map(type, read)) or (read and not -(1 << bits) <= min(read) <= max(read) < 1 << bits):
        return [None if value is None else _integer(value, bits) for value in values]
    numbers = iter(read)
    return [None if value is None else next(numbers) for value in values]


def _are_digits(values: Sequence[Any]) -> bool:
    """Whether each is a text of 1 to 19 digits and nothing else."""
    if not {str}.issuperset(map(type, values)):
        return False
    return "".join(values).isdecimal() and _LENGTHS.issuperset(map(len, values))


def _integer(value: Any, bits: int) -> int:
    if isinstance(value, str) and _INTEGER.fullmatch(value):  # Exact sends Int64 as a JSON string
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not -(1 << bits) <= value < (1 << bits):
        raise SkippableRecordError(f"{shown(value)} is not an integer of {bits + 1} bits")
    return value


def decimals(values: Sequence[Any]) -> list[Decimal | None]:
    """Return the shortest decimals that read back as the same doubles; SkippableRecordError if a value is no number."""
    if not _NUMBERS.issuperset(map(type, values)):
        raise _refusal(values, lambda value: type(value) in _NUMBERS, "is not a number")
    return [None if value is None else Decimal(repr(value)) for value in values]


def days(values: Sequence[Any]) -> NDArray[np.datetime64]:
    """Return `/Date(ms)/` as the days they stand for; SkippableRecordError if a value is none."""
    wall = _wall_clock(values)
    return wall.astype("datetime64[D]").astype("datetime64[s]")


def moments(values: Sequence[Any]) -> NDArray[np.datetime64]:
    """Return `/Date(ms)/`, Dutch wall-clock time, as moments in UTC; SkippableRecordError if a value is none.

    The hour that autumn doubles means its first occurrence; the hour that spring leaves out is the moment it begins.
    """
    wall = _wall_clock(values)
    wall_ms = wall.view(np.int64)
    ahead = np.array(list(map(_ahead_ms, (wall_ms // _DAY_MS).tolist())), dtype=np.int64)
    moments = wall_ms - ahead
    is_set = ahead == _NO_TIME
    if is_set.any():
        moments[is_set] = [_moment_when_set(ms) for ms in wall_ms[is_set].tolist()]
    moments[np.isnat(wall)] = _NO_TIME
    return moments.view("datetime64[ms]")


@lru_cache(maxsize=200_000)
def _ahead_ms(day: int) -> int:
    """Return how far the Dutch clock is ahead of UTC all of a day, counted from 1970; `_NO_TIME` if it is set then."""
    if day == _NO_TIME // _DAY_MS:
        return 0
    whole = date.fromordinal(_EPOCH_ORDINAL + day)
    first, last = (_utc_offset(datetime.combine(whole, at, _DUTCH)) for at in (time.min, time.max))
    return first if first == last else _NO_TIME


def _moment_when_set(wall_ms: int) -> int:
    """Return the moment, in UTC, that a Dutch wall clock shows on a day on which it is set."""
    wall = _EPOCH + timedelta(milliseconds=wall_ms)
    before, after = (wall_ms - _utc_offset(wall.replace(tzinfo=_DUTCH, fold=fold)) for fold in (0, 1))
    if before <= after:
        return before
    return _first_ms_of_offset(after, before)  # the clock never showed it (PEP 495)


def _first_ms_of_offset(earlier: int, later: int) -> int:
    """Return the first moment after `earlier`, until `later`, at which the clock is as far ahead as it is then."""
    ahead = _ahead_at(later)
    while later - earlier > 1:
        middle = (earlier + later) // 2
        if _ahead_at(middle) == ahead:
            later = middle
        else:
            earlier = middle
    return later


def _ahead_at(moment_ms: int) -> int:
    return _utc_offset((_EPOCH + timedelta(milliseconds=moment_ms)).replace(tzinfo=UTC).astimezone(_DUTCH))


def _utc_offset(at: datetime) -> int:
    """Return how far a clock is ahead of UTC, in milliseconds."""
    offset = at.utcoffset()
    assert offset is not None  # noqa: S101 - a zone always has one
    return round(offset.total_seconds() * 1000)


def _wall_clock(values: Sequence[Any]) -> NDArray[np.datetime64]:
    """The number in `/Date(ms)/`, which counts from 1970 on the Dutch clock (KB-faq: "CET and not GMT")."""
    read = _read_together(values)
    if read is None:
        read = np.array([_NO_TIME if value is None else _wire_ms(value) for value in values], dtype=np.int64)
    return read.view("datetime64[ms]")


def _read_together(values: Sequence[Any]) -> NDArray[np.int64] | None:
    """Read dates that are all as they should be; None if any is not."""
    present = [value for value in values if value is not None] if None in values else values
    try:
        numbers = [value[6:-2] for value in present]
        if present and "".join(present) != f"/Date({')//Date('.join(numbers)})/":
            return None
        digits = "".join(numbers).replace("-", "")
        if digits and not (digits.isascii() and digits.isdecimal()):  # int would take blanks, signs and underscores
            return None
        read = np.array(list(map(int, numbers)), dtype=np.int64)
    except (TypeError, ValueError, OverflowError):
        return None
    if not ((read >= _FIRST_MS) & (read <= _LAST_MS)).all():
        return None
    return read if present is values else _spread(read, values)


def _spread(read: NDArray[np.int64], values: Sequence[Any]) -> NDArray[np.int64]:
    spread = np.full(len(values), _NO_TIME)
    spread[[value is not None for value in values]] = read
    return spread


def _wire_ms(value: Any) -> int:
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    if not found or not _FIRST_MS <= (ms := int(found[1])) <= _LAST_MS:
        raise SkippableRecordError(f"{shown(value)} is not a date")
    return ms


def _refusal(values: Sequence[Any], is_right: Callable[[Any], bool], why: str) -> SkippableRecordError:
    wrong = next(value for value in values if not is_right(value))
    return SkippableRecordError(f"{shown(wrong)} {why}")


def shown(value: Any) -> str:
    """Return a value for people, shortened."""
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"
