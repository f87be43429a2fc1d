"""What a person configured about the payables of a source: typed, and checked row by row, since SQL may write it too.

`payable_sources` says where a source's payables go, `payable_mappings` how what they name is called at Exact. A row
that is wrong harms only the payables that need it: it is set aside, with what is wrong about it in a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal
from uuid import UUID

from exactsync.entity import Axis
from exactsync.payable import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Mapping as Table
    from datetime import date

EntryCurrency = Literal["functional", "payment"]
GENERIC: Final = ""
"""The key of what counts where nothing more particular is mapped."""
IGNORED: Final = "ignore"


class MappingKind(StrEnum):
    """What a row of `payable_mappings` maps."""

    JOURNAL = "journal"
    """A kind of payable → the code of a journal."""
    AXIS = "axis"
    """An analytical field → an axis, or `ignore`."""
    ACCOUNT = "account"
    """An expense account → the code of a G/L account; key '': of lines that have none."""
    SUPPLIER_ACCOUNT = "supplier_account"
    """A supplier → the code of the G/L account of its lines that have none."""
    VAT_CODE = "vat_code"
    """A VAT account → a VAT code; key '': of lines that have none."""
    SUPPLIER = "supplier"
    """A supplier → a relation at Exact; key '': of everybody who is not found there."""
    EMPLOYEE = "employee"
    """An employee → a relation at Exact; key '': of everybody who has none of their own."""


class How(StrEnum):
    """How a supplier came to its relation at Exact: the note of its row."""

    VAT_NUMBER = "vat_number"
    IBAN = "iban"
    NAME = "name"
    PERSON = "person"
    CREATED = "created"

    @property
    def label(self) -> str:
        """What a person calls it."""
        return {"vat_number": "VAT number", "iban": "IBAN"}.get(self, self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source of payables, and the company that they are booked in."""

    name: str
    """An Airflow connection id such as `spendesk_default`."""
    division: int | None = None
    """None while the accounting base is files."""
    creates_suppliers: bool = False
    """Whether a supplier that matches none is created at Exact."""
    requires_receipt: bool = True
    start_date: date | None = None
    """The cut-over: what was spent earlier stays out."""
    entry_currency: EntryCurrency = "functional"
    """The currency of entries: the wallet's, as Spendesk's NetSuite integration has it by default, or the payment's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """The relation at Exact that a supplier belongs to, and how that came to be."""

    id: UUID
    how: How


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongRow:
    """A row that cannot be used."""

    kind: str
    key: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """How what the payables of one source name is called at Exact."""

    source: Source
    journals: Table[Kind, str] = field(default_factory=dict)
    axes: Table[str, Axis | None] = field(default_factory=dict)
    """None: the field is ignored."""
    accounts: Table[str, str] = field(default_factory=dict)
    supplier_accounts: Table[str, str] = field(default_factory=dict)
    vat_codes: Table[str, str] = field(default_factory=dict)
    suppliers: Table[str, Relation] = field(default_factory=dict)
    employees: Table[str, UUID] = field(default_factory=dict)
    wrong: tuple[WrongRow, ...] = ()
    """Rows that were set aside."""

    def wrong_row(self, kind: MappingKind, key: str) -> WrongRow | None:
        """Return the row that would answer, were it not wrong."""
        return next((row for row in self.wrong if (row.kind, row.key) == (kind, key)), None)


def parse_mapping(source: Source, rows: Iterable[Table[str, Any]]) -> Mapping:
    """Return the mapping that rows of `payable_mappings` (kind, key, target, note) make."""
    made: dict[str, dict[str, Any]] = {kind: {} for kind in MappingKind}
    wrong = []
    for row in sorted(rows, key=lambda row: (row["key"] != row["key"].strip(), row["kind"], row["key"])):
        kind, key = row["kind"], row["key"].strip()
        message = wrong_with(kind, key, row["target"])
        if not message and key in made[kind]:
            message = f"The {_subject(MappingKind(kind), key)} is mapped twice: once with blanks around its name."
        if message:
            wrong.append(WrongRow(kind=kind, key=key, message=message))
        else:
            made[kind][key] = _target(MappingKind(kind), row["target"].strip(), row["note"])
    return Mapping(
        source=source,
        journals={Kind(key): target for key, target in made[MappingKind.JOURNAL].items()},
        axes=made[MappingKind.AXIS],
        accounts=made[MappingKind.ACCOUNT],
        supplier_accounts=made[MappingKind.SUPPLIER_ACCOUNT],
        vat_codes=made[MappingKind.VAT_CODE],
        suppliers=made[MappingKind.SUPPLIER],
        employees=made[MappingKind.EMPLOYEE],
        wrong=tuple(wrong),
    )


def wrong_with(kind: str, key: str, target: str | None) -> str | None:
    """Say in a sentence what is wrong with a row; None: nothing is."""
    if kind not in set(MappingKind):
        return f"'{kind}' is nothing that can be mapped: it is one of {', '.join(MappingKind)}."
    subject = _subject(MappingKind(kind), key)
    target = (target or "").strip()
    if not target:
        return f"The {subject} is mapped to nothing."
    if not key and kind not in _WITH_DEFAULT:
        return f"The {subject} has no name: only {', '.join(sorted(_WITH_DEFAULT))} may be mapped for all others."
    if kind == MappingKind.JOURNAL and key not in set(Kind):
        return f"'{key}' is no kind of payable: it is one of {', '.join(Kind)}."
    if kind == MappingKind.AXIS and target not in {*Axis, IGNORED}:
        return f"The {subject} is mapped to '{target}', which is neither {', '.join(Axis)} nor {IGNORED}."
    if kind in _RELATIONS and not _is_uuid(target):
        return f"The {subject} is mapped to '{target}', which is not the key of a relation at Exact."
    return None


_WITH_DEFAULT: Final = frozenset(
    {MappingKind.ACCOUNT, MappingKind.VAT_CODE, MappingKind.SUPPLIER, MappingKind.EMPLOYEE}
)
_RELATIONS: Final = frozenset({MappingKind.SUPPLIER, MappingKind.EMPLOYEE})
_NOUNS: Final = {
    MappingKind.JOURNAL: "journal of",
    MappingKind.AXIS: "analytical field",
    MappingKind.ACCOUNT: "expense account",
    MappingKind.SUPPLIER_ACCOUNT: "account of supplier",
    MappingKind.VAT_CODE: "VAT account",
    MappingKind.SUPPLIER: "supplier",
    MappingKind.EMPLOYEE: "employee",
}


def _subject(kind: MappingKind, key: str) -> str:
    return f"{_NOUNS[kind]} '{key}'" if key else f"default {_NOUNS[kind]}"


def _target(kind: MappingKind, target: str, note: str | None) -> Any:
    if kind is MappingKind.AXIS:
        return None if target == IGNORED else Axis(target)
    if kind is MappingKind.EMPLOYEE:
        return UUID(target)
    if kind is MappingKind.SUPPLIER:
        return Relation(id=UUID(target), how=How(note) if note in set(How) else How.PERSON)
    return target


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
