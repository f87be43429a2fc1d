"""The registry of the library's faults, and what a good client can do about each."""

from __future__ import annotations

import inspect
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, ParamSpec

from exactsync.simulator.faults.planting import Action, Effect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

P = ParamSpec("P")


class WayOut(StrEnum):
    """The least that a good client makes of a fault that strikes once; it may do better."""

    TRANSPARENT = "transparent"  # the run ends right
    RETRY_LATER = "retry_later"  # the run may fail and say so; a later one, without the fault, ends right
    PERSON = "person"  # someone must look, give consent or change rights; then a run ends right
    LOOK = "look"  # nobody knows whether it was done: to be looked for before it is tried again
    QUARANTINE = "quarantine"  # the run ends right but for the struck record, which is set aside unless it can be read


class Phase(StrEnum):
    """Where a fault can strike."""

    TOKEN = "token"  # noqa: S105 - the token endpoint
    PAGE = "page"  # a page of a list
    WRITE = "write"  # something that is created


class FaultKind(Generic[P]):
    """One named fault: call it with its parameters to get the action for a `Fault`.

    Attributes:
        name: its name in `FAULTS`.
        source: where the reference on Exact says that it happens.
        way_out: what a good client can do, for each phase that the fault makes sense in.
        is_lasting: it strikes every matching call unless told otherwise.
        pages_only: it strikes pages of lists only.
    """

    def __init__(
        self,
        construct: Callable[P, Action],
        *,
        source: str,
        way_out: Mapping[Phase, WayOut],
        is_lasting: bool,
        pages_only: bool,
    ) -> None:
        self._construct = construct
        self._signature = inspect.signature(construct)
        self.__doc__ = construct.__doc__
        self.name = construct.__name__
        self.source = source
        self.way_out = way_out
        self.is_lasting = is_lasting
        self.pages_only = pages_only

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters and their defaults."""
        return {name: parameter.default for name, parameter in self._signature.parameters.items()}

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Effect:
        """Return the fault with these parameters.

        Raises:
            TypeError: there is no such parameter.
            ValueError: a parameter makes no sense.
        """
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return Effect(
            name=self.name,
            parameters=bound.arguments,
            action=self._construct(*args, **kwargs),
            is_lasting=self.is_lasting,
            pages_only=self.pages_only,
        )


FAULTS: dict[str, FaultKind[...]] = {}
"""Every fault of the library by its name; each can be made without parameters."""


def fault(
    *,
    source: str,
    page: WayOut | None = None,
    token: WayOut | None = None,
    write: WayOut | None = None,
    is_lasting: bool = False,
    pages_only: bool = False,
) -> Callable[[Callable[P, Action]], FaultKind[P]]:
    """Put a constructor into `FAULTS`; `page`, `token`, `write`: what a good client can do there, None: not there."""

    def register(construct: Callable[P, Action]) -> FaultKind[P]:
        ways = {Phase.TOKEN: token, Phase.PAGE: page, Phase.WRITE: write}
        kind = FaultKind(
            construct,
            source=source,
            way_out={phase: way for phase, way in ways.items() if way is not None},
            is_lasting=is_lasting,
            pages_only=pages_only,
        )
        FAULTS[kind.name] = kind
        return kind

    return register
