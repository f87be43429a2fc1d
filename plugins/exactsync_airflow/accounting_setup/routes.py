"""The page's API: each route names who may use it, asks the library, and answers with what has become of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Request

from exactsync.lifecycle import Action, actions
from exactsync.setup import Setup
from exactsync.warehouse.integrations import IntegrationInfo
from exactsync_airflow.accounting_setup import installation, payloads
from exactsync_airflow.accounting_setup.apps import find_region, read_apps
from exactsync_airflow.accounting_setup.axes import describe_axes
from exactsync_airflow.accounting_setup.describe import (
    describe_app,
    describe_base,
    describe_company,
    describe_connection,
    describe_journal,
    describe_progress,
    describe_schedule,
)
from exactsync_airflow.accounting_setup.links import APPS_URL, callback_uri
from exactsync_airflow.accounting_setup.origin import refuse_foreign_page, require_own_page
from exactsync_airflow.accounting_setup.permissions import SYNC, Acting, Looking, may_edit_apps
from exactsync_airflow.accounting_setup.refusals import NotPossibleError, UnknownConnectionError
from exactsync_airflow.accounting_setup.schedule import find_run, read_schedule, start_run, start_run_if_due

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser

reading = APIRouter(prefix="/api", dependencies=[Depends(refuse_foreign_page)])
changing = APIRouter(prefix="/api", dependencies=[Depends(require_own_page)])


def find_setup() -> Setup:
    """Return the library's face; errors say what the installation lacks."""
    return installation.deployment().setup


SetupDep = Annotated[Setup, Depends(find_setup)]


def find_integration(name: str, setup: SetupDep) -> IntegrationInfo:
    """Return the integration that the path names."""
    found = {info.name: info for info in setup.integrations()}
    if name not in found:
        raise UnknownConnectionError(f"There is no connection {name}.", remedy="Reload the page.")
    return found[name]


Named = Annotated[IntegrationInfo, Depends(find_integration)]


@reading.get("/overview")
def read_overview(request: Request, user: Looking, setup: SetupDep) -> payloads.Overview:
    """Return all that the page begins with."""
    return _overview(request, user, setup)


@changing.post("/base")
def switch_base(request: Request, chosen: payloads.BaseChosen, user: Acting, setup: SetupDep) -> payloads.Overview:
    """Choose the accounting base."""
    setup.switch_base(chosen.base, actor=user.get_name())
    return _overview(request, user, setup)


@changing.post("/connections")
def create_connection(new: payloads.NewConnection, user: Acting, setup: SetupDep) -> payloads.Connection:
    """Set a connection up; it awaits its consent."""
    info = setup.create(new.name, connection_id=new.connection_id, axes=new.axes, actor=user.get_name())
    return _connection(info)


@changing.post("/connections/{name}/authorise")
def authorise(user: Acting, info: Named, setup: SetupDep) -> payloads.ConsentAddress:
    """Return where to consent at Exact, once and within ten minutes."""
    return payloads.ConsentAddress(url=setup.consent_url(info.name, actor=user.get_name()))


@reading.get("/connections/{name}/companies")
def read_companies(user: Acting, info: Named, setup: SetupDep, *, reload: bool = False) -> payloads.Companies:
    """Return the companies to choose from; reloading asks Exact."""
    companies = setup.companies(info.name, reload=reload)
    return payloads.Companies(companies=[describe_company(company) for company in companies])


@changing.put("/connections/{name}/companies")
def choose_companies(
    chosen: payloads.CompaniesChosen, user: Acting, info: Named, setup: SetupDep
) -> payloads.Connection:
    """Choose the companies, and start to pull them."""
    _require(Action.CHOOSE_COMPANIES, info)
    info = setup.choose_companies(info.name, chosen.divisions, actor=user.get_name())
    start_run_if_due(setup, info, user_name=user.get_name())
    return _connection(info)


