"""A StatsD server that keeps what it is told, as Prometheus gets it from `statsd_exporter` without a mapping."""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass
from threading import Thread
from typing import Self

LARGEST_DATAGRAM = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One thing that was told."""

    name: str
    """As Prometheus knows it: whatever is neither letter, digit, underscore nor colon became an underscore."""
    tags: dict[str, str]
    value: float
    kind: str
    """`c`: a counter, to which this is added; `g`: a gauge."""

    @classmethod
    def read(cls, line: str) -> Sample:
        """Read `airflow.exactsync.calls,entity=projects:3|c` (the dialect of InfluxDB)."""
        told, _, rest = line.partition(":")
        value, kind = rest.split("|")[:2]
        name, *tags = told.split(",")
        return cls(
            name=re.sub(r"[^A-Za-z0-9_:]", "_", name),
            tags=dict(tag.split("=") for tag in tags),
            value=float(value),
            kind=kind,
        )


class Statsd:
    """A StatsD server on a free port of 127.0.0.1, for as long as it is entered."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._lines: list[str] = []
        self._thread = Thread(target=self._listen, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._socket.getsockname()[1])

    @property
    def settings(self) -> dict[str, str]:
        """What makes Airflow tell it."""
        section = {"ON": "True", "HOST": "127.0.0.1", "PORT": str(self.port)}
        return {f"AIRFLOW__METRICS__STATSD_{name}": value for name, value in section.items()}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def ours(self, number: int = 0, *, within_s: float = 5.0) -> list[Sample]:
        """Return what was told of our metrics, once there are as many; whatever Airflow tells of itself is left out."""
        deadline = time.monotonic() + within_s
        while True:
            found = [Sample.read(line) for line in list(self._lines) if ".exactsync." in line]
            if len(found) >= number or time.monotonic() > deadline:
                return found
            time.sleep(0.01)

    def _listen(self) -> None:
        while told := self._socket.recv(LARGEST_DATAGRAM):
            self._lines += told.decode().splitlines()
