"""docs/operations: what it names is there, and Kubernetes gets what docker-compose.yaml gets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "operations"
PAGES = {path.name: path.read_text() for path in FOLDER.glob("*.md")}
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
WORKER: dict[str, Any] = COMPOSE["services"]["worker"]
VALUES: dict[str, Any] = yaml.safe_load((FOLDER / "kubernetes" / "values.yaml").read_text())
JOB: dict[str, Any] = yaml.safe_load((FOLDER / "kubernetes" / "migrate.yaml").read_text())
MIGRATE: dict[str, Any] = JOB["spec"]["template"]["spec"]["containers"][0]


def test_its_settings_are_those_of_the_compose_file() -> None:
    named = set(re.findall(r"`([A-Z][A-Z_]+)(?:=[^`]*)?`", "\n".join(PAGES.values())))
    known = (
        (ROOT / ".env.example").read_text()
        + (ROOT / "README.md").read_text()
        + (ROOT / "docker-compose.yaml").read_text()
    )
    words = {"COPY", "INSERT", "NAME", "NAME_FILE"}
    assert {name for name in named - words if name not in known and not name.startswith("AIRFLOW__")} == set()


def test_kubernetes_gives_grants_to_the_same_components() -> None:
    private = {
        name.removesuffix("_FILE") for name in WORKER["environment"] if name.endswith("_FILE")
    } | {"EXACTSYNC_INSTANCE_ID"}  # fmt: skip
    assert {each["name"] for each in VALUES["workers"]["env"]} == private
    assert VALUES["apiServer"]["env"] == VALUES["workers"]["env"]
    assert {
        component for component in VALUES if isinstance(VALUES[component], dict) and "env" in VALUES[component]
    } == {
        "workers",
        "apiServer",
    }
    migrate = COMPOSE["services"]["exactsync-migrate"]
    assert {f"{each['name']}_FILE" for each in MIGRATE["env"]} == set(migrate["environment"])
    assert MIGRATE["command"] == migrate["command"]


def test_kubernetes_reads_the_same_secrets() -> None:
    given = WORKER["environment"] | COMPOSE["services"]["exactsync-migrate"]["environment"]
    files = {name: value.rpartition("/")[2] for name, value in given.items() if name.endswith("_FILE")}
    for each in [*VALUES["workers"]["env"], *MIGRATE["env"]]:
        if "valueFrom" in each:
            secret = each["valueFrom"]["secretKeyRef"]
            assert (secret["name"], secret["key"]) == ("exactsync", files[f"{each['name']}_FILE"])
    created = set(re.findall(r"create secret generic (\S+)", PAGES["kubernetes.md"]))
    named = {VALUES[f"{name}SecretName"] for name in ("fernetKey", "apiSecretKey", "jwt")}
    assert created == named | {VALUES["data"]["metadataSecretName"], "exactsync"}
    assert set(re.findall(r"=secrets/(\w+)", PAGES["kubernetes.md"])) <= set(COMPOSE["secrets"])


def test_kubernetes_runs_the_same_image_with_the_same_settings() -> None:
    image, _, tag = WORKER["image"].partition(":")
    assert VALUES["images"]["airflow"]["tag"] == tag
    assert VALUES["images"]["airflow"]["repository"].endswith(f"/{image}")
    assert MIGRATE["image"] == f"{VALUES['images']['airflow']['repository']}:{tag}"
    assert tag.endswith(f"-airflow{VALUES['airflowVersion']}")
    assert JOB["metadata"]["name"].endswith(tag.partition("-")[0])
    assert VALUES["executor"] == WORKER["environment"]["AIRFLOW__CORE__EXECUTOR"]
    for section, options in VALUES["config"].items():
        for option, value in options.items():
            if option != "base_url":
                ours = str(WORKER["environment"][f"AIRFLOW__{section}__{option}".upper()])
                assert str(value) == re.sub(r"^\$\{\w+:-(.*)\}$", r"\1", ours), option


def test_kubernetes_makes_no_administrator_whose_password_everybody_knows() -> None:
    assert VALUES["createUserJob"] == {"enabled": False}
    assert "airflow users create --role Admin" in PAGES["kubernetes.md"]
    assert "--password" not in PAGES["kubernetes.md"], "a password on a command line stays in its history"
