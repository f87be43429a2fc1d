"""The installation that environment variables describe: for the command line, and wherever Airflow is not at hand.

EXACTSYNC_WAREHOUSE_URL (or AIRFLOW_CONN_WAREHOUSE_DEFAULT), EXACTSYNC_STATE_URL, EXACTSYNC_TOKEN_KEYS,
EXACTSYNC_INSTANCE_ID, EXACTSYNC_DELETION_SHARE, EXACTSYNC_FIRST_LOAD, EXACTSYNC_EXPORT_SETTLE_S,
EXACTSYNC_JOURNALS_URL, and AIRFLOW_CONN_<ID> for each app and each Spendesk account.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from exactsync.credentials import app_from_connection
from exactsync.deployment import Deployment
from exactsync.errors import ConfigurationError
from exactsync.payables.files.place import read_address
from exactsync.payables.patience import read_patience
from exactsync.spendesk.account import account_from_connection
from exactsync.warehouse.guard import DELETION_SHARE, read_share
from exactsync.warehouse.instance import INSTANCE_ID

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_deployment(environ: Mapping[str, str], *, patience_s: float = 0.0) -> Deployment:
    """Return the deployment that the variables describe.

    Raises:
        ConfigurationError: a variable is missing or cannot be read; says which, and never what it holds.
    """

    def find(connection_id: str) -> str:
        variable = f"AIRFLOW_CONN_{connection_id.upper()}"
        if variable not in environ:
            raise ConfigurationError(
                f"Connection {connection_id} is not known here.", remedy=f"Set {variable} (JSON or URI)."
            )
        return environ[variable]

    return Deployment(
        warehouse_url=_warehouse_url(environ),
        state_url=environ.get("EXACTSYNC_STATE_URL") or None,
        token_keys=environ.get("EXACTSYNC_TOKEN_KEYS", "").split(","),
        instance_id=environ.get(INSTANCE_ID) or None,
        find_app=lambda connection_id: app_from_connection(connection_id, find(connection_id)),
        find_account=lambda connection_id: account_from_connection(connection_id, find(connection_id)),
        patience_s=patience_s,
        deletion_share=read_share(environ.get(DELETION_SHARE)),
        plan_first_load=plans_first_load(environ),
        export_patience=read_patience(environ),
        journals_url=read_address(environ),
    )


def plans_first_load(environ: Mapping[str, str]) -> bool:
    """Tell whether EXACTSYNC_FIRST_LOAD lets first loads be planned, see `first_load`; by default the feed is read.

    Raises:
        ConfigurationError: it is neither `feed` nor `planned`.
    """
    choice = environ.get("EXACTSYNC_FIRST_LOAD") or "feed"
    if choice not in ("feed", "planned"):
        raise ConfigurationError(
            f"EXACTSYNC_FIRST_LOAD is {choice!r}.", remedy="Set it to `feed` or `planned`, or leave it out."
        )
    return choice == "planned"


def _warehouse_url(environ: Mapping[str, str]) -> str:
    given = environ.get("EXACTSYNC_WAREHOUSE_URL") or environ.get("AIRFLOW_CONN_WAREHOUSE_DEFAULT") or ""
    if not given:
        raise ConfigurationError(
            "EXACTSYNC_WAREHOUSE_URL is not set.", remedy="Set it to postgresql://user:password@host:port/database."
        )
    return _url_of_json(given) if given.lstrip().startswith("{") else given


def _url_of_json(value: str) -> str:
    """Turn Airflow's JSON form of a `postgres` connection into a URL; its extra holds libpq parameters."""
    try:
        fields = json.loads(value)
        extra = fields.get("extra") or {}
        extra = json.loads(extra) if isinstance(extra, str) else extra
        login, password = (quote(str(fields.get(name) or ""), safe="") for name in ("login", "password"))
        host = f"{fields.get('host') or ''}:{int(fields.get('port') or 5432)}"
        query = f"?{urlencode(extra)}" if extra else ""
        return f"postgresql://{login}:{password}@{host}/{quote(fields.get('schema') or '', safe='')}{query}"
    except (ValueError, AttributeError, TypeError):
        raise ConfigurationError(
            "AIRFLOW_CONN_WAREHOUSE_DEFAULT cannot be read.", remedy="Give it as JSON or as an Airflow URI."
        ) from None
