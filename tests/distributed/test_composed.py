"""`make test-distributed` runs what docker-compose.yaml says: nothing of a container is left in what it runs."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from exactsync.demo.processes import ProcessError
from tests.distributed import topology
from tests.distributed.composed import ROOT, Composition
from tests.distributed.topology import DistributedAirflow, find_redis

if TYPE_CHECKING:
    from pathlib import Path

RUN = ("redis", "airflow-migrate", "api-server", "scheduler", "dag-processor", "worker")


class Metadata:
    """A server that is asked for nothing but its address."""

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres:secret@127.0.0.1:54321/{database}"


@pytest.fixture
def composition(tmp_path: Path) -> Composition:
    return DistributedAirflow(tmp_path, Metadata())._composition  # type: ignore[arg-type]


@pytest.mark.parametrize("name", RUN)
def test_every_place_of_a_container_is_a_place_of_this_machine(composition: Composition, name: str) -> None:
    service = composition.service(name)
    said = "\n".join([*service.command, *service.environment.values(), *service.health_check])
    hosts = {f"//{host}:" for host in RUN} | {f"@{host}" for host in ("metadata", "redis", "warehouse")}
    for place in ("/run/secrets", "/opt/", "/data", ":8080", ":8974", ":6379", "${", "$$", *hosts):
        assert place not in said


def test_a_setting_that_somebody_must_make_is_made(composition: Composition) -> None:
    assert composition.service("worker").environment["EXACTSYNC_INSTANCE_ID"] == topology.INSTANCE
    bare = Composition(variables={}, places={})
    assert bare.service("scheduler").environment["AIRFLOW__CORE__PARALLELISM"] == "32"
    with pytest.raises(KeyError, match="EXACTSYNC_INSTANCE_ID"):
        bare.service("worker")


def test_the_parts_that_are_not_run_are_few_and_known() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["services"]
    by_the_stack = {"warehouse", "metadata", "exactsync-migrate", "exact-simulator"}
    assert set(services) - set(RUN) - by_the_stack == {"triggerer", "spendesk-simulator"}


def test_there_is_a_redis() -> None:
    shown = subprocess.run([find_redis(), "--version"], capture_output=True, text=True, check=True).stdout
    assert "server v=" in shown


def test_where_there_is_no_redis_it_is_told_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topology.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ProcessError, match="install redis-server"):
        find_redis()
