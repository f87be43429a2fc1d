"""The deployment that this api-server process works with: made at the first request, kept for all the others."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from exactsync_airflow.deployment import airflow_deployment, warehouse_url

if TYPE_CHECKING:
    from exactsync.deployment import Deployment

_lock = Lock()
_kept: tuple[str, Deployment] | None = None


def deployment() -> Deployment:
    """Return the deployment; a new one only if the warehouse's connection has changed.

    It owns pools of database connections: one for each request would be many too many. It is kept once its databases
    were found to answer and to be migrated.

    Raises:
        ConfigurationError: a connection or a token key is missing or unusable, or a database is not migrated.
        DatabaseUnavailableError: a database does not answer.
    """
    url = warehouse_url()
    kept = _kept
    if kept is not None and kept[0] == url:
        return kept[1]
    made = airflow_deployment()
    try:
        made.check()
    except Exception:
        made.close()
        raise
    return _keep(url, made)


def close() -> None:
    """Let go of the databases; whoever asks again gets a new deployment."""
    _replace(None)


def _keep(url: str, made: Deployment) -> Deployment:
    """Keep a deployment in place of an earlier one, unless another request was faster."""
    with _lock:
        faster = _kept[1] if _kept is not None and _kept[0] == url else None
        if faster is None:
            _replace((url, made))
    if faster is not None:
        made.close()
    return faster or made


def _replace(new: tuple[str, Deployment] | None) -> None:
    global _kept  # each worker process of the api-server has its own
    old, _kept = _kept, new
    if old is not None:
        old[1].close()
