"""What a fault is: it strikes while work is under way, says what it has struck, and is lifted."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Protocol

if TYPE_CHECKING:
    from tests.chaos.load import Work
    from tests.chaos.site import Site

HOLD_S: Final = 6.0


class Fault(Protocol):
    """One fault, struck once.

    Attributes:
        name: what the table, and the page that tells what happens, call it.
        hold_s: how long it lasts at least; longer, if it has struck nothing yet.
    """

    name: ClassVar[str]
    hold_s: ClassVar[float]

    def __init__(self, site: Site, repeat: int) -> None: ...

    def strike(self, work: Work) -> None:
        """Bring it about, while this work is under way."""

    def struck(self) -> int:
        """Return how many operations it has refused, cut or killed so far; 0: it has not hit."""

    def lift(self) -> None:
        """Mend what it has broken."""
