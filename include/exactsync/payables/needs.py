"""What payables name that can be mapped, for the page on which people map it. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from exactsync.payables.mapping import IGNORED, MappingKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Mapping as Table

    from exactsync.payable import Payable
    from exactsync.payables.mapping import Mapping


class _Named(NamedTuple):
    kind: MappingKind
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something that payables name, and what it is mapped to."""

    kind: MappingKind
    key: str
    """What the source calls it; empty: what has no name of its own."""
    label: str
    """What people call it."""
    payables: int
    """How many of the payables name it."""
    target: str | None
    """What it is mapped to; None: nothing."""


def needs(payables: Iterable[Payable], mapping: Mapping) -> list[Need]:
    """Return what payables name that is mapped by kind, what most of them name first within each."""
    counts: Counter[_Named] = Counter()
    labels: dict[_Named, str] = {}
    for payable in payables:
        named = dict(_named(payable))
        counts.update(named.keys())
        labels |= named
    order = list(MappingKind)
    return [
        Need(**named._asdict(), label=labels[named], payables=count, target=target(mapping, *named))
        for named, count in sorted(
            counts.items(), key=lambda item: (order.index(item[0].kind), -item[1], labels[item[0]], item[0].key)
        )
    ]


def target(mapping: Mapping, kind: MappingKind, key: str) -> str | None:
    """Return what something is mapped to, as `payable_mappings` has it."""
    if kind is MappingKind.AXIS:
        axis = mapping.axes.get(key, ...)
        return None if axis is ... else str(axis or IGNORED)
    if kind is MappingKind.SUPPLIER:
        relation = mapping.suppliers.get(key)
        return str(relation.id) if relation else None
    mapped: dict[MappingKind, Table[Any, Any]] = {
        MappingKind.JOURNAL: mapping.journals,
        MappingKind.ACCOUNT: mapping.accounts,
        MappingKind.SUPPLIER_ACCOUNT: mapping.supplier_accounts,
        MappingKind.VAT_CODE: mapping.vat_codes,
        MappingKind.EMPLOYEE: mapping.employees,
    }
    found = mapped[kind].get(key)
    return None if found is None else str(found)


def _named(payable: Payable) -> Iterator[tuple[_Named, str]]:
    """Yield what a payable names, and what people call it."""
    who = payable.counterparty
    yield _Named(MappingKind.JOURNAL, payable.kind), payable.kind.label
    yield _Named(MappingKind.EMPLOYEE if who.kind == "employee" else MappingKind.SUPPLIER, who.id), who.name
    for line in payable.lines:
        account, vat_account = (line.account_code or "").strip(), (line.vat_account_code or "").strip()
        yield _Named(MappingKind.ACCOUNT, account), account or "Lines without an account"
        if not account and who.kind == "supplier":
            yield _Named(MappingKind.SUPPLIER_ACCOUNT, who.id), who.name
        yield _Named(MappingKind.VAT_CODE, vat_account), vat_account or "Lines without a VAT account"
        for share in line.shares:
            for field in share.values:
                yield _Named(MappingKind.AXIS, field.strip()), field.strip()
