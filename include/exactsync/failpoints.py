"""Named places at which a test can stop, kill or fail the process. Off unless EXACTSYNC_FAILPOINTS says otherwise.

`EXACTSYNC_FAILPOINTS="publish.merged=kill"`, several parted by commas. An action may be followed by the number of the
visit it befalls (`stage.committed=fail:3`: the third; the first unless given):

- `kill` ends the process at once, as `kill -9` does;
- `stop` halts it until it is sent SIGCONT;
- `fail` raises FailpointError.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal, get_args

VARIABLE: Final = "EXACTSYNC_FAILPOINTS"

Action = Literal["kill", "stop", "fail"]

POINTS: Final = (
    "lease.acquired",
    "load.opened",
    "stage.normalised",
    "stage.copied",
    "stage.noted",
    "stage.committed",
    "publish.locked",
    "publish.merged",
    "publish.advanced",
    "publish.cleared",
    "publish.committed",
    "deletions.read",
    "deletions.noted",
    "deletions.applied",
    "deletions.committed",
    "refresh.claimed",
    "refresh.answered",
    "refresh.stored",
    "ledger.reserved",
    "ledger.answered",
    "ledger.settled",
    "export.ready",
    "export.intended",
    "export.answered",
    "export.noted",
    "export.looked",
    "export.documented",
    "export.attached",
    "export.recorded",
    "export.planned",
    "export.written",
    "export.filed",
    "migrate.locked",
    "migrate.upgraded",
    "migrate.created",
)
"""Every failpoint, named by the step that has just been taken."""


class FailpointError(RuntimeError):
    """What a failpoint that was told to fail raises."""


@dataclass(frozen=True, slots=True)
class _Planted:
    action: Action
    visit: int


def reach(point: str) -> None:
    """Pass a failpoint; nothing happens unless a test has planted something there."""
    if not _planted:
        return
    _visits[point] += 1
    planted = _planted.get(point)
    if planted and planted.visit == _visits[point]:
        _act(point, planted.action)


def plant(text: str) -> None:
    """Plant what `text` says, in place of what was planted before; the empty text plants nothing."""
    parsed = dict(_parse(entry.strip()) for entry in text.split(",") if entry.strip())
    _visits.clear()
    _planted.clear()
    _planted.update(parsed)


def _parse(entry: str) -> tuple[str, _Planted]:
    point, _, rest = entry.partition("=")
    action, _, visit = rest.partition(":")
    if point not in POINTS or action not in get_args(Action) or not (visit or "1").isdigit():
        raise ValueError(f"{VARIABLE}: '{entry}' is not POINT=kill|stop|fail[:VISIT]")
    return point, _Planted(action, int(visit or 1))  # type: ignore[arg-type]


def _act(point: str, action: Action) -> None:
    match action:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "fail":
            raise FailpointError(f"failpoint {point}")


_planted: Final[dict[str, _Planted]] = {}
_visits: Final[Counter[str]] = Counter()

plant(os.environ.get(VARIABLE, ""))
