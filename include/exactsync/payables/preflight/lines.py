"""What the lines of a payable name: accounts, VAT codes, analytical values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from exactsync.entity import Axis
from exactsync.money import smallest
from exactsync.payable import Share
from exactsync.payables.entry import EXCLUDING, INCLUDING, LineBooking, ShareBooking
from exactsync.payables.mapping import GENERIC, MappingKind
from exactsync.payables.preflight.amounts import AT_SOURCE
from exactsync.payables.preflight.header import SETUP

if TYPE_CHECKING:
    from decimal import Decimal

    from exactsync.payable import Line
    from exactsync.payables.books import Account, AxisValue, VatCode
    from exactsync.payables.preflight.findings import Case

MANDATORY: Final = 1
UNUSED: Final = 2
_FEW: Final = 5
"""Smallest coins that an invoice's own rounding may explain."""
_KNOWN_TYPES: Final = {EXCLUDING, INCLUDING, "B", "N"}
_WHOLE: Final = (Share(amount=None, values={}),)
_NOUNS: Final = {Axis.COST_CENTERS: "Cost centre", Axis.COST_UNITS: "Cost unit", Axis.PROJECTS: "Project"}


def find_line(case: Case, line: Line) -> LineBooking | None:
    """Return what a line is called at Exact."""
    account = _find_account(case, line)
    vat_code = _find_vat_code(case, line, account)
    if vat_code:
        _check_vat(case, line, vat_code)
    _check_accrual(case, line)
    shares = tuple(_find_share(case, line, share, account) for share in line.shares or _WHOLE)
    if account is None:
        return None
    case.names[account.id] = str(account)
    return LineBooking(account=account.id, vat_code=vat_code, shares=shares)


def check_accounts(case: Case, line: Line) -> None:
    """A line has an expense account, and a VAT account where it has VAT: all that a file needs."""
    _find_code(case, line)
    if line.vat and not (line.vat_account_code or "").strip():
        _find_no_vat_account(case, line)


def _find_code(case: Case, line: Line) -> str | None:
    code = _account_code(case, (line.account_code or "").strip())
    if code is None:
        message = f"Line {line.ordinal} has no expense account, and there is no default one."
        remedy = f"Choose one at the source, or a default one for {case.payable.counterparty.name} or for all {SETUP}."
        case.find("account_unmapped", message, remedy)
    return code


def _find_no_vat_account(case: Case, line: Line) -> None:
    message = f"Line {line.ordinal} has VAT, {line.vat} {case.payable.currency}, but no VAT account."
    case.find("vat_account_missing", message, "Choose the VAT account at the source.")


def _find_account(case: Case, line: Line) -> Account | None:
    own, code = (line.account_code or "").strip(), _find_code(case, line)
    if code is None:
        return None
    account = case.books.accounts.get(code)
    if code and account is None:
        mapped_from = f", mapped for {f'expense account {own}' if own else 'lines without one'}," if own != code else ""
        message = f"G/L account {code}{mapped_from} does not exist at Exact."
        case.find("account_unmapped", message, f"Map it to another one {SETUP}, or create it at Exact.")
    elif account and account.is_blocked:
        remedy = f"Unblock it at Exact, or map it to another one {SETUP}."
        case.find("account_blocked", f"G/L account {account} is blocked at Exact.", remedy)
    return account


def _account_code(case: Case, own: str) -> str | None:
    """Return the code of the G/L account; None: nothing says which; empty: a row that is wrong does, and is found."""
    mapping, who = case.mapping, case.payable.counterparty
    of_line = ((MappingKind.ACCOUNT, own, mapping.accounts),)
    of_others = (
        (MappingKind.SUPPLIER_ACCOUNT, who.id, mapping.supplier_accounts),
        (MappingKind.ACCOUNT, GENERIC, mapping.accounts),
    )
    for kind, key, mapped in of_line if own else of_others:
        if key in mapped:
            return mapped[key]
        if row := mapping.wrong_row(kind, key):
            case.find("account_unmapped", row.message, f"Mend it {SETUP}.")
            return ""
    return own or None


