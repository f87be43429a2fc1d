"""Whose relation at Exact a supplier is: by VAT number, else by IBAN, else by name; and only if there is no doubt.

The first of these that any supplier answers to decides. Several answers are no match, and what shares an IBAN or a name
but has another VAT number is another company: a wrong supplier costs more than a question. Pure.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple
from unicodedata import normalize

from exactsync.payables.mapping import How

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from uuid import UUID

    from exactsync.payable import Counterparty


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplier:
    """A relation at Exact that is a supplier."""

    id: UUID
    code: str
    name: str
    vat_number: str | None = None
    country: str | None = None
    ibans: tuple[str, ...] = ()
    is_blocked: bool = False
    start_date: date | None = None
    end_date: date | None = None

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"

    def is_active(self, day: date) -> bool:
        """Whether entries of that day may name it, unless it is blocked."""
        return (self.start_date is None or self.start_date <= day) and (self.end_date is None or day <= self.end_date)


class VatNumber(NamedTuple):
    """A VAT number in one spelling."""

    country: str | None
    """None: it was written without, and nobody knows where its owner lives."""
    number: str

    def agrees_with(self, other: VatNumber) -> bool:
        """Whether both may be the same: 123456789 is a number in Germany, and another one in Portugal."""
        return self.number == other.number and (
            self.country == other.country or self.country is None or other.country is None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search came to."""

    how: How | None = None
    """What decided; None: no supplier answers to anything."""
    suppliers: tuple[Supplier, ...] = ()
    """Who answers; several are no match."""
    others: tuple[Supplier, ...] = ()
    """Who shares the IBAN or the name, but has another VAT number."""

    @property
    def match(self) -> Supplier | None:
        """The supplier, if there is no doubt."""
        return self.suppliers[0] if len(self.suppliers) == 1 else None


class Suppliers:
    """The suppliers of one company, as they are looked for."""

    def __init__(self, suppliers: Iterable[Supplier] = ()) -> None:
        self._by_id: dict[UUID, Supplier] = {}
        self._by_vat_number: dict[str, list[Supplier]] = defaultdict(list)
        self._by_iban: dict[str, list[Supplier]] = defaultdict(list)
        self._by_name: dict[str, list[Supplier]] = defaultdict(list)
        for supplier in suppliers:
            self._by_id[supplier.id] = supplier
            if number := vat_number(supplier.vat_number, supplier.country):
                self._by_vat_number[number.number].append(supplier)
            for account in {iban(account) for account in supplier.ibans} - {None}:
                self._by_iban[str(account)].append(supplier)
            if named := name(supplier.name):
                self._by_name[named].append(supplier)

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, key: UUID) -> Supplier | None:
        """Return the supplier of a key."""
        return self._by_id.get(key)

    def find(self, wanted: Counterparty, day: date) -> Found:
        """Return who a supplier of the source is at Exact; of several, those that entries of the day may name."""
        number = vat_number(wanted.vat_number, wanted.country)
        if number and (answers := [one for one in self._by_vat_number.get(number.number, []) if _may_be(one, number)]):
            return Found(how=How.VAT_NUMBER, suppliers=_usable(answers, day))
        others: list[Supplier] = []
        for how, key, known in (
            (How.IBAN, iban(wanted.iban), self._by_iban),
            (How.NAME, name(wanted.name), self._by_name),
        ):
            answers = _answers(known, key)
            others += [one for one in answers if number and not _may_be(one, number)]
            if answers := [one for one in answers if not number or _may_be(one, number)]:
                return Found(how=how, suppliers=_usable(answers, day))
        return Found(others=tuple(others))


def vat_number(text: str | None, country: str | None) -> VatNumber | None:
    """Return a VAT number as it is compared: no blanks, dots or dashes, its country apart; None: it is none."""
    bare = _SEPARATORS.sub("", normalize("NFKC", text or "")).upper()
    home = _country(country)
    if bare[:2] in _PREFIXES:
        home, bare = _country(bare[:2]), bare[2:]
    if not any(character.isdigit() for character in bare):
        return None
    if home == "BE" and len(bare) == _OLD_BELGIAN:
        bare = f"0{bare}"
    return VatNumber(home, bare)


def iban(text: str | None) -> str | None:
    """Return an IBAN as it is compared: no blanks, capitals; None: it is none."""
    bare = _SEPARATORS.sub("", text or "").upper()
    return bare if _IBAN.fullmatch(bare) else None


def name(text: str | None) -> str | None:
    """Return a name as it is compared: neither case nor the way a letter is encoded counts, nor blanks around it."""
    return " ".join(normalize("NFKC", normalize("NFKC", text or "").casefold()).split()) or None


_SEPARATORS: Final = re.compile(r"[\W_]+")
_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{8,30}")
_OLD_BELGIAN: Final = 9
"""Until 2008 Belgian numbers had one digit less: the leading zero."""
_PREFIXES: Final = frozenset(
    "AT BE BG CY CZ DE DK EE EL ES FI FR GB GR HR HU IE IT LT LU LV MT NL NO PL PT RO SE SI SK XI".split()  # noqa: SIM905
)


def _country(code: str | None) -> str | None:
    """Return a country as VAT numbers name it: Greece is EL there, Northern Ireland XI."""
    bare = (code or "").strip().upper()
    return {"GR": "EL"}.get(bare, bare) or None


def _answers(known: Mapping[str, list[Supplier]], key: str | None) -> list[Supplier]:
    return known.get(key, []) if key else []


def _may_be(supplier: Supplier, number: VatNumber) -> bool:
    own = vat_number(supplier.vat_number, supplier.country)
    return own is None or own.agrees_with(number)


def _usable(suppliers: list[Supplier], day: date) -> tuple[Supplier, ...]:
    """Of several, those that can be booked: a duplicate that was blocked or has ended leaves no doubt."""
    return tuple(one for one in suppliers if one.is_active(day) and not one.is_blocked) or tuple(suppliers)
