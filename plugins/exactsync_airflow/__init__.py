"""The Airflow face of exactsync: Airflow's connections, tasks and states on one side, one library call on the other."""

from __future__ import annotations

from exactsync_airflow.provider import get_provider_info

__all__ = ["get_provider_info"]
