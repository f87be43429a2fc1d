"""Faults that a test can plant: which call they befall, and what happens to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from exactsync.simulator.messages import Request, Response

Proceed = Callable[[], Response]
Action = Callable[[Request, Proceed], Response]
"""Gets the request and a function that answers it; returns what the client shall see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault at certain calls of one endpoint.

    `endpoint` is a path below the division (`sync/Financial/GLAccounts`) or a whole path (`/api/oauth2/token`).
    `occurrences` counts the calls that match from 1, counted from when the fault was planted; empty means all.
    """

    endpoint: str
    action: Action
    occurrences: frozenset[int] = frozenset({1})
    division: int | None = None

    def matches(self, endpoint: str, division: int | None) -> bool:
        """Tell whether the fault is about this endpoint and division."""
        return endpoint == self.endpoint and self.division in (None, division)


def answer(response: Response) -> Action:
    """Return the action that answers `response` instead of doing anything."""
    return lambda _request, _proceed: response


def replace_answer(response: Response) -> Action:
    """Return the action that does what was asked and then answers something else."""

    def act(_request: Request, proceed: Proceed) -> Response:
        proceed()
        return response

    return act


@dataclass(slots=True)
class _Planted:
    fault: Fault
    seen: int = 0


@dataclass(slots=True)
class Faults:
    """The planted faults. Not thread-safe."""

    _planted: list[_Planted] = field(default_factory=list)

    def plant(self, fault: Fault) -> None:
        """Let a fault happen from now on."""
        self._planted.append(_Planted(fault))

    def clear(self) -> None:
        """Remove every fault."""
        self._planted.clear()

    def due(self, endpoint: str, division: int | None) -> list[Action]:
        """Count a call and return what shall befall it, first planted outermost."""
        actions = []
        for planted in self._planted:
            if not planted.fault.matches(endpoint, division):
                continue
            planted.seen += 1
            if not planted.fault.occurrences or planted.seen in planted.fault.occurrences:
                actions.append(planted.fault.action)
        return actions
