"""What docker-compose.yaml says, run without containers: its commands, settings, secrets and health checks."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
ENTRYPOINT = ROOT / "deploy" / "with-secrets"
SECRETS = "/run/secrets/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service, as processes of this machine run it."""

    command: tuple[str, ...]
    environment: dict[str, str]
    health_check: tuple[str, ...]
    secrets: dict[str, str]
    """The name of the secret by the variable that its command sees."""


class Composition:
    """docker-compose.yaml, with places of this machine put in for those of containers.

    Args:
        variables: What `.env` would hold.
        places: What stands in the file, and what to put in its place: folders, hosts, ports.
    """

    def __init__(self, *, variables: Mapping[str, str], places: Mapping[str, str]) -> None:
        self._services: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())[
            "services"
        ]
        self._variables = variables
        self._places = places

    def service(self, name: str) -> Service:
        """Return what a service runs, and in which environment."""
        service = self._services[name]
        environment = service.get("environment", {})
        kind, *check = service.get("healthcheck", {}).get("test", ["NONE"])
        command = [str(word) for word in service["command"]]
        return Service(
            command=tuple(map(self._placed, command)),
            environment={key: self._placed(str(value)) for key, value in environment.items()},
            health_check=tuple(map(self._placed, ["sh", "-c", *check] if kind == "CMD-SHELL" else check)),
            secrets={
                key.removesuffix("_FILE"): value.removeprefix(SECRETS)
                for key, value in environment.items()
                if key.endswith("_FILE")
            },
        )

    def _placed(self, text: str) -> str:
        text = re.sub(r"(\$\$)|\$\{(\w+):([-?])([^}]*)\}", self._fill, text)
        for place, here in self._places.items():
            text = text.replace(place, here)
        return text

    def _fill(self, found: re.Match[str]) -> str:
        dollar, name, rule, default = found.groups()
        if dollar:
            return "$"
        return self._variables.get(name) or (default if rule == "-" else self._variables[name])


def bare_environment(*, home: Path, programs: Path) -> dict[str, str]:
    """Return what every container of the image has in its environment: programs, a home, and nothing of ours."""
    kept = ("LANG", "LC_ALL", "TMPDIR", "TZ")
    paths = [str(programs), str(ROOT / ".venv" / "bin"), os.environ.get("PATH", os.defpath)]
    libraries = [*filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)), str(ROOT)]
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "HOME": str(home),
        "PATH": os.pathsep.join(paths),
        "PYTHONPATH": os.pathsep.join(libraries),  # for `hosts`
    }
