"""A company as its bookkeeper knows it: what is at Exact, and what its Spendesk account calls it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Literal
from uuid import UUID

from exactsync.simulator.spendesk.company import Employee, SpendeskCompany, SpendeskSupplier

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.e2e.conftest import Exact

JOURNALS: Final = {"invoice": "60", "card": "61", "expense_claim": "62", "credit_note": "65"}
"""By kind of payable: two that every company has, and two that the bookkeeper has made for it."""
COST_CENTER: Final = "Cost center"
_PURCHASES: Final = 22
_COSTS: Final = frozenset({120, 121, 125})
_NOT_USED: Final = 2
_SUPPLIERS: Final = 24
_EMPLOYEES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A G/L account; it has the same code at Spendesk."""

    id: str
    code: str
    takes_cost_centers: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VatAccount:
    """A VAT account, which has the code that its VAT code has at Exact."""

    code: str
    rate: Fraction
    is_charged: bool
    """To the company itself: reverse charge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who is owed: as Spendesk knows it, and the relation at Exact that it must be found to be, if any."""

    id: UUID
    name: str
    relation: str | None = None
    vat_number: str | None = None
    iban: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedIn:
    """One source of payables and the company that they are booked in.

    Attributes:
        source: The id of its connection.
        division: The company.
        entry_currency: Whether entries are made in euros, or in the currency of the payment.
        closed: A day of a period that is closed in every journal.
        blocked: An account that is blocked, and known to be.
        blocked_later: An account that is blocked after the last sync.
        ended: The name of a cost centre that has ended.
        stranger, barred, double, unmapped: A supplier who is not at Exact, one who is blocked there, one who shares a
            name with another company, and an employee whom nobody has mapped.
    """

    source: str
    division: int
    entry_currency: Literal["functional", "payment"]
    accounts: tuple[Account, ...]
    vat_accounts: tuple[VatAccount, ...]
    without_vat: str
    cost_centers: dict[str, str]
    """Name → code."""
    suppliers: tuple[Party, ...]
    employees: tuple[Party, ...]
    closed: date
    blocked: Account
    blocked_later: Account
    ended: str
    stranger: Party
    barred: Party
    double: Party
    unmapped: Party

    @property
    def spendesk(self) -> SpendeskCompany:
        """What its Spendesk account knows."""
        known = (*self.suppliers, self.stranger, self.barred, self.double)
        return SpendeskCompany(
            currency="EUR",
            expense_accounts=(),
            vat_accounts=(),
            cost_centers=(),
            suppliers=tuple(
                SpendeskSupplier(id=one.id, name=one.name, vat_number=one.vat_number, iban=one.iban, country="NL")
                for one in known
            ),
            employees=tuple(Employee(id=one.id, name=one.name) for one in (*self.employees, self.unmapped)),
        )


def furnish(exact: Exact, division: int, *, closed: date) -> None:
    """Do what the bookkeeper does at Exact before the first payable comes."""
    places = [{"kind": "insert", "division": division, "entity_set": "Journals", "values": one} for one in _JOURNALS]
    ended = {"Code": "ENDED", "Description": "Afdeling van vroeger", "EndDate": str(closed)}
    places.append({"kind": "insert", "division": division, "entity_set": "Costcenters", "values": ended})
    exact.change("changes", changes=places)
    rates = [
        {"kind": "update", "division": division, "entity_set": "Journals", "key": one["ID"], "values": _RATES}
        for one in exact.records(division, "Journals")
        if one["Code"].strip() in JOURNALS.values()
    ]
    exact.change("changes", changes=rates)
    for journal in JOURNALS.values():
        exact.change("periods", division=division, journal=journal, year=closed.year, period=closed.month, closed=True)


