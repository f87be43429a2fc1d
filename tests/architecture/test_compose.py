"""docker-compose.yaml: valid, complete, closed to the network, and secrets only where they are needed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import yaml
from starlette.requests import Request

from exactsync.__main__ import _parser
from exactsync.simulator.settings import DEMO_APP
from exactsync_airflow.accounting_setup.links import callback_uri

if TYPE_CHECKING:
    import argparse

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
VARIABLES = dict(re.findall(r"(?<!\$)\$\{(\w+)([^}]*)\}", TEXT))
EXAMPLE = dict(
    line.split("=", 1) for line in (ROOT / ".env.example").read_text().splitlines() if re.match(r"\w+=", line)
)
CONNECTION: dict[str, Any] = json.loads(EXAMPLE["EXACT_ONLINE_CONNECTION"].strip("'"))
AIRFLOW = {"api-server", "scheduler", "dag-processor", "triggerer", "init"}


def test_it_is_valid() -> None:
    command = [
        Path(sys.executable).with_name("check-jsonschema"),
        "--builtin-schema",
        "vendor.compose-spec",
        ROOT / "docker-compose.yaml",
    ]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_it_has_every_part() -> None:
    assert set(SERVICES) == AIRFLOW | {"metadata", "warehouse", "simulator"}
    assert [name for name in SERVICES if SERVICES[name].get("profiles")] == ["simulator"]


def test_services_wait_for_what_exists_and_can_get_ready() -> None:
    for name, service in SERVICES.items():
        for target, wait in service.get("depends_on", {}).items():
            assert target in SERVICES, name
            if wait["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[target], f"{name} waits for {target}"
            if wait["condition"] == "service_completed_successfully":
                assert target == "init"


def test_services_come_back_and_show_their_health() -> None:
    for name in set(SERVICES) - {"init"}:
        assert SERVICES[name]["restart"] == "unless-stopped", name
        assert SERVICES[name]["healthcheck"]["test"], name


def test_ports_are_open_to_this_machine_only() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_every_volume_is_declared() -> None:
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_a_variable_has_a_default_or_stops_the_start_with_a_reason(name: str) -> None:
    rule = VARIABLES[name]
    assert rule.startswith((":-", ":?"))
    assert len(rule) > 2
    assert name in EXAMPLE


def test_no_secret_is_written_down() -> None:
    assert {name for name in EXAMPLE if VARIABLES.get(name, "").startswith(":?") and EXAMPLE[name]} == {
        "EXACT_ONLINE_CONNECTION"
    }
    assert set(EXAMPLE) == set(VARIABLES)


def test_the_example_connection_is_the_simulators() -> None:
    assert CONNECTION["login"] == DEMO_APP.client_id
    assert CONNECTION["password"] == DEMO_APP.client_secret


def test_the_simulator_is_at_one_address_for_containers_and_browsers() -> None:
    """Exact's login and its API have one address: the browser goes to the one, the containers ask the other."""
    simulator, host = SERVICES["simulator"], urlsplit(CONNECTION["host"])
    assert host.hostname in simulator["networks"]["default"]["aliases"]
    assert host.hostname.endswith(".localhost"), "browsers look for those on this machine, without being told"
    assert f"127.0.0.1:{host.port}:{host.port}" in simulator["ports"]
    options = parsed(simulator["command"])
    assert (options.host, options.port) == ("0.0.0.0", host.port)


def test_consents_lead_back_to_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    redirect_uri = CONNECTION["extra"]["redirect_uri"]
    assert parsed(SERVICES["simulator"]["command"]).redirect_uri == [redirect_uri]
    setting = "AIRFLOW__API__BASE_URL"
    monkeypatch.setenv(setting, filled(SERVICES["api-server"]["environment"][setting]))
    assert callback_uri(Request({"type": "http"})) == redirect_uri


def test_who_copies_the_example_is_asked_for_a_name_of_the_installation() -> None:
    assert VARIABLES["EXACTSYNC_INSTANCE_ID"].startswith(":?")
    assert EXAMPLE["EXACTSYNC_INSTANCE_ID"] == ""


def test_grants_and_connections_are_only_where_tasks_run_and_people_connect() -> None:
    private = {
        "EXACTSYNC_INSTANCE_ID",
        "EXACTSYNC_TOKEN_KEYS",
        "EXACTSYNC_WAREHOUSE_URL",
        "AIRFLOW_CONN_EXACT_ONLINE_DEFAULT",
    }
    for names in (private & each.get("environment", {}).keys() for each in SERVICES.values()):
        assert names in (set(), private)
    holders = {name for name in SERVICES if private & SERVICES[name].get("environment", {}).keys()}
    assert holders == {"scheduler", "api-server", "init"}


def test_all_components_share_one_configuration() -> None:
    shared = {"AIRFLOW__API_AUTH__JWT_SECRET", "AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__CORE__AUTH_MANAGER"}
    for name in AIRFLOW:
        assert shared <= SERVICES[name]["environment"].keys(), name
        assert SERVICES[name]["image"] == SERVICES["simulator"]["image"]


def test_the_image_is_built_from_files_that_reach_the_builder() -> None:
    dockerfile = SERVICES["scheduler"]["build"]["dockerfile_inline"]
    copied = {word for line in re.findall(r"^COPY (.*) \S+$", dockerfile, re.MULTILINE) for word in line.split()}
    admitted = set(re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert copied == admitted
    assert all((ROOT / name).exists() for name in copied)


def filled(value: str) -> str:
    """Put in what the example says, or else the default."""
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: EXAMPLE[found[1]] or found[2], value)


def parsed(command: list[str]) -> argparse.Namespace:
    """Read a container's command as our command line does."""
    program, *arguments = map(filled, command)
    assert program == "exactsync"
    return _parser().parse_args(arguments)
