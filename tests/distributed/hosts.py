"""What the machine is called, where several machines are processes of one: containers have host names of their own."""

from __future__ import annotations

import os


def name() -> str:
    """Return the name that Airflow shall take for the host's (`[core] hostname_callable`)."""
    return os.environ["HOSTNAME"]
