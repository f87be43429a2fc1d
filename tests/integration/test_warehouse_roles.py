"""deploy/warehouse-roles.sh: in the warehouse of docker-compose.yaml, who works is not who owns."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from sqlalchemy import exc

from exactsync.embedded import PostgresServer
from exactsync.embedded.account import Account
from exactsync.embedded.binaries import find_binaries
from exactsync.simulator import Settings, Simulator
from exactsync.warehouse.engine import create_engine
from exactsync.warehouse.migrate import migrate
from tests.integration.conftest import Installation

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "warehouse-roles.sh"
PASSWORD = "it's \\hard to quote"


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Installation]:
    """An installation in a warehouse as the container has it, working as tasks do."""
    (tmp_path / "tasks_password").write_text(f"{PASSWORD}\n")
    with PostgresServer(tmp_path / "postgres", durable=False) as server:
        owner = server.create_database("warehouse")
        run_script(owner, tmp_path)
        engine = create_engine(owner)
        migrate(engine)
        engine.dispose()
        tasks = create_engine(owner).url.set(username="exactsync_tasks", password=PASSWORD, drivername="postgresql")
        made = Installation(Simulator(Settings()), tasks.render_as_string(hide_password=False))
        yield made
        made.close()


def run_script(owner: str, folder: Path) -> None:
    """Run what the image runs, with the secrets where this machine has them."""
    parts, binaries = urlsplit(owner), find_binaries(Account.choose(), folder)
    assert binaries
    environment = {
        "PATH": os.pathsep.join([str(binaries.folder), os.environ["PATH"]]),
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port),
        "PGPASSWORD": parts.password or "",
        "POSTGRES_USER": parts.username or "",
        "POSTGRES_DB": "warehouse",
    }
    script = SCRIPT.read_text().replace("/run/secrets", str(folder))
    done = subprocess.run(["bash"], input=script, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_tasks_work_in_the_warehouse_and_cannot_change_its_tables(worker: Installation) -> None:
    assert worker.scalar("SELECT current_user") == "exactsync_tasks"
    worker.consent()
    worker.deployment.choose("exact_online_default", [1000003])
    assert worker.sync("cost_centers", 1000003).inserted > 0
    with worker.engine.connect() as connection, pytest.raises(exc.DBAPIError, match="must be owner"):
        connection.exec_driver_sql("DROP TABLE exact_online.cost_centers")
