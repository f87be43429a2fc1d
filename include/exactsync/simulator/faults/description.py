"""Faults as JSON, for those who plant them from another process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exactsync.simulator.faults.kinds import FAULTS
from exactsync.simulator.faults.planting import EVERYWHERE, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exactsync.simulator.faults.planting import PlantedFault

_FIELDS = frozenset({"name", "parameters", "endpoint", "division", "occurrences", "every", "pages_only", "writes_only"})


def fault_from_json(description: Mapping[str, Any]) -> Fault:
    """Return the fault that is described: `name`, and where needed `parameters` and what `Fault` has.

    Raises:
        KeyError: there is no fault of this name.
        TypeError: it has no such parameter.
        ValueError: a field is unknown or makes no sense.
    """
    if unknown := description.keys() - _FIELDS:
        raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
    occurrences = description.get("occurrences")
    return Fault(
        action=FAULTS[description["name"]](**description.get("parameters", {})),
        endpoint=description.get("endpoint", EVERYWHERE),
        division=description.get("division"),
        occurrences=None if occurrences is None else frozenset(int(number) for number in occurrences),
        every=description.get("every"),
        pages_only=bool(description.get("pages_only", False)),
        writes_only=bool(description.get("writes_only", False)),
    )


def planted_as_json(planted: PlantedFault) -> dict[str, Any]:
    """Return what is planted, and how many calls it met and struck."""
    fault = planted.fault
    return {
        "id": planted.id,
        "name": fault.name,
        "parameters": {name: _plain(value) for name, value in fault.parameters.items()},
        "endpoint": fault.endpoint,
        "division": fault.division,
        "occurrences": None if fault.occurrences is None else sorted(fault.occurrences),
        "every": fault.every,
        "pages_only": fault.pages_only,
        "writes_only": fault.writes_only,
        "seen": planted.seen,
        "struck": planted.struck,
    }


def library_as_json() -> list[dict[str, Any]]:
    """Return every fault there is: name, what it does, parameters with defaults, source and way out."""
    return [
        {
            "name": kind.name,
            "does": (kind.__doc__ or "").partition("\n")[0],
            "parameters": kind.parameters,
            "source": kind.source,
            "way_out": {phase.value: way.value for phase, way in kind.way_out.items()},
            "is_lasting": kind.is_lasting,
            "pages_only": kind.pages_only,
        }
        for kind in FAULTS.values()
    ]


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (bool, int, float, str, dict)) else str(value)
