"""exactsync, as the operator's task does it: fetch, parse, normalise, COPY, merge with history, publish.

    python -m tests.bench.contestants.ours SERVER DATABASE

The declaration of suppliers is cut down to the 30 columns of the contest; nothing else differs from a real run.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace

from exactsync.entities import suppliers
from exactsync.environment import read_deployment
from exactsync.load import DivisionRef, Run
from tests.bench.contestants.question import PROPERTIES

REF = DivisionRef(integration="exact_online_default", division=1000001, name="", country="NL")


def main(_server: str, database: str) -> None:
    """Load what changed since the last time."""
    kept = tuple(column for column in suppliers.ENTITY.columns if column.source in PROPERTIES)
    suppliers.ENTITY = replace(suppliers.ENTITY, columns=kept)
    deployment = read_deployment(os.environ | {"EXACTSYNC_WAREHOUSE_URL": database})
    deployment.sync(REF, "suppliers", mode="incremental", run=Run(run_id="bench", holder="bench"))


if __name__ == "__main__":
    main(*sys.argv[1:])
