"""Where a fault strikes and what happens to the call: the ground that every fault of the library stands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from exactsync.simulator.messages import Request, Response

if TYPE_CHECKING:
    from exactsync.simulator.changes import Clerk
    from exactsync.simulator.rest import Target
    from exactsync.simulator.world import World

Proceed = Callable[[], Response]
Undo = Callable[[], None]
EVERYWHERE = "*"
"""As `Fault.endpoint`: every path below `/api/v1/`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call that a fault strikes. Calling it does what was asked and returns the answer."""

    request: Request
    target: Target
    number: int
    """Which of the matching calls it is, from 1."""
    world: World
    clerk: Clerk
    planted: _Planted
    proceed: Proceed
    answer_with: Callable[[Response], Response]

    def __call__(self) -> Response:
        """Do what was asked."""
        return self.proceed()

    def refused(self, response: Response) -> Response:
        """Answer with a refusal from inside Exact: authenticated, within the limits and counted as every other."""
        return self.answer_with(response)

    def missed(self) -> None:
        """Say that there was nothing here to strike."""
        with self.world.lock:
            self.planted.struck -= 1

    def after(self, calls: int | None, action: Undo) -> None:
        """Let something happen when so many more matching calls have come, or at the latest when the fault is removed.

        It happens before the call after them is answered; None: only when the fault is removed.
        """
        with self.world.lock:
            self.planted.pending.append((inf if calls is None else self.number + calls, action))

    @property
    def client_id(self) -> str | None:
        """The app that calls, by its access token; None if the token is not in force."""
        with self.world.lock:
            token = self.world.grants.find_access_token(self.request.bearer_token())
            return token.chain.client_id if token else None


Action = Callable[[Request, Call], Response]
"""Gets the request and the call, which answers it when called; returns what the client shall see."""


@runtime_checkable
class Condition(Protocol):
    """What an action may have besides: a state of the world that holds from planting to removal."""

    def begin(self, world: World) -> Undo:
        """Bring the state about; return what ends it. The world is locked both times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """An action of the library: it has a name, and knows which calls it makes sense for."""

    name: str
    parameters: Mapping[str, object]
    action: Action
    is_lasting: bool = False
    """Unless told otherwise it strikes every matching call, not the first one only."""
    pages_only: bool = False
    """It strikes pages of lists; counts and single records neither match nor count."""

    def __call__(self, request: Request, call: Call) -> Response:
        """Strike."""
        return self.action(request, call)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault at certain calls.

    `endpoint` is a path below the division (`sync/Financial/GLAccounts`), a whole path (`/api/oauth2/token`) or
    `EVERYWHERE`. Calls that match are counted from 1 since the fault was planted; it strikes those in `occurrences`
    (empty: all), or each `every`-th. With neither it strikes the first, or all if it is a lasting one.

    Raises:
        ValueError: the occurrences make no sense.
    """

    action: Action
    endpoint: str = EVERYWHERE
    division: int | None = None
    occurrences: frozenset[int] | None = None
    every: int | None = None
    pages_only: bool = False
    """Only pages of lists match, so that `occurrences` are numbers of pages."""
    writes_only: bool = False
    """Only calls that create something match: what is read at the same endpoint neither matches nor counts."""

    def __post_init__(self) -> None:
        if self.occurrences is not None and self.every is not None:
            raise ValueError("a fault strikes either certain occurrences or every n-th call")
        if min(self.occurrences or {1}) < 1 or (self.every is not None and self.every < 1):
            raise ValueError("calls are counted from 1")

    @property
    def name(self) -> str | None:
        """The name in the library; None for an action of a test's own."""
        return self.action.name if isinstance(self.action, Effect) else None

    @property
    def parameters(self) -> Mapping[str, object]:
        """What the fault of the library was made with."""
        return self.action.parameters if isinstance(self.action, Effect) else {}

    def matches(self, target: Target) -> bool:
        """Tell whether the fault is about this call, whether or not it is its turn."""
        if self.division not in (None, target.division):
            return False
        pages_only = self.pages_only or (isinstance(self.action, Effect) and self.action.pages_only)
        if self.writes_only and not target.is_write:
            return False
        if pages_only and (target.endpoint is None or not target.is_list):
            return False
        is_everywhere = self.endpoint == EVERYWHERE and not target.name.startswith("/")
        return is_everywhere or target.name == self.endpoint

    def strikes(self, number: int) -> bool:
        """Tell whether the `number`-th matching call is struck."""
        if self.every is not None:
            return number % self.every == 0
        if self.occurrences is None:
            return number == 1 or (isinstance(self.action, Effect) and self.action.is_lasting)
        return not self.occurrences or number in self.occurrences


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedFault:
    """A fault as it stands: how many calls matched it, and how many it struck."""

    id: int
    fault: Fault
    seen: int
    struck: int


@dataclass(slots=True, kw_only=True)
class _Planted:
    id: int
    fault: Fault
    undo: Undo | None
    seen: int = 0
    struck: int = 0
    pending: list[tuple[float, Undo]] = field(default_factory=list)

    def meet(self) -> bool:
        """Count a matching call and do what was waiting for it; return True if it is struck."""
        due = [action for number, action in self.pending if number <= self.seen]
        self.pending = [entry for entry in self.pending if entry[0] > self.seen]
        for action in due:
            action()
        self.seen += 1
        is_struck = self.fault.strikes(self.seen)
        self.struck += is_struck
        return is_struck

    def end(self) -> None:
        """Do what is still waiting, and end the state that the fault brought about."""
        for _, action in self.pending:
            action()
        if self.undo is not None:
            self.undo()


@dataclass(slots=True)
class Faults:
    """The planted faults. Not thread-safe."""

    _planted: dict[int, _Planted] = field(default_factory=dict)
    _last_id: int = 0

    def plant(self, fault: Fault, world: World) -> int:
        """Let a fault happen from now on; return its id."""
        self._last_id += 1
        action = fault.action.action if isinstance(fault.action, Effect) else fault.action
        undo = action.begin(world) if isinstance(action, Condition) else None
        self._planted[self._last_id] = _Planted(id=self._last_id, fault=fault, undo=undo)
        return self._last_id

    def planted(self) -> list[PlantedFault]:
        """Return what is planted, oldest first."""
        return [PlantedFault(id=p.id, fault=p.fault, seen=p.seen, struck=p.struck) for p in self._planted.values()]

    def remove(self, fault_id: int) -> None:
        """Remove one fault.

        Raises:
            KeyError: it is not planted.
        """
        self._planted.pop(fault_id).end()

    def clear(self) -> None:
        """Remove every fault, last planted first."""
        for fault_id in reversed(list(self._planted)):
            self.remove(fault_id)

    def strike(self, target: Target) -> list[_Planted]:
        """Count a call and return the faults that strike it, first planted outermost."""
        return [planted for planted in list(self._planted.values()) if planted.fault.matches(target) and planted.meet()]


def answer(response: Response) -> Action:
    """Return the action that answers `response` instead of doing anything."""
    return lambda _request, _call: response


def replace_answer(response: Response) -> Action:
    """Return the action that does what was asked and then answers something else."""

    def act(_request: Request, call: Call) -> Response:
        call()
        return response

    return act
