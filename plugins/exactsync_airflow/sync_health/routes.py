"""The page's one question, for whoever may look."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from exactsync_airflow.accounting_setup import installation
from exactsync_airflow.accounting_setup.describe import describe_base, describe_schedule
from exactsync_airflow.accounting_setup.origin import refuse_foreign_page
from exactsync_airflow.accounting_setup.permissions import SYNC
from exactsync_airflow.accounting_setup.schedule import read_schedule
from exactsync_airflow.sync_health import payloads
from exactsync_airflow.sync_health.describe import describe_health

router = APIRouter(prefix="/api", dependencies=[Depends(refuse_foreign_page)])


@router.get("/sync-health", dependencies=[Depends(SYNC.look)], response_model=payloads.SyncHealth)
def read_sync_health() -> payloads.SyncHealth:
    """Return how everything stands."""
    deployment = installation.deployment()
    base = describe_base(deployment.setup.bases())
    return describe_health(deployment.sync_health(), base=base, dag=describe_schedule(read_schedule()))
