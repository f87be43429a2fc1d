"""Who may look and who may act, page by page.

Whoever may see the DAG behind a page may look, whoever may edit it may act: a finance administrator need not administer
Airflow. That is `exact_online_sync` for Accounting setup and Sync health, and `exact_online_export` for Exports. The
apps and their secrets are Airflow connections, and stay with those who may edit connections.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagDetails
from airflow.api_fastapi.core_api.security import bearer_scheme, get_user
from airflow.models.dag import DagModel
from fastapi import Depends, HTTPException, Request, status

from exactsync_airflow.accounting_setup.links import EXPORT_DAG_ID, SYNC_DAG_ID

if TYPE_CHECKING:
    from typing import Literal


@dataclass(frozen=True, slots=True)
class Rights:
    """What the rights on one DAG allow on the pages that it is behind."""

    dag_id: str

    def may_look(self, user: BaseUser) -> bool:
        """Tell whether a user may see the DAG."""
        return self._is_authorised(user, "GET")

    def may_act(self, user: BaseUser) -> bool:
        """Tell whether a user may edit the DAG."""
        return self._is_authorised(user, "PUT")

    def look(self, user: Annotated[BaseUser, Depends(get_user)]) -> BaseUser:
        """Return the user, who may look; 401 for nobody, 403 for anybody else."""
        if not self.may_look(user):
            raise HTTPException(status.HTTP_403_FORBIDDEN, f"You may not see the DAG {self.dag_id}.")
        return user

    def act(self, user: Annotated[BaseUser, Depends(get_user)]) -> BaseUser:
        """Return the user, who may act; 401 for nobody, 403 for anybody else."""
        if not self.may_act(user):
            raise HTTPException(status.HTTP_403_FORBIDDEN, f"You may not edit the DAG {self.dag_id}.")
        return user

    def _is_authorised(self, user: BaseUser, method: Literal["GET", "PUT"]) -> bool:
        details = DagDetails(id=self.dag_id, team_name=DagModel.get_team_name(self.dag_id))
        return bool(get_auth_manager().is_authorized_dag(method=method, details=details, user=user))


SYNC: Final = Rights(SYNC_DAG_ID)
EXPORT: Final = Rights(EXPORT_DAG_ID)


def may_edit_apps(user: BaseUser) -> bool:
    """Tell whether a user may edit Airflow connections, and with them the apps and their secrets."""
    return bool(get_auth_manager().is_authorized_connection(method="PUT", user=user))


async def visitor(request: Request) -> BaseUser | None:
    """Return whoever is logged in, or None: for a page that says itself what to do about that."""
    try:
        return await get_user(request, bearer_credentials=await bearer_scheme(request))
    except HTTPException:
        return None


Looking = Annotated[BaseUser, Depends(SYNC.look)]
Acting = Annotated[BaseUser, Depends(SYNC.act)]
Visitor = Annotated[BaseUser | None, Depends(visitor)]
