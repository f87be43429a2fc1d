"""How a source is mapped, as a person sees it: what is mapped, what is not yet, and what is wrong with it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import text

from exactsync.entity import Axis
from exactsync.payable import Kind, Payable
from exactsync.payables.choices import read_choices
from exactsync.payables.mapping import GENERIC, IGNORED, How, MappingKind, parse_mapping, wrong_with
from exactsync.payables.needs import needs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Mapping as Table
    from datetime import datetime

    from sqlalchemy import Connection

    from exactsync.payables.choices import Choice
    from exactsync.payables.mapping import Mapping, Source
    from exactsync.payables.needs import Need

RECENT: Final = 1000
"""How many payables, the latest first, are looked at for what they name."""
MOST: Final = 50
"""How many lines of one kind are shown at once: who misses theirs looks for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something that is mapped, or could be."""

    kind: str
    """As it stands in the table: SQL may have written one that is none."""
    key: str
    label: str
    """What people call it."""
    payables: int = 0
    """How many of the recent payables name it."""
    target: str | None = None
    """What it is mapped to; None: nothing yet."""
    target_name: str | None = None
    """What people call that; without a target: what counts as long as nothing else is mapped."""
    problem: str | None = None
    """What is wrong with it, in a sentence."""
    how: How | None = None
    """How a supplier came to its relation."""
    set_by: str | None = None
    set_at: datetime | None = None
    is_open: bool = False
    """Whether it is mapped to nothing, and payables wait for that."""

    @property
    def rank(self) -> tuple[Any, ...]:
        """What needs a person comes first."""
        return (not self.problem, not self.is_open, self.key != "", -self.payables, self.label.casefold(), self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The lines of one kind."""

    kind: str
    lines: list[Line]
    """At most `MOST`."""
    total: int
    """How many there are."""
    problems: int
    """How many of all have something wrong with them."""
    unmapped: int
    """How many of all are open."""


def read_mapped(connection: Connection, source: Source, wanted: str = "") -> list[Section]:
    """Return how a source is mapped, kind by kind; of every kind what has each wanted word in it."""
    rows = [dict(row) for row in connection.execute(_ROWS, {"source": source.name}).mappings()]
    mapping = parse_mapping(source, rows)
    delivered = [
        (Payable.from_json(row.payable), row.reasons)
        for row in connection.execute(_PAYABLES, {"source": source.name, "recent": RECENT})
    ]
    found = {(need.kind.value, need.key): need for need in needs((payable for payable, _ in delivered), mapping)}
    lines = _named_at_exact(connection, source, [*_mapped(rows, mapping, found), *_unmapped(rows, found)])
    strangers = {payable.counterparty.id for payable, reasons in delivered if _is_stranger(reasons)}
    lines = [replace(line, is_open=_is_open(line, mapping, strangers)) for line in lines]
    words = wanted.casefold().split()
    return _sections(line for line in lines if all(word in _told(line) for word in words))


def _mapped(rows: Iterable[Table[str, Any]], mapping: Mapping, found: Table[tuple[str, str], Need]) -> list[Line]:
    lines = []
    for row in rows:
        kind, key = row["kind"], row["key"]
        need = found.get((kind, key.strip()))
        how = (How(row["note"]) if row["note"] in set(How) else How.PERSON) if kind == MappingKind.SUPPLIER else None
        lines.append(
            Line(
                kind=kind,
                key=key,
                label=need.label if need else _label(kind, key),
                payables=need.payables if need else 0,
                target=row["target"],
                problem=_problem(row, mapping),
                how=how,
                set_by=row["set_by"],
                set_at=row["set_at"],
            )
        )
    return lines


def _problem(row: Table[str, Any], mapping: Mapping) -> str | None:
    """Return what is wrong with this very row: of one that is there twice, only the one with blanks is."""
    key = row["key"].strip()
    if message := wrong_with(row["kind"], key, row["target"]):
        return message
    wrong = next((wrong for wrong in mapping.wrong if (wrong.kind, wrong.key) == (row["kind"], key)), None)
    return wrong.message if wrong and key != row["key"] else None


def _unmapped(rows: Iterable[Table[str, Any]], found: Table[tuple[str, str], Need]) -> list[Line]:
    """Return what payables name that has no row, and what anybody may want to map before there are any."""
    known = {(row["kind"], row["key"].strip()) for row in rows}
    lines = {
        named: Line(kind=need.kind, key=need.key, label=need.label, payables=need.payables)
        for named, need in found.items()
        if named not in known
    }
    for kind, key in _ALWAYS:
        if (kind, key) not in known:
            lines.setdefault((kind, key), Line(kind=kind, key=key, label=_label(kind, key)))
    return list(lines.values())