def _find_vat_code(case: Case, line: Line, account: Account | None) -> VatCode | None:
    own = (line.vat_account_code or "").strip()
    code = case.mapping.vat_codes.get(own)
    if code is None:
        _find_no_vat_code(case, line, own, account)
        return None
    vat_code = case.books.vat_codes.get(code)
    if vat_code is None:
        mapped_from = f"VAT account {own}" if own else "lines without one"
        message = f"VAT code {code}, mapped for {mapped_from}, does not exist at Exact."
        case.find("vat_code_unknown", message, f"Choose another one {SETUP}.")
    elif vat_code.is_blocked:
        remedy = f"Unblock it at Exact, or map the VAT account to another one {SETUP}."
        case.find("vat_code_blocked", f"VAT code {vat_code} is blocked at Exact.", remedy)
    elif vat_code.is_for_sales_only or vat_code.type not in _KNOWN_TYPES:
        message = f"VAT code {vat_code} is not for purchases."
        case.find("vat_code_unusable", message, f"Map the VAT account to another one {SETUP}.")
    elif vat_code.is_reverse_charge and vat_code.type == INCLUDING:
        message = f"VAT code {vat_code} is for reverse charge, but its amounts include VAT, which nobody has charged."
        case.find("vat_code_unusable", message, f"Map the VAT account to one whose amounts exclude VAT {SETUP}.")
    return vat_code


def _find_no_vat_code(case: Case, line: Line, own: str, account: Account | None) -> None:
    """Without a code a line may go only if Exact adds none of its own: it takes the account's default."""
    if own or case.mapping.wrong_row(MappingKind.VAT_CODE, own):
        message, remedy = f"VAT account {own} is not mapped to a VAT code.", f"Map it {SETUP}."
        case.find_unmapped("vat_code_unmapped", MappingKind.VAT_CODE, own, message, remedy)
    elif line.vat:
        _find_no_vat_account(case, line)
    elif account and account.vat_code:
        message = (
            f"Line {line.ordinal} has no VAT account, and Exact would add the VAT of code {account.vat_code}, "
            f"the default of G/L account {account}."
        )
        remedy = f"Choose the VAT account at the source, or the VAT code of lines without one {SETUP}."
        case.find("vat_code_unmapped", message, remedy)


def _check_vat(case: Case, line: Line, code: VatCode) -> None:
    """The VAT that was invoiced can be booked with the code."""
    currency = case.payable.currency
    if line.vat and (code.is_reverse_charge or code.type not in {EXCLUDING, INCLUDING}):
        why = "which is for reverse charge" if code.is_reverse_charge else "which has no VAT"
        message = f"Line {line.ordinal} has VAT, {line.vat} {currency}, but VAT code {code}, {why}."
        case.find("vat_does_not_fit", message, f"Correct the line at the source, or map its VAT account {SETUP}.")
    elif not line.vat and _charges(code, line, currency):
        message = f"Line {line.ordinal} has no VAT, but VAT code {code}, which charges {_percent(code.percentage)}."
        remedy = f"Choose a VAT account without VAT at the source, or map this one {SETUP}."
        case.find("vat_does_not_fit", message, remedy)
    elif _has_another_rate(code, line, currency):
        message = (
            f"Line {line.ordinal} has VAT of {_percent(line.vat_rate)}, {line.vat} {currency}, but VAT code {code}, "
            f"which is of {_percent(code.percentage)}."
        )
        case.find("vat_rate_differs", message, f"Map its VAT account to a code of that rate {SETUP}.")


def _has_another_rate(code: VatCode, line: Line, currency: str) -> bool:
    """Whether the source's rate is another than the code's, and the VAT on the invoice says that the source is right.

    A few cents say nothing: invoices round as they like.
    """
    theirs, ours = line.vat_rate, code.percentage
    if not line.vat or theirs is None or ours is None or code.is_blocked or theirs == ours:
        return False
    by_theirs, by_ours = abs(line.vat - line.net * theirs), abs(line.vat - line.net * ours)
    return by_theirs < by_ours and by_ours > _FEW * smallest(currency)


def _charges(code: VatCode, line: Line, currency: str) -> bool:
    """Whether Exact would compute VAT of its own: that it takes a VAT amount of nothing instead is not certain."""
    is_charged = code.type in {EXCLUDING, INCLUDING} and not code.is_reverse_charge
    return is_charged and abs(line.net * (code.percentage or 0)) >= smallest(currency)


def _percent(rate: Decimal | None) -> str:
    return f"{(rate or 0) * 100:f}".rstrip("0").rstrip(".") + " %"


