"""The company behind a Spendesk account: what its payables are made of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

from exactsync.simulator.vocabulary import FAMILY_NAMES

if TYPE_CHECKING:
    from datetime import date

    from exactsync.simulator.simulator import Simulator

_COSTS = frozenset({120, 121, 125})
"""Types of GL accounts: other costs, general expenses, employee costs."""
_TAKES_COST_CENTERS = frozenset({0, 1})
_OLDEST_PAYABLE = timedelta(days=365)
_VAT_TYPES = frozenset("EI")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendeskSupplier:
    """A supplier as Spendesk knows it."""

    id: UUID
    name: str
    vat_number: str | None
    iban: str | None
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Employee:
    """A member of the company."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VatAccount:
    """A VAT account: a code and a rate as a fraction."""

    code: str
    rate: float
    is_charged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendeskCompany:
    """What an accountant has set up at Spendesk."""

    currency: str
    expense_accounts: tuple[tuple[str, str], ...]
    """Code and name."""
    vat_accounts: tuple[VatAccount, ...]
    cost_centers: tuple[str, ...]
    """By name: that is how Spendesk matches them."""
    suppliers: tuple[SpendeskSupplier, ...]
    employees: tuple[Employee, ...]


def company_of(exact: Simulator, division: int, *, seed: int = 1, suppliers: int = 40) -> SpendeskCompany:
    """Return a company that does its books in a division of a simulated Exact Online: payables of it can be booked."""
    random = Random(f"{seed} company {division}")  # noqa: S311 - reproducible, not secret
    long_ago = exact.clock.utc().date() - _OLDEST_PAYABLE
    relations = [
        one
        for one in exact.truth(division, "Accounts")
        if one["IsSupplier"] and not one["Blocked"] and _is_named(one) and _is_active_since(one, long_ago)
    ]
    ibans = {one["Account"]: one["BankAccount"] for one in exact.truth(division, "BankAccounts") if not one["Blocked"]}
    accounts = exact.truth(division, "GLAccounts")
    codes = Counter(one["Code"] for one in accounts)
    ended = {
        one["Code"] for axis in ("Costcenters", "Costunits") for one in exact.truth(division, axis) if one["EndDate"]
    }
    names = [one["Name"].casefold().strip() for one in relations]
    alone = [one for one in relations if names.count(one["Name"].casefold().strip()) == 1]
    return SpendeskCompany(
        currency="EUR",
        expense_accounts=tuple(
            (one["Code"], one["Description"] or "")
            for one in accounts
            if one["Type"] in _COSTS
            and not one["IsBlocked"]
            and one["UseCostcenter"] in _TAKES_COST_CENTERS
            and not {one["Costcenter"], one["Costunit"]} & ended
            and codes[one["Code"]] == 1
        ),
        vat_accounts=tuple(
            VatAccount(code=one["Code"], rate=one["Percentage"], is_charged=bool(one["Charged"]))
            for one in exact.truth(division, "VATCodes")
            if one["Type"] in _VAT_TYPES and one["VATTransactionType"] in {"B", "P"} and not one["IsBlocked"]
        ),
        cost_centers=_living(exact.truth(division, "Costcenters")),
        suppliers=tuple(
            SpendeskSupplier(
                id=UUID(int=random.getrandbits(128), version=4),
                name=one["Name"],
                vat_number=one["VATNumber"],
                iban=ibans.get(one["ID"]),
                country=one["Country"] or "NL",
            )
            for one in random.sample(alone, min(suppliers, len(alone)))
        ),
        employees=tuple(
            Employee(id=UUID(int=random.getrandbits(128), version=4), name=f"Robin {name}")
            for name in random.sample(sorted(set(FAMILY_NAMES)), 8)
        ),
    )


def _is_named(relation: dict[str, object]) -> bool:
    return bool(str(relation["Name"] or "").strip())


def _is_active_since(relation: dict[str, Any], day: date) -> bool:
    return relation["EndDate"] is None and (relation["StartDate"] is None or relation["StartDate"] <= day)


def _living(records: list[dict[str, object]]) -> tuple[str, ...]:
    """Return the names of those that are in use and that nobody takes for another one."""
    codes = Counter(one["Code"] for one in records)
    names = [str(one["Description"] or "") for one in records if one["EndDate"] is None and codes[one["Code"]] == 1]
    return tuple(name for name in names if name and names.count(name) == 1)
