"""pandas, as an engineer writes it in an afternoon: frames, `to_sql` with the COPY method of its manual, ON CONFLICT.

python -m tests.bench.contestants.pandas_copy SERVER DATABASE
"""

from __future__ import annotations

import csv
import io
import sys
from typing import Any

import pandas as pd
import requests
from sqlalchemy import create_engine, inspect, text

from tests.bench.contestants.question import COLUMNS, SELECT


def copy(table: Any, connection: Any, keys: list[str], rows: Any) -> None:
    """Insert by COPY: the insertion method that the manual of pandas shows (User Guide, IO, Insertion method)."""
    with connection.connection.cursor() as cursor:
        buffer = io.StringIO()
        csv.writer(buffer).writerows(rows)
        buffer.seek(0)
        columns = ", ".join(f'"{key}"' for key in keys)
        cursor.copy_expert(f"COPY {table.name} ({columns}) FROM STDIN WITH CSV", buffer)


def main(server: str, database: str) -> None:
    """Load what changed since the last time."""
    engine = create_engine(database.replace("postgresql://", "postgresql+psycopg2://"))
    with engine.begin() as connection:
        after = "1"
        if inspect(connection).has_table("suppliers"):
            after = connection.scalar(text('SELECT max("Timestamp") FROM suppliers'))
        url = f"{server}/api/v1/1000001/sync/CRM/Accounts"
        answer = requests.get(url, params={"$select": SELECT, "$filter": f"Timestamp gt {after}L"}).json()["d"]
        frames = [pd.DataFrame(answer["results"], columns=COLUMNS)]
        while "__next" in answer:
            answer = requests.get(answer["__next"]).json()["d"]
            frames.append(pd.DataFrame(answer["results"], columns=COLUMNS))
        frame = pd.concat(frames, ignore_index=True)
        for name in ("StartDate", "EndDate", "Created", "Modified"):
            milliseconds = frame[name].str.extract(r"(-?\d+)", expand=False).astype("Int64")
            frame[name] = pd.to_datetime(milliseconds, unit="ms")
        if frame.empty:
            return
        frame["PurchaseLeadDays"] = frame["PurchaseLeadDays"].astype("Int64")
        if after == "1":
            frame.head(0).to_sql("suppliers", connection, index=False)
            connection.execute(text('ALTER TABLE suppliers ADD PRIMARY KEY ("ID")'))
        frame.to_sql("staged", connection, if_exists="replace", index=False, method=copy, chunksize=10_000)
        updates = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in COLUMNS if name != "ID")
        insert = f'INSERT INTO suppliers SELECT * FROM staged ON CONFLICT ("ID") DO UPDATE SET {updates}'
        connection.execute(text(insert))
        connection.execute(text("DROP TABLE staged"))


if __name__ == "__main__":
    main(*sys.argv[1:])
