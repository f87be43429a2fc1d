"""What a check has to say, and the payable it is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

    from exactsync.payable import Payable
    from exactsync.payables.books import Books
    from exactsync.payables.mapping import Mapping, MappingKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that a person must mend before a payable can be booked."""

    check: str
    """Which check found it: stable, for filters."""
    message: str
    """What is wrong, in a sentence that names the very thing."""
    remedy: str
    """What to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A payable under examination; checks add what they find."""

    payable: Payable
    mapping: Mapping
    books: Books
    findings: list[Finding] = field(default_factory=list)
    names: dict[UUID, str] = field(default_factory=dict)
    """What people call what was found at Exact."""

    def find(self, check: str, message: str, remedy: str) -> None:
        """Add a finding, once."""
        finding = Finding(check=check, message=message, remedy=remedy)
        if finding not in self.findings:
            self.findings.append(finding)

    def find_unmapped(self, check: str, kind: MappingKind, key: str, message: str, remedy: str) -> None:
        """Add that something is not mapped, or what is wrong with the row that should map it."""
        row = self.mapping.wrong_row(kind, key)
        self.find(check, row.message if row else message, "Mend it on the Accounting setup page." if row else remedy)

    @property
    def currency(self) -> str:
        """The currency that the entry is made in."""
        wants_payment = self.mapping.source.entry_currency == "payment"
        return self.payable.currency if wants_payment else self.payable.functional_currency
