"""The page's API about payables: sources, how they are mapped, and what they can be mapped to."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from exactsync.payables.mapping import MappingKind
from exactsync.payables.mapping import Source as SourceSetup
from exactsync.payables.setting_up import ConfiguredSource, SettingUp
from exactsync.payables.sources import SourceInfo
from exactsync_airflow.accounting_setup import installation
from exactsync_airflow.accounting_setup.origin import refuse_foreign_page, require_own_page
from exactsync_airflow.accounting_setup.payables import payloads
from exactsync_airflow.accounting_setup.payables.describe import describe_choices, describe_mapped, describe_source
from exactsync_airflow.accounting_setup.permissions import Acting, Looking  # noqa: TC001 (FastAPI reads them)
from exactsync_airflow.accounting_setup.refusals import UnknownConnectionError

reading = APIRouter(prefix="/api/payables", dependencies=[Depends(refuse_foreign_page)])
changing = APIRouter(prefix="/api/payables", dependencies=[Depends(require_own_page)])

Wanted = Annotated[str, Query(max_length=200)]


def find_setting_up() -> SettingUp:
    """Return the library's face; errors say what the installation lacks."""
    return installation.deployment().payables


SettingUpDep = Annotated[SettingUp, Depends(find_setting_up)]


def find_source(name: str, setting_up: SettingUpDep) -> ConfiguredSource:
    """Return the source that the path names."""
    for configured in setting_up.sources():
        if configured.info.source.name == name:
            return configured
    raise UnknownConnectionError(f"There is no source of payables {name}.", remedy="Reload the page.")


Named = Annotated[ConfiguredSource, Depends(find_source)]


@reading.get("")
def read_sources(user: Looking, setting_up: SettingUpDep) -> payloads.Sources:
    """Return every source of payables."""
    return payloads.Sources(sources=[describe_source(configured) for configured in setting_up.sources()])


@changing.put("/{name}")
def save_source(
    name: str, settings: payloads.SourceSettings, user: Acting, setting_up: SettingUpDep
) -> payloads.Source:
    """Set a source up, or change how it is set up."""
    source = SourceSetup(
        name=name,
        division=settings.division,
        creates_suppliers=settings.creates_suppliers,
        requires_receipt=settings.requires_receipt,
        start_date=settings.start_date,
        entry_currency=settings.entry_currency,
    )
    info = SourceInfo(source=source, kind=settings.kind, integration=settings.integration)
    setting_up.save_source(info, actor=user.get_name())
    return describe_source(find_source(name, setting_up))


@reading.get("/{name}/mapping")
def read_mapping(user: Looking, source: Named, setting_up: SettingUpDep, wanted: Wanted = "") -> payloads.Mapped:
    """Return how a source is mapped, as far as it has the wanted words in it."""
    return _mapped(source, setting_up, wanted)


@changing.put("/{name}/mapping")
def change_mapping(
    change: payloads.MappingSet, user: Acting, source: Named, setting_up: SettingUpDep, wanted: Wanted = ""
) -> payloads.Mapped:
    """Map something, or forget what it is mapped to."""
    name = source.info.source.name
    if change.target is None:
        setting_up.unset_mapping(name, change.kind, change.key, actor=user.get_name())
    else:
        setting_up.set_mapping(name, change.kind, change.key, change.target, actor=user.get_name())
    return _mapped(source, setting_up, wanted)


@reading.get("/{name}/choices")
def read_choices(
    user: Acting, source: Named, setting_up: SettingUpDep, kind: MappingKind, wanted: Wanted = ""
) -> payloads.Choices:
    """Return what can be mapped to in the source's company."""
    return describe_choices(setting_up.choices(source.info.source.name, kind, wanted))


def _mapped(source: ConfiguredSource, setting_up: SettingUp, wanted: str) -> payloads.Mapped:
    name = source.info.source.name
    return describe_mapped(source, setting_up.mapped(name, wanted), setting_up.changes(name))