def _label(kind: str, key: str) -> str:
    if kind == MappingKind.JOURNAL and key in set(Kind):
        return Kind(key).label
    return key or _DEFAULTS.get(kind, "")


def _named_at_exact(connection: Connection, source: Source, lines: list[Line]) -> list[Line]:
    """Return the lines with what their targets are called at Exact, and what is wrong with these."""
    if source.division is None:
        return [replace(line, target_name=line.target) for line in lines]
    wanted: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        if target := _meant(line):
            wanted[line.kind].add(target)
    known = {
        kind: read_choices(connection, source.division, MappingKind(kind), targets) for kind, targets in wanted.items()
    }
    return [_with_name(line, known[line.kind]) if _meant(line) else line for line in lines]


def _meant(line: Line) -> str | None:
    """Return what a line leads to, as Exact has it; None: to nothing."""
    if line.problem:
        return None
    if line.target is None:  # an expense account is taken to have the same code there
        return line.key or None if line.kind == MappingKind.ACCOUNT else None
    is_relation = line.kind in {MappingKind.SUPPLIER, MappingKind.EMPLOYEE}
    return str(UUID(line.target.strip())) if is_relation else line.target.strip()


def _with_name(line: Line, known: Table[str, Choice]) -> Line:
    target = _meant(line) or ""
    if line.kind == MappingKind.AXIS:
        return replace(line, target_name=_AXES.get(target, target))
    choice = known.get(target)
    if line.target is None:
        return replace(line, target_name=str(choice) if choice and not choice.obstacle else None)
    if choice is None:
        return replace(line, target_name=target, problem=f"{target} is not known in this company, as of its last sync.")
    problem = f"{choice} {choice.obstacle}." if choice.obstacle else None
    return replace(line, target_name=str(choice), problem=problem)


def _is_stranger(reasons: Iterable[Table[str, str]]) -> bool:
    """Whether a payable is held back because nobody knows who its supplier is."""
    return any(reason["check"].startswith("supplier_") for reason in reasons)


def _is_open(line: Line, mapping: Mapping, strangers: set[str]) -> bool:
    if line.target is not None or not line.payables:
        return False
    match line.kind:
        case MappingKind.ACCOUNT:
            return line.target_name is None
        case MappingKind.VAT_CODE:
            return line.key != ""
        case MappingKind.SUPPLIER:
            return line.key in strangers
        case MappingKind.EMPLOYEE:
            return GENERIC not in mapping.employees
        case MappingKind.SUPPLIER_ACCOUNT:
            return False
        case _:
            return True


def _told(line: Line) -> str:
    """Return all the words by which a line can be found."""
    told = (line.label, line.key, line.target, line.target_name, line.problem, line.set_by)
    return " ".join(word for word in told if word).casefold()


def _sections(lines: Iterable[Line]) -> list[Section]:
    kinds: dict[str, list[Line]] = {kind.value: [] for kind in MappingKind}
    for line in lines:
        kinds.setdefault(line.kind, []).append(line)
    return [
        Section(
            kind=kind,
            lines=sorted(ours, key=lambda line: line.rank)[:MOST],
            total=len(ours),
            problems=sum(line.problem is not None for line in ours),
            unmapped=sum(line.is_open for line in ours),
        )
        for kind, ours in kinds.items()
    ]


_DEFAULTS: Final[dict[str, str]] = {
    MappingKind.ACCOUNT: "Lines without an account",
    MappingKind.VAT_CODE: "Lines without a VAT account",
    MappingKind.SUPPLIER: "Everybody who is not at Exact Online",
    MappingKind.EMPLOYEE: "All other employees",
}
"""What the key '' stands for."""
_ALWAYS: Final = (
    *((MappingKind.JOURNAL.value, kind.value) for kind in Kind),
    *((kind, "") for kind in _DEFAULTS),
)
"""What is shown although no payable names it."""
_AXES: Final[dict[str, str]] = {
    Axis.COST_CENTERS: "Cost centres",
    Axis.COST_UNITS: "Cost units",
    Axis.PROJECTS: "Projects",
    IGNORED: "Ignored",
}
_ROWS: Final = text("""
SELECT kind, key, target, set_by, set_at, note FROM exactsync.payable_mappings WHERE source = :source
""")
_PAYABLES: Final = text("""
SELECT payable, reasons FROM exactsync.payables_outbox WHERE source = :source ORDER BY received_at DESC LIMIT :recent
""")
