"""dlt: its rest_api source, merged into PostgreSQL by upsert.

    python -m tests.bench.contestants.dlt_upsert SERVER DATABASE [default]

Without `default` it runs as fast as its pages *Optimizing dlt* and *Postgres* say: files of CSV, which are COPYed,
instead of INSERT statements; larger buffers; a normaliser for each core; no column to trace rows by.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dlt
from dlt.sources.rest_api import rest_api_source

from tests.bench.contestants.question import SELECT

STATE = Path("var/bench/dlt")


def without_metadata(record: dict[str, Any]) -> dict[str, Any]:
    """Drop what is no property, as every reader of OData does."""
    del record["__metadata"]
    return record


def tune() -> None:
    """Set what the manual advises for speed."""
    os.environ |= {
        "DATA_WRITER__BUFFER_MAX_ITEMS": "50000",
        "NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS": "50000",
        "EXTRACT__DATA_WRITER__FILE_MAX_ITEMS": "50000",
        "NORMALIZE__WORKERS": "2",
        "SCHEMA__NAMING": "sql_ci_v1",
    }


def main(server: str, database: str, setting: str = "fastest") -> None:
    """Load what changed since the last time."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    if setting == "fastest":
        tune()
    source = rest_api_source(
        {
            "client": {
                "base_url": f"{server}/api/v1/1000001/",
                "paginator": {"type": "json_link", "next_url_path": "d.__next"},
            },
            "resources": [
                {
                    "name": "suppliers",
                    "primary_key": "ID",
                    "write_disposition": {"disposition": "merge", "strategy": "upsert"},
                    "max_table_nesting": 0,
                    "processing_steps": [{"map": without_metadata}],
                    "endpoint": {
                        "path": "sync/CRM/Accounts",
                        "data_selector": "d.results",
                        "params": {"$select": SELECT, "$filter": "Timestamp gt {incremental.start_value}L"},
                        "incremental": {"cursor_path": "Timestamp", "initial_value": "1", "range_start": "open"},
                    },
                }
            ],
        }
    )
    name = urlsplit(database).path.strip("/")
    pipeline = dlt.pipeline(
        name,
        destination=dlt.destinations.postgres(database),
        dataset_name="bench",
        pipelines_dir=str(STATE.absolute()),
    )
    pipeline.run(source, loader_file_format="csv" if setting == "fastest" else None)


if __name__ == "__main__":
    main(*sys.argv[1:])
