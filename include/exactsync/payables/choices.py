"""What a person may map to: the journals, accounts, VAT codes and suppliers that the warehouse knows of one company."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from exactsync.payables.mapping import MappingKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Mapping as Table

    from sqlalchemy import Connection

MOST: Final = 20
"""How many choices are offered at once: who misses theirs looks for it by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something at Exact that can be mapped to."""

    value: str
    """The target of a row of `payable_mappings`."""
    code: str
    name: str
    about: str = ""
    """What tells it from others of the same name."""
    obstacle: str | None = None
    """What is wrong with it, as a predicate: `is blocked at Exact`."""

    def __str__(self) -> str:
        return " · ".join(part for part in (self.code, self.name) if part)


def find_choices(connection: Connection, division: int, kind: MappingKind, wanted: str = "") -> list[Choice]:
    """Return what can be mapped to and has every wanted word in its code, name or description; at most `MOST`."""
    if kind not in _THINGS:
        return []
    wanted = wanted.replace("\0", "").strip()
    rows = connection.execute(
        text(f"""
        SELECT * FROM ({_THINGS[kind]}) AS thing
        WHERE obstacle IS NULL AND concat_ws(' ', code, name, about) ILIKE ALL (CAST(:patterns AS text[]))
        ORDER BY lower(code) = lower(:wanted) DESC, code, value LIMIT :most
        """),
        {"division": division, "patterns": _patterns(wanted), "wanted": wanted, "most": MOST},
    ).mappings()
    return [Choice(**row) for row in rows]


def read_choices(
    connection: Connection, division: int, kind: MappingKind, targets: Iterable[str]
) -> Table[str, Choice]:
    """Return what these targets are, as far as they exist in the company."""
    if kind not in _THINGS:
        return {}
    rows = connection.execute(
        text(f"SELECT * FROM ({_THINGS[kind]}) AS thing WHERE value = ANY (:targets)"),
        {"division": division, "targets": sorted(targets)},
    ).mappings()
    return {row["value"]: Choice(**row) for row in rows}


def _patterns(wanted: str) -> list[str]:
    """Return a pattern for each word, in which nothing of it means anything else."""
    words = wanted.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_").split()
    return [f"%{word}%" for word in words]


_JOURNALS: Final = """
SELECT code AS value, code, coalesce(description, '') AS name, '' AS about,
       CASE WHEN is_blocked THEN 'is blocked at Exact'
            WHEN type NOT IN (22, 23) THEN 'is no purchase journal' END AS obstacle
FROM exact_online.journals WHERE division = :division AND _deleted_at IS NULL AND code IS NOT NULL
"""
_ACCOUNTS: Final = """
SELECT DISTINCT ON (code) code AS value, code, coalesce(description, '') AS name, '' AS about,
       CASE WHEN is_blocked THEN 'is blocked at Exact' END AS obstacle
FROM exact_online.gl_accounts WHERE division = :division AND _deleted_at IS NULL AND code IS NOT NULL
ORDER BY code, is_blocked  -- of two with one code, the one that takes entries counts
"""
_VAT_CODES: Final = """
SELECT code AS value, code, coalesce(description, '') AS name, '' AS about,
       CASE WHEN is_blocked THEN 'is blocked at Exact'
            WHEN vat_transaction_type = 'S' THEN 'is for sales only' END AS obstacle
FROM exact_online.vat_codes WHERE division = :division AND _deleted_at IS NULL AND code IS NOT NULL
"""
_SUPPLIERS: Final = """
SELECT CAST(id AS text) AS value, coalesce(code, '') AS code, coalesce(name, '') AS name,
       concat_ws(', ', nullif(city, ''), nullif(vat_number, '')) AS about,
       CASE WHEN is_blocked THEN 'is blocked at Exact' END AS obstacle
FROM exact_online.suppliers WHERE division = :division AND _deleted_at IS NULL
"""
_THINGS: Final = {
    MappingKind.JOURNAL: _JOURNALS,
    MappingKind.ACCOUNT: _ACCOUNTS,
    MappingKind.SUPPLIER_ACCOUNT: _ACCOUNTS,
    MappingKind.VAT_CODE: _VAT_CODES,
    MappingKind.SUPPLIER: _SUPPLIERS,
    MappingKind.EMPLOYEE: _SUPPLIERS,
}
