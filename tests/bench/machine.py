"""The machine that a report is from, in its words."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

import psutil


def describe_machine() -> list[str]:
    """Return what a reader needs to know of it, line by line."""
    memory_gb = psutil.virtual_memory().total / 2**30
    return [
        f"{_processor()}, {os.cpu_count()} cores, {memory_gb:.0f} GB of memory",
        f"{platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}",
    ]


def versions(*packages: str) -> str:
    """Return the versions of what was measured."""
    return ", ".join(f"{name} {version(name)}" for name in packages)


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