def meet(
    exact: Exact,
    division: int,
    random: Random,
    *,
    source: str,
    entry_currency: Literal["functional", "payment"],
    closed: date,
) -> BookedIn:
    """Return a furnished company with what can be booked in it, and some of what cannot."""
    records: dict[str, list[dict[str, Any]]] = {
        name: exact.records(division, name)
        for name in ("GLAccounts", "VATCodes", "Costcenters", "Costunits", "Accounts", "BankAccounts")
    }
    usable, blocked = _accounts(records)
    vat_codes = [one for one in records["VATCodes"] if not one["IsBlocked"]]
    suppliers = random.sample(_suppliers(records, closed), _SUPPLIERS + _EMPLOYEES)
    relations = [one for one in records["Accounts"] if one["IsSupplier"]]
    barred = _first(relations, lambda one: one["Blocked"] and one["VATNumber"])
    double = _first(suppliers, lambda one: one["VATNumber"])
    staff = suppliers[-_EMPLOYEES:]
    return BookedIn(
        source=source,
        division=division,
        entry_currency=entry_currency,
        accounts=usable[1:],
        vat_accounts=tuple(
            VatAccount(code=one["Code"].strip(), rate=Fraction(str(one["Percentage"])), is_charged=bool(one["Charged"]))
            for one in vat_codes
            if one["Type"] in {"E", "I"} and one["VATTransactionType"] in {"B", "P"}
        ),
        without_vat=_first(vat_codes, lambda one: one["Type"] == "N")["Code"].strip(),
        cost_centers=_cost_centers(records["Costcenters"]),
        suppliers=tuple(_known(one, records, random) for one in suppliers[:-_EMPLOYEES]),
        employees=tuple(Party(id=_id(random), name=f"Robin {one['Name']}", relation=one["ID"]) for one in staff),
        closed=closed,
        blocked=blocked,
        blocked_later=usable[0],
        ended="Afdeling van vroeger",
        stranger=Party(id=_id(random), name="Niemand hier B.V."),
        barred=Party(id=_id(random), name=barred["Name"], vat_number=barred["VATNumber"]),
        double=Party(id=_id(random), name=double["Name"], vat_number="NL999999999B99"),
        unmapped=Party(id=_id(random), name="Kim Nieuw"),
    )


def _accounts(records: dict[str, list[dict[str, Any]]]) -> tuple[tuple[Account, ...], Account]:
    """Return the cost accounts that can be booked on, and one that is blocked."""
    ended = {one["Code"] for axis in ("Costcenters", "Costunits") for one in records[axis] if one["EndDate"]}
    codes = Counter(one["Code"].strip() for one in records["GLAccounts"])
    costs = [one for one in records["GLAccounts"] if one["Type"] in _COSTS and codes[one["Code"].strip()] == 1]
    usable = [one for one in costs if not one["IsBlocked"] and not {one["Costcenter"], one["Costunit"]} & ended]
    return tuple(map(_account, usable)), _account(_first(costs, lambda one: one["IsBlocked"]))


def _account(record: dict[str, Any]) -> Account:
    return Account(
        id=record["ID"], code=record["Code"].strip(), takes_cost_centers=record["UseCostcenter"] != _NOT_USED
    )


def _cost_centers(records: list[dict[str, Any]]) -> dict[str, str]:
    """Return those in use whose name nobody takes for another one."""
    names = Counter(one["Description"] for one in records)
    codes = Counter(one["Code"] for one in records)
    return {
        one["Description"]: one["Code"].strip()
        for one in records
        if not one["EndDate"] and one["Description"] and names[one["Description"]] == codes[one["Code"]] == 1
    }


def _suppliers(records: dict[str, list[dict[str, Any]]], since: date) -> list[dict[str, Any]]:
    """Return suppliers, active since a day, whom nobody takes for another one by name or by number."""
    everybody = records["Accounts"]
    names = Counter((one["Name"] or "").casefold().strip() for one in everybody)
    numbers = Counter(one["VATNumber"] for one in everybody)
    return [
        one
        for one in everybody
        if one["IsSupplier"]
        and not (one["Blocked"] or one["EndDate"])
        and (one["StartDate"] or "") <= str(since)
        and names[(one["Name"] or "").casefold().strip()] == 1
        and (one["VATNumber"] is None or numbers[one["VATNumber"]] == 1)
    ]


def _known(record: dict[str, Any], records: dict[str, list[dict[str, Any]]], random: Random) -> Party:
    """Return a supplier as Spendesk may know it: by VAT number, by IBAN, or by nothing but its name."""
    accounts = Counter(one["BankAccount"] for one in records["BankAccounts"])
    ibans = [
        one["BankAccount"]
        for one in records["BankAccounts"]
        if one["Account"] == record["ID"] and not one["Blocked"] and accounts[one["BankAccount"]] == 1
    ]
    known: dict[str, Any] = {"id": _id(random), "relation": record["ID"]}
    if record["VATNumber"] and random.random() < 0.5:
        return Party(**known, name=f"{record['Name']} (oude naam)", vat_number=record["VATNumber"])
    if ibans:
        return Party(**known, name=f"Handelsnaam van {record['Code'].strip()}", iban=ibans[0])
    return Party(**known, name=record["Name"].strip().upper())


def _first(records: Any, is_wanted: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    return next(one for one in records if is_wanted(one))


def _id(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128), version=4)


def long_closed(today: date) -> date:
    """Return the first day of a month that lies months back."""
    return (today - timedelta(days=150)).replace(day=1)


_RATES: Final = {"AllowVariableCurrency": True, "AllowVariableExchangeRate": True}
_JOURNALS: Final = tuple(
    {"Code": JOURNALS[kind], "Description": name, "Type": _PURCHASES, "Currency": "EUR", "IsBlocked": False, **_RATES}
    for kind, name in (("card", "Creditcards"), ("expense_claim", "Declaraties"))
)
