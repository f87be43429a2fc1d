"""How Spendesk writes a payable: the published v0 shape, and the v1 shape that clients of it report."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Sequence

_INSIDE = frozenset({"attachments", "updatedAt"})
"""What an answer does not hold; receipts are asked for separately."""


def write_v0(payable: dict[str, Any]) -> dict[str, Any]:
    """Write a payable as the v0 OpenAPI has it: lines without a description, analytical values of all of them."""
    written: dict[str, Any] = _plain({name: value for name, value in payable.items() if name not in _INSIDE})
    for line in written["lineItems"]:
        del line["description"]
        for name in ("analyticalProperties", "splits"):
            line.pop(name, None)
    for name in ("vatNumber", "iban"):
        written["counterparty"].pop(name, None)
    return written | {"links": []}


def write_v1(payable: dict[str, Any]) -> dict[str, Any]:
    """Write a payable as clients of v1 see it: analytical values on the line (its own, if split), allocations flat."""
    written: dict[str, Any] = _plain({name: value for name, value in payable.items() if name not in _INSIDE})
    values = written.pop("analyticalProperties")
    for line in written["lineItems"]:
        line["costCenterName"] = written["costCenterName"]
        own = [
            {
                "fieldName": one["fieldName"],
                "valueName": one["valueName"],
                "functionalAmount": one.get("functionalAmount"),
            }
            for one in line.get("analyticalProperties", ())
        ]
        parts = line.pop("splits", ())
        line["analyticalProperties"] = own or [value for one in values for value in _parts(one, parts)]
    written["allocations"] = [
        {"allocatedAmount": one["allocatedAmount"], "settlementId": one["settlement"]["id"]}
        for one in written["allocations"]
    ]
    for name in ("vatNumber", "iban"):
        written["counterparty"].pop(name, None)
    return written


def _parts(value: dict[str, Any], parts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return an analytical value as it stands on a line: alone, or with those that share the line with it."""
    return [
        {
            "fieldName": value["fieldName"],
            "valueName": part["valueName"] or value["valueName"],
            "functionalAmount": part["functionalAmount"],
        }
        for part in parts or [{"valueName": None, "functionalAmount": None}]
    ]


def plain(record: dict[str, Any]) -> dict[str, Any]:
    """Write any other record: ids and moments as text."""
    written: dict[str, Any] = _plain(record)
    return written


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {name: _plain(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case datetime():
            return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case UUID() | date():
            return str(value)
        case _:
            return value
