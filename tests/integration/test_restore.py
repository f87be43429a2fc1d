"""docs/operations/backup.md, done: a warehouse is dumped, restored on another server, and goes on."""

from __future__ import annotations

import subprocess
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import psycopg2
import pytest

from exactsync.embedded import PostgresServer
from exactsync.embedded.account import Account
from exactsync.embedded.binaries import find_binaries
from exactsync.errors import ReauthorisationRequiredError
from exactsync.simulator import Settings, Simulator
from exactsync.simulator.clock import Clock
from exactsync.warehouse.roles import ROLES
from tests.integration.conftest import Installation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "production"
OLD = 600.0
"""Seconds after which an access token has to be replaced."""


@pytest.fixture
def original(migrated_database: str) -> Iterator[Installation]:
    """An installation that has loaded a company's suppliers."""
    simulator = Simulator(Settings(), clock=Clock(lambda: 1_800_000_000.0))
    installation = Installation(simulator, migrated_database, instance_id=NAME)
    installation.consent()
    installation.deployment.choose("exact_online_default", None)
    installation.sync("suppliers")
    yield installation
    installation.close()


@pytest.fixture
def other_server(tmp_path: Path) -> Iterator[PostgresServer]:
    """A server on which nothing of ours has ever been."""
    with PostgresServer(tmp_path / "other", durable=False) as server:
        yield server


@contextmanager
def restored(original: Installation, server: PostgresServer, dump: Path) -> Iterator[Installation]:
    """Yield the same installation as it was when the dump was made, on another server."""
    url = server.create_database("warehouse")
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        for role in ROLES:
            cursor.execute(f"CREATE ROLE {role.name} NOLOGIN")
    run("pg_restore", "--dbname", url, "--exit-on-error", "--no-owner", str(dump), folder=dump.parent)
    copy = Installation(original.simulator, url, instance_id=NAME, token_key=original.token_key)
    try:
        assert copy.deployment.migrate() == [], "it is as it was"
        yield copy
    finally:
        copy.close()


def back_up(installation: Installation, folder: Path) -> Path:
    """Dump an installation's warehouse into a file."""
    dump = folder / "warehouse.dump"
    url = installation.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    run("pg_dump", "--dbname", url, "--format", "custom", "--file", str(dump), folder=folder)
    return dump


def run(program: str, *arguments: str, folder: Path) -> None:
    """Run one of PostgreSQL's own programs."""
    binaries = find_binaries(Account.choose(), folder)
    assert binaries
    finished = subprocess.run(
        [binaries.program(program), *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert finished.returncode == 0, finished.stderr


def let_the_token_grow_old(installation: Installation) -> None:
    """Let so much time pass, here and at Exact, that the next call needs another token."""
    installation.simulator.clock.advance(OLD)
    with installation.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE exactsync.grants SET obtained_at = obtained_at - interval '600 s', "
            "refreshable_at = refreshable_at - interval '600 s', expires_at = expires_at - interval '600 s'"
        )


def names(installation: Installation) -> set[str]:
    """Return the names of all suppliers that are live in the warehouse."""
    with installation.engine.connect() as connection:
        return set(
            connection.exec_driver_sql("SELECT name FROM exact_online.suppliers WHERE _deleted_at IS NULL").scalars()
        )


def at_exact(installation: Installation) -> set[str]:
    """Return the names of all suppliers of the company at Exact."""
    return {each["Name"] for each in installation.simulator.truth(1000001, "Accounts") if each["IsSupplier"]}


def test_a_restored_warehouse_reads_what_changed_since_its_backup(
    original: Installation, other_server: PostgresServer, tmp_path: Path
) -> None:
    dump, before = back_up(original, tmp_path), names(original)
    supplier = next(each["ID"] for each in original.simulator.truth(1000001, "Accounts") if each["IsSupplier"])
    original.simulator.update(1000001, "Accounts", supplier, {"Name": "Renamed since"})
    with restored(original, other_server, dump) as copy:
        assert names(copy) == before
        let_the_token_grow_old(copy)
        loaded = copy.sync("suppliers")
        assert (loaded.updated, loaded.inserted, loaded.deleted) == (1, 0, 0)
        assert names(copy) == at_exact(copy)
        history = "SELECT count(*) FROM exact_online.suppliers_history"
        assert copy.scalar(f"{history} WHERE name <> 'Renamed since' AND id = '{supplier}'") == 1


def test_the_token_of_a_backup_is_dead_once_the_original_has_refreshed_and_reconnect_mends_it(
    original: Installation, other_server: PostgresServer, tmp_path: Path
) -> None:
    dump = back_up(original, tmp_path)
    let_the_token_grow_old(original)
    original.sync("suppliers")
    with restored(original, other_server, dump) as copy:
        let_the_token_grow_old(copy)
        for _ in range(2):
            with pytest.raises(ReauthorisationRequiredError) as refused:
                copy.sync("suppliers")
            assert refused.value.reason == "used_elsewhere"
        copy.consent()
        assert copy.sync("suppliers").inserted == 0, "rows and watermark are those of the backup"
        assert names(copy) == at_exact(copy)
