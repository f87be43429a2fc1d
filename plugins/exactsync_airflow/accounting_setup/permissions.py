"""Who may look and who may act.

Whoever may see the DAG `exact_online_sync` may look, whoever may edit it may act: a finance administrator need not
administer Airflow. The apps and their secrets are Airflow connections, and stay with those who may edit connections.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagDetails
from airflow.api_fastapi.core_api.security import bearer_scheme, get_user
from airflow.models.dag import DagModel
from fastapi import Depends, HTTPException, Request, status

from exactsync_airflow.accounting_setup.links import SYNC_DAG_ID

if TYPE_CHECKING:
    from typing import Literal


def may_look(user: BaseUser) -> bool:
    """Tell whether a user may see the DAG."""
    return _is_authorised(user, "GET")


def may_act(user: BaseUser) -> bool:
    """Tell whether a user may edit the DAG."""
    return _is_authorised(user, "PUT")


def may_edit_apps(user: BaseUser) -> bool:
    """Tell whether a user may edit Airflow connections, and with them the apps and their secrets."""
    return bool(get_auth_manager().is_authorized_connection(method="PUT", user=user))


def _is_authorised(user: BaseUser, method: Literal["GET", "PUT"]) -> bool:
    details = DagDetails(id=SYNC_DAG_ID, team_name=DagModel.get_team_name(SYNC_DAG_ID))
    return bool(get_auth_manager().is_authorized_dag(method=method, details=details, user=user))


def look(user: Annotated[BaseUser, Depends(get_user)]) -> BaseUser:
    """Return the user, who may look; 401 for nobody, 403 for anybody else."""
    if not may_look(user):
        raise HTTPException(status.HTTP_403_FORBIDDEN, f"You may not see the DAG {SYNC_DAG_ID}.")
    return user


def act(user: Annotated[BaseUser, Depends(get_user)]) -> BaseUser:
    """Return the user, who may act; 401 for nobody, 403 for anybody else."""
    if not may_act(user):
        raise HTTPException(status.HTTP_403_FORBIDDEN, f"You may not edit the DAG {SYNC_DAG_ID}.")
    return user


async def visitor(request: Request) -> BaseUser | None:
    """Return whoever is logged in, or None: for a page that says itself what to do about that."""
    try:
        return await get_user(request, bearer_credentials=await bearer_scheme(request))
    except HTTPException:
        return None


Looking = Annotated[BaseUser, Depends(look)]
Acting = Annotated[BaseUser, Depends(act)]
Visitor = Annotated[BaseUser | None, Depends(visitor)]