@changing.put("/connections/{name}/axes")
def choose_axes(chosen: payloads.AxesChosen, user: Acting, info: Named, setup: SetupDep) -> payloads.Connection:
    """Choose the active analytical axes."""
    _require(Action.CHOOSE_AXES, info)
    return _connection(setup.choose_axes(info.name, chosen.axes, actor=user.get_name()))


@changing.post("/connections/{name}/pause")
def pause(user: Acting, info: Named, setup: SetupDep) -> payloads.Connection:
    """Let a connection rest."""
    _require(Action.PAUSE, info)
    return _connection(setup.pause(info.name, actor=user.get_name()))


@changing.post("/connections/{name}/resume")
def resume(user: Acting, info: Named, setup: SetupDep) -> payloads.Connection:
    """Let a connection go on, and start a sync."""
    _require(Action.RESUME, info)
    info = setup.resume(info.name, actor=user.get_name())
    start_run_if_due(setup, info, user_name=user.get_name())
    return _connection(info)


@changing.post("/connections/{name}/disconnect")
def disconnect(user: Acting, info: Named, setup: SetupDep) -> payloads.Connection:
    """Destroy a connection's tokens, and keep its data."""
    _require(Action.DISCONNECT, info)
    return _connection(setup.disconnect(info.name, actor=user.get_name()))


@changing.post("/connections/{name}/remove")
def remove(request: Request, user: Acting, info: Named, setup: SetupDep) -> payloads.Overview:
    """Take a connection that is not connected off the list, and keep its data and its history."""
    _require(Action.REMOVE, info)
    setup.remove(info.name, actor=user.get_name())
    return _overview(request, user, setup)


@changing.post("/connections/{name}/sync")
def sync(user: Acting, info: Named, setup: SetupDep) -> payloads.Connection:
    """Start a sync."""
    _require(Action.SYNC, info)
    setup.require_exact_online()
    start_run(info.name, user_name=user.get_name())
    return _connection(info)


@reading.get("/connections/{name}/progress")
def read_progress(user: Looking, info: Named, setup: SetupDep) -> payloads.Progress:
    """Return how far a connection's sync has come."""
    return describe_progress(info.state, find_run(info.name), setup.progress(info.name))


@reading.get("/connections/{name}")
def read_connection(user: Looking, info: Named, setup: SetupDep) -> payloads.ConnectionDetail:
    """Return a connection with its history."""
    journal = describe_journal(setup.journal(info.name))
    return payloads.ConnectionDetail(**_connection(info).model_dump(), journal=journal)


def _require(action: Action, info: IntegrationInfo) -> None:
    possible = actions(info.state)
    if action not in possible:
        names = ", ".join(each.replace("_", " ") for each in possible)
        raise NotPossibleError(
            f"{info.name} is {info.state.label.lower()} by now.",
            remedy=f"Possible now: {names}." if names else "Have its app configured first.",
        )


def _overview(request: Request, user: BaseUser, setup: Setup) -> payloads.Overview:
    known = setup.integrations()
    callback = callback_uri(request)
    apps = read_apps({info.connection_id for info in known}, callback_uri=callback)
    regions = {app.connection_id: app.region for app in apps}
    schedule = read_schedule()
    return payloads.Overview(
        user=payloads.Person(name=user.get_name(), may_act=SYNC.may_act(user), may_edit_apps=may_edit_apps(user)),
        now=datetime.now(UTC),
        base=describe_base(setup.bases()),
        apps=[describe_app(app, callback_uri=callback) for app in apps],
        apps_url=APPS_URL,
        axes=describe_axes(),
        dag=describe_schedule(schedule),
        connections=[
            describe_connection(info, region=regions[info.connection_id], next_run_at=schedule.next_run_at)
            for info in known
        ],
    )


def _connection(info: IntegrationInfo) -> payloads.Connection:
    region = find_region(info.connection_id)
    return describe_connection(info, region=region, next_run_at=read_schedule().next_run_at)
