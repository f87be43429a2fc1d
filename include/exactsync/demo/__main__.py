"""`python -m exactsync.demo [up | down]`: tell the story, or leave its stack running, or stop that again."""

from __future__ import annotations

import sys

from exactsync.demo.airflow import AirflowError
from exactsync.demo.detached import bring_down, bring_up, serve
from exactsync.demo.processes import ProcessError, exit_on_signals
from exactsync.demo.story import tell
from exactsync.embedded import EmbeddedPostgresError

COMMANDS = {"": tell, "up": bring_up, "down": bring_down, "serve": serve}


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    command = COMMANDS.get(" ".join(arguments))
    if command is None:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    exit_on_signals()
    try:
        return command()
    except (AirflowError, EmbeddedPostgresError, ProcessError) as error:
        sys.stderr.write(f"{error}\n")
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; everything is stopped.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
