"""Whether Exact holds what was spent: each entry, what is attached to it, and the totals of each journal."""

from __future__ import annotations

from base64 import b64decode
from collections import Counter, defaultdict
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tests.e2e.payables.spent import CENTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.e2e.conftest import Exact
    from tests.e2e.payables.spent import Entry, Spent

Totals = dict[tuple[str, ...], tuple[int, int]]
"""By what is named: how many, and what they come to in minor units."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a company has at Exact of what we have sent."""

    entries: dict[str, dict[str, Any]]
    """By our reference; each is there once."""
    lines: dict[str, list[dict[str, Any]]]
    """By the key of their entry, in their order."""
    receipts: dict[str, list[str]]
    """SHA-256 of each attachment, by the key of its document."""
    documents: int

    def compare(self, reference: str, entry: Entry) -> list[str]:
        """Return in what the entry of a reference is not the one that it must be."""
        record = self.entries[reference]
        document = record["Document"]
        wanted = {
            "Journal": entry.journal,
            "Supplier": entry.supplier,
            "Currency": entry.currency,
            "amount": entry.amount,
            "Rate": entry.rate,
            "EntryDate": str(entry.day),
            "YourRef": entry.number or "",
            "receipts": sorted(entry.receipts),
        }
        found = {
            "Journal": record["Journal"].strip(),
            "Supplier": record["Supplier"],
            "Currency": record["Currency"],
            "amount": minor(record["AmountFC"], entry.currency),
            "Rate": record["Rate"],
            "EntryDate": record["EntryDate"][:10],
            "YourRef": record["YourRef"] or "",
            "receipts": sorted(self.receipts[document]) if document else [],
        }
        wrong = [f"{name} is {found[name]!r}, not {value!r}" for name, value in wanted.items() if found[name] != value]
        return wrong + self._compare_lines(self.lines[record["EntryID"]], entry)

    def _compare_lines(self, lines: list[dict[str, Any]], entry: Entry) -> list[str]:
        if len(lines) != len(entry.lines):
            return [f"{len(lines)} lines, not {len(entry.lines)}"]
        wrong, total = [], 0
        for found, line in zip(lines, entry.lines, strict=True):
            base, vat = (minor(found[name], entry.currency) for name in ("VATBaseAmountFC", "VATAmountFC"))
            named = found["GLAccount"], found["VATCode"].strip(), (found["CostCenter"] or "").strip() or None
            if named[:2] != (line.account, line.vat_code) or (line.cost_center or named[2]) != named[2]:
                wrong.append(f"line {found['LineNumber']} is {named}, not {line}")
            tolerance = Fraction(0) if line.is_exact else Fraction(3, 2)
            if abs(base - line.base) > tolerance or (line.vat is not None and abs(vat - line.vat) > tolerance):
                wrong.append(f"line {found['LineNumber']} comes to {base} + {vat}, not {line}")
            total += base + (vat if line.vat is not None else 0)
        return wrong if total == entry.amount else [*wrong, f"the lines come to {total}, not {entry.amount}"]

    def totals(self) -> Totals:
        """Return what the entries come to in each journal and currency."""
        return add_up(
            (one["Journal"].strip(), one["Currency"], minor(one["AmountFC"], one["Currency"]))
            for one in self.entries.values()
        )


def read_ledger(exact: Exact, division: int) -> Ledger:
    """Return what a company has at Exact of what we have sent; nothing of it is there twice."""
    ours = [
        one
        for one in exact.records(division, "PurchaseEntries")
        if (one["ExternalLinkReference"] or "").startswith("XS-")
    ]
    references = Counter(one["ExternalLinkReference"] for one in ours)
    assert set(references.values()) <= {1}, references.most_common(3)
    lines = defaultdict(list)
    for line in sorted(exact.records(division, "PurchaseEntryLines"), key=lambda one: one["LineNumber"] or 0):
        lines[line["EntryID"]].append(line)
    receipts = defaultdict(list)
    for one in exact.records(division, "DocumentAttachments"):
        receipts[one["Document"]].append(sha256(b64decode(one["Attachment"])).hexdigest())
    documents = [one for one in exact.records(division, "Documents") if "XS-" in (one["Subject"] or "")]
    return Ledger(
        entries={one["ExternalLinkReference"]: one for one in ours},
        lines=lines,
        receipts=receipts,
        documents=len(documents),
    )


def wanted_totals(spent: Iterable[Spent]) -> Totals:
    """Return what the entries of payables must come to in each journal and currency."""
    return add_up((one.entry.journal, one.entry.currency, one.entry.amount) for one in spent)


def add_up(amounts: Iterable[tuple[Any, ...]]) -> Totals:
    """Return number and sum of the last of each by the others."""
    totals: Totals = {}
    for *key, amount in amounts:
        number, total = totals.get(tuple(key), (0, 0))
        totals[tuple(key)] = number + 1, total + amount
    return totals


def minor(amount: Any, currency: str) -> int:
    """Return an amount in minor units; it must be one."""
    units = Fraction(str(amount)) * CENTS[currency]
    assert units.denominator == 1, (amount, currency)
    return int(units)
