"""What the warehouse knows of one company: the accounts, codes, journals, axes and suppliers that entries may name.

Read once for an export, and as it was at one moment; only what is live at Exact.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from exactsync.entity import Axis
from exactsync.payables.matching import Supplier, Suppliers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Mapping as Table
    from datetime import date
    from decimal import Decimal
    from uuid import UUID

    from sqlalchemy import Connection, Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Something at Exact that people know by a code and a name."""

    code: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.code} ({self.name})" if self.name else self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Named):
    """A G/L account."""

    id: UUID
    is_blocked: bool = False
    vat_code: str | None = None
    """What Exact takes for a line that names none."""
    cost_center: str | None = None
    """The code of the cost centre it has by default."""
    cost_unit: str | None = None
    use_cost_center: int = 0
    """0 optional, 1 mandatory, 2 no."""
    use_cost_unit: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VatCode(Named):
    """A VAT code."""

    type: str
    """What its amounts are: E excluding VAT, I including VAT, B 0 % (only base), N no VAT."""
    percentage: Decimal | None = None
    """As a fraction: 0.21."""
    is_blocked: bool = False
    is_reverse_charge: bool = False
    is_for_sales_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal(Named):
    """A journal."""

    type: int
    """22 purchase, 23 received return invoices, others are not for purchases."""
    is_blocked: bool = False
    currency: str | None = None
    allows_other_currencies: bool | None = None
    allows_rates: bool | None = None
    """Whether an entry may have a rate of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisValue(Named):
    """A cost centre, a cost unit or a project."""

    id: UUID
    start_date: date | None = None
    end_date: date | None = None
    is_blocked: bool = False

    def is_active(self, day: date) -> bool:
        """Whether it may be booked on that day."""
        has_begun = self.start_date is None or self.start_date <= day
        return has_begun and (self.end_date is None or day <= self.end_date) and not self.is_blocked


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A financial period."""

    year: int
    number: int
    start_date: date
    end_date: date

    def __str__(self) -> str:
        return f"{self.number} of {self.year}"


