"""Where a command gets its installation from, and how it talks to the person who called it."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console

from exactsync.environment import read_deployment
from exactsync.errors import ConfigurationError, RetryLaterError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rich.table import Table

    from exactsync.deployment import Deployment
    from exactsync.errors import ExactSyncError

LOG_WIDTH: Final = 500
"""Characters a line may have where no terminal shows it."""
PATIENCE_S: Final = 90.0
"""A person at a terminal rather waits for the next minute's calls than starts again."""


def open_deployment() -> Deployment:
    """Return the installation that the environment describes."""
    return read_deployment(os.environ, patience_s=PATIENCE_S)


def open_ready_deployment() -> Deployment:
    """Return the installation that the environment describes, once its databases answer and are migrated."""
    deployment = open_deployment()
    deployment.check()
    return deployment


def say(*lines: str) -> None:
    """Print lines as they are."""
    sys.stdout.write("\n".join(lines) + "\n")


def say_json(value: Any) -> None:
    """Print a value for machines."""
    say(json.dumps(value, default=str, indent=2))


def show(table: Table) -> None:
    """Print a table: names as they are, and nothing cut off where there is no window to fit into."""
    console = Console(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = LOG_WIDTH
    console.print(table)


def ask(question: str) -> str:
    """Return what the person types; ConfigurationError if there is nobody."""
    try:
        return input(question).strip()
    except EOFError:
        raise ConfigurationError("There is nobody to ask.", remedy="Give --redirected or --code.") from None


def moment(at: datetime | None) -> str:
    """Write a moment as people read it, UTC."""
    return f"{at:%Y-%m-%d %H:%M}" if at else "never"


def raise_for(problems: Sequence[ExactSyncError]) -> None:
    """Say every problem; end with the one that decides the exit code."""
    if not problems:
        return
    final = next((error for error in problems if not isinstance(error, RetryLaterError)), problems[0])
    for problem in problems:
        if problem is not final:
            sys.stderr.write(f"exactsync: {problem}\n")
    raise final
