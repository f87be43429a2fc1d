"""Whom a payable is owed to, at Exact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exactsync.payables.mapping import GENERIC, How, MappingKind, Relation
from exactsync.payables.preflight.header import SETUP

if TYPE_CHECKING:
    from uuid import UUID

    from exactsync.payable import Counterparty
    from exactsync.payables.matching import Found, Supplier
    from exactsync.payables.preflight.findings import Case

Owed = tuple["UUID | None", "Relation | None", "dict[str, Any] | None"]
"""The relation, the match that is to be kept, the relation that is to be created."""


def find_relation(case: Case) -> Owed:
    """Return the relation that the payable is owed to."""
    if case.payable.counterparty.kind == "employee":
        return _find_employee(case), None, None
    return _find_supplier(case)


def _find_employee(case: Case) -> UUID | None:
    """Employees are suppliers at Exact, and only a person says which."""
    who, employees = case.payable.counterparty, case.mapping.employees
    for key in (who.id, GENERIC):
        if key in employees:
            _check_known(case, employees[key], f"Employee {who.name}", is_new=False)
            return employees[key]
        if row := case.mapping.wrong_row(MappingKind.EMPLOYEE, key):
            case.find("employee_unmapped", row.message, f"Mend it {SETUP}.")
            return None
    message = f"Employee {who.name} has no supplier at Exact."
    remedy = f"Choose one for the employee, or one for all employees, {SETUP}."
    case.find("employee_unmapped", message, remedy)
    return None


def _find_supplier(case: Case) -> Owed:
    """A match that was made stays; else the supplier is looked for, and created only if the source says so."""
    who = case.payable.counterparty
    if kept := case.mapping.suppliers.get(who.id):
        _check_known(case, kept.id, f"Supplier {who.name}", is_new=kept.how is How.CREATED)
        return kept.id, None, None
    if row := case.mapping.wrong_row(MappingKind.SUPPLIER, who.id):
        case.find("supplier_unmapped", row.message, f"Mend it {SETUP}.")
        return None, None, None
    found = case.books.suppliers.find(who, case.payable.entry_date)
    if found.match and found.how:
        _check_usable(case, found.match)
        return found.match.id, Relation(id=found.match.id, how=found.how), None
    if found.suppliers or found.others:
        _find_doubtful(case, found)
        return None, None, None
    if generic := case.mapping.suppliers.get(GENERIC):
        _check_known(case, generic.id, "The supplier of all others", is_new=False)
        return generic.id, None, None
    if case.mapping.source.creates_suppliers:
        return None, None, new_supplier(who)
    message = f"Supplier {who.name} is not at Exact: none has its VAT number, IBAN or name."
    remedy = f"Choose its supplier, or one for all others, {SETUP}, or create it at Exact."
    case.find_unmapped("supplier_unmapped", MappingKind.SUPPLIER, GENERIC, message, remedy)
    return None, None, None


def _find_doubtful(case: Case, found: Found) -> None:
    who, remedy = case.payable.counterparty, f"Choose its supplier {SETUP}"
    if found.suppliers and found.how:
        named = _listed(found.suppliers)
        message = f"Supplier {who.name} may be any of {len(found.suppliers)} of the same {found.how.label}: {named}."
        case.find("supplier_ambiguous", message, f"{remedy}.")
    else:
        message = f"Supplier {who.name} is like {_listed(found.others)}, which has another VAT number at Exact."
        case.find("supplier_ambiguous", message, f"{remedy}, or correct the VAT number.")


def _check_known(case: Case, relation: UUID, whose: str, *, is_new: bool) -> None:
    """A relation that a row names is at Exact; one that we have just created may not be in the warehouse yet."""
    supplier = case.books.suppliers.get(relation)
    if supplier:
        _check_usable(case, supplier)
    elif relation in case.books.deleted_suppliers:
        message = f"{whose} was matched with a supplier that has been deleted at Exact ({relation})."
        case.find("supplier_deleted", message, f"Choose another one {SETUP}.")
    elif not is_new:
        message = f"{whose} is mapped to {relation}, which is no supplier at Exact."
        case.find(
            "supplier_unknown", message, f"Choose another one {SETUP}, or mark the relation as supplier at Exact."
        )


def _check_usable(case: Case, supplier: Supplier) -> None:
    day = case.payable.entry_date
    case.names[supplier.id] = str(supplier)
    if supplier.is_blocked:
        remedy = f"Unblock it at Exact, or choose another one {SETUP}."
        case.find("supplier_blocked", f"Supplier {supplier} is blocked at Exact.", remedy)
    if not supplier.is_active(day):
        message = f"Supplier {supplier} is not active at Exact on {day}."
        case.find("supplier_inactive", message, f"Change its dates at Exact, or choose another one {SETUP}.")


def new_supplier(who: Counterparty) -> dict[str, Any]:
    """Return the body of POST crm/Accounts that creates a supplier; what is not known is left out."""
    body = {"Name": who.name.strip(), "IsSupplier": True, "VATNumber": who.vat_number, "Country": who.country}
    return {name: value for name, value in body.items() if value}


def _listed(suppliers: tuple[Supplier, ...], most: int = 5) -> str:
    named = [str(supplier) for supplier in suppliers[:most]]
    more = len(suppliers) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")
