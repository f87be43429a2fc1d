"""What a person sets up once, so that payables of the simulated Spendesk are booked in the simulated Exact Online."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from exactsync.environment import read_deployment
from exactsync.payable import Kind
from exactsync.payables.mapping import MappingKind, Source
from exactsync.payables.sources import SourceInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exactsync.demo.simulated_exact import SimulatedExact

SPENDESK_CONNECTION_ID: Final = "spendesk_default"
COMPANY: Final = 1000001
_PURCHASES: Final = 22
_RECEIVED_RETURNS: Final = 23
_JOURNALS: Final = {Kind.CREDIT_NOTE: _RECEIVED_RETURNS}
"""Types of journals at Exact."""
_ACTOR: Final = "demo"


def set_up_payables(
    environment: Mapping[str, str],
    exact: SimulatedExact,
    *,
    integration: str,
    name: str = SPENDESK_CONNECTION_ID,
    kind: Literal["spendesk", "files"] = "spendesk",
) -> None:
    """Say where the payables of a source go, and what they are called there."""
    deployment = read_deployment(environment)
    try:
        setting_up = deployment.payables
        source = Source(name=name, division=COMPANY)
        setting_up.save_source(SourceInfo(source=source, kind=kind, integration=integration), actor=_ACTOR)
        for what, key, target in _mappings(exact):
            setting_up.set_mapping(name, what, key, target, actor=_ACTOR)
    finally:
        deployment.close()


def _mappings(exact: SimulatedExact) -> list[tuple[MappingKind, str, str]]:
    journals = {one["Type"]: one["Code"] for one in exact.records(COMPANY, "Journals") if not one["IsBlocked"]}
    staff = next(one["ID"] for one in exact.records(COMPANY, "Accounts") if _is_active_supplier(one))
    codes = [one for one in exact.records(COMPANY, "VATCodes") if not one["IsBlocked"]]
    without_vat = next(one["Code"] for one in codes if one["Type"] == "N")
    return [
        *((MappingKind.JOURNAL, kind, journals[_JOURNALS.get(kind, _PURCHASES)]) for kind in Kind),
        (MappingKind.AXIS, "Cost center", "cost_centers"),
        (MappingKind.EMPLOYEE, "", staff),
        (MappingKind.VAT_CODE, "", without_vat),
        *((MappingKind.VAT_CODE, one["Code"], one["Code"]) for one in codes),
    ]


def _is_active_supplier(relation: dict[str, Any]) -> bool:
    is_dated = relation["StartDate"] is not None or relation["EndDate"] is not None
    return bool(relation["IsSupplier"] and not relation["Blocked"] and not is_dated)
