"""The analytical axes a person may activate, and how to see in Exact Online which of them are in use there."""

from __future__ import annotations

from typing import Final

from exactsync.entities import entities
from exactsync.entity import Axis
from exactsync_airflow.accounting_setup import payloads

# Spendesk's guide to this connection checks the axes there ("Financial > Analysis & Results").
_WHERE: Final = {
    Axis.COST_CENTERS: "Exact Online: Financial > Analysis & Results > Cost centres.",
    Axis.COST_UNITS: "Exact Online: Financial > Analysis & Results > Cost units.",
    Axis.PROJECTS: "Exact Online: Projects > Projects.",
}


def describe_axes() -> list[payloads.Axis]:
    """Return every axis that there is an entity for."""
    return [
        payloads.Axis(name=entity.axis, label=entity.label, where=_WHERE[entity.axis])
        for entity in entities().values()
        if entity.axis
    ]