def _check_accrual(case: Case, line: Line) -> None:
    """A cost that belongs to a range of days has both its ends, in order."""
    first, last = line.from_date, line.to_date
    if (first is None) != (last is None) or (first and last and last < first):
        message = f"Line {line.ordinal} belongs to the days from {first or '?'} to {last or '?'}, which is no range."
        case.find("accrual_incomplete", message, AT_SOURCE)


def _find_share(case: Case, line: Line, share: Share, account: Account | None) -> ShareBooking:
    """Return where a share goes: its analytical values as Exact's cost centre, cost unit and project."""
    found: dict[Axis, AxisValue | None] = {}
    for field, named in share.values.items():
        axis = _find_axis(case, field)
        if axis is None or not named.strip() or _use(account, axis).is_unused:
            continue
        value, before = _find_value(case, axis, named), found.get(axis)
        if value and before and value != before:
            message = f"Line {line.ordinal} has two values of {_NOUNS[axis].lower()}: {before} and {value}."
            case.find("axis_ambiguous", message, f"Map one of its analytical fields to ignore {SETUP}.")
        found[axis] = before or value
    project = found.get(Axis.PROJECTS)
    if project:
        case.names[project.id] = str(project)
    return ShareBooking(
        amount=share.amount,
        cost_center=_code(case, line, Axis.COST_CENTERS, found, account),
        cost_unit=_code(case, line, Axis.COST_UNITS, found, account),
        project=project.id if project else None,
    )


class _Use(NamedTuple):
    """Whether lines of an account name a value of an axis, and which it has by default."""

    is_unused: bool = False
    is_mandatory: bool = False
    default: str | None = None


def _use(account: Account | None, axis: Axis) -> _Use:
    if account is None or axis is Axis.PROJECTS:
        return _Use()
    if axis is Axis.COST_CENTERS:
        return _Use(account.use_cost_center == UNUSED, account.use_cost_center == MANDATORY, account.cost_center)
    return _Use(account.use_cost_unit == UNUSED, account.use_cost_unit == MANDATORY, account.cost_unit)


def _find_axis(case: Case, field: str) -> Axis | None:
    field = field.strip()
    if field not in case.mapping.axes:
        message = f"Analytical field {field} is mapped to nothing."
        remedy = f"Map it to an axis of Exact, or to ignore, {SETUP}."
        case.find_unmapped("axis_unmapped", MappingKind.AXIS, field, message, remedy)
    return case.mapping.axes.get(field)


def _find_value(case: Case, axis: Axis, named: str) -> AxisValue | None:
    day, noun = case.payable.entry_date, _NOUNS[axis]
    found = case.books.axes[axis].find(named, day)
    if not found:
        message = f"{noun} {named} does not exist at Exact: none has this very code or name."
        case.find("axis_value_unknown", message, "Create it at Exact, or choose another one at the source.")
        return None
    if len(found) > 1:
        codes = ", ".join(sorted(value.code for value in found))
        message = f"{noun} {named} may be any of {len(found)} of that name: {codes}."
        case.find("axis_value_ambiguous", message, "Name it by its code at the source, or rename the others at Exact.")
        return None
    (value,) = found
    if not value.is_active(day):
        message = f"{noun} {value} is not active at Exact on {day}."
        case.find("axis_value_inactive", message, "Choose another one at the source, or change its dates at Exact.")
    return value


def _check_default(case: Case, axis: Axis, code: str, account: Account | None) -> None:
    """Exact takes an account's default for a line that names nothing: it must not have ended."""
    day, noun = case.payable.entry_date, _NOUNS[axis]
    for value in case.books.axes[axis].find(code, day):
        if not value.is_active(day):
            message = f"{noun} {value}, the default of G/L account {account}, is not active at Exact on {day}."
            case.find("axis_value_inactive", message, "Choose another one at the source, or another default at Exact.")


def _code(
    case: Case, line: Line, axis: Axis, found: dict[Axis, AxisValue | None], account: Account | None
) -> str | None:
    """Return the code for the line: the account's default where it must have one and none was named."""
    if axis in found:
        value = found[axis]
        return value.code if value else None
    use, noun = _use(account, axis), _NOUNS[axis].lower()
    if use.default and not use.is_unused:
        _check_default(case, axis, use.default, account)
    if use.is_mandatory and use.default is None:
        message = f"Line {line.ordinal} has no {noun}, which G/L account {account} requires."
        case.find("axis_value_missing", message, f"Choose the {noun} at the source.")
    return use.default if use.is_mandatory else None