class AxisValues:
    """The values of one axis, found by exact code, else by exact name; never by what is merely like them."""

    def __init__(self, values: Iterable[AxisValue] = ()) -> None:
        self._by_code: dict[str, AxisValue] = {}
        self._by_name: dict[str, list[AxisValue]] = defaultdict(list)
        for value in values:
            self._by_code[value.code] = value
            self._by_name[value.name.strip()].append(value)

    def find(self, wanted: str, day: date) -> tuple[AxisValue, ...]:
        """Return what goes by that code or name; of several of one name, those that are active on the day."""
        if found := self._by_code.get(wanted.strip()):
            return (found,)
        named = self._by_name.get(wanted.strip(), [])
        return tuple(value for value in named if value.is_active(day)) or tuple(named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What entries of one company may name."""

    division: int
    currency: str | None = None
    """The company's own; None: the warehouse does not know the company."""
    accounts: Table[str, Account] = field(default_factory=dict)
    """By code, as all that follows."""
    vat_codes: Table[str, VatCode] = field(default_factory=dict)
    journals: Table[str, Journal] = field(default_factory=dict)
    axes: Table[Axis, AxisValues] = field(default_factory=lambda: {axis: AxisValues() for axis in Axis})
    suppliers: Suppliers = field(default_factory=Suppliers)
    deleted_suppliers: frozenset[UUID] = frozenset()
    periods: tuple[Period, ...] = ()
    closed_periods: frozenset[tuple[str, int, int]] = frozenset()
    """(journal, year, period): not in the warehouse, see `payables.periods`."""
    payment_conditions: frozenset[str] = frozenset()


def read_books(engine: Engine, division: int) -> Books:
    """Return what the warehouse knows of a company now."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        read = _Reader(connection, division)
        return Books(
            division=division,
            currency=connection.scalar(text(_CURRENCY), {"division": division}),
            accounts={row["code"]: Account(**row) for row in read(_ACCOUNTS)},
            vat_codes={row["code"]: VatCode(**row) for row in read(_VAT_CODES)},
            journals={row["code"]: Journal(**row) for row in read(_JOURNALS)},
            axes={axis: AxisValues(AxisValue(**row) for row in read(query)) for axis, query in _AXES.items()},
            suppliers=_suppliers(read),
            deleted_suppliers=frozenset(row["id"] for row in read(_DELETED_SUPPLIERS)),
            periods=tuple(Period(**row) for row in read(_PERIODS)),
            payment_conditions=frozenset(row["code"] for row in read(_PAYMENT_CONDITIONS)),
        )


def _suppliers(read: _Reader) -> Suppliers:
    ibans: dict[UUID, list[str]] = defaultdict(list)
    for row in read(_BANK_ACCOUNTS):
        ibans[row["account_id"]].append(row["bank_account"])
    return Suppliers(Supplier(**row, ibans=tuple(ibans.get(row["id"], ()))) for row in read(_SUPPLIERS))


class _Reader:
    """Reads rows of one division."""

    def __init__(self, connection: Connection, division: int) -> None:
        self._connection = connection
        self._division = division

    def __call__(self, query: str) -> list[dict[str, Any]]:
        rows = self._connection.execute(text(query), {"division": self._division}).mappings()
        return [dict(row) for row in rows]


_CURRENCY: Final = "SELECT currency FROM exact_online.divisions WHERE division = :division AND _deleted_at IS NULL"
_ACCOUNTS: Final = """
SELECT id, code, coalesce(description, '') AS name, coalesce(is_blocked, false) AS is_blocked,
       nullif(vat_code, '') AS vat_code, nullif(cost_center_code, '') AS cost_center,
       nullif(cost_unit_code, '') AS cost_unit, coalesce(use_cost_center, 0) AS use_cost_center,
       coalesce(use_cost_unit, 0) AS use_cost_unit
FROM exact_online.gl_accounts WHERE division = :division AND _deleted_at IS NULL AND code IS NOT NULL
ORDER BY is_blocked DESC  -- of two with one code, the one that takes entries counts
"""
_VAT_CODES: Final = """
SELECT code, coalesce(description, '') AS name, coalesce(type, '') AS type, percentage,
       coalesce(is_blocked, false) AS is_blocked, coalesce(is_charged, false) AS is_reverse_charge,
       coalesce(vat_transaction_type, '') = 'S' AS is_for_sales_only
FROM exact_online.vat_codes WHERE division = :division AND _deleted_at IS NULL AND code IS NOT NULL
"""
_JOURNALS: Final = """
SELECT code, coalesce(description, '') AS name, coalesce(type, 0) AS type, coalesce(is_blocked, false) AS is_blocked,
       nullif(currency, '') AS currency, is_variable_currency_allowed AS allows_other_currencies,
       is_variable_exchange_rate_allowed AS allows_rates
FROM exact_online.journals WHERE division = :division AND _deleted_at IS NULL AND code IS NOT NULL
"""
_AXES: Final = {
    Axis.COST_CENTERS: """
SELECT id, code, coalesce(description, '') AS name, end_date
FROM exact_online.cost_centers WHERE division = :division AND _deleted_at IS NULL AND code IS NOT NULL
""",
    Axis.COST_UNITS: """
SELECT id, code, coalesce(description, '') AS name, end_date
FROM exact_online.cost_units WHERE division = :division AND _deleted_at IS NULL AND code IS NOT NULL
""",
    Axis.PROJECTS: """
SELECT id, code, coalesce(description, '') AS name, start_date, end_date,
       coalesce(is_purchasing_blocked, false) AS is_blocked
FROM exact_online.projects WHERE division = :division AND _deleted_at IS NULL AND code IS NOT NULL
""",
}
_SUPPLIERS: Final = """
SELECT id, coalesce(code, '') AS code, coalesce(name, '') AS name, vat_number, country,
       coalesce(is_blocked, false) AS is_blocked, start_date, end_date
FROM exact_online.suppliers WHERE division = :division AND _deleted_at IS NULL
ORDER BY code, id
"""
_BANK_ACCOUNTS: Final = """
SELECT account_id, bank_account FROM exact_online.supplier_bank_accounts
WHERE division = :division AND _deleted_at IS NULL AND account_id IS NOT NULL AND bank_account IS NOT NULL
"""
_DELETED_SUPPLIERS: Final = """
SELECT id FROM exact_online.suppliers WHERE division = :division AND _deleted_at IS NOT NULL
"""
_PERIODS: Final = """
SELECT fin_year AS year, fin_period AS number, start_date, end_date
FROM exact_online.financial_periods
WHERE division = :division AND _deleted_at IS NULL AND start_date IS NOT NULL AND end_date IS NOT NULL
ORDER BY fin_year, fin_period
"""
_PAYMENT_CONDITIONS: Final = """
SELECT code FROM exact_online.payment_conditions WHERE division = :division AND _deleted_at IS NULL
AND code IS NOT NULL
"""
