"""A worker process of its own: asks for tokens, or makes calls, as told on standard input; tells what it got."""

from __future__ import annotations

import json
import sys
import time

from exactsync.credentials import App, Secret
from exactsync.exact.client import ExactClient
from exactsync.exact.grant import AccessTokens
from exactsync.exact.odata import after_timestamp, query
from exactsync.warehouse.engine import create_engine
from exactsync.warehouse.ledger import PostgresLedger
from exactsync.warehouse.tokens import PostgresTokenStore


def main() -> None:
    order = json.load(sys.stdin)
    app = App(**{**order["app"], "client_secret": Secret(order["app"]["client_secret"])})
    engine = create_engine(order["database"])
    tokens = AccessTokens(app, order["grant_id"], PostgresTokenStore(engine, [order["key"]]))
    ledger = PostgresLedger(engine, minute_s=order.get("minute_s", 60.0))
    if "seconds" in order:
        result = take_tokens(tokens, order["seconds"])
    else:
        with ExactClient(app, tokens, ledger, patience_s=60.0) as client:
            result = make_calls(client, order)
    json.dump(result, sys.stdout)


def take_tokens(tokens: AccessTokens, seconds: float) -> dict[str, object]:
    """Ask for a token again and again; count the different ones."""
    seen = set()
    asked = 0
    end_at = time.monotonic() + seconds
    while time.monotonic() < end_at:
        seen.add(tokens.access_token())
        asked += 1
        time.sleep(0.005)
    return {"asked": asked, "different": len(seen)}


def make_calls(client: ExactClient, order: dict) -> dict[str, object]:
    """Read one endpoint a number of times; tell when each call was answered."""
    times = []
    endpoint = order["endpoint"]
    params = query(select=["ID"], filter_=after_timestamp(None) if endpoint.startswith("sync/") else None)
    for _ in range(order["calls"]):
        client.get(endpoint, division=order["division"], params=params)
        times.append(time.time())
    return {"times": times, "calls": client.calls}


main()
